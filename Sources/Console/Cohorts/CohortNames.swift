import Access

/// What saved cohorts are called, for pickers and sentences.
struct CohortNames: Sendable {
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
