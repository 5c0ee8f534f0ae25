import Journeys
import Web

/// An event picker with its filter.
struct SelectorForm: Sendable, Hashable {
  var event: EventChoice
  var filter = FilterForm()

  init(_ event: EventChoice = .unchosen) { self.event = event }

  init(_ selector: EventSelector) {
    event = EventChoice(event: selector.event)
    filter = FilterForm(selector.filter)
  }

  init(fields: FormFields, prefix: String, standard: EventChoice) {
    event = fields[prefix].map { EventChoice(text: $0) } ?? standard
    filter = FilterForm(fields: fields, prefix: prefix)
  }

  /// `Signed Up where plan is team`
  var words: String {
    let conditions = filter.conditions.filter { !$0.isDraft }.map(\.words)
    if filter.whole != nil { return "\(event.shown) (filtered)" }
    return conditions.isEmpty ? event.shown : "\(event.shown) where \(conditions.joined(separator: filter.holdsAny ? " or " : " and "))"
  }

  func add(to list: inout ParameterList, prefix: String) {
    list.add(prefix, event.text)
    filter.add(to: &list, prefix: prefix)
  }

  /// - Parameter place: how an error names it: `the first step`.
  func selector(_ place: String) throws(QueryError) -> EventSelector {
    switch event {
    case .unchosen: throw QueryError(.invalid, "Choose \(place).", field: "unchosen")
    case .any: EventSelector(event: nil, filter: try filter.filter())
    case .named(let name): EventSelector(event: name, filter: try filter.filter())
    }
  }
}
