/// How a table writes its times.
package enum TimeFormat: Sendable, Hashable {
  /// A number of seconds, from 1e11 on milliseconds; else ISO 8601.
  case automatic
  case seconds
  case milliseconds
  /// As `strptime` has it: `%Y %m %d %H %M %S %y %e %b %I %p %f %z %%`, everything else stands for itself.
  case pattern(String)

  /// Nil for a pattern with a letter that means nothing here.
  package init?(_ text: String) {
    switch text {
    case "auto", "iso", "iso8601": self = .automatic
    case "seconds", "unix": self = .seconds
    case "milliseconds": self = .milliseconds
    default:
      guard text.contains("%") else { return nil }
      var letters = text.utf8.makeIterator()
      while let byte = letters.next() {
        guard byte == UInt8(ascii: "%") else { continue }
        guard let letter = letters.next(), "YmdHMSyebIpfz%".utf8.contains(letter) else { return nil }
      }
      self = .pattern(text)
    }
  }

  /// Milliseconds since 1970; times without an offset are those of `clock`, of UTC where there is none. Nil if the text is no such time.
  package func milliseconds(_ text: ArraySlice<UInt8>, clock: WallClock?) -> Int64? {
    let text = Self.trimmed(text)
    switch self {
    case .automatic:
      if let number = Self.number(text) { return Self.scaled(abs(number) >= 1e11 ? number : number * 1000) }
      guard let wall = SentTime.milliseconds(iso: Array(text)) else { return nil }
      return Self.namesOffset(text) ? wall : clock?.instant(wall) ?? wall
    case .seconds: return Self.number(text).flatMap { Self.scaled($0 * 1000) }
    case .milliseconds: return Self.number(text).flatMap { Self.scaled($0) }
    case .pattern(let pattern):
      var reader = PatternReader(text: text)
      guard reader.read(pattern), let wall = reader.wall else { return nil }
      return reader.offset.map { wall - $0 * 1000 } ?? clock?.instant(wall) ?? wall
    }
  }

  /// `2026-01-02T03:04:05` in UTC, as Mixpanel writes times that are properties.
  package static func text(_ milliseconds: Int64) -> String {
    let day = Self.floor(milliseconds, 86_400_000)
    let second = Int((milliseconds - day * 86_400_000) / 1000)
    let (year, month, date) = Self.date(day)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let years = String(10_000 + max(0, min(9999, year))).dropFirst()
    return "\(years)-\(two(month))-\(two(date))T\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
  }

  private static func scaled(_ milliseconds: Double) -> Int64? { abs(milliseconds) < 1e15 ? Int64(milliseconds.rounded()) : nil }

  private static func number(_ text: ArraySlice<UInt8>) -> Double? {
    guard !text.isEmpty, text.count <= 32, text.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }) else { return nil }
    return Double(String(decoding: text, as: UTF8.self))
  }

  private static func namesOffset(_ text: ArraySlice<UInt8>) -> Bool {
    guard let last = text.last, text.count > 10 else { return false }
    return last == UInt8(ascii: "Z") || last == UInt8(ascii: "z")
      || text.dropFirst(10).contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text
    while text.first == 0x20 { text.removeFirst() }
    while text.last == 0x20 { text.removeLast() }
    return text
  }

  private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }

  /// The civil calendar, days from 1970-01-01.
  private static func date(_ day: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = floor(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    return (
      Int(yearOfEra + era * 400 + (month >= 10 ? 1 : 0)), Int(month < 10 ? month + 3 : month - 9),
      Int(dayOfYear - (153 * month + 2) / 5 + 1)
    )
  }
}

/// Reads one text by a pattern of `TimeFormat`.
private struct PatternReader {
  private var text: ArraySlice<UInt8>
  private var year = 1970
  private var month = 1
  private var day = 1
  private var hour = 0
  private var minute = 0
  private var second = 0
  private var thousandths = 0
  private var isAfternoon: Bool?
  /// Seconds ahead of UTC, where the text says it.
  private(set) var offset: Int64?

  init(text: ArraySlice<UInt8>) { self.text = text }

  mutating func read(_ pattern: String) -> Bool {
    var letters = pattern.utf8.makeIterator()
    while let byte = letters.next() {
      if byte == UInt8(ascii: "%"), let letter = letters.next(), letter != UInt8(ascii: "%") {
        guard field(letter) else { return false }
      } else {
        guard text.first == byte else { return false }
        text.removeFirst()
      }
    }
    return text.isEmpty
  }

  /// Milliseconds that the clock shows; nil for a day or an hour that no calendar and no clock has.
  var wall: Int64? {
    var hour = hour
    if let isAfternoon {
      guard (1...12).contains(hour) else { return nil }
      hour = hour % 12 + (isAfternoon ? 12 : 0)
    }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...12).contains(month), (1...days[month - 1]).contains(day), hour < 24, minute < 60, second <= 60, (0...9999).contains(year)
    else {
      return nil
    }
    let date = "\(String(10_000 + year).dropFirst())-\(two(month))-\(two(day))"
    guard let midnight = SentTime.milliseconds(iso: Array(date.utf8)) else { return nil }
    return midnight + Int64(hour * 3600 + minute * 60 + second) * 1000 + Int64(thousandths)
  }

  private mutating func field(_ letter: UInt8) -> Bool {
    switch letter {
    case UInt8(ascii: "Y"): return take(4, exactly: true, into: \.year)
    case UInt8(ascii: "y"):
      guard take(2, exactly: true, into: \.year) else { return false }
      year += year < 69 ? 2000 : 1900
      return true
    case UInt8(ascii: "m"): return take(2, into: \.month)
    case UInt8(ascii: "d"): return take(2, into: \.day)
    case UInt8(ascii: "e"):
      if text.first == 0x20 { text.removeFirst() }
      return take(2, into: \.day)
    case UInt8(ascii: "H"), UInt8(ascii: "I"): return take(2, into: \.hour)
    case UInt8(ascii: "M"): return take(2, into: \.minute)
    case UInt8(ascii: "S"): return take(2, into: \.second)
    case UInt8(ascii: "b"): return monthName()
    case UInt8(ascii: "p"):
      guard let word = word(2) else { return false }
      isAfternoon = word == "pm"
      return word == "am" || word == "pm"
    case UInt8(ascii: "f"): return fraction()
    default: return zone()
    }
  }

  private mutating func number(_ most: Int) -> (value: Int, digits: Int)? {
    var value = 0
    var count = 0
    while count < most, let byte = text.first, (0x30...0x39).contains(byte) {
      value = value * 10 + Int(byte - 0x30)
      count += 1
      text.removeFirst()
    }
    return count > 0 ? (value, count) : nil
  }

  private mutating func take(_ most: Int, exactly: Bool = false, into path: WritableKeyPath<Self, Int>) -> Bool {
    guard let (value, digits) = number(most), !exactly || digits == most else { return false }
    self[keyPath: path] = value
    return true
  }

  private mutating func fraction() -> Bool {
    guard let (value, digits) = number(9) else { return false }
    var scaled = value
    for _ in digits..<max(3, digits) { scaled *= 10 }
    for _ in 3..<max(3, digits) { scaled /= 10 }
    thousandths = scaled
    return true
  }

  private mutating func word(_ length: Int) -> String? {
    guard text.count >= length else { return nil }
    defer { text.removeFirst(length) }
    return String(decoding: text.prefix(length).map { $0 | 0x20 }, as: UTF8.self)
  }

  private mutating func monthName() -> Bool {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    guard let word = word(3), let index = names.firstIndex(of: word) else { return false }
    month = index + 1
    return true
  }

  /// `Z`, `+0130`, `+01:30`, `-01`.
  private mutating func zone() -> Bool {
    guard let sign = text.first else { return false }
    text.removeFirst()
    if sign | 0x20 == UInt8(ascii: "z") {
      offset = 0
      return true
    }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let (hours, digits) = number(2), digits == 2 else { return false }
    if text.first == UInt8(ascii: ":") { text.removeFirst() }
    let minutes = number(2)?.value ?? 0
    guard hours < 24, minutes < 60 else { return false }
    offset = Int64(hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "+") ? 1 : -1)
    return true
  }
}
