import Journeys
import Web

/// What every report has: days from and to, both included, and who is counted.
struct RangeForm: Sendable, Hashable {
  var from: CalendarDate
  var to: CalendarDate
  /// The property that names the organizations that are counted; empty: people are.
  var groupKey = ""

  init(_ range: DateRange) { (from, to) = (range.from, range.to) }

  /// The last 30 days where nothing is said.
  init(fields: FormFields, today: CalendarDate) {
    to = fields["to"].flatMap { CalendarDate($0) } ?? today
    from = fields["from"].flatMap { CalendarDate($0) } ?? to.advanced(byDays: -29)
    groupKey = fields["level"] ?? ""
  }

  func add(to list: inout ParameterList) {
    list.add("from", from.description)
    list.add("to", to.description)
    list.add("level", groupKey, unless: "")
  }

  var level: Level { groupKey.isEmpty ? .subject : .group(key: groupKey) }

  var range: DateRange { DateRange(from: from, to: to) }
  var days: Int { range.to.dayNumber - range.from.dayNumber + 1 }

  /// - Throws: a range that ends before it begins, in the words of the page.
  func checked() throws(QueryError) -> DateRange {
    guard days > 0 else {
      throw QueryError(
        .invalid, "The first day, \(Self.words(from)), is after the last, \(Self.words(to)). Choose them the other way round.",
        field: "range")
    }
    return range
  }

  /// As many days right before it (−1) or right after it (1).
  func moved(by steps: Int) -> RangeForm { moved(byDays: max(1, days) * steps) }

  func moved(byDays shift: Int) -> RangeForm {
    var other = self
    (other.from, other.to) = (from.advanced(byDays: shift), to.advanced(byDays: shift))
    return other
  }
  var words: String { from == to ? Self.words(from) : "\(Self.words(from)) to \(Self.words(to))" }
  /// `from 1 Nov 2026 to 7 Nov 2026`, `on 7 Nov 2026`
  var during: String { from == to ? "on \(words)" : "from \(words)" }
  private static func words(_ date: CalendarDate) -> String { "\(date.day) \(LocalTime.month(date.month)) \(date.year)" }

  /// D, W, M, Y: the last so many days, today included.
  static let presets: [(key: String, name: String, days: Int)] = [
    ("d", "Day", 1), ("w", "Week", 7), ("m", "Month", 30), ("y", "Year", 365),
  ]

  /// The last so many days, counting the same.
  func last(_ days: Int, today: CalendarDate) -> RangeForm {
    var other = Self.last(days, today: today)
    other.groupKey = groupKey
    return other
  }

  static func last(_ days: Int, today: CalendarDate) -> RangeForm {
    RangeForm(DateRange(from: today.advanced(byDays: 1 - days), to: today))
  }
}
