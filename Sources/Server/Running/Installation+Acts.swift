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
