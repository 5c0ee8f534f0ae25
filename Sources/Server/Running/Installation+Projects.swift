import Access
import Events
import Ledger
import SegmentStore

extension Installation {
  /// Makes a project with a token, a plan, a store and settings of its own. Nobody but owners has a role in it, and no account is of it.
  ///
  /// The store comes first, since it is what may fail; then the ledger's entry, then the row, by which it exists. A crash in between leaves an
  /// empty directory, or an entry about a project that never came to be, whose number nobody gets again.
  ///
  /// - Throws: `AccessError`, invalid; or in use, where another one is being made.
  package func createProject(
    name: String, zone: String = "UTC", weekStart: Project.WeekStart = .monday, groupKeys: [String] = Project.defaultGroupKeys,
    by principal: Principal
  ) async throws -> (project: Project, receipt: LedgerReceipt) {
    guard beginProject() else {
      throw AccessError(.inUse, "Another project is being made at this moment. Try again.")
    }
    defer { endProject() }
    let draft = try await access.draftProject(name: name, zone: zone, weekStart: weekStart, groupKeys: groupKeys)
    let project = try await openProject(draft, plan: nil)
    do {
      let receipt = try await ledger.record(.projectCreated(draft.id), by: principal)
      try await access.note(projectInLedger: draft.id)
      projects.add(project)
      custodian.join(project)
      try await access.insert(draft)
      return (draft, receipt)
    } catch {
      projects.remove(draft.id)
      try? await project.store.close()
      throw error
    }
  }
}
