import Journeys
import Web

/// An event that a flow tells apart by a property. Without a property it is a draft.
struct ExpansionForm: Sendable, Hashable {
  var event = EventChoice.any
  var property = ""
  var limit = 5

  init() {}

  init(_ expansion: FlowsQuery.Expansion) {
    event = EventChoice(event: expansion.event)
    property = PropertyText.text(expansion.property)
    limit = expansion.limit
  }

  init(fields: FormFields, prefix: String) {
    property = fields[prefix] ?? ""
    let choice = EventChoice(text: fields["\(prefix).e"] ?? "*")
    event = choice == .unchosen ? .any : choice
    limit = Int(fields.text("\(prefix).n")) ?? 5
  }

  func add(to list: inout ParameterList, prefix: String) {
    list.add(prefix, property)
    list.add("\(prefix).e", event.text, unless: "*")
    list.add("\(prefix).n", String(limit), unless: "5")
  }

  var expansion: FlowsQuery.Expansion? {
    guard let property = PropertyText.property(property) else { return nil }
    if case .named(let name) = event { return .init(event: name, property: property, limit: limit) }
    return .init(event: nil, property: property, limit: limit)
  }

  /// `API Call by model`
  var words: String { "\(event.shown) by \(property)" }
}
