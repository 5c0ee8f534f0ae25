import Access
import Events
import Foundation
import Journeys
import Ledger
import Synchronization

extension IncidentDesk {
  /// The people affected, as a cohort that every report can be asked of.
  package struct Watch: Sendable {
    package let cohort: SavedCohort
    /// How many of those affected stand in it: a cohort's list is bounded, and whoever was erased has no id.
    package let people: Int
    package let affected: Int
    package let receipt: LedgerReceipt
  }

  static func cohortName(_ incident: Int64) -> String { "Affected by incident \(incident)" }

  /// Which cohort it is stands under a name of its own: people may name theirs as they like.
  private static func setting(_ incident: Int64) -> String { "incident.\(incident).cohort" }

  /// Nil where nobody watches it, or somebody removed the cohort.
  package func watchedCohort(of incident: Incident) async throws -> SavedCohort? {
    guard let id = try await control.setting(Self.setting(incident.id)).flatMap({ Int64($0) }) else { return nil }
    return try await control.savedCohort(id, of: incident.project)
  }

  /// Makes the people affected by the newest scope a cohort; each further scope renews it, and closing the incident removes it.
  ///
  /// - Throws: `AccessError` `invalid` before the first scope.
  package func watch(_ id: Int64, by principal: Principal) async throws -> Watch {
    guard let incident = try await control.incident(id) else { throw AccessError(.notFound, "There is no such incident.") }
    guard incident.state != .closed else { throw AccessError(.inUse, "The incident is closed.") }
    guard let scope = try await currentScope(of: incident)?.scope else {
      throw Self.unscoped
    }
    return try await watch(scope, of: incident, by: principal)
  }

  func watch(_ scope: Scope, of incident: Incident, by principal: Principal) async throws -> Watch {
    let place = try await place(incident.project)
    // In the order of random numbers: as good a choice as any where not all fit.
    let pseudonyms = place.pseudonyms(Array(scope.affected.numbers.prefix(QueryLimits.cohortMembers)))
    let definition = Cohort(rule: .members(pseudonyms.sorted())).json.text
    let before = try await watchedCohort(of: incident)
    let name = try await freeName(for: incident, besides: before?.id)
    let made = Mutex<SavedCohort?>(nil)
    let receipt = try await step(
      incident.id, .watched, "\(pseudonyms.count) of \(scope.affected.count) people, as the cohort “\(name)”",
      ["people": String(pseudonyms.count)], by: principal, change: { _ in },
      then: {
        // A crash here leaves the cohort as it was; whoever asks again makes it. Nobody closes the incident meanwhile.
        let cohort = try await self.control.saveCohort(
          CohortDraft(name: name, kind: .static, definition: definition, memberCount: pseudonyms.count),
          replacing: try await self.watchedCohort(of: incident)?.id, project: incident.project)
        try await self.control.setSetting(Self.setting(incident.id), to: String(cohort.id))
        made.withLock { $0 = cohort }
      })
    guard let cohort = made.withLock({ $0 }) else { throw AccessError(.unavailable, "The cohort could not be read back.") }
    return Watch(cohort: cohort, people: pseudonyms.count, affected: scope.affected.count, receipt: receipt)
  }

  /// The usual name, or, where somebody has taken it, one beside it.
  private func freeName(for incident: Incident, besides own: Int64?) async throws -> String {
    let taken = Set(try await control.savedCohorts(of: incident.project).filter { $0.id != own }.map(\.name))
    let usual = Self.cohortName(incident.id)
    return ([usual] + (2...99).map { "\(usual) (\($0))" }).first { !taken.contains($0) } ?? "\(usual), \(clock().text)"
  }

  /// Of a closed incident: unless a report still asks for it, the list of its people goes.
  func endWatch(of incident: Incident) async throws {
    guard let cohort = try await watchedCohort(of: incident) else { return }
    try await control.deleteCohort(cohort.id, of: incident.project) { reports, cohorts in
      func asks(_ text: String?) -> Bool {
        guard let text, let json = try? JSONValue(parsing: Array(text.utf8), limit: SavedCohort.maximumDefinitionBytes) else {
          return false
        }
        return SavedCohorts.ids(in: json).contains(cohort.id)
      }
      return reports.filter { asks($0.query) }.map(\.name) + cohorts.filter { asks($0.definition) }.map(\.name)
    }
    try await control.setSetting(Self.setting(incident.id), to: nil)
  }
}
