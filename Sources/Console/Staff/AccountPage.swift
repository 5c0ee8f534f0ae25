import Access
import Events
import Hummingbird
import Ledger
import Passkeys
import Web

/// One's own passkeys and sessions, and the button for the bad moment.
extension Visit {
  func accountPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.manageOwnAccess)
    let staff = session.session.staff
    let passkeys = try await services.control.staffPasskeys(of: staff)
    let sessions = try await services.control.sessions(of: staff)
    let roles = session.roles.isOwner ? "owner" : session.roles.roles(in: project.id).map(\.title).sorted().joined(separator: ", ")
    let content: HTML = """
      \(Self.heading("Your access", "<bdi>\(session.name)</bdi>, \(roles) in \(project.name)"))\(notice)\(passkeyPanel(passkeys))\
      <section class="panel" id="sessions"><h2>Sessions</h2><p class="sub">Browsers in which you are signed in. A session's cookie lives five minutes; only the key in that browser gets the next one.</p>\
      \(sessionTable(sessions, action: "/account/sessions/end"))</section>\
      \(usePanel(services.uses.report(of: staff), "What of the last day's use of your access is unlike what you usually do. Was it not you? Press the button below."))\
      <section class="panel" id="phished"><h2>I was phished</h2><p>Somebody may have your passkey's device, your browser, or a page that you should not have trusted. This ends everything that you could do, \
      at once: all your sessions, your links, and signing in with any of your passkeys. \(Self.rescuers(session.roles)) let you in again. Better once too often.</p>\
      <form method="post" action="/account/phished">\(formToken)<button class="danger">I was phished: cut off my access</button></form></section>
      """
    return .html(page("Your access", current: nil, content), status: status)
  }

  private func passkeyPanel(_ passkeys: [StaffPasskey]) -> HTML {
    let rows = passkeys.map { passkey -> HTML in
      let remove: HTML? =
        passkeys.count < 2
        ? nil
        : """
        <form method="post" action="/account/passkeys/remove">\(formToken)<input type="hidden" name="passkey" value="\(value: Base64URL.encode(passkey.credential))"><button class="link">Remove</button></form>
        """
      return """
        <tr><th scope="row" class="id">\(passkey.label)</th><td>\(passkey.isBackedUp ? "synced by its key manager" : "on one device")</td>\
        <td class="nowrap">\(time.minute(passkey.madeAt))</td><td class="nowrap">\(passkey.usedAt.map(time.minute) ?? "not yet")</td><td>\(remove)</td></tr>
        """
    }
    let advice: HTML =
      passkeys.count == 1
      ? "<div class=\"notice warning\"><p><b>You have one passkey.</b> If you lose it, \(Self.rescuers(session.roles).lowercased()) must let you in again. Add another one, on another device or in a key manager.</p></div>"
      : ""
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>No passkey.</b> This session ends as all do, and then only a setup link lets in.</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Passkey</th><th scope="col">Kept</th><th scope="col">Registered</th><th scope="col">Last used</th><th scope="col"><span class="unseen">Remove</span></th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
    let confirm: HTML =
      passkeys.isEmpty
      ? ""
      : """
      <form data-passkey data-begin="/confirm/begin" data-finish="/confirm/finish" data-then="add-passkey"><input type="hidden" name="act" value="add_passkey">\
      <button>Add a passkey</button><p class="sub">Your browser asks for one that you have, then for the new one.</p><p role="status" hidden></p></form>
      """
    return """
      <section class="panel" id="passkeys"><h2>Passkeys</h2>\(advice)\(list)\(confirm)\
      <form data-passkey data-begin="/passkeys/begin" data-finish="/passkeys/finish" data-next="\(Address("/account"))" id="add-passkey"\(passkeys.isEmpty ? "" as HTML : " class=\"follow\"")>\
      <input type="hidden" name="ticket"><button\(passkeys.isEmpty ? "" as HTML : " hidden")>Register a passkey</button><p role="status" hidden></p></form></section>
      """
  }

  /// - Parameter action: where the form goes that ends one.
  func sessionTable(_ sessions: [Session], action: String) -> HTML {
    let rows = sessions.map { session -> HTML in
      let isThis = session.id == self.session.session.id
      let end: HTML = """
        <form method="post" action="\(Address(action))">\(formToken)<input type="hidden" name="session" value="\(value: session.id)"><button class="link">End</button></form>
        """
      return """
        <tr><th scope="row" class="id">\(session.id)</th><td>\(session.client)</td><td class="nowrap">\(time.minute(session.createdAt))</td>\
        <td class="nowrap">\(time.minute(session.lastSeenAt))</td><td>\(isThis ? "this one" : end)</td></tr>
        """
    }
    return rows.isEmpty
      ? "<p class=\"empty\"><b>None.</b></p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Session</th><th scope="col">Browser</th><th scope="col">Began</th><th scope="col">Last used</th><th scope="col"><span class="unseen">End</span></th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
  }

  func removePasskey() async throws -> Response {
    try authorize(.manageOwnAccess)
    guard let credential = Base64URL.decode(fields.text("passkey")) else { return ErrorPage.notFound.response }
    let receipt = try await services.staff.removePasskey(credential, of: session.session.staff, as: principal)
    return try await accountPage("<div class=\"notice good\"><p>The passkey is removed. \(Self.entry(receipt))</p></div>")
  }

  func endOwnSession() async throws -> Response {
    try authorize(.manageOwnAccess)
    let id = fields.text("session")
    guard try await services.control.sessions(of: session.session.staff).contains(where: { $0.id == id }) else {
      return ErrorPage.notFound.response
    }
    _ = try await services.control.endSession(id)
    let receipt = try await services.ledger.record(.sessionRevoked(session: id), by: principal)
    return try await accountPage("<div class=\"notice good\"><p>The session is over. \(Self.entry(receipt))</p></div>")
  }

  func reportOneself() async throws -> Response {
    try authorize(.manageOwnAccess)
    let (ended, receipt) = try await services.staff.end(session.session.staff, .phished, force: true, by: principal)
    let brought = try await services.control.broughtIn(by: session.session.staff)
    let left: HTML =
      brought.isEmpty
      ? ""
      : "<p><b>\(NumberFormat.count(brought.accounts.count, "service account")) that you made and \(NumberFormat.count(brought.people.count, "person", "people")) whom you invited are as they were.</b> Were they all yours? Your page under Staff lists them, and ends them.</p>"
    return Console.over(
      "Your access is cut off",
      """
      <p>\(ended) \(ended == 1 ? "session has" : "sessions have") ended, and none of your passkeys signs in any more. \(Self.entry(receipt))</p>\
      <p><b>Now tell your colleagues</b>, on another way than the one by which you were reached. An \(session.roles.isOwner ? "owner" : "admin") sees your name under Staff: one asks for your recovery, another agrees.</p>\(left)
      """)
  }
}
