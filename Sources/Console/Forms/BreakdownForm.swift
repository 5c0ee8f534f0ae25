import Journeys
import Web

/// "Split by": a property, saved cohorts, or nothing yet. Cohorts that the query itself describes are carried along whole as JSON.
struct BreakdownForm: Sendable, Hashable {
  var property = ""
  /// Numbers of saved cohorts, ascending; they come before the property.
  var cohorts: [Int64] = []
  var whole: [NamedCohort] = []
  var limit = 10
  /// Edges of bins for numbers, separated by commas; empty: none.
  var edges = ""
  /// Instead of edges: so many bins of about equal size; 0: none.
  var equalBins = 0

  init() {}
  init(_ breakdown: Breakdown?) {
    guard let breakdown else { return }
    guard breakdown.cohorts.isEmpty else {
      limit = breakdown.limit
      let ids = breakdown.cohorts.compactMap { $0.name.isEmpty && $0.cohort.level == .subject ? $0.cohort.savedID : nil }
      if ids.count == breakdown.cohorts.count, ids == Set(ids).sorted(), limit == ids.count {
        cohorts = ids
      } else {
        whole = breakdown.cohorts
      }
      return
    }
    property = PropertyText.text(breakdown.property)
    limit = breakdown.limit
    switch breakdown.bins {
    case nil: break
    case .edges(let numbers): edges = ValueText.text(numbers.map { .number($0) })
    case .equalCount(let count): equalBins = count
    }
  }
  /// - Parameter takesBins: whether the report can put numbers into bins.
  init(fields: FormFields, takesBins: Bool = false) {
    if let json = fields["by.cohorts"], let value = try? JSONValue(parsing: Array(json.utf8)),
      let read = (try? Breakdown(json: ["cohorts": value]))?.cohorts
    {
      whole = read
      limit = min(max(Int(fields.text("top")) ?? read.count, 1), QueryLimits.breakdown.upperBound)
      return
    }
    cohorts = Set(fields.all("by.cohort").compactMap { FilterForm.Condition.cohort($0) }).sorted()
    guard cohorts.isEmpty else {
      cohorts = Array(cohorts.prefix(QueryLimits.breakdownCohorts))
      return
    }
    property = fields["by"] ?? ""
    guard PropertyText.property(property) != nil else { return }
    limit = Int(fields.text("top")) ?? 10
    guard takesBins else { return }
    edges = Self.numbers(fields["bins"] ?? "").map { ValueText.text($0.map { .number($0) }) } ?? ""
    if edges.isEmpty { equalBins = max(0, Int(fields.text("equal")) ?? 0) }
  }
  func add(to list: inout ParameterList) {
    for id in cohorts { list.add("by.cohort", String(id)) }
    if !whole.isEmpty {
      list.add("by.cohorts", JSONValue.list(whole.map(\.json)).text)
      list.add("top", String(limit), unless: String(whole.count))
    }
    guard !property.isEmpty else { return }
    list.add("by", property)
    list.add("top", String(limit), unless: "10")
    list.add("bins", edges, unless: "")
    list.add("equal", String(equalBins), unless: "0")
  }
  var breakdown: Breakdown? {
    if isByCohorts { return byCohorts }
    return PropertyText.property(property).map { property in
      let bins = Self.numbers(edges).map { Breakdown.Bins.edges($0) } ?? (equalBins > 0 ? .equalCount(equalBins) : nil)
      return Breakdown(property: property, limit: limit, bins: bins)
    }
  }

  /// Nil where there is none, or anything else.
  private static func numbers(_ text: String) -> [Double]? {
    var numbers: [Double] = []
    for value in ValueText.values(text) {
      guard case .number(let number) = value else { return nil }
      numbers.append(number)
    }
    return numbers.isEmpty ? nil : numbers
  }
  var isEmpty: Bool { property.isEmpty && !isByCohorts }

  /// By cohorts instead of a property.
  var isByCohorts: Bool { !cohorts.isEmpty || !whole.isEmpty }

  private var byCohorts: Breakdown {
    whole.isEmpty
      ? Breakdown(cohorts: cohorts.map { NamedCohort("", Cohort(rule: .saved($0))) }) : Breakdown(cohorts: whole, limit: limit)
  }
}
