import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Response
import Web

/// What is done about an incident from its page.
extension Visit {
  private func chosenIncident() async throws -> Incident {
    guard let incident = try await known(incident: fields.text("incident")) else {
      throw AccessError(.notFound, "There is no such incident.")
    }
    return incident
  }

  /// Does something, and shows the page again with what came of it.
  private func act(_ done: (Incident) async throws -> HTML) async throws -> Response {
    try authorize(.manageIncidents)
    let incident = try await chosenIncident()
    do {
      return try await incidentPage(String(incident.id), try await done(incident))
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await incidentPage(
        String(incident.id), "<div class=\"notice danger\"><p><b>Nothing was changed.</b> \(error.message)</p></div>",
        status: error.code == .inUse ? .conflict : .badRequest)
    }
  }

  private static func good(_ words: HTML, _ receipt: LedgerReceipt) -> HTML {
    "<div class=\"notice good\" role=\"status\"><p>\(words) \(entry(receipt))</p></div>"
  }

  func containIncident() async throws -> Response {
    try await act { incident in
      let (it, receipt) = try await services.incidents.desk.contain(incident.id, by: principal)
      return Self.good(
        "<b>Contained.</b> \(NumberFormat.count(it.done.count, "thing")) stopped, \(NumberFormat.exact(it.beyond.count)) for somebody to do elsewhere.",
        receipt)
    }
  }

  func scopeIncident() async throws -> Response {
    try await act { incident in
      let it = try await services.incidents.desk.scope(incident.id, by: principal)
      let change: HTML =
        it.change.map {
          " Since the version before: <b>\(NumberFormat.exact($0.newlyAffected.count)) newly affected</b>, \(NumberFormat.exact($0.noLongerAffected.count)) no longer, \(NumberFormat.exact($0.moreFields.count)) by more fields."
        } ?? ""
      return Self.good(
        "<b>Version \(it.scope.version):</b> \(NumberFormat.count(it.scope.affected.count, "person", "people")) affected, in \(NumberFormat.duration(seconds: it.seconds)).\(change)",
        it.receipt)
    }
  }

  func setIncidentWindow() async throws -> Response {
    try await act { incident in
      let receipt = try await services.incidents.desk.setWindow(
        from: try time("from"), to: try time("to"), of: incident.id, by: principal)
      return Self.good("The window is set: determine anew who is affected.", receipt)
    }
  }

  func setIncidentMoment() async throws -> Response {
    try await act { incident in
      guard let moment = Incident.Moment(rawValue: fields.text("moment")) else { throw AccessError(.invalid, "Say which time it is.") }
      let receipt = try await services.incidents.desk.set(moment, to: try time("at"), of: incident.id, by: principal)
      return Self.good("\(IncidentWords.moment(moment)): set.", receipt)
    }
  }

  func watchIncident() async throws -> Response {
    try await act { incident in
      let watch = try await services.incidents.desk.watch(incident.id, by: principal)
      return Self.good("\(NumberFormat.count(watch.people, "person", "people")) are watched as a cohort.", watch.receipt)
    }
  }

  func closeIncident() async throws -> Response {
    try await act { incident in
      Self.good("<b>Closed.</b>", try await services.incidents.desk.close(incident.id, note: fields.text("note"), by: principal))
    }
  }

  // MARK: What leaves

  func incidentReport(_ text: String) async throws -> Response {
    try authorize(.readIncidents)
    guard let incident = try await known(incident: text) else { return ErrorPage.notFound.response }
    let desk = services.incidents.desk
    let report =
      fields["audience"] == "management" ? try await desk.summary(on: incident, at: now) : try await desk.report(on: incident, at: now)
    let answer = try await disclose(report, .settings, "console.incident.report", fields: ["report"])
    switch fields["format"] {
    case "markdown": return .file(answer.value.markdown, contentType: "text/markdown; charset=utf-8", name: "incident-\(incident.id).md")
    case "json": return .file(answer.value.json.text + "\n", contentType: "application/json", name: "incident-\(incident.id).json")
    default: return .html(reportPage(answer.value, incident, answer.receipt))
    }
  }

  /// In the console's own frame, which prints without its navigation.
  private func reportPage(_ report: IncidentReport, _ incident: Incident, _ receipt: LedgerReceipt) -> HTML {
    let parts = report.parts.map { part -> HTML in
      let facts = part.facts.map { fact -> HTML in
        let value: HTML =
          fact.value.isEmpty
          ? "<span class=\"danger\">to be filled in</span>"
          : fact.value.split(separator: "\n", omittingEmptySubsequences: false).map { "\(String($0))" as HTML }.joined("<br>")
        return "<dt>\(fact.name)</dt><dd>\(value)</dd>"
      }
      return "<section class=\"panel\"><h2>\(part.title)</h2><dl class=\"values wide\">\(facts)</dl></section>"
    }
    let content: HTML = """
      \(Self.heading(report.title, "<a href=\"\(Address("/incidents/\(incident.id)"))\">Incident no. \(incident.id)</a> · draft of \(time.second(report.madeAt)), not sent to anybody"))\(parts)<p>\(Self.entry(receipt))</p>
      """
    return page(report.title, current: "Incidents", content)
  }

  /// One file of JSON with all files of the evidence in it; the command writes them as a directory.
  func incidentEvidence() async throws -> Response {
    try authorize(.manageIncidents)
    let incident = try await chosenIncident()
    let evidence = try await services.incidents.evidence(incident)
    let answer = try await disclose(evidence, .settings, "console.incident.evidence", fields: ["evidence"])
    let files = JSONValue.object(
      Dictionary(answer.value.files.map { ($0.name, JSONValue.string($0.text)) }, uniquingKeysWith: { first, _ in first }))
    return .file(files.text + "\n", contentType: "application/json", name: "incident-\(incident.id)-evidence.json")
  }
}
