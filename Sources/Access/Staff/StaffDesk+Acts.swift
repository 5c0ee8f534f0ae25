import Events
import Ledger

/// What people do to each other's access. Each act is tried first and taken back, then entered, then done, with no other in between: the
/// ledger has what happened, and nothing else.
extension StaffDesk {
  /// - Parameter inviter: nil for the machine's user.
  package func invite(name: String, roles: StaffRoles, by inviter: StaffMember.ID?, as principal: Principal) async throws -> (
    StaffMember, StaffLink, LedgerReceipt
  ) {
    let id = StaffMember.ID.random()
    let (member, link, receipt) = try await control.turns.take {
      _ = try await control.inviteStaff(id, name: name, roles: roles, by: inviter, undone: true)
      let receipt = try await ledger.record(.staffInvited(staff: id.rawValue, roles: roles.words), by: principal)
      let member = try await control.inviteStaff(id, name: name, roles: roles, by: inviter)
      return (member, try await control.createInvitationLink(for: id, by: inviter), receipt)
    }
    if roles.givesPower { await alerts?.raise(.powerGranted(id, roles: roles, by: principal)) }
    return (member, link, receipt)
  }

  package func renewInvitation(of member: StaffMember, by inviter: StaffMember.ID, as principal: Principal) async throws -> (
    StaffLink, LedgerReceipt
  ) {
    try await control.turns.take {
      guard let member = try await control.staffMember(member.id), member.enrolledAt == nil, member.suspension == nil else {
        throw AccessError(.notFound, "Nobody who was invited and has not come yet has this id.")
      }
      let receipt = try await ledger.record(.staffInvited(staff: member.id.rawValue, roles: member.roles.words), by: principal)
      return (try await control.createInvitationLink(for: member.id, by: inviter), receipt)
    }
  }

  /// - Parameter before: what whoever changes them has seen and was allowed to change.
  package func setRoles(_ roles: StaffRoles, of id: StaffMember.ID, expecting before: StaffRoles, as principal: Principal) async throws
    -> LedgerReceipt
  {
    let receipt = try await control.turns.take {
      try await control.setRoles(roles, of: id, expecting: before, undone: true)
      let receipt = try await ledger.record(.staffRolesChanged(staff: id.rawValue, roles: roles.words), by: principal)
      try await control.setRoles(roles, of: id, expecting: before)
      return receipt
    }
    if roles.givesPower(beyond: before) { await alerts?.raise(.powerGranted(id, roles: roles, by: principal)) }
    return receipt
  }

  package func removePasskey(_ credential: [UInt8], of id: StaffMember.ID, as principal: Principal) async throws -> LedgerReceipt {
    try await control.turns.take {
      try await control.removePasskey(credential, of: id, undone: true)
      let receipt = try await ledger.record(.passkeyRemoved(staff: id.rawValue), by: principal)
      try await control.removePasskey(credential, of: id)
      return receipt
    }
  }

  package func askForRecovery(of id: StaffMember.ID, by admin: StaffMember.ID, as principal: Principal) async throws -> LedgerReceipt {
    try await control.turns.take {
      _ = try await control.askForRecovery(of: id, by: admin, undone: true)
      let receipt = try await ledger.record(.staffRecoveryAsked(staff: id.rawValue), by: principal)
      _ = try await control.askForRecovery(of: id, by: admin)
      return receipt
    }
  }

  /// - Parameter may: whether this admin may change whom it is about; throws where not.
  package func agreeToRecovery(
    _ number: Int64, by admin: StaffMember.ID, as principal: Principal, may: (StaffMember) throws -> Void
  ) async throws -> (StaffMember, StaffLink, LedgerReceipt) {
    try await control.turns.take {
      let recovery = try await control.recovery(number, agreedBy: admin)
      guard let member = try await control.staffMember(recovery.staff), member.suspension != .removed else {
        throw AccessError(.notFound, "This person is not on the staff any more.")
      }
      try may(member)
      let receipt = try await ledger.record(
        .staffRecoveryAgreed(staff: recovery.staff.rawValue, askedBy: recovery.askedBy.rawValue), by: principal)
      return (member, try await control.agreeToRecovery(number, by: admin).1, receipt)
    }
  }

  /// Whoever approves has shown a passkey for it. Taking one's own back is a refusal.
  package func decide(on request: ExportRequest, isApproved: Bool, by staff: StaffMember.ID, as principal: Principal) async throws
    -> LedgerReceipt
  {
    try await control.turns.take {
      try await control.decideOnExport(request.id, isApproved: isApproved, by: staff, undone: true)
      let receipt = try await ledger.record(
        .exportDecided(request.project, request: request.id, isApproved: isApproved), by: principal)
      try await control.decideOnExport(request.id, isApproved: isApproved, by: staff)
      return receipt
    }
  }

  /// What each person may take out in a day from now on.
  package func setQuota(_ quota: Quota, as principal: Principal) async throws -> LedgerReceipt {
    try await control.turns.take {
      try await control.setStaffQuota(quota, undone: true)
      let receipt = try await ledger.record(
        .settingsChanged(Quota.Measure.allCases.map { "staff_quota.\($0.rawValue)=\(quota[$0])" }), by: principal)
      try await control.setStaffQuota(quota)
      return receipt
    }
  }

  // MARK: What somebody leaves behind

  /// Revokes service accounts that somebody made, and cuts off people whom they invited, after they were cut off or removed themselves.
  ///
  /// - Parameters:
  ///   - accounts: nil: all that are left.
  ///   - people: nil: all that are left.
  /// - Returns: what was ended, as it was before.
  @discardableResult
  package func endBroughtIn(
    by id: StaffMember.ID, accounts: Set<String>? = nil, people: Set<StaffMember.ID>? = nil, as principal: Principal
  ) async throws -> BroughtIn {
    guard let member = try await control.staffMember(id), member.suspension != nil else {
      throw AccessError(.inUse, "This person is not cut off. Cut them off first: what they brought in is theirs until then.")
    }
    let all = try await control.broughtIn(by: id)
    let chosen = BroughtIn(
      accounts: all.accounts.filter { accounts?.contains($0.username) ?? true },
      // Nobody cuts themselves off by this.
      people: all.people.filter { (people?.contains($0.id) ?? true) && $0.id.rawValue != principal.id })
    for account in chosen.accounts { _ = try await self.accounts.revoke(account.username, by: principal) }
    for person in chosen.people { _ = try await end(person.id, .phished, force: true, by: principal) }
    return chosen
  }
}

extension StaffRoles {
  /// Whether they let somebody give power to others.
  var givesPower: Bool { isOwner || byProject.values.contains { $0.contains(.admin) } }

  func givesPower(beyond before: StaffRoles) -> Bool {
    if isOwner { return !before.isOwner }
    guard !before.isOwner else { return false }
    return byProject.contains { project, roles in roles.contains(.admin) && !(before.byProject[project]?.contains(.admin) ?? false) }
  }
}
