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

  /// Deletes what is stored of subjects, all ids that count as theirs included; returns how many ids those were.
  ///
  /// - Throws: `APIError` 404, before anything is deleted, where one of them never came.
  func deleteSubjects(_ pseudonyms: [Pseudonym], of project: OpenProject, by principal: Principal) async throws -> Int {
    let numbers = pseudonyms.compactMap { project.store.subjectNumber(of: $0) }
    guard numbers.count == pseudonyms.count else {
      throw APIError.notFound("\(pseudonyms.count - numbers.count) of these \(pseudonyms.count) subjects never came; nothing was deleted.")
    }
    for number in numbers { try await ledger.record(.subjectErased(project.id, number), by: principal) }
    let outcome = try await project.store.deleteSubjects(pseudonyms)
    // The view of what arrives keeps the newest events for a moment: whose they are is not known there once ids were merged.
    project.live.forget()
    // A crash here leaves deleted subjects' pseudonyms in saved lists; deleting them again takes them out.
    let gone = outcome.deletedNumbers.compactMap { project.store.pseudonym(of: $0) }
    try await CohortLibrary(access, of: project.id).remove(Set(gone))
    return outcome.deletedNumbers.count
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
