import Access
import Journeys

/// Which saved reports and cohorts ask for which saved cohort.
struct CohortUses: Sendable {
  enum User: Sendable, Hashable {
    case report(id: Int64, name: String)
    case cohort(id: Int64, name: String)

    /// `the report “Activation”`
    var words: String {
      switch self {
      case .report(_, let name): "the report “\(name)”"
      case .cohort(_, let name): "the cohort “\(name)”"
      }
    }
  }

  private var byCohort: [Int64: [User]] = [:]

  init(reports: [SavedReport], cohorts: [SavedCohort]) {
    for report in reports { add(.report(id: report.id, name: report.name), report.query) }
    // A list asks for nothing.
    for cohort in cohorts { if let text = cohort.definition { add(.cohort(id: cohort.id, name: cohort.name), text) } }
  }

  private mutating func add(_ user: User, _ text: String) {
    guard text.contains("\"saved\""), let json = try? JSONValue(parsing: Array(text.utf8), limit: .max) else { return }
    for id in SavedCohorts.ids(in: json) { byCohort[id, default: []].append(user) }
  }

  func users(of id: Int64) -> [User] { byCohort[id] ?? [] }
}
