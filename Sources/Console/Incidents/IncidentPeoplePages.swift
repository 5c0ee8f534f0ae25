import Access
import Events
import HTTPTypes
import Hummingbird
import Ledger
import Response
import Web

/// Who is affected by an incident: one by one with the entries that prove it, page by page, and by organization.
extension Visit {
  private static let perPage = 200

  func incidentPeoplePage(_ text: String) async throws -> Response {
    try authorize(.manageIncidents)
    guard let incident = try await known(incident: text) else { return ErrorPage.notFound.response }
    let base = Address("/incidents/\(incident.id)/people")
    let asked = fields.text("subject")
    var answer: HTML = ""
    if !asked.isEmpty { answer = try await verdictPanel(asked, incident) }
    let listing: HTML
    if fields["status"] != nil, let status = Scope.Status(rawValue: fields.text("status")), status != .notAffected {
      listing = try await listPanel(incident, status, base)
    } else {
      listing = """
        <section class="panel"><h2>Everybody</h2><p>A list shows pseudonyms, \(Self.perPage) a page. It is a disclosure: each page is in the ledger first, and costs of your quota.</p><div class="row">\
        <a class="button" href="\(base.adding("status", Scope.Status.affected.rawValue))">List who is affected</a>\
        <a class="button" href="\(base.adding("status", Scope.Status.cannotBeExcluded.rawValue))">List who cannot be excluded</a></div></section>
        """
    }
    let content: HTML = """
      \(Self.heading("Is somebody affected?", "<a href=\"\(Address("/incidents/\(incident.id)"))\">\(ValueView.name(incident.title))</a>"))\
      <section class="panel"><form method="get" action="/incidents/\(incident.id)/people">\(Address.hiddenFields)<label class="field"><span>Pseudonym</span><input type="search" name="subject" value="\(value: asked)" placeholder="s_7f3a…" autocomplete="off" spellcheck="false" required></label>\
      <button class="primary">Look</button></form></section>\(answer)\(listing)
      """
    return .html(page("Is somebody affected?", current: "Incidents", content))
  }

  private static func version(_ number: Int, _ isAsEntered: Bool) -> String {
    isAsEntered
      ? "By version \(number) of the scope"
      : "By version \(number) of the scope, as it would be answered now: people were merged, came or were erased since it was entered"
  }

  private func verdictPanel(_ asked: String, _ incident: Incident) async throws -> HTML {
    guard let pseudonym = Pseudonym(asked) else {
      return "<div class=\"notice danger\"><p>A subject is named by its pseudonym: s_ and 32 hexadecimal digits.</p></div>"
    }
    try authorize(.readSubjects)
    await services.lookedFor(project.id, pseudonym.description, principal)
    let found: IncidentDesk.Verdict
    do {
      found = try await services.incidents.desk.verdict(on: pseudonym, in: incident)
    } catch let error as AccessError where error.code == .notFound || error.code == .invalid {
      // That nobody arrived under it is told as well.
      _ = try await disclose(0, .subjectSearch(set: [], rows: 0), "console.incident.subject")
      return "<div class=\"notice warning\"><p>\(error.message)</p></div>"
    }
    let answer = try await disclose(
      found, .subjects(set: [found.number], rows: 1), "console.incident.subject", fields: ["affected_by_incident"])
    let words: HTML
    switch answer.value.verdict {
    case .notAffected: words = "<p>\(IncidentWords.status(.notAffected)): no entry that was meant shows this person, under any id.</p>"
    case .cannotBeExcluded(let untold):
      words = """
        <p>\(IncidentWords.status(.cannotBeExcluded)): of \(NumberFormat.count(untold.count, "entry", "entries")) nobody can tell any more whom they showed: no. \(untold.prefix(20).map { NumberFormat.exact(Int(clamping: $0.index)) }.joined(separator: ", ")).</p>
        """
    case .affected(let entries, let shown):
      let rows = entries.prefix(200).map { entry -> HTML in
        """
        <tr><td class="num"><a href="\(Address("/ledger/\(entry.index)"))">\(NumberFormat.exact(Int(clamping: entry.index)))</a></td><td class="nowrap">\(time.second(entry.time))</td><td>\(entry.fields.joined(separator: ", "))</td></tr>
        """
      }
      let table: HTML =
        rows.isEmpty
        ? "<p class=\"note\">By what the host held itself: no entry shows this person to anybody.</p>"
        : "<div class=\"scroll\"><table><thead><tr><th scope=\"col\" class=\"num\">Ledger entry</th><th scope=\"col\">When</th><th scope=\"col\">Fields</th></tr></thead><tbody>\(rows)</tbody></table></div>"
      words = "<p>\(IncidentWords.status(.affected)), by \(shown.joined(separator: ", ")).</p>\(table)"
    }
    return """
      <section class="panel" id="verdict"><h2><code>s_\(pseudonym.description)</code></h2><p class="sub">\(Self.version(answer.value.version, answer.value.isAsEntered))</p>\(words)<p>\(Self.entry(answer.receipt))</p></section>
      """
  }

  private func listPanel(_ incident: Incident, _ status: Scope.Status, _ base: Address) async throws -> HTML {
    try authorize(.readSubjects)
    let found = try await services.incidents.desk.people(
      of: incident, status, after: UInt32(fields.text("after")), limit: Self.perPage)
    let answer = try await disclose(
      found, .subjects(set: found.people.map(\.number), rows: found.people.count), "console.incident.subjects",
      fields: ["affected_by_incident"])
    let rows = answer.value.people.map { person -> HTML in
      let name: HTML =
        person.pseudonym.map { "<a href=\"\(Address("/subjects/s_\($0)"))\"><code>s_\($0.description)</code></a>" as HTML }
        ?? "<span class=\"soft\">erased</span>"
      return
        "<tr><th scope=\"row\">\(name)</th><td>\(IncidentWords.status(person.status))</td><td class=\"reason\">\(person.fields.joined(separator: ", "))</td></tr>"
    }
    let more: HTML =
      answer.value.next.map {
        "<p><a href=\"\(base.adding("status", status.rawValue).adding("after", String($0)))\">Next page</a> <span class=\"sub\">costs up to \(Self.perPage) more</span></p>"
          as HTML
      } ?? ""
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"empty\">Nobody.</p>"
      : "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Subject</th><th scope=\"col\">Status</th><th scope=\"col\">Fields</th></tr></thead><tbody>\(rows)</tbody></table></div>"
    return """
      <section class="panel" id="people"><h2>\(NumberFormat.count(answer.value.people.count, "person", "people")) on this page</h2><p class="sub">\(Self.version(answer.value.version, answer.value.isAsEntered))</p>\(table)\(more)<p>\(Self.entry(answer.receipt))</p></section>
      """
  }

  func incidentOrganizationsPage(_ text: String) async throws -> Response {
    try authorize(.manageIncidents)
    try authorize(.readSubjects)
    guard let incident = try await known(incident: text) else { return ErrorPage.notFound.response }
    let (found, total) = try await services.incidents.desk.organizations(of: incident, limit: Self.perPage)
    let answer = try await disclose(
      found, .subjects(set: found.map(\.organization.number), rows: found.count), "console.incident.organizations",
      fields: ["affected_by_incident"])
    let rows = answer.value.map { row -> HTML in
      """
      <tr><th scope="row">\(row.pseudonym.map { "<code>s_\($0.description)</code>" as HTML } ?? "–")</th><td><bdi>\(row.key)</bdi></td><td class="num">\(NumberFormat.exact(row.organization.affected))</td>\
      <td class="num">\(NumberFormat.exact(row.organization.cannotBeExcluded))</td><td class="num">\(NumberFormat.exact(row.organization.members))</td>\
      <td><progress max="\(max(1, row.organization.members))" value="\(row.organization.affected)" aria-label="\(NumberFormat.percent(row.organization.affected, of: max(1, row.organization.members))) of its people"></progress></td></tr>
      """
    }
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>No organization.</b> Nobody affected was seen with one, by the project's group keys (Settings).</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Organization</th><th scope="col">By</th><th scope="col" class="num">Affected</th><th scope="col" class="num">Not to be excluded</th>\
      <th scope="col" class="num">People</th><th scope="col"><span class="unseen">Share</span></th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let more: HTML =
      total > found.count
      ? "<p class=\"note\">The \(NumberFormat.exact(found.count)) with most people affected, of \(NumberFormat.exact(total)). All of them: <code>sealane incident organizations \(incident.id)</code></p>"
      : ""
    let content: HTML = """
      \(Self.heading("Organizations affected", "<a href=\"\(Address("/incidents/\(incident.id)"))\">\(ValueView.name(incident.title))</a>"))<section class="panel">\(table)\(more)</section><p>\(Self.entry(answer.receipt))</p>
      """
    return .html(page("Organizations affected", current: "Incidents", content))
  }
}
