import Access
import Console
import Events
import Journeys
import Ledger
import SegmentStore

/// What changes power or settings: entered in the ledger first, then done.
extension Installation {
  func change(_ project: OpenProject, to settings: Project, names: [String], by principal: Principal) async throws {
    try settings.validate()
    try await ledger.record(.projectSettingsChanged(project.id, settings: names), by: principal)
    try await access.updateProject(settings)
    try await project.adopt(settings)
  }

  func createServiceAccount(
    name: String, project: ProjectID, scopes: Set<ServiceAccount.Scope>, by principal: Principal
  ) async throws -> NewServiceAccount {
    let made = try await access.createServiceAccount(name: name, project: project, scopes: scopes)
    // The username is known only now; if the entry cannot be made, the account does not stay.
    do {
      try await ledger.record(
        .serviceAccountCreated(username: made.account.username, project: project, scopes: scopes.map(\.rawValue).sorted()), by: principal)
    } catch {
      _ = try await access.revokeServiceAccount(made.account.username)
      throw error
    }
    return made
  }

  /// The address that makes its bearer the owner, once, within the hour. The token stands behind `#`, which no server sees.
  func createSetupLink(by principal: Principal) async throws -> String {
    try await ledger.record(.setupLinkCreated, by: principal)
    return Self.setupURL(origin: configuration.origin, token: try await access.createSetupLink().token)
  }

  static func setupURL(origin: String, token: Secret) -> String { "\(origin)/setup#\(token.text)" }
}

extension Project {
  package var calendar: ProjectCalendar { ProjectCalendar(zone: zone, weekStart: weekStart == .monday ? .monday : .sunday) }
}
