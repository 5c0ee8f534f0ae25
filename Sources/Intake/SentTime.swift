import CSimdJSON

/// A time as a record states it.
enum SentTime: Equatable {
  case missing
  /// Since 1970, at most the end of the year 9999.
  case milliseconds(Int64)
  case unreadable

  private static let latest: Int64 = 253_402_300_799_999

  /// Numbers are seconds, whole or not, or milliseconds from 1e11 on (the year 5138 in seconds). Strings, where `strings` are allowed,
  /// hold such a number or an ISO 8601 date and time, UTC where no offset is given.
  init(_ tape: JSONTape, _ index: Int, strings: Bool) {
    let entry = tape[index]
    switch entry.kind {
    case JSONTape.Kind.null: self = .missing
    case JSONTape.Kind.integer: self.init(whole: Int64(bitPattern: entry.payload))
    case JSONTape.Kind.double: self.init(number: Double(bitPattern: entry.payload))
    case JSONTape.Kind.string where strings:
      guard entry.length <= 64, let text = tape.string(index) else {
        self = .unreadable
        return
      }
      if text.isEmpty {
        self = .missing
      } else if let number = Double(text), number.isFinite {
        self.init(number: number)
      } else {
        self = Self.milliseconds(iso: Array(text.utf8)).map { .milliseconds($0) } ?? .unreadable
      }
    default: self = .unreadable
    }
  }

  private init(whole value: Int64) {
    let isMilliseconds = value >= 100_000_000_000 || value <= -100_000_000_000
    self = .milliseconds(isMilliseconds ? min(value, Self.latest) : value * 1000)
  }

  private init(number value: Double) {
    let milliseconds = abs(value) >= 1e11 ? value : value * 1000
    self = .milliseconds(Int64(max(min(milliseconds.rounded(), Double(Self.latest)), -1e15)))
  }

  /// `2024-01-02`, `2024-01-02T03:04`, `…:05`, `….678`, followed by nothing, `Z` or an offset such as `+01:00`; a space may stand for `T`.
  static func milliseconds(iso text: [UInt8]) -> Int64? {
    var reader = Digits(text: text)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"), let day = reader.number(2),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var seconds = days(year: year, month: month, day: day) * 86400
    var milliseconds = 0
    if !reader.isAtEnd {
      guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), reader.take(":"),
        let minute = reader.number(2),
        hour < 24, minute < 60
      else { return nil }
      seconds += hour * 3600 + minute * 60
      if reader.take(":") {
        guard let second = reader.number(2), second <= 60 else { return nil }
        seconds += second
        if reader.take(".") || reader.take(",") {
          guard let fraction = reader.fraction() else { return nil }
          milliseconds = fraction
        }
      }
      if !reader.take("Z") && !reader.take("z") && !reader.isAtEnd {
        let isEast = reader.take("+")
        guard isEast || reader.take("-"), let hours = reader.number(2), hours < 24 else { return nil }
        _ = reader.take(":")
        let minutes = reader.isAtEnd ? 0 : reader.number(2)
        guard let minutes, minutes < 60 else { return nil }
        seconds -= (hours * 3600 + minutes * 60) * (isEast ? 1 : -1)
      }
    }
    return reader.isAtEnd ? Int64(seconds) * 1000 + Int64(milliseconds) : nil
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private struct Digits {
    let text: [UInt8]
    var at = 0

    init(text: [UInt8]) { self.text = text }

    var isAtEnd: Bool { at == text.count }

    mutating func take(_ character: Character) -> Bool {
      guard at < text.count, text[at] == character.asciiValue else { return false }
      at += 1
      return true
    }

    mutating func number(_ count: Int) -> Int? {
      guard at + count <= text.count else { return nil }
      var value = 0
      for byte in text[at..<(at + count)] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      at += count
      return value
    }

    /// Thousandths; further digits are read and forgotten.
    mutating func fraction() -> Int? {
      var value = 0
      var count = 0
      while at < text.count, (0x30...0x39).contains(text[at]) {
        if count < 3 { value = value * 10 + Int(text[at] - 0x30) }
        count += 1
        at += 1
      }
      guard count > 0 else { return nil }
      for _ in count..<max(count, 3) { value *= 10 }
      return value
    }
  }
}
