import Access
import Events
import Ledger
import Web

/// Service accounts: what each may do, from where, until when, how much of its quota is used, and those that are frozen.
extension Visit {
  func accountList(_ accounts: [ServiceAccount]) -> HTML {
    let rows = accounts.map { account -> HTML in
      """
      <tr><th scope="row">\(ValueView.name(account.name))\(account.isCanary ? " <span class=\"badge\">canary</span>" as HTML : "")</th><td class="id">\(account.username)</td>\
      <td>\(ServiceAccount.Scope.allCases.filter(account.scopes.contains).map(\.rawValue).joined(separator: ", "))</td><td>\(networks(account))</td>\
      <td>\(exposes(account))</td>\
      <td class="num">\(used(account))</td><td class="nowrap">\(age(account.createdAt))</td><td class="nowrap">\(account.lastUsedAt.map(time.minute) ?? "never")</td>\
      <td>\(account.lastUsedAt == nil ? "–" : unusual(services.uses.report(ofAccount: account.username)))</td><td class="nowrap">\(end(account))</td></tr>
      """
    }
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>No service account yet.</b> Programs that query or export, and servers that import, each get one of their own.</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Username</th><th scope="col">May</th><th scope="col">From</th><th scope="col">Could expose a day</th><th scope="col" class="num">Rows today</th>\
      <th scope="col">Age</th><th scope="col">Last used</th><th scope="col">Unusual use</th><th scope="col">Ends</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    return """
      <section class="panel" id="accounts"><h2>Service accounts</h2><p class="sub">For programs. Each has its own name, so that the ledger can tell them apart and one can be revoked alone. \
      What all of them together with the staff's sessions could reach stands on the <a href="\(Address("/"))">home page</a>.</p>\(list)\(may(.manageServiceAccounts) ? newAccount : "")</section>
      """
  }

  /// By scopes and quota, whether or not there are so many.
  private func exposes(_ account: ServiceAccount) -> String {
    if account.isCanary || account.isRevoked || account.isExpired(at: now) { return "nothing" }
    if account.scopes.contains(.export) {
      return "\(NumberFormat.exact(account.quota.subjects)) people, \(NumberFormat.exact(account.quota.rows)) rows"
    }
    return account.scopes.contains(.query) ? "figures" : account.scopes.contains(.admin) ? "plan and settings" : "nothing"
  }

  private func networks(_ account: ServiceAccount) -> HTML {
    account.networks.isEmpty
      ? "<span class=\"reason\">anywhere</span>"
      : "\(account.networks.prefix(3).map(\.description).joined(separator: ", "))\(account.networks.count > 3 ? " …" : "")"
  }

  private func used(_ account: ServiceAccount) -> HTML {
    guard account.scopes.contains(.export), let holder = QuotaHolder(Principal(kind: .serviceAccount, id: account.username, credential: ""))
    else { return "–" }
    return "\(NumberFormat.exact(services.quotas.use(of: holder).rows)) of \(NumberFormat.exact(account.quota.rows))"
  }

  private func age(_ since: Timestamp) -> String {
    let days = max(0, now.milliseconds - since.milliseconds) / 86_400_000
    return days == 1 ? "1 day" : "\(NumberFormat.exact(Int(days))) days"
  }

  private func end(_ account: ServiceAccount) -> HTML {
    if let revoked = account.revokedAt { return "<span class=\"reason\">revoked \(time.minute(revoked))</span>" }
    let days = (account.expiresAt.milliseconds - now.milliseconds) / 86_400_000
    let when: HTML =
      account.isExpired(at: now)
      ? "<span class=\"badge danger\">expired</span>"
      : days < 14 ? "<span class=\"badge warning\">in \(Int(days)) days</span>" : "in \(NumberFormat.exact(Int(days))) days"
    guard may(.manageServiceAccounts) else { return when }
    let rotate: HTML =
      account.isCanary ? "" : " <a href=\"\(Address("/settings/accounts/rotate").adding("username", account.username))\">Rotate…</a>"
    return "\(when)\(rotate) <a href=\"\(Address("/settings/accounts/revoke").adding("username", account.username))\">Revoke…</a>"
  }

  private var newAccount: HTML {
    let scopes: [(ServiceAccount.Scope, String)] = [
      (.intake, "intake: import events and write verified profiles"), (.query, "query: ask for reports, which hold counts only"),
      (.export, "export: read rows about subjects, page by page; takes a second person"),
      (.admin, "admin: settings, the tracking plan, erasure; neither people nor keys; takes a second person"),
    ]
    return """
      <h3>New service account</h3><form method="post" action="/settings/accounts">\(formToken)<label class="field"><span>Name</span>\
      <input type="text" name="name" maxlength="200" required placeholder="Nightly export"></label><fieldset><legend>It may</legend>\
      \(scopes.map { "<label class=\"check\"><input type=\"checkbox\" name=\"scope\" value=\"\($0.0.rawValue)\"> \($0.1)</label>" as HTML })</fieldset>\
      <label class="field"><span>Ends after</span><input type="number" name="days" value="90" min="1" max="366" required><small>Days, at most 366. Rotate the secret before: the account stays, the secret changes.</small></label>\
      <label class="field"><span>Only from</span><textarea name="networks" spellcheck="false" placeholder="10.0.0.0/8"></textarea><small>Addresses or networks, one a line; empty: from anywhere.</small></label>\
      <label class="field"><span>Rows a day</span><input type="number" name="rows" value="\(Quota.serviceAccount.rows)" min="0" required><small>Rows about subjects. At a limit the answer stops and the account is frozen until you lift it.</small></label>\
      <label class="field"><span>People a day</span><input type="number" name="people" value="\(Quota.serviceAccount.subjects)" min="0" required><small>Different subjects in those rows, and those whom figures single out.</small></label>\
      <label class="field"><span>Megabytes a day</span><input type="number" name="megabytes" value="\(Quota.serviceAccount.bytes >> 20)" min="0" required><small>Of those rows, as they leave.</small></label>\
      <label class="check"><input type="checkbox" name="canary" value="yes"> A canary: nobody gets to use it. Put it where a thief would look; any use raises an alarm.</label>\
      <button class="primary">Make service account</button></form>
      """
  }

  /// Nothing where nothing is frozen.
  func freezes(_ accounts: [ServiceAccount], _ staff: [StaffMember]) -> HTML {
    let freezes = services.quotas.freezes
    guard !freezes.isEmpty else { return "" }
    let rows = freezes.map { freeze -> HTML in
      let name =
        freeze.holder.isStaff
        ? staff.first { $0.id.rawValue == freeze.holder.id }?.name : accounts.first { $0.username == freeze.holder.id }?.name
      let lift: HTML? =
        may(.manageServiceAccounts)
        ? "<form method=\"post\" action=\"/settings/freezes/lift\">\(formToken)<input type=\"hidden\" name=\"id\" value=\"\(value: freeze.holder.id)\"><button>Lift</button></form>"
        : nil
      return """
        <tr><th scope="row">\(ValueView.name(name ?? "of another project"))</th><td class="id">\(freeze.holder.id)</td><td>\(freeze.measure.map { "the day’s \($0.rawValue) are used up" } ?? "frozen by hand")</td>\
        <td class="nowrap">\(time.minute(freeze.frozenAt))</td><td>\(lift)</td></tr>
        """
    }
    return """
      <section class="panel" id="freezes"><h2>Frozen</h2><p class="sub">Nothing is disclosed to these credentials until somebody lifts it. Find out first who took so much, and why.</p>\
      <div class="scroll"><table><thead><tr><th scope="col">Who</th><th scope="col">Id</th><th scope="col">Why</th><th scope="col">Since</th><th scope="col"><span class="unseen">Lift</span></th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }
}
