import Journeys
import Web

/// "Split by": a property, or nothing yet.
struct BreakdownForm: Sendable, Hashable {
  var property = ""
  var limit = 10

  init() {}
  init(_ breakdown: Breakdown?) {
    guard let breakdown else { return }
    property = PropertyText.text(breakdown.property)
    limit = breakdown.limit
  }
  init(fields: FormFields) {
    property = fields["by"] ?? ""
    limit = PropertyText.property(property) == nil ? 10 : Int(fields.text("top")) ?? 10
  }
  func add(to list: inout ParameterList) {
    guard !property.isEmpty else { return }
    list.add("by", property)
    list.add("top", String(limit), unless: "10")
  }
  var breakdown: Breakdown? { PropertyText.property(property).map { Breakdown(property: $0, limit: limit) } }
}
