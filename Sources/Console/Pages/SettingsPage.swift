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
      \(Self.heading("Settings", "\(project.name), project \(project.id.description)"))\(notice)\(try await connect())\(projectForm(draft ?? project))\
      \(accountList(accounts.value))<p>\(Self.entry(accounts.receipt)) <span class="ledger">for the list of service accounts.</span></p>
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
      <button class="primary">Save settings</button></form></section>
      """
  }

  private func accountList(_ accounts: [ServiceAccount]) -> HTML {
    let rows = accounts.map { account -> HTML in
      let state: HTML =
        account.revokedAt.map { "<span class=\"reason\">revoked \(time.minute($0))</span>" }
        ?? "<a href=\"\(Address("/settings/accounts/revoke").adding("username", account.username))\">Revoke…</a>"
      return """
        <tr><th scope="row">\(ValueView.name(account.name))</th><td class="id">\(account.username)</td><td>\(ServiceAccount.Scope.allCases.filter(account.scopes.contains).map(\.rawValue).joined(separator: ", "))</td>\
        <td class="nowrap">\(time.minute(account.createdAt))</td><td class="nowrap">\(account.lastUsedAt.map(time.minute) ?? "never")</td><td class="nowrap">\(state)</td></tr>
        """
    }
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>No service account yet.</b> Programs that query or export, and servers that import, each get one of their own.</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Username</th><th scope="col">May</th><th scope="col">Made</th><th scope="col">Last used</th>\
      <th scope="col"><span class="unseen">Revoke</span></th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let scopes: [(ServiceAccount.Scope, String)] = [
      (.send, "send: import events and write verified profiles"), (.query, "query: ask for reports, which hold counts only"),
      (.export, "export: read rows about subjects, page by page"),
    ]
    return """
      <section class="panel" id="accounts"><h2>Service accounts</h2><p class="sub">For programs. Each has its own name, so that the ledger can tell them apart and one can be revoked alone.</p>\(list)\
      <h3>New service account</h3><form method="post" action="/settings/accounts">\(formToken)<label class="field"><span>Name</span>\
      <input type="text" name="name" maxlength="200" required placeholder="Nightly export"></label><fieldset><legend>It may</legend>\
      \(scopes.map { "<label class=\"check\"><input type=\"checkbox\" name=\"scope\" value=\"\($0.0.rawValue)\"> \($0.1)</label>" as HTML })</fieldset>\
      <button class="primary">Make service account</button></form></section>
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
    let names = [
      changed.name != project.name ? "name" : nil, changed.zone != project.zone ? "zone" : nil,
      changed.weekStart != project.weekStart ? "week_start" : nil, changed.groupKeys != project.groupKeys ? "group_keys" : nil,
      changed.retentionDays != project.retentionDays ? "retention_days" : nil,
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

  func createAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    let scopes = Set(fields.all("scope").compactMap { ServiceAccount.Scope(rawValue: $0) })
    let made: NewServiceAccount
    do {
      made = try await services.control.createServiceAccount(name: fields.text("name"), project: project.id, scopes: scopes)
    } catch {
      guard error.code == .invalid else { throw error }
      return try await settingsPage(
        "<div class=\"notice danger\"><p><b>No service account was made.</b> \(error.message)</p></div>", status: .badRequest)
    }
    let receipt: LedgerReceipt
    do {
      receipt = try await services.ledger.record(
        .serviceAccountCreated(username: made.account.username, project: project.id, scopes: scopes.map(\.rawValue).sorted()), by: principal
      )
    } catch {
      // The username is known only now; without an entry the account does not stay.
      _ = try await services.control.revokeServiceAccount(made.account.username)
      throw error
    }
    let content: HTML = """
      \(Self.heading("New service account", "\(made.account.name)"))<div class="notice warning"><p><b>This secret is shown once.</b> Copy it now into your secret manager; \
      here only a hash of it is kept. Whoever has it may \(ServiceAccount.Scope.allCases.filter(scopes.contains).map(\.rawValue).joined(separator: ", ")).</p></div>\
      <section class="panel"><h3>Username</h3><pre class="secret" id="username">\(made.account.username)</pre><p><button type="button" data-copy="username">Copy</button></p>\
      <h3>Secret</h3><pre class="secret" id="secret">\(made.secret.text)</pre><p><button type="button" data-copy="secret">Copy</button></p>\
      <p class="sub">Used with HTTP Basic authentication, as with Mixpanel's service accounts.</p><p>\(Self.entry(receipt))</p></section>\
      <p><a class="button" href="/settings#accounts">I have copied it</a></p>
      """
    return .html(page("New service account", current: "Settings", content))
  }

  func revokePage(error: HTML = "", status: HTTPResponse.Status = .ok) throws -> Response {
    try authorize(.manageServiceAccounts)
    let username = fields.text("username")
    guard let account = services.control.serviceAccounts(of: project.id).first(where: { $0.username == username }), !account.isRevoked
    else {
      return ErrorPage.notFound.response
    }
    let content: HTML = """
      \(Self.heading("Revoke a service account", "\(account.name)"))\(error)<section class="panel"><p><b>1 service account</b>, <code>\(account.username)</code>, last used \
      \(account.lastUsedAt.map(time.minute) ?? "never"). Every program that uses it is refused from the next request on. This cannot be undone; a new account can be made at any time.</p>\
      <form method="post" action="/settings/accounts/revoke">\(formToken)<input type="hidden" name="username" value="\(value: account.username)">\
      <label class="field"><span>Type <code>revoke</code></span><input type="text" name="word" autocomplete="off" required></label>\
      <div class="row"><button class="danger">Revoke</button><a href="/settings#accounts">Keep it</a></div></form></section>
      """
    return .html(page("Revoke a service account", current: "Settings", content), status: status)
  }

  func revokeAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    let username = fields.text("username")
    guard services.control.serviceAccounts(of: project.id).contains(where: { $0.username == username && !$0.isRevoked }) else {
      return ErrorPage.notFound.response
    }
    guard fields.text("word").lowercased() == "revoke" else {
      return try revokePage(
        error: "<div class=\"notice danger\"><p>Type the word <code>revoke</code> to go on. Nothing was changed.</p></div>",
        status: .badRequest)
    }
    let account = try await services.control.revokeServiceAccount(username)
    let receipt = try await services.ledger.record(.serviceAccountRevoked(username: username, project: project.id), by: principal)
    return try await settingsPage(
      "<div class=\"notice good\"><p>\(ValueView.name(account.name)) is revoked. \(Self.entry(receipt))</p></div>")
  }

  /// For the line that waits: 200 with `X-Done` once an event has arrived. Says nothing about the event.
  func arrivalFragment() async throws -> Response {
    guard await services.hasEvents(project.id) else { return Response(status: .noContent, headers: SecurityHeaders.forData) }
    var response = Response.html(Self.arrivedLine)
    if let done = HTTPField.Name("X-Done") { response.headers[done] = "yes" }
    return response
  }
}
