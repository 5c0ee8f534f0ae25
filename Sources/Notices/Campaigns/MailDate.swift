package import Events
internal import Foundation

/// The moment in a Date field (RFC 5322, section 3.3, with the old forms of section 4.3 that are still written).
package enum MailDate {
  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

  /// Nil for what is none.
  package static func parse(_ text: String) -> Timestamp? {
    let plain = text.prefix(100).prefix { $0 != "(" }
    let parts = plain.split { $0 == " " || $0 == "," || $0 == "\t" }.map(String.init)
    let start = parts.first.map { Int($0) == nil ? 1 : 0 } ?? 0
    guard parts.count >= start + 4, let day = Int(parts[start]), (1...31).contains(day),
      let month = months.firstIndex(of: parts[start + 1].prefix(3).lowercased()), var year = Int(parts[start + 2])
    else { return nil }
    if year < 50 { year += 2_000 } else if year < 1_000 { year += 1_900 }
    let clock = parts[start + 3].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    guard (1_970...9_999).contains(year), (2...3).contains(clock.count), (0...23).contains(clock[0]), (0...59).contains(clock[1]),
      clock.count == 2 || (0...60).contains(clock[2])
    else { return nil }
    var offset = 0
    if parts.count > start + 4, let sign = parts[start + 4].first, "+-".contains(sign) {
      let digits = parts[start + 4].dropFirst()
      guard digits.count == 4, let number = Int(digits), number >= 0, number % 100 < 60 else { return nil }
      offset = (number / 100 * 60 + number % 100) * (sign == "-" ? -60 : 60)
    }
    let seconds = days(year, month + 1, day) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + (clock.count == 3 ? clock[2] : 0) - offset
    return Timestamp(milliseconds: Int64(seconds) * 1_000)
  }

  /// Since 1970, of the Gregorian calendar.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = (year / 400, year % 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
