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
  func chosenIncident() async throws -> Incident {
    guard let incident = try await known(incident: fields.text("incident")) else {
      throw AccessError(.notFound, "There is no such incident.")
    }
    return incident
  }

  /// Does something, and leads back to the page, which says what came of it: going back and loading anew repeat nothing.
  private func act(_ done: (Incident) async throws -> LedgerReceipt) async throws -> Response {
    try authorize(.manageIncidents)
    let incident = try await chosenIncident()
    try authorize(incident.source)
    do {
      let receipt = try await done(incident)
      return .seeOther(Address("/incidents/\(incident.id)").adding("done", String(receipt.index)))
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await incidentPage(
        String(incident.id), "<div class=\"notice danger\"><p><b>Nothing was changed.</b> \(error.message)</p></div>",
        status: error.code == .inUse ? .conflict : .badRequest)
    }
  }

  func containIncident() async throws -> Response {
    try await act { try await services.incidents.desk.contain($0.id, by: principal).receipt }
  }

  func scopeIncident() async throws -> Response {
    try await act { try await services.incidents.desk.scope($0.id, by: principal).receipt }
  }

  func setIncidentWindow() async throws -> Response {
    try await act {
      // The browser knows seconds: what nobody touched stays as exact as it is.
      func kept(_ name: String, _ before: Timestamp?) throws(AccessError) -> Timestamp? {
        if let before, fields.text(name) == String(before.text.prefix(19)) { return before }
        return try time(name)
      }
      return try await services.incidents.desk.setWindow(
        from: try kept("from", $0.from), to: try kept("to", $0.to), of: $0.id, by: principal)
    }
  }

  func setIncidentMoment() async throws -> Response {
    try await act { incident in
      guard let moment = Incident.Moment(rawValue: fields.text("moment")) else { throw AccessError(.invalid, "Say which time it is.") }
      return try await services.incidents.desk.set(moment, to: try time("at"), of: incident.id, by: principal)
    }
  }

  func watchIncident() async throws -> Response {
    try await act { try await services.incidents.desk.watch($0.id, by: principal).receipt }
  }

  func closeIncident() async throws -> Response {
    try await act { try await services.incidents.desk.close($0.id, note: fields.text("note"), by: principal) }
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
