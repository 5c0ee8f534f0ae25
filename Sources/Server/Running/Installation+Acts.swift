import Access
import Console
import Events
import Journeys
import Ledger
import Logging
import SegmentStore

/// What changes power or settings: entered in the ledger first, then done.
extension Installation {
  func change(_ project: OpenProject, to settings: Project, names: [String], by principal: Principal) async throws {
    try settings.validate()
    try await ledger.record(.projectSettingsChanged(project.id, settings: names), by: principal)
    try await access.updateProject(settings)
    try await project.adopt(settings)
  }

  func createServiceAccount(_ draft: ServiceAccountDraft, project: ProjectID, by principal: Principal) async throws -> NewServiceAccount {
    let made = try await access.createServiceAccount(draft, project: project)
    // The username is known only now; if the entry cannot be made, the account does not stay.
    do {
      try await ledger.record(
        .serviceAccountCreated(username: made.account.username, project: project, scopes: draft.scopes.map(\.rawValue).sorted()),
        by: principal)
    } catch {
      _ = try await access.revokeServiceAccount(made.account.username)
      throw error
    }
    return made
  }

  /// A new secret for an account; the one before is good for the overlap.
  func rotateServiceAccount(_ username: String, overlap: Duration, lifetime: Duration, by principal: Principal) async throws
    -> NewServiceAccount
  {
    guard let account = access.serviceAccount(username) else { throw APIError.notFound("There is no service account of this name.") }
    try await ledger.record(.serviceAccountRotated(username: username, project: account.project), by: principal)
    return try await access.rotateServiceAccount(username, overlap: overlap, lifetime: lifetime)
  }

  /// Lifts a freeze; the day's count begins anew.
  func liftFreeze(of id: String, by principal: Principal) async throws {
    guard let freeze = quotas.freezes.first(where: { $0.holder.id == id }) else { throw APIError.notFound("Nothing of this id is frozen.") }
    try await ledger.record(.freezeLifted(holder: freeze.holder.description), by: principal)
    _ = try await quotas.lift(freeze.holder)
  }

  /// A secret that is somebody's, and of no use, was presented.
  func noteRefused(_ account: ServiceAccount, _ refusal: Presented.Refusal) async {
    logger.warning("A credential was refused", metadata: ["account": "\(account.username)", "reason": "\(refusal.rawValue)"])
    if let alert = NewAlert.refused(account, refusal) { await alerts.raise(alert) }
  }

  /// The address that makes its bearer the first owner, once, within the hour. The token stands behind `#`, which no server sees.
  func createSetupLink(by principal: Principal) async throws -> String {
    // A link whose entry cannot be made is shown to nobody.
    let link = try await access.createSetupLink()
    try await ledger.record(.setupLinkCreated, by: principal)
    return Self.setupURL(origin: configuration.origin, token: link.token)
  }

  static func setupURL(origin: String, token: Secret) -> String { "\(origin)/setup#\(token.text)" }
}
