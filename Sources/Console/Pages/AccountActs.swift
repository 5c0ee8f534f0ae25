import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// What is done to service accounts and freezes.
extension Visit {
  func createAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    do {
      let draft = try draft(Set(fields.all("scope").compactMap { ServiceAccount.Scope(rawValue: $0) }))
      guard draft.needsSecondPerson else {
        let (made, receipt) = try await services.staff.accounts.make(draft, in: project.id, by: principal)
        return secretPage("New service account", made, receipt)
      }
      let receipt = try await services.staff.accounts.ask(for: draft, in: project.id, by: session.session.staff, as: principal).1
      return try await settingsPage(
        "<div class=\"notice good\"><p>Asked: this account takes a second person. Somebody else who may make accounts finds it on this page, and agrees with a passkey; then you make it. \(Self.entry(receipt))</p></div>"
      )
    } catch let error as AccessError where error.code == .invalid {
      return try await settingsPage(
        "<div class=\"notice danger\"><p><b>No service account was made.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  private func draft(_ scopes: Set<ServiceAccount.Scope>) throws(AccessError) -> ServiceAccountDraft {
    var draft = ServiceAccountDraft(name: fields.text("name"), scopes: scopes, isCanary: fields["canary"] == "yes")
    if fields["days"] != nil {
      guard let days = Int(fields.text("days")), (1...366).contains(days) else {
        throw AccessError(.invalid, "A service account ends after 1 to 366 days.")
      }
      draft.lifetime = .seconds(days * 86_400)
    }
    draft.quota = try quota(changing: draft.quota)
    for line in (fields["networks"] ?? "").split(whereSeparator: \.isNewline).map({ FormFields.trimmed($0) }) where !line.isEmpty {
      guard let network = NetworkPrefix(line) else {
        throw AccessError(.invalid, "“\(line.prefix(60))” is no address and no network such as 10.0.0.0/8.")
      }
      draft.networks.append(network)
    }
    return draft
  }

  /// The measures that the form names; the others as they are.
  func quota(changing quota: Quota) throws(AccessError) -> Quota {
    var quota = quota
    for (name, measure) in [("rows", Quota.Measure.rows), ("people", .subjects), ("megabytes", .bytes)] where fields[name] != nil {
      guard let number = Int(fields.text(name)), (0...Quota.largest).contains(number) else {
        throw AccessError(.invalid, "The \(name) a day are a whole number, 0 to \(Quota.largest).")
      }
      quota[measure] = number * measure.unit
    }
    return quota
  }

  /// A secret at the one moment when it can be seen.
  func secretPage(_ title: String, _ made: NewServiceAccount, _ receipt: LedgerReceipt) -> Response {
    let scopes = ServiceAccount.Scope.allCases.filter(made.account.scopes.contains).map(\.rawValue).joined(separator: ", ")
    let canary: HTML =
      made.account.isCanary
      ? " This one is a canary: it opens nothing, and whoever tries it raises an alarm."
      : " Whoever has it may \(scopes), until \(time.minute(made.account.expiresAt))."
    let content: HTML = """
      \(Self.heading(title, "\(made.account.name)"))<div class="notice warning"><p><b>This secret is shown once.</b> Copy it now into your secret manager; \
      here only a hash of it is kept.\(canary)</p></div>\
      <section class="panel"><h3>Username</h3><pre class="secret" id="username">\(made.account.username)</pre><p><button type="button" data-copy="username">Copy</button></p>\
      <h3>Secret</h3><pre class="secret" id="secret">\(made.secret.text)</pre><p><button type="button" data-copy="secret">Copy</button></p>\
      <p class="sub">Used with HTTP Basic authentication, as with Mixpanel's service accounts.</p><p>\(Self.entry(receipt))</p></section>\
      <p><a class="button" href="\(Address("/settings#accounts"))">I have copied it</a></p>
      """
    return .html(page(title, current: "Settings", content))
  }

  /// One that is not revoked, of this project.
  private func account(_ username: String) -> ServiceAccount? {
    services.control.serviceAccounts(of: project.id).first { $0.username == username && !$0.isRevoked }
  }

  func rotatePage() throws -> Response {
    try authorize(.manageServiceAccounts)
    guard let account = account(fields.text("username")), !account.isCanary else { return ErrorPage.notFound.response }
    let content: HTML = """
      \(Self.heading("Rotate a secret", "\(account.name)"))<section class="panel"><p><code>\(account.username)</code> gets a new secret. The one that it has now stays good for the overlap, so that its programs can change over.</p>\
      <form method="post" action="/settings/accounts/rotate">\(formToken)<input type="hidden" name="username" value="\(value: account.username)">\
      <label class="field"><span>Overlap</span><input type="number" name="overlap" value="24" min="0" max="168" required><small>Hours, at most 168; 0 if the secret has leaked.</small></label>\
      <label class="field"><span>Ends after</span><input type="number" name="days" value="90" min="1" max="366" required><small>Days from now.</small></label>\
      <div class="row"><button class="primary">Rotate</button><a href="\(Address("/settings#accounts"))">Keep it as it is</a></div></form></section>
      """
    return .html(page("Rotate a secret", current: "Settings", content))
  }

  func rotateAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    guard let account = account(fields.text("username")), !account.isCanary else { return ErrorPage.notFound.response }
    guard let hours = Int(fields.text("overlap")), (0...168).contains(hours), let days = Int(fields.text("days")), (1...366).contains(days)
    else { throw AccessError(.invalid, "The overlap is 0 to 168 hours, and an account ends after 1 to 366 days.") }
    let (made, receipt) = try await services.staff.accounts.rotate(
      account.username, overlap: .seconds(hours * 3600), lifetime: .seconds(days * 86_400), by: principal)
    return secretPage("New secret", made, receipt)
  }

  func revokePage(error: HTML = "", status: HTTPResponse.Status = .ok) throws -> Response {
    try authorize(.manageServiceAccounts)
    guard let account = account(fields.text("username")) else { return ErrorPage.notFound.response }
    let content: HTML = """
      \(Self.heading("Revoke a service account", "\(account.name)"))\(error)<section class="panel"><p><b>1 service account</b>, <code>\(account.username)</code>, last used \
      \(account.lastUsedAt.map(time.minute) ?? "never"). Every program that uses it is refused from the next request on, and an export that is under way ends. This cannot be undone; a new account can be made at any time.</p>\
      <form method="post" action="/settings/accounts/revoke">\(formToken)<input type="hidden" name="username" value="\(value: account.username)">\
      <label class="field"><span>Type <code>revoke</code></span><input type="text" name="word" autocomplete="off" required></label>\
      <div class="row"><button class="danger">Revoke</button><a href="\(Address("/settings#accounts"))">Keep it</a></div></form></section>
      """
    return .html(page("Revoke a service account", current: "Settings", content), status: status)
  }

  func revokeAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    guard let account = account(fields.text("username")) else { return ErrorPage.notFound.response }
    guard fields.text("word").lowercased() == "revoke" else {
      return try revokePage(
        error: "<div class=\"notice danger\"><p>Type the word <code>revoke</code> to go on. Nothing was changed.</p></div>",
        status: .badRequest)
    }
    let receipt = try await services.staff.accounts.revoke(account.username, by: principal).1
    return try await settingsPage(
      "<div class=\"notice good\"><p>\(ValueView.name(account.name)) is revoked. \(Self.entry(receipt))</p></div>")
  }

  func liftFreeze() async throws -> Response {
    try authorize(.manageServiceAccounts)
    let id = fields.text("id")
    guard let freeze = services.quotas.freezes.first(where: { $0.holder.id == id }) else { return ErrorPage.notFound.response }
    if freeze.holder.isStaff {
      guard let member = try await services.control.staffMember(StaffMember.ID(rawValue: id)) else { return ErrorPage.notFound.response }
      try authorizeChange(of: member)
    } else if !services.control.serviceAccounts(of: project.id).contains(where: { $0.username == id }) {
      return ErrorPage.notFound.response
    }
    guard freeze.holder.id != session.session.staff.rawValue else {
      throw AccessError(.invalid, "Nobody lifts their own freeze: another admin does it.")
    }
    let receipt = try await services.staff.accounts.lift(freeze, in: services.quotas, by: principal)
    return try await settingsPage("<div class=\"notice good\"><p>Lifted; today's count begins anew. \(Self.entry(receipt))</p></div>")
  }
}
