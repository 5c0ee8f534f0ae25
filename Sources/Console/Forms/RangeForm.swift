import Journeys
import Web

/// Days from and to, both included.
struct RangeForm: Sendable, Hashable {
  var from: CalendarDate
  var to: CalendarDate

  init(_ range: DateRange) { (from, to) = (range.from, range.to) }

  /// The last 30 days where nothing is said.
  init(fields: FormFields, today: CalendarDate) {
    to = fields["to"].flatMap { CalendarDate($0) } ?? today
    from = fields["from"].flatMap { CalendarDate($0) } ?? to.advanced(byDays: -29)
  }

  func add(to list: inout ParameterList) {
    list.add("from", from.description)
    list.add("to", to.description)
  }

  var range: DateRange { DateRange(from: from, to: to) }
  var words: String { from == to ? Self.words(from) : "\(Self.words(from)) to \(Self.words(to))" }
  private static func words(_ date: CalendarDate) -> String { "\(date.day) \(LocalTime.month(date.month)) \(date.year)" }

  /// D, W, M, Y: the last so many days, today included.
  static let presets: [(key: String, name: String, days: Int)] = [
    ("d", "Day", 1), ("w", "Week", 7), ("m", "Month", 30), ("y", "Year", 365),
  ]
}
