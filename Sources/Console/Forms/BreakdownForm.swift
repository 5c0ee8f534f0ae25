import Journeys
import Web

/// "Split by": a property, or nothing yet.
struct BreakdownForm: Sendable, Hashable {
  var property = ""
  var limit = 10
  /// Edges of bins for numbers, separated by commas; empty: none.
  var edges = ""
  /// Instead of edges: so many bins of about equal size; 0: none.
  var equalBins = 0

  init() {}
  init(_ breakdown: Breakdown?) {
    guard let breakdown else { return }
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
    property = fields["by"] ?? ""
    guard PropertyText.property(property) != nil else { return }
    limit = Int(fields.text("top")) ?? 10
    guard takesBins else { return }
    edges = Self.numbers(fields["bins"] ?? "").map { ValueText.text($0.map { .number($0) }) } ?? ""
    if edges.isEmpty { equalBins = max(0, Int(fields.text("equal")) ?? 0) }
  }
  func add(to list: inout ParameterList) {
    guard !property.isEmpty else { return }
    list.add("by", property)
    list.add("top", String(limit), unless: "10")
    list.add("bins", edges, unless: "")
    list.add("equal", String(equalBins), unless: "0")
  }
  var breakdown: Breakdown? {
    PropertyText.property(property).map { property in
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
}
