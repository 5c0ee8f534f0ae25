import Journeys
import Web

/// The form of a report about one kind of event: it has one filter, and nothing to add or to move.
protocol ActivityForm: ReportForm {
  var activity: SelectorForm { get set }
}

extension ActivityForm {
  subscript(filter prefix: String) -> FilterForm? {
    get { prefix == "a" ? activity.filter : nil }
    set { if prefix == "a" { activity.filter = newValue ?? FilterForm() } }
  }

  mutating func grow() {}
  mutating func drop(_ index: Int) {}
  mutating func raise(_ index: Int) {}
}
