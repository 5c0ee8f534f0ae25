/// A month of UTC: rows of different months stand in different runs, so that a question reads only the months that it is about.
///
/// Inside a partition a time is a quarter-hour slot (from 0, at most 2,975) and the milliseconds beyond it. Time zones change their offset
/// at slots, so that any zone's days are a table over slots.
package struct Partition: Sendable, Hashable, Comparable {
  package static let slotMilliseconds: Int64 = 900_000
  /// No month has more slots.
  package static let slotLimit = 31 * 96

  /// Months since January 1970.
  package let month: Int

  package init(month: Int) { self.month = month }

  package init(containing time: Int64) {
    let (year, month, _) = Self.date(ofDay: Self.floorDivide(time, 86_400_000))
    self.month = (year - 1970) * 12 + month - 1
  }

  /// First millisecond of the month.
  package var base: Int64 { Self.milliseconds(ofDay: Self.day(ofMonth: month)) }
  /// First millisecond of the next month.
  package var end: Int64 { Self.milliseconds(ofDay: Self.day(ofMonth: month + 1)) }

  /// What months can be: the base and the end of the month, in milliseconds, fit into 64 bits.
  package static let months = -3_000_000_000...3_000_000_000

  package static func < (left: Partition, right: Partition) -> Bool { left.month < right.month }

  /// The first and the last month that 64 bits know are shorter than others.
  private static func milliseconds(ofDay day: Int64) -> Int64 {
    let (product, isOver) = day.multipliedReportingOverflow(by: 86_400_000)
    return isOver ? (day < 0 ? .min : .max) : product
  }

  private static func day(ofMonth month: Int) -> Int64 {
    let year = Int64(floorDivide(Int64(month), 12)) + 1970
    let inYear = Int64(month) - (year - 1970) * 12
    // Years begin in March, so that the leap day is the last of a year (the civil calendar's usual arithmetic).
    let shifted = inYear < 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((inYear + 10) % 12) + 2) / 5
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(ofDay day: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1))
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }
}
