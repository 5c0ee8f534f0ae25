import Web

/// A span of elapsed time as a number and a unit, in the largest unit that holds it whole.
struct WindowForm: Sendable, Hashable {
  enum Unit: String, Sendable, CaseIterable {
    case second, minute, hour, day
    var seconds: Int64 {
      switch self {
      case .second: 1
      case .minute: 60
      case .hour: 3_600
      case .day: 86_400
      }
    }
  }
  var count: Int64
  var unit: Unit

  static let standard = WindowForm(seconds: 604_800)

  init(seconds: Int64) {
    unit = Unit.allCases.last { seconds % $0.seconds == 0 } ?? .second
    count = seconds / unit.seconds
  }

  init(fields: FormFields) { self = Self(fields: fields, prefix: "w") ?? .standard }

  /// Nil where the field is blank, or no number that a window can have.
  init?(fields: FormFields, prefix: String) {
    let unit = fields["\(prefix)u"].flatMap(Unit.init) ?? .day
    guard let count = Int64(fields.text(prefix)), (1...100_000_000).contains(count) else { return nil }
    self.init(seconds: count * unit.seconds)
  }

  func add(to list: inout ParameterList) {
    if self != .standard { add(to: &list, prefix: "w") }
  }

  func add(to list: inout ParameterList, prefix: String) {
    list.add(prefix, String(count))
    list.add("\(prefix)u", unit.rawValue, unless: "day")
  }

  var seconds: Int64 { count * unit.seconds }

  /// `7 days`
  var words: String { "\(NumberFormat.exact(Int(count))) \(unit.rawValue)\(count == 1 ? "" : "s")" }
}
