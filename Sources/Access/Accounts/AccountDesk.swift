import Events
import Ledger

/// What is done to service accounts and freezes, by pages, commands and programs alike: authorized before, entered and done here.
package final class AccountDesk: Sendable {
  private let control: ControlDatabase
  private let ledger: Ledger
  private let alerts: AlertDesk?

  package init(control: ControlDatabase, ledger: Ledger, alerts: AlertDesk?) {
    self.control = control
    self.ledger = ledger
    self.alerts = alerts
  }

  /// Makes an account at once.
  ///
  /// - Throws: `invalid` where it takes a second person and somebody of the staff asks: see `ask`. The machine's own user, who holds the
  ///   database anyway, needs none.
  package func make(_ draft: ServiceAccountDraft, in project: ProjectID, by principal: Principal) async throws -> (
    NewServiceAccount, LedgerReceipt
  ) {
    guard !draft.needsSecondPerson || principal.kind == .operatingSystemUser else {
      throw AccessError(.invalid, "An account that may export or administer takes a second person: ask for it, and somebody else agrees.")
    }
    return try await make(draft, in: project, by: principal, request: nil)
  }

  private func make(_ draft: ServiceAccountDraft, in project: ProjectID, by principal: Principal, request: AccountRequest?) async throws
    -> (
      NewServiceAccount, LedgerReceipt
    )
  {
    let made = try await control.createServiceAccount(draft, project: project, by: principal)
    // The username is known only now; without an entry the account does not stay.
    let receipt: LedgerReceipt
    do {
      receipt = try await ledger.record(
        .serviceAccountCreated(
          username: made.account.username, project: project, scopes: draft.scopes.map(\.rawValue).sorted(), request: request?.id),
        by: principal)
    } catch {
      _ = try await control.revokeServiceAccount(made.account.username)
      throw error
    }
    if draft.needsSecondPerson { await alerts?.raise(.powerGranted(made.account, by: principal, agreedBy: request?.decidedBy)) }
    return (made, receipt)
  }

  // MARK: With a second person

  package func ask(for draft: ServiceAccountDraft, in project: ProjectID, by staff: StaffMember.ID, as principal: Principal) async throws
    -> (
      AccountRequest, LedgerReceipt
    )
  {
    let request = try await control.askForAccount(draft, of: project, by: staff)
    do {
      let receipt = try await ledger.record(
        .accountAsked(project, request: request.id, scopes: draft.scopes.map(\.rawValue).sorted()), by: principal)
      return (request, receipt)
    } catch {
      // Its number is known only now; without an entry nobody is asked.
      try await control.forgetAccountRequest(request.id)
      throw error
    }
  }

  /// Whoever approves has shown a passkey for it.
  package func decide(on request: AccountRequest, isApproved: Bool, by staff: StaffMember.ID, as principal: Principal) async throws
    -> LedgerReceipt
  {
    try await control.turns.take {
      try await control.decideOnAccount(request.id, isApproved: isApproved, by: staff, undone: true)
      let receipt = try await ledger.record(
        .accountDecided(request.project, request: request.id, isApproved: isApproved), by: principal)
      try await control.decideOnAccount(request.id, isApproved: isApproved, by: staff)
      return receipt
    }
  }

  /// Makes what somebody else agreed to, for whoever asked. A crash midway costs the request, which is asked again.
  package func makeAgreed(_ request: AccountRequest, by staff: StaffMember.ID, as principal: Principal) async throws -> (
    NewServiceAccount, LedgerReceipt
  ) {
    let request = try await control.takeAccount(request.id, by: staff)
    return try await make(request.draft, in: request.project, by: principal, request: request)
  }

  // MARK: What stands

  /// A new secret; the one before is good for the overlap.
  package func rotate(_ username: String, overlap: Duration, lifetime: Duration, by principal: Principal) async throws -> (
    NewServiceAccount, LedgerReceipt
  ) {
    try await control.turns.take {
      guard let account = control.serviceAccount(username), !account.isRevoked, !account.isCanary else {
        throw AccessError(.notFound, "There is no service account of this name that is in use.")
      }
      try ControlDatabase.validateRotation(overlap: overlap, lifetime: lifetime)
      let receipt = try await ledger.record(.serviceAccountRotated(username: username, project: account.project), by: principal)
      return (try await control.rotateServiceAccount(username, overlap: overlap, lifetime: lifetime), receipt)
    }
  }

  /// Ended first: a ledger that cannot be written must not keep a stolen key good.
  package func revoke(_ username: String, by principal: Principal) async throws -> (ServiceAccount, LedgerReceipt) {
    let account = try await control.revokeServiceAccount(username)
    return (account, try await ledger.record(.serviceAccountRevoked(username: username, project: account.project), by: principal))
  }

  /// Lifts a freeze; the day's count begins anew.
  package func lift(_ freeze: Freeze, in quotas: QuotaBook, by principal: Principal) async throws -> LedgerReceipt {
    try await control.turns.take {
      guard quotas.isFrozen(freeze.holder) else { throw AccessError(.notFound, "Nothing of this id is frozen.") }
      let receipt = try await ledger.record(.freezeLifted(holder: freeze.holder.description), by: principal)
      _ = try await quotas.lift(freeze.holder)
      return receipt
    }
  }
}
