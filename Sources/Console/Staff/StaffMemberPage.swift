import Access
import Events
import Hummingbird
import Ledger
import Passkeys
import Web

/// One person: roles, sessions, and what can be done about them.
extension Visit {
  func staffMemberPage(_ id: String, _ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readStaff)
    guard let member = try await services.control.staffMember(StaffMember.ID(rawValue: id)) else { return ErrorPage.notFound.response }
    let sessions = try await services.control.sessions(of: member.id)
    let brought = try await services.control.broughtIn(by: member.id)
    let receipt = try await disclose(
      member.id, .settings, "console.staff.member", fields: ["name", "roles", "state", "sessions", "unusual_use", "brought_in"]
    ).receipt
    let isOneself = member.id == session.session.staff
    let mayChange = may(.manageStaff) && (!member.roles.isOwner || may(.manageOwners))
    let content: HTML = """
      \(Self.heading("<bdi>\(member.name)</bdi>", "<a href=\"\(Address("/staff"))\">Staff</a> · <span class=\"id\">\(member.id.rawValue)</span>"))\(notice)\
      \(summary(member))\(mayChange && member.suspension != .removed ? rolePanel(member) : "")\
      <section class="panel" id="sessions"><h2>Sessions</h2>\(may(.manageSessions) ? sessionTable(sessions, action: "/staff/sessions/end") : "<p>\(sessions.count)</p>")</section>\
      \(usePanel(services.uses.report(of: member.id), "What of the last day's use is unlike what this person usually does."))\(broughtInPanel(brought, of: member))\
      \(isOneself ? "<p class=\"note\">This is you: <a href=\"\(Address("/account"))\">your passkeys, sessions, and “I was phished”</a>.</p>" : acts(member, mayChange))<p>\(Self.entry(receipt))</p>
      """
    return .html(page("\(member.name)", current: "Staff", content), status: status)
  }

  private func summary(_ member: StaffMember) -> HTML {
    let state: HTML =
      switch member.suspension {
      case .phished: "cut off since \(member.suspendedAt.map(time.minute) ?? "–"), after a report of phishing"
      case .removed: "removed \(member.suspendedAt.map(time.minute) ?? "–")"
      case nil: member.enrolledAt.map { "enrolled \(time.minute($0))" } ?? "invited, has not come yet"
      }
    return """
      <section class="panel"><dl class="figures"><div><dt>State</dt><dd class="word">\(state)</dd></div><div><dt>Passkeys</dt><dd>\(member.passkeys)</dd></div></dl></section>
      """
  }

  private func rolePanel(_ member: StaffMember) -> HTML {
    """
    <section class="panel" id="roles"><h2>Roles</h2><form method="post" action="/staff/roles">\(formToken)\(about(member))\(roleChoice(member.roles))<button class="primary">Save roles</button></form></section>
    """
  }

  /// Who lets somebody in again.
  static func rescuers(_ roles: StaffRoles) -> String { roles.isOwner ? "Two other owners" : "Two admins" }

  func about(_ member: StaffMember) -> HTML { "<input type=\"hidden\" name=\"staff\" value=\"\(value: member.id.rawValue)\">" }

  private func acts(_ member: StaffMember, _ mayChange: Bool) -> HTML {
    var forms: [HTML] = []
    if may(.cutOff), member.suspension == nil, member.enrolledAt != nil {
      forms.append(
        form(
          member, "/staff/cut-off", "<button class=\"danger\">They were phished: cut off their access</button>",
          "Ends all their sessions and links, and signing in with any of their passkeys, at once. \(Self.rescuers(member.roles)) let them in again."
        ))
    }
    if mayChange, member.enrolledAt == nil, member.suspension == nil {
      forms.append(form(member, "/staff/link", "<button>Make a new invitation link</button>", "The one before stops working."))
    }
    if mayChange, member.enrolledAt != nil, member.suspension != .removed {
      forms.append(
        form(
          member, "/staff/recovery", "<button>Ask for their recovery</button>",
          "For somebody who lost every passkey, or was cut off. Another \(member.roles.isOwner ? "owner" : "admin") must agree with a passkey; then there is a link, and the passkeys before it are forgotten."
        ))
    }
    if mayChange, member.suspension != .removed {
      forms.append(
        form(
          member, "/staff/remove", "<button class=\"danger\">Remove from the staff</button>",
          "For somebody who leaves. This cannot be undone; they can be invited anew."))
    }
    return forms.isEmpty ? "" : "<section class=\"panel\" id=\"acts\"><h2>What can be done</h2>\(forms)</section>"
  }

  private func form(_ member: StaffMember, _ path: String, _ button: HTML, _ text: HTML) -> HTML {
    "<form method=\"post\" action=\"\(Address(path))\">\(formToken)\(about(member))\(button)<p class=\"sub\">\(text)</p></form>"
  }

  /// The person of the form, whom this visitor may change.
  func changeable() async throws -> StaffMember {
    try authorize(.manageStaff)
    guard let member = try await services.control.staffMember(StaffMember.ID(rawValue: fields.text("staff"))) else {
      throw AccessError(.notFound, "There is nobody of this id on the staff.")
    }
    try authorizeChange(of: member)
    return member
  }

  /// An admin of this project alone must not change what somebody may do in others, and only owners change owners.
  func authorizeChange(of member: StaffMember) throws {
    if member.roles.isOwner { return try authorize(.manageOwners) }
    for project in member.roles.byProject.keys { try Access.authorize(session.who, .manageStaff, in: project) }
  }

  func setStaffRoles() async throws -> Response {
    let member = try await changeable()
    let roles = try chosenRoles(keeping: member.roles)
    do {
      guard member.id != session.session.staff else {
        throw AccessError(.invalid, "Nobody changes their own roles: somebody else does it.")
      }
      guard !roles.isEmpty else { throw AccessError(.invalid, "Choose at least one role, or remove the person.") }
      let receipt = try await services.staff.setRoles(roles, of: member.id, expecting: member.roles, as: principal)
      return try await staffMemberPage(
        member.id.rawValue,
        "<div class=\"notice good\"><p>The roles are saved, and count from the next request on. \(Self.entry(receipt))</p></div>")
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await staffMemberPage(
        member.id.rawValue, "<div class=\"notice danger\"><p><b>Nothing was changed.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  func endStaffSession() async throws -> Response {
    try authorize(.manageSessions)
    let id = fields.text("session")
    guard let found = try await services.control.sessions().first(where: { $0.id == id }) else { return ErrorPage.notFound.response }
    _ = try await services.control.endSession(id)
    let receipt = try await services.ledger.record(.sessionRevoked(session: id), by: principal)
    return try await staffMemberPage(
      found.staff.rawValue, "<div class=\"notice good\"><p>The session is over. \(Self.entry(receipt))</p></div>")
  }

  func cutOffColleague() async throws -> Response {
    try authorize(.cutOff)
    guard let member = try await services.control.staffMember(StaffMember.ID(rawValue: fields.text("staff"))) else {
      return ErrorPage.notFound.response
    }
    if member.id == session.session.staff { return try await reportOneself() }
    let (ended, receipt) = try await services.staff.end(member.id, .phished, force: true, by: principal)
    return try await staffMemberPage(
      member.id.rawValue,
      "<div class=\"notice good\"><p>Cut off: \(ended) \(ended == 1 ? "session" : "sessions") ended. Tell <bdi>\(member.name)</bdi> by a way that you knew before. \(Self.entry(receipt))</p></div>"
    )
  }

  func removeColleague() async throws -> Response {
    let member = try await changeable()
    guard member.id != session.session.staff else {
      throw AccessError(.invalid, "Nobody removes themselves: another admin does it.")
    }
    let (_, receipt) = try await services.staff.end(member.id, .removed, force: false, by: principal)
    return try await staffMemberPage(member.id.rawValue, "<div class=\"notice good\"><p>Removed. \(Self.entry(receipt))</p></div>")
  }

  func askForRecovery() async throws -> Response {
    let member = try await changeable()
    let receipt = try await services.staff.askForRecovery(of: member.id, by: session.session.staff, as: principal)
    return try await staffPage(
      "<div class=\"notice good\"><p>Asked. Another \(member.roles.isOwner ? "owner" : "admin") finds it on this page, and must agree within a day. \(Self.entry(receipt))</p></div>"
    )
  }

  func agreeToRecovery() async throws -> Response {
    try authorize(.manageStaff)
    guard let number = Int64(fields.text("recovery")) else { return ErrorPage.notFound.response }
    try services.staff.redeem(Base64URL.decode(fields.text("ticket")) ?? [], for: .agreeToRecovery(number), by: session)
    let (member, link, receipt) = try await services.staff.agreeToRecovery(number, by: session.session.staff, as: principal) {
      try authorizeChange(of: $0)
    }
    return try await linkPage(link, for: member, receipt)
  }
}
