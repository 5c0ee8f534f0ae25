import Access
import Events
import HTTPTypes
import Hummingbird
import Ledger
import Response
import Web

/// Incidents, and what alerts would be as incidents.
extension Visit {
  func incidentsPage() async throws -> Response {
    try authorize(.readIncidents)
    let incidents = try await services.control.incidents(of: project.id)
    let drafts = try await services.incidents.desk.drafts(in: project.id)
    let receipt = try await disclose(incidents.count, .settings, "console.incidents", fields: ["incidents"]).receipt
    var rows: [HTML] = []
    for incident in incidents {
      let affected = try await services.control.scopes(of: incident.id).first.flatMap { try? $0.kept }?.affected
      rows.append(
        """
        <tr><td class="num">\(NumberFormat.exact(Int(clamping: incident.id)))</td><th scope="row"><a href="\(Address("/incidents/\(incident.id)"))">\(ValueView.name(incident.title))</a></th>\
        <td>\(IncidentWords.state(incident.state))</td><td>\(IncidentWords.source(incident.source))</td><td class="num">\(affected.map { NumberFormat.exact($0) } ?? "–")</td>\
        <td>\(due(incident))</td><td class="nowrap">\(time.minute(incident.openedAt))</td></tr>
        """)
    }
    let list: HTML =
      incidents.isEmpty
      ? """
      <p class="empty"><b>No incident.</b> When a vendor tells of a breach, a key stands in a public place, somebody is phished or rows turn up, open one here: it is contained in one action, \
      and who is affected is known in a second. <code>sealane incident rehearse</code> plays it through on a copy.</p>
      """
      : """
      <div class="scroll"><table><thead><tr><th scope="col" class="num">No.</th><th scope="col">Incident</th><th scope="col">State</th><th scope="col">What was lost hold of</th>\
      <th scope="col" class="num">People affected</th><th scope="col">Due next</th><th scope="col">Opened</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let open: HTML = may(.manageIncidents) ? "<a class=\"button primary\" href=\"\(Address("/incidents/new"))\">Open an incident</a>" : ""
    let content: HTML = """
      \(Self.heading("Incidents", "What was lost hold of, who is affected, and what is due.", actions: open))\(draftPanel(drafts))\
      <section class="panel"><h2>\(NumberFormat.count(incidents.count { $0.state != .closed }, "open incident"))</h2>\(list)</section><p>\(Self.entry(receipt))</p>
      """
    return .html(page("Incidents", current: "Incidents", content))
  }

  /// The next deadline that runs, or was missed.
  private func due(_ incident: Incident) -> HTML {
    guard incident.state != .closed, let next = nextDeadline(incident), let deadline = next.deadline else { return "–" }
    let words = IncidentWords.distance(deadline, from: now)
    return next.state == .overdue
      ? "<span class=\"danger\">\(next.rule.title), \(words)</span>" : "\(next.rule.title), <b>\(words)</b>"
  }

  func nextDeadline(_ incident: Incident) -> LegalClocks.Reading? {
    services.incidents.desk.clocks.readings(of: incident, at: now).filter {
      ($0.state == .running || $0.state == .overdue) && $0.deadline != nil
    }.min { ($0.deadline ?? now) < ($1.deadline ?? now) }
  }

  private func draftPanel(_ drafts: [(alert: Alert, draft: IncidentDraft)]) -> HTML {
    guard !drafts.isEmpty else { return "" }
    let rows = drafts.prefix(20).map { alert, draft -> HTML in
      let open: HTML =
        may(.manageIncidents)
        ? "<a class=\"button\" href=\"\(Address("/incidents/new").adding("alert", String(alert.id)))\">Open as incident</a>" : ""
      return """
        <tr><th scope="row"><a href="\(Address("/alerts/\(alert.id)"))">\(alert.kind.title)</a></th><td><span class="s-\(alert.severity.rawValue)">\(alert.severity.rawValue)</span></td>\
        <td class="reason">\(alert.sentence)</td><td>\(IncidentWords.source(draft.source))</td><td class="nowrap">\(time.minute(alert.raisedAt))</td><td class="num">\(open)</td></tr>
        """
    }
    return """
      <section class="panel" id="drafts"><h2>\(NumberFormat.count(drafts.count, "draft")) from alerts</h2><p class="sub">Each tells of something lost hold of. Open it as an incident, or close the alert</p>\
      <div class="scroll"><table><thead><tr><th scope="col">Alert</th><th scope="col">Severity</th><th scope="col">What was found</th><th scope="col">Would be about</th>\
      <th scope="col">When</th><th scope="col"><span class="unseen">Open</span></th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }
}
