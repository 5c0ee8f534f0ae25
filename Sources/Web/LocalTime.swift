import Events
import Foundation

/// Writes instants in a project's time zone: `23 Nov 2026, 14:05`.
package struct LocalTime: Sendable {
  private let zone: TimeZone
  /// IANA name of the zone that is used; `UTC` if the given one is unknown.
  package let zoneName: String

  package init(zone name: String) {
    if let zone = TimeZone(identifier: name) {
      self.zone = zone
      zoneName = name
    } else {
      zone = .gmt
      zoneName = "UTC"
    }
  }

  package static func isZone(_ name: String) -> Bool { TimeZone(identifier: name) != nil && name.utf8.count <= 64 }
  package static var zoneNames: [String] { TimeZone.knownTimeZoneIdentifiers }

  package struct Parts: Sendable, Hashable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
  }

  package func parts(_ instant: Timestamp) -> Parts {
    let seconds = instant.milliseconds.quotientFloor(1_000)
    let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    let local = seconds + Int64(offset)
    let day = local.quotientFloor(86_400)
    let rest = Int(local - day * 86_400)
    let (year, month, dayOfMonth) = Self.civil(day)
    return Parts(year: year, month: month, day: dayOfMonth, hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60)
  }

  /// `23 Nov 2026, 14:05`
  package func minute(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(day(instant)), \(Self.two(parts.hour)):\(Self.two(parts.minute))"
  }

  /// `23 Nov 2026, 14:05:09`
  package func second(_ instant: Timestamp) -> String { minute(instant) + ":" + Self.two(parts(instant).second) }

  /// `14:05:09`
  package func clock(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(Self.two(parts.hour)):\(Self.two(parts.minute)):\(Self.two(parts.second))"
  }

  /// `14:00`
  package func hour(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(Self.two(parts.hour)):\(Self.two(parts.minute))"
  }

  /// `23 Nov 2026`
  package func day(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(parts.day) \(Self.month(parts.month)) \(parts.year)"
  }

  /// `23 Nov`
  package func shortDay(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(parts.day) \(Self.month(parts.month))"
  }

  /// `Nov 2026`
  package func month(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(Self.month(parts.month)) \(parts.year)"
  }

  /// `2026-11-23`
  package func isoDay(_ instant: Timestamp) -> String {
    let parts = parts(instant)
    return "\(Self.four(parts.year))-\(Self.two(parts.month))-\(Self.two(parts.day))"
  }

  /// `2026-11-23T14:05:09Z`, always in UTC: for `datetime` attributes and files.
  package static func iso(_ instant: Timestamp) -> String {
    let utc = LocalTime(zone: "UTC")
    return "\(utc.isoDay(instant))T\(utc.clock(instant))Z"
  }

  package static func month(_ number: Int) -> String {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return names.indices.contains(number - 1) ? names[number - 1] : "–"
  }

  /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back (H. Hinnant, "chrono-compatible low-level date algorithms").
  package static func dayNumber(year: Int, month: Int, day: Int) -> Int64 {
    let y = Int64(month <= 2 ? year - 1 : year)
    let era = y.quotientFloor(400)
    let yearOfEra = y - era * 400
    let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  package static func civil(_ dayNumber: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = dayNumber + 719_468
    let era = shifted.quotientFloor(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let monthNumber = Int(month < 10 ? month + 3 : month - 9)
    return (Int(yearOfEra + era * 400) + (monthNumber <= 2 ? 1 : 0), monthNumber, Int(dayOfYear - (153 * month + 2) / 5 + 1))
  }

  package static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
  package static func four(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension Int64 {
  fileprivate func quotientFloor(_ divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
