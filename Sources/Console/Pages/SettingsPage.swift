import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Web

/// The project, service accounts, and how to connect.
extension Visit {
  func settingsPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok, draft: Project? = nil) async throws -> Response {
    try authorize(.readSettings)
    let accounts = try await accounts()
    let content: HTML = """
      \(Self.heading("Settings", "\(project.name), project \(project.id.description)"))\(notice)\(try await connect())\(may(.manageProjects) ? projectForm(draft ?? project) : "")\(projectsPanel)\
      \(try await accountRequests())\(accountList(accounts.value))\(freezes(accounts.value, try await services.control.staff()))<p>\(Self.entry(accounts.receipt)) <span class="ledger">for the list of service accounts.</span></p>
      """
    return .html(page("Settings", current: "Settings", content), status: status)
  }

  private func connect() async throws -> HTML {
    let snippets = SDKSnippets(visit: self)
    let state: HTML = await services.hasEvents(project.id) ? "<p>\(Self.arrivedLine)</p>" : waiting
    return """
      <section class="panel" id="connect"><h2>Connect an SDK</h2><p>Any Mixpanel SDK works as it is: give it this project's token and Sealane's address. The token is public: \
      it may send events and can read nothing.</p>\(state)<p>Token <code id="token">\(project.token)</code> <button type="button" data-copy="token">Copy</button></p>\
      \(snippets.curl)\(snippets.python)\(snippets.javaScript)</section>
      """
  }

  private func projectForm(_ project: Project) -> HTML {
    let zones = LocalTime.zoneNames.map { "<option value=\"\(value: $0)\"></option>" as HTML }
    let week = Builder.select("week", "Week start", [("monday", "Monday"), ("sunday", "Sunday")], chosen: project.weekStart.rawValue)
    return """
      <section class="panel" id="project"><h2>Project</h2><form method="post" action="/settings/project">\(formToken)\
      <label class="field"><span>Name</span><input type="text" name="name" value="\(value: project.name)" maxlength="200" required></label>\
      <label class="field"><span>Time zone</span><input type="text" name="zone" value="\(value: project.zone)" list="zones" required autocomplete="off">\
      <small>An IANA name, such as Europe/Berlin. Days, weeks and months of all reports are cut by it, past ones too.</small></label><datalist id="zones">\(zones)</datalist>\
      <label class="field"><span>Week starts on</span>\(week)</label>\
      <label class="field"><span>Group keys</span><textarea name="groups" spellcheck="false">\(value: project.groupKeys.joined(separator: "\n"))</textarea>\
      <small>One a line, at most \(Project.maximumGroupKeys): properties that name an organization. Their values are pseudonymized from the next event on; stored events stay as they are.</small></label>\
      <label class="field"><span>Keep events for</span><input type="number" name="retention" value="\(value: project.retentionDays.map(String.init) ?? "")" min="1" max="\(Project.maximumRetentionDays)" placeholder="for ever">\
      <small>Days, by whole days of UTC; empty: for ever. Older events are in no answer from now on and do not come back, also if more days are chosen later.</small></label>\
      <label class="field"><span>Smallest group shown</span><input type="number" name="smallest" value="\(value: String(project.smallestGroup))" min="1" max="\(Project.maximumSmallestGroup)" required>\
      <small>Subjects. Groups of a breakdown with fewer are merged into “other”, and answers that tell fewer apart raise an alert. 1 shows every group; the ledger keeps the change.</small></label>\
      <button class="primary">Save settings</button></form></section>
      """
  }

  func saveProject() async throws -> Response {
    try authorize(.manageProjects)
    var changed = project
    changed.name = fields.text("name")
    changed.zone = fields.text("zone")
    changed.weekStart = Project.WeekStart(rawValue: fields.text("week")) ?? project.weekStart
    changed.groupKeys = (fields["groups"] ?? "").split(whereSeparator: \.isNewline).map { FormFields.trimmed($0) }.filter { !$0.isEmpty }
    if fields["retention"] != nil {
      let retention = fields.text("retention")
      // What is no number is none that can be stored: the form comes back with the reason.
      changed.retentionDays = retention.isEmpty ? nil : Int(retention) ?? 0
    }
    if fields["smallest"] != nil { changed.smallestGroup = Int(fields.text("smallest")) ?? 0 }
    let names = [
      changed.name != project.name ? "name" : nil, changed.zone != project.zone ? "zone" : nil,
      changed.weekStart != project.weekStart ? "week_start" : nil, changed.groupKeys != project.groupKeys ? "group_keys" : nil,
      changed.retentionDays != project.retentionDays ? "retention_days" : nil,
      changed.smallestGroup != project.smallestGroup ? changed.smallestGroupEntry : nil,
    ].compactMap(\.self)
    if names.isEmpty { return try await settingsPage("<div class=\"notice\"><p>Nothing was different, so nothing was changed.</p></div>") }
    do {
      try changed.validate()
    } catch {
      guard error.code == .invalid else { throw error }
      return try await settingsPage(
        "<div class=\"notice danger\"><p><b>The settings were not saved.</b> \(error.message) Nothing was changed.</p></div>",
        status: .badRequest, draft: changed)
    }
    let receipt = try await services.ledger.record(.projectSettingsChanged(project.id, settings: names), by: principal)
    try await services.control.updateProject(changed)
    try await services.projectChanged(changed)
    let visit = Visit(services: services, session: session, project: changed, path: path, fields: fields)
    return try await visit.settingsPage(
      "<div class=\"notice good\"><p>Saved: \(names.joined(separator: ", ").replacing("_", with: " ")). \(Self.entry(receipt))</p></div>")
  }

  /// For the line that waits: 200 with `X-Done` once an event has arrived. Says nothing about the event.
  func arrivalFragment() async throws -> Response {
    guard await services.hasEvents(project.id) else { return Response(status: .noContent, headers: SecurityHeaders.forData) }
    var response = Response.html(Self.arrivedLine)
    if let done = HTTPField.Name("X-Done") { response.headers[done] = "yes" }
    return response
  }
}
