import Access
import Events
import Journeys

/// The cohorts that a project keeps. Pages, the API and commands alike put them into their queries here, before an engine or the ledger
/// sees these.
package struct CohortLibrary: Sendable {
  private let control: ControlDatabase
  private let project: ProjectID

  package init(_ control: ControlDatabase, of project: ProjectID) {
    self.control = control
    self.project = project
  }

  /// With what saved cohorts say in place of their numbers.
  ///
  /// - Throws: `QueryError` for an unknown number or a circle.
  package func resolved(_ query: Query) async throws -> Query {
    let ids = SavedCohorts.ids(in: query.json)
    return ids.isEmpty ? query : try SavedCohorts(try await definitions(ids)).resolved(query)
  }

  package func resolved(_ door: Door) async throws -> Door { Door(query: try await resolved(door.query), cell: door.cell) }

  package func resolved(_ cohort: Cohort) async throws -> Cohort {
    let ids = SavedCohorts.ids(in: cohort.json)
    return ids.isEmpty ? cohort : try SavedCohorts(try await definitions(ids)).resolved(cohort)
  }

  private func definitions(_ ids: [Int64]) async throws -> [Int64: SavedCohorts.Definition] {
    var found: [Int64: SavedCohorts.Definition] = [:]
    var wanted = ids
    while let id = wanted.popLast() {
      guard found[id] == nil else { continue }
      guard let saved = try await control.savedCohort(id, of: project) else { throw SavedCohorts.unknown(id) }
      let definition = try saved.savedDefinition
      found[id] = definition
      wanted += SavedCohorts.ids(in: definition.json)
    }
    return found
  }

  private static func draft(_ cohort: Cohort, name: String) -> CohortDraft {
    var draft = CohortDraft(name: name, kind: .dynamic, definition: cohort.json.text)
    if case .members(let list) = cohort.rule { (draft.kind, draft.memberCount) = (.static, list.count) }
    return draft
  }

  /// Takes subjects out of all lists: they were deleted.
  package func remove(_ gone: Set<Pseudonym>) async throws {
    try await control.reviseCohorts(of: project) { saved in
      var cohort = try saved.cohort
      let rule = cohort.rule.without(gone)
      guard rule != cohort.rule else { return nil }
      cohort.rule = rule
      return Self.draft(cohort, name: saved.name)
    }
  }

  /// Keeps a cohort under a name.
  ///
  /// - Parameter replaced: the cohort that becomes this one; nil for a new one.
  /// - Throws: `QueryError` or `AccessError` (`invalid`) where it asks for one that is not there, or, by way of others, for itself.
  package func save(_ cohort: Cohort, name: String, replacing replaced: Int64? = nil) async throws -> SavedCohort {
    // What it says by itself is judged first, for the better sentence.
    try Query.cohort(CohortQuery(try await resolved(cohort))).validate()
    let json = cohort.json
    let draft = Self.draft(cohort, name: name)
    return try await control.saveCohort(draft, replacing: replaced, project: project) { lookup in
      do {
        try Self.check(json, name, replaced, lookup)
      } catch let error as QueryError {
        throw AccessError(.invalid, error.message)
      }
    }
  }

  /// Whether all that it asks for is there, and none of it asks for it.
  private static func check(_ json: JSONValue, _ name: String, _ replaced: Int64?, _ lookup: ControlDatabase.CohortLookup) throws {
    var found: [Int64: SavedCohorts.Definition] = [:]
    if let replaced { found[replaced] = SavedCohorts.Definition(name: name, json: json) }
    var wanted = SavedCohorts.ids(in: json)
    while let id = wanted.popLast() {
      guard found[id] == nil else { continue }
      guard let saved = try lookup(id) else { throw SavedCohorts.unknown(id) }
      let definition = try saved.savedDefinition
      found[id] = definition
      wanted += SavedCohorts.ids(in: definition.json)
    }
    let cohort = replaced.map { Cohort(rule: .saved($0)) }
    _ = try SavedCohorts(found).resolved(try cohort ?? Cohort(json: json))
  }

  /// - Throws: `AccessError`: `inUse` with the names of the reports and cohorts that ask for it, `notFound`.
  package func delete(_ id: Int64) async throws {
    try await control.deleteCohort(id, of: project) { reports, cohorts in
      CohortUses(reports: reports, cohorts: cohorts).users(of: id).map(\.words)
    }
  }
}

extension SavedCohort {
  /// - Throws: `QueryError` (`unreadable`) if this version cannot read it.
  package var savedDefinition: SavedCohorts.Definition {
    get throws(QueryError) {
      guard let definition, let json = try? JSONValue(parsing: Array(definition.utf8), limit: Self.maximumDefinitionBytes) else {
        throw QueryError(.unreadable, "The definition of saved cohort \(id) cannot be read.")
      }
      return SavedCohorts.Definition(name: name, json: json)
    }
  }

  /// As it was saved, with the numbers of those that it asks for.
  package var cohort: Cohort {
    get throws(QueryError) { try Cohort(json: try savedDefinition.json) }
  }
}
