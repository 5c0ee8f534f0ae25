import Access
import Events
import Hummingbird
import Ledger
import Web

/// Who is on the staff, what they may do, and who is to come.
extension Visit {
  func staffPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readStaff)
    let everybody = try await services.control.staff()
    let receipt = try await disclose(everybody.count, .settings, "console.staff", fields: ["name", "roles", "state", "unusual_use"]).receipt
    let sessions = Dictionary(grouping: try await services.control.sessions(), by: \.staff)
    let rows = everybody.map { member -> HTML in
      """
      <tr><th scope="row"><a href="\(Address("/staff/\(member.id)"))"><bdi>\(member.name)</bdi></a></th><td>\(roles(member))</td><td>\(state(member))</td>\
      <td class="num">\(member.passkeys)</td><td class="num">\(sessions[member.id, default: []].count)</td>\
      <td>\(member.isActive ? unusual(services.uses.report(of: member.id)) : "–")</td><td class="nowrap">\(time.minute(member.createdAt))</td></tr>
      """
    }
    let content: HTML = """
      \(Self.heading("Staff", "Who can see what, in \(project.name)."))\(notice)\(try await waitingRecoveries(everybody))<section class="panel"><div class="scroll"><table>\
      <thead><tr><th scope="col">Name</th><th scope="col">Roles here</th><th scope="col">State</th><th scope="col" class="num">Passkeys</th><th scope="col" class="num">Sessions</th><th scope="col">Unusual use</th><th scope="col">Since</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div></section>\(may(.manageStaff) ? invitation : "")\(quotaPanel)\(rights)<p>\(Self.entry(receipt))</p>
      """
    return .html(page("Staff", current: "Staff", content), status: status)
  }

  private func roles(_ member: StaffMember) -> HTML {
    let roles = member.roles.roles(in: project.id)
    return roles.isEmpty
      ? "<span class=\"reason\">none here</span>" : "\(Role.allCases.filter(roles.contains).map(\.title).joined(separator: ", "))"
  }

  private func state(_ member: StaffMember) -> HTML {
    switch member.suspension {
    case .phished: "<span class=\"badge danger\">cut off: phished</span>"
    case .removed: "<span class=\"reason\">removed</span>"
    case nil: member.enrolledAt == nil ? "<span class=\"reason\">invited</span>" : "can sign in"
    }
  }

  private var invitation: HTML {
    """
    <section class="panel" id="invite"><h2>Invite somebody</h2><p class="sub">You get a link to hand over. It works once, within a week: whoever opens it registers a passkey under this name and with these roles.</p>\
    <form method="post" action="/staff">\(formToken)<label class="field"><span>Name, as colleagues know the person</span>\
    <input type="text" name="name" maxlength="\(StaffMember.longestName)" required></label>\(roleChoice(StaffRoles()))<button class="primary">Make an invitation</button></form></section>
    """
  }

  /// Owners give every role; admins all but owner.
  func roleChoice(_ chosen: StaffRoles) -> HTML {
    let here = chosen.roles(in: project.id)
    let boxes = (may(.manageOwners) ? Role.allCases : Role.ofProjects).map { role -> HTML in
      """
      <label class="check"><input type="checkbox" name="role" value="\(value: role.rawValue)"\(here.contains(role) ? " checked" as HTML : "")> <span><b>\(role.title)</b>: \(Self.words(role))</span></label>
      """
    }
    return "<fieldset><legend>Roles in \(project.name)</legend>\(boxes)</fieldset>"
  }

  private static func words(_ role: Role) -> String {
    switch role {
    case .viewer: "figures and reports; no rows about subjects"
    case .analyst: "the same, saves reports, and sees and exports rows about subjects"
    case .developer: "figures, the live view, the tracking plan, and how to connect"
    case .privacyOfficer: "figures and rows about subjects, erasure, the ledger; can cut off anybody"
    case .admin: "people, service accounts, settings, the plan, the ledger; no rows about subjects"
    case .owner: "everything, in every project"
    }
  }

  private var quotaPanel: HTML {
    let quota = services.control.staffQuota
    let sizes: HTML =
      "\(NumberFormat.count(quota.rows, "row")) about at most \(NumberFormat.count(quota.subjects, "subject")), \(NumberFormat.exact(quota.bytes >> 20)) MB"
    guard may(.manageOwners) else {
      return """
        <p class="note" id="quota">Each person may take out, in a day (UTC): \(sizes). At a limit the person is frozen; an owner sets it.</p>
        """
    }
    return """
      <section class="panel" id="quota"><h2>What each person may take out in a day</h2><p class="sub">Of UTC, in all projects and browsers. At a limit the answer stops, the person is frozen until an admin lifts it, and an alert is raised.</p>\
      <form method="post" action="/staff/quota">\(formToken)<div class="row"><label class="field"><span>Rows about subjects</span><input type="number" name="rows" value="\(quota.rows)" min="0" max="\(Quota.largest)" required></label>\
      <label class="field"><span>Different subjects</span><input type="number" name="people" value="\(quota.subjects)" min="0" max="\(Quota.largest)" required></label>\
      <label class="field"><span>Megabytes</span><input type="number" name="megabytes" value="\(quota.bytes >> 20)" min="0" max="\(Quota.largest)" required></label></div><button>Set</button></form></section>
      """
  }

  /// The quota of all people: an owner's, since it bounds what a stolen session can take.
  func setStaffQuota() async throws -> Response {
    try authorize(.manageOwners)
    do {
      let receipt = try await services.staff.setQuota(try quota(changing: services.control.staffQuota), as: principal)
      return try await staffPage("<div class=\"notice good\"><p>The quota of each person is set. \(Self.entry(receipt))</p></div>")
    } catch let error as AccessError where error.code == .invalid {
      return try await staffPage("<div class=\"notice danger\"><p><b>Nothing was set.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  private var rights: HTML {
    """
    <p class="note">Nobody has a password. Roles are added up; what no role gives is denied. Rows about subjects, the ledger and everything on this page need, besides the session, a signature by the browser that signed in.</p>
    """
  }

  private func waitingRecoveries(_ everybody: [StaffMember]) async throws -> HTML {
    guard may(.manageStaff) else { return "" }
    let names = Dictionary(everybody.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    let owners = Set(everybody.filter(\.roles.isOwner).map(\.id))
    let items = try await services.control.recoveries().map { recovery -> HTML in
      let isOwners = owners.contains(recovery.staff)
      let isMine = recovery.askedBy == session.session.staff || recovery.staff == session.session.staff || isOwners && !may(.manageOwners)
      let agree: HTML =
        isMine
        ? "<p class=\"sub\">Another \(isOwners ? "owner" : "admin") must agree.</p>"
        : """
        <form data-passkey data-begin="/confirm/begin" data-finish="/confirm/finish" data-then="agree-\(Int(recovery.id))"><input type="hidden" name="act" value="agree_to_recovery">\
        <input type="hidden" name="about" value="\(Int(recovery.id))"><button class="primary">I know it is them: agree, with my passkey</button><p role="status" hidden></p></form>\
        <form method="post" action="/staff/recovery/agree" id="agree-\(Int(recovery.id))" hidden>\(formToken)<input type="hidden" name="recovery" value="\(Int(recovery.id))"><input type="hidden" name="ticket"></form>
        """
      return """
        <div class="notice warning"><p><b><bdi>\(names[recovery.askedBy] ?? "Somebody")</bdi> wants <bdi>\(names[recovery.staff] ?? "somebody")</bdi> let in again.</b> \
        Speak with the person yourself, in sight or by a number that you knew before. It waits until \(time.minute(recovery.expiresAt)).</p>\(agree)</div>
        """
    }
    return items.joined()
  }

  func inviteStaff() async throws -> Response {
    try authorize(.manageStaff)
    let roles = try chosenRoles(keeping: StaffRoles())
    do {
      let (member, link, receipt) = try await services.staff.invite(
        name: fields.text("name"), roles: roles, by: session.session.staff, as: principal)
      return try await linkPage(link, for: member, receipt)
    } catch let error as AccessError where error.code == .invalid {
      return try await staffPage(
        "<div class=\"notice danger\"><p><b>Nobody was invited.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  func renewInvitation() async throws -> Response {
    let member = try await changeable()
    let (link, receipt) = try await services.staff.renewInvitation(of: member, by: session.session.staff, as: principal)
    return try await linkPage(link, for: member, receipt)
  }

  /// A link at the one moment when it can be seen.
  func linkPage(_ link: StaffLink, for member: StaffMember, _ receipt: LedgerReceipt) async throws -> Response {
    let content: HTML = """
      \(Self.heading(link.kind == .recovery ? "Let in again" : "Invitation", "<bdi>\(member.name)</bdi>"))<div class="notice warning"><p><b>This link is shown once.</b> \
      Hand it over so that nobody else reads it. Whoever opens it first is <bdi>\(member.name)</bdi> from then on.</p></div>\
      <section class="panel"><pre class="secret" id="link">\(services.staff.origin)/join#\(link.token.text)</pre><p><button type="button" data-copy="link">Copy</button></p>\
      <p class="sub">It works once, until \(time.minute(link.expiresAt)).</p><p>\(Self.entry(receipt))</p></section><p><a class="button" href="\(Address("/staff"))">Back to the staff</a></p>
      """
    return .html(page("Invitation", current: "Staff", content))
  }

  /// The roles of the form, here; those of other projects stay. Only an owner makes an owner.
  func chosenRoles(keeping before: StaffRoles) throws -> StaffRoles {
    let chosen = Set(fields.all("role").compactMap { Role(rawValue: $0) })
    if chosen.contains(.owner) || before.isOwner { try authorize(.manageOwners) }
    if chosen.contains(.owner) { return StaffRoles(isOwner: true) }
    var byProject = before.byProject
    byProject[project.id] = chosen
    return StaffRoles(byProject: byProject)
  }
}
