package import Events

/// How a property's value is read as a time: values have no type of their own for it.
package enum PropertyTime {
  /// Numbers are seconds since 1970 below a hundred thousand million in size, milliseconds from there. Texts are `yyyy-mm-dd`, with
  /// `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.fff` (a blank for the `T` too) and `Z` or `+hh:mm`; without a zone they are UTC, as Mixpanel has it.
  /// Nil for anything else.
  package static func time(of value: StoredValue) -> Timestamp? {
    switch value {
    case .number(let number):
      let milliseconds = abs(number) < 1e11 ? number * 1000 : number
      guard abs(milliseconds) < 1e15 else { return nil }
      return Timestamp(milliseconds: Int64(milliseconds))
    case .string(let text): return time(of: text)
    default: return nil
    }
  }

  package static func time(of text: String) -> Timestamp? {
    var rest = Substring(text)
    guard let date = CalendarDate(rest.prefix(10)) else { return nil }
    var milliseconds = Int64(date.dayNumber) * 86_400_000
    rest = rest.dropFirst(10)
    if rest.isEmpty { return Timestamp(milliseconds: milliseconds) }
    guard let separator = rest.popFirst(), separator == "T" || separator == " " else { return nil }
    guard let hour = digits(2, below: 24, &rest), rest.popFirst() == ":", let minute = digits(2, below: 60, &rest) else { return nil }
    milliseconds += (hour * 60 + minute) * 60_000
    if rest.first == ":" {
      rest.removeFirst()
      guard let second = digits(2, below: 61, &rest) else { return nil }
      milliseconds += second * 1000
      if rest.first == "." {
        rest.removeFirst()
        let fraction = rest.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(fraction.count), let number = Int64(fraction.prefix(3)) else { return nil }
        milliseconds += number * (fraction.count == 1 ? 100 : fraction.count == 2 ? 10 : 1)
        rest = rest.dropFirst(fraction.count)
      }
    }
    guard let zone = rest.popFirst() else { return Timestamp(milliseconds: milliseconds) }
    if zone == "Z" { return rest.isEmpty ? Timestamp(milliseconds: milliseconds) : nil }
    guard zone == "+" || zone == "-", let hours = digits(2, below: 24, &rest) else { return nil }
    if rest.first == ":" { rest.removeFirst() }
    guard let minutes = digits(2, below: 60, &rest), rest.isEmpty else { return nil }
    let offset = (hours * 60 + minutes) * 60_000
    return Timestamp(milliseconds: zone == "+" ? milliseconds - offset : milliseconds + offset)
  }

  private static func digits(_ count: Int, below limit: Int64, _ rest: inout Substring) -> Int64? {
    let text = rest.prefix(count)
    guard text.utf8.count == count, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(text), number < limit else {
      return nil
    }
    rest = rest.dropFirst(count)
    return number
  }
}
