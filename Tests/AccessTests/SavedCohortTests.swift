import Access
import Events
import Foundation
import Testing

struct SavedCohortTests {
  private static func draft(_ name: String, _ definition: String = "{}") -> CohortDraft {
    CohortDraft(name: name, kind: .dynamic, definition: definition)
  }

  @Test func aCohortIsKeptChangedAndDeleted() async throws {
    let surroundings = try Surroundings()
    let database = surroundings.control
    let project = try await database.createProject(name: "One").id
    let other = try await database.createProject(name: "Two").id
    let first = try await database.saveCohort(Self.draft("Power users", #"{"did":{}}"#), project: project)
    let list = try await database.saveCohort(
      CohortDraft(name: "Listed", kind: .static, definition: #"{"members":[]}"#, memberCount: 0), project: project)
    #expect(first.kind == .dynamic && first.memberCount == nil && list.memberCount == 0)
    #expect(try await database.savedCohorts(of: project).map(\.definition) == [#"{"did":{}}"#, nil], "a list comes without its members")
    #expect(try await database.savedCohort(list.id, of: project)?.definition == #"{"members":[]}"#)
    #expect(try await database.savedCohort(first.id, of: other) == nil)
    #expect(try await database.savedCohorts(of: other).isEmpty)
    #expect(try await database.savedCohorts(of: project, after: first.id, limit: 5).map(\.id) == [list.id])
    let changed = try await database.saveCohort(Self.draft("Heavy users"), replacing: first.id, project: project)
    #expect(changed.id == first.id && changed.name == "Heavy users" && changed.createdAt == first.createdAt)
    try await database.deleteCohort(first.id, of: project) { _, _ in [] }
    #expect(try await database.savedCohorts(of: project).map(\.id) == [list.id])
  }

  @Test func whatCannotBeIsRefusedWithAReason() async throws {
    let surroundings = try Surroundings()
    let database = surroundings.control
    let project = try await database.createProject(name: "One").id
    let saved = try await database.saveCohort(Self.draft("A"), project: project)
    func code(_ body: () async throws(AccessError) -> Void) async -> AccessError.Code? {
      do throws(AccessError) {
        try await body()
        return nil
      } catch { return error.code }
    }
    #expect(await code { () async throws(AccessError) in _ = try await database.saveCohort(Self.draft("A"), project: project) } == .invalid)
    #expect(await code { () async throws(AccessError) in _ = try await database.saveCohort(Self.draft(" "), project: project) } == .invalid)
    #expect(
      await code { () async throws(AccessError) in _ = try await database.saveCohort(Self.draft("B"), replacing: 99, project: project) }
        == .notFound)
    #expect(
      await code { () async throws(AccessError) in
        _ = try await database.saveCohort(Self.draft("C"), project: project) { lookup in
          guard try lookup(saved.id)?.name == "A", try lookup(99) == nil else { return }
          throw AccessError(.invalid, "No.")
        }
      } == .invalid)
    #expect(
      await code { () async throws(AccessError) in
        try await database.deleteCohort(saved.id, of: project) { _, cohorts in cohorts.map { "the cohort “\($0.name)”" } }
      } == .inUse)
    #expect(await code { () async throws(AccessError) in try await database.deleteCohort(99, of: project) { _, _ in [] } } == .notFound)
    #expect(try await database.savedCohorts(of: project).map(\.name) == ["A"])
  }
}
