import Access

/// What saved cohorts are called, for pickers and sentences.
struct CohortNames: Sendable {
  /// Of the project whose page is being made: conditions are put into words deep inside of titles, legends and files, where a number would
  /// say nothing. Words only; what is asked and who asks never comes from here.
  @TaskLocal static var shown = CohortNames()

  /// By name.
  let all: [(id: Int64, name: String)]
  private let byID: [Int64: String]

  init(_ cohorts: [SavedCohort] = []) {
    all = cohorts.map { ($0.id, $0.name) }.sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
    byID = Dictionary(cohorts.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
  }

  subscript(_ id: Int64) -> String? { byID[id] }

  /// Where it is not known (any more), its number.
  func name(_ id: Int64) -> String { byID[id].map { "“\($0)”" } ?? "no. \(id)" }
  func name(_ id: String) -> String { Int64(id).map { name($0) } ?? "…" }
}
