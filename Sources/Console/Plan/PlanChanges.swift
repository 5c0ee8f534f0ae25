import Access
import Gate
import HTTPTypes
import Hummingbird
import Ledger
import Web

/// Changes of the tracking plan from the console: each is a version, entered in the ledger before it counts.
extension Visit {
  /// One click on a treatment.
  func decideOnPlan() async throws -> Response {
    try authorize(.managePlan)
    guard let decision = PlanDecision(fields), let expected = Int(fields["version"] ?? ""),
      let changed = decision.applied(to: try await services.plans.inForce(project.id)?.plan ?? TrackingPlan())
    else { return ErrorPage.badRequest("This form says nothing that can be decided. Go back and try again.").response }
    do {
      let version = try await services.plans.set(services.plans.yaml(changed), project.id, expected, principal)
      return .seeOther(Self.back(fields["back"] ?? "").adding("set", String(version)))
    } catch let refused as PlanRefused {
      return ErrorPage.badRequest("This cannot be. \(refused.faults.joined(separator: " "))").response
    }
  }

  /// Only to pages of the plan.
  private static func back(_ text: String) -> Address {
    let parts = text.split(separator: "?", maxSplits: 1)
    let path = parts.first.map(String.init) ?? ""
    guard ["/plan/event", "/plan/profiles"].contains(path) else { return Address("/plan") }
    let query = FormFields(encoded: parts.count > 1 ? String(parts[1]) : "")
    return Address(path, query.fields.filter { $0.name != "set" })
  }

  func editPlanPage() async throws -> Response {
    try authorize(.readSettings)
    let answer = try await planSource()
    return editor(answer.value?.version.source ?? Self.emptyPlan, version: answer.value?.version.version ?? 0, receipt: answer.receipt)
  }

  private static let emptyPlan = "plan: 1\nunknown: accept\nevents:\n"

  private func editor(
    _ source: String, version: Int, notice: HTML = "", status: HTTPResponse.Status = .ok, receipt: LedgerReceipt? = nil
  ) -> Response {
    let content: HTML = """
      \(Self.heading("Edit the plan", "<a href=\"\(Address("/plan"))\">Tracking plan</a> · \(version == 0 ? "no version yet" : "from version \(version)")"))\(notice)\
      <section class="panel"><p>The plan belongs into your repository, where changes are reviewed: <code>sealane plan check</code> and <code>sealane plan diff</code> work there. What you set here is a version all the same.</p>\
      <form method="post" action="/plan/edit">\(formToken)<input type="hidden" name="version" value="\(version)">\
      <label class="unseen" for="source">The plan as YAML</label><textarea id="source" name="source" class="code" rows="28" spellcheck="false" autocapitalize="off">\(value: source)</textarea>\
      <div class="row"><button name="do" value="check">Check</button><button class="primary" name="do" value="set">Put in force</button><a href="\(Address("/plan"))">Leave it</a></div></form></section>\
      \(receipt.map { "<p>\(Self.entry($0)) <span class=\"ledger\">for the plan's text.</span></p>" as HTML } ?? "")
      """
    return .html(page("Edit the plan", current: "Plan", content), status: status)
  }

  func editPlan() async throws -> Response {
    try authorize(.managePlan)
    // A form's lines end in CR LF.
    let source = (fields["source"] ?? "").replacing("\r\n", with: "\n")
    guard let expected = Int(fields["version"] ?? "") else { return ErrorPage.badRequest("The form names no version.").response }
    do {
      guard fields["do"] == "set" else {
        try services.plans.check(source)
        return editor(source, version: expected, notice: "<div class=\"notice good\"><p>The plan is good. Nothing was changed.</p></div>")
      }
      let version = try await services.plans.set(source, project.id, expected, principal)
      return .seeOther(Address("/plan").adding("set", String(version)))
    } catch let refused as PlanRefused {
      let notice: HTML = """
        <div class="notice danger"><p><b>\(NumberFormat.count(refused.faults.count, "mistake"))</b>, so nothing was changed:</p><ul>\(refused.faults.map { "<li>\($0)</li>" as HTML })</ul></div>
        """
      return editor(source, version: expected, notice: notice, status: .badRequest)
    } catch let error as AccessError where error.code == .inUse {
      let notice: HTML = "<div class=\"notice danger\"><p>\(error.message) Nothing was changed; your text is still here.</p></div>"
      return editor(source, version: expected, notice: notice, status: .conflict)
    }
  }

  /// The plan in force as it was given, for the team's repository.
  func planFile() async throws -> Response {
    let answer = try await planSource()
    guard let current = answer.value else { return ErrorPage.notFound.response }
    var headers = SecurityHeaders.forData
    headers[.contentType] = "application/yaml; charset=utf-8"
    headers[.contentDisposition] = "attachment; filename=\"tracking-plan.yaml\""
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: .init(string: current.version.source)))
  }

  private func planSource() async throws -> Disclosed<PlanServices.InForce?> {
    try authorize(.readSettings)
    return try await disclose(try await services.plans.inForce(project.id), .settings, "console.plan", fields: ["plan"])
  }
}
