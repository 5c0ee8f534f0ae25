package import Events
import Foundation

/// A range of days cut into buckets: bucket `i` is `edges[i]..<edges[i + 1]` in milliseconds.
///
/// Weeks and months are whole, so the first may begin before the range and the last may end after it; only events of the range count.
package struct Buckets: Sendable, Hashable {
  /// Ascending, one more than there are buckets.
  package var edges: [Int64]
  /// The range itself, milliseconds, half-open.
  package var from: Int64
  package var to: Int64
  package var count: Int { edges.count - 1 }
}

extension ProjectCalendar {
  /// - Throws: `QueryError` if the zone is not one that this machine's time zone database knows.
  package func timeZone() throws(QueryError) -> TimeZone {
    guard let zone = TimeZone(identifier: zone) else {
      throw QueryError(.invalid, "The time zone \(zone) is not known; use an IANA name such as Europe/Berlin.", field: "zone")
    }
    return zone
  }

  /// The first instant of a day. A day whose midnight is skipped by a clock change begins at the change.
  package func start(of date: CalendarDate) throws(QueryError) -> Timestamp {
    Timestamp(milliseconds: Self.start(ofDay: date.dayNumber, in: try timeZone()) * 1000)
  }

  /// The half-open interval that a range of days covers.
  package func interval(_ range: DateRange) throws(QueryError) -> Range<Timestamp> {
    let zone = try timeZone()
    let from = Self.start(ofDay: range.from.dayNumber, in: zone)
    let to = Self.start(ofDay: range.to.dayNumber + 1, in: zone)
    return Timestamp(milliseconds: from * 1000)..<Timestamp(milliseconds: max(from, to) * 1000)
  }

  /// The day that an instant falls into.
  package func date(of instant: Timestamp) throws(QueryError) -> CalendarDate {
    let zone = try timeZone()
    let seconds = Self.floorDivide(instant.milliseconds, 1000)
    return CalendarDate(dayNumber: Int(Self.floorDivide(seconds + Self.offset(at: seconds, in: zone), 86_400)))
  }

  /// - Parameter further: buckets after the range's last one (retention looks that far).
  package func buckets(_ range: DateRange, by unit: BucketUnit, further: Int = 0) throws(QueryError) -> Buckets {
    let zone = try timeZone()
    let interval = try interval(range)
    let from = interval.lowerBound.milliseconds / 1000
    let to = interval.upperBound.milliseconds / 1000
    var edges: [Int64] = []
    func fits() throws(QueryError) {
      guard edges.count <= QueryLimits.buckets + 1 else {
        throw QueryError(
          .tooLarge, "The range has more than \(QueryLimits.buckets) buckets; use a wider unit or fewer days.", field: "unit")
      }
    }
    switch unit {
    case .hour:
      // Cut at each full local hour and at each clock change: two hours of the same name are two buckets.
      var instant = from
      var remaining = further
      while instant < to || remaining > 0 {
        if instant >= to { remaining -= 1 }
        edges.append(instant)
        try fits()
        let offset = Self.offset(at: instant, in: zone)
        let next = Self.floorDivide(instant + offset, 3_600) * 3_600 + 3_600 - offset
        instant = Self.offset(at: next - 1, in: zone) == offset ? next : Self.change(after: instant, before: next, in: zone)
      }
      edges.append(instant)
    case .day:
      for day in range.from.dayNumber...(max(range.from.dayNumber, range.to.dayNumber) + 1 + further) {
        edges.append(Self.start(ofDay: day, in: zone))
        try fits()
      }
    case .week:
      let shift = weekStart == .monday ? 0 : 1
      var day = range.from.dayNumber - (range.from.weekday + shift) % 7
      var remaining = further
      while day <= range.to.dayNumber || remaining > 0 {
        if day > range.to.dayNumber { remaining -= 1 }
        edges.append(Self.start(ofDay: day, in: zone))
        try fits()
        day += 7
      }
      edges.append(Self.start(ofDay: day, in: zone))
    case .month:
      var year = range.from.year
      var month = range.from.month
      var remaining = further
      while (year, month) <= (range.to.year, range.to.month) || remaining > 0 {
        if (year, month) > (range.to.year, range.to.month) { remaining -= 1 }
        edges.append(Self.start(ofDay: CalendarDate(year: year, month: month, day: 1).dayNumber, in: zone))
        try fits()
        (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
      }
      edges.append(Self.start(ofDay: CalendarDate(year: year, month: month, day: 1).dayNumber, in: zone))
    }
    return Buckets(edges: edges.map { $0 * 1000 }, from: from * 1000, to: to * 1000)
  }

  // MARK: - Seconds

  private static func offset(at seconds: Int64, in zone: TimeZone) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
  }

  private static func start(ofDay day: Int, in zone: TimeZone) -> Int64 {
    let midnight = Int64(day) * 86_400
    let early = midnight - 93_600
    let late = midnight + 93_600
    var first: Int64?
    for offset in [offset(at: early, in: zone), offset(at: midnight, in: zone), offset(at: late, in: zone)] {
      let instant = midnight - offset
      // Where midnight comes twice, the day begins at the first.
      if Self.offset(at: instant, in: zone) == offset { first = min(first ?? instant, instant) }
    }
    if let first { return first }
    return change(after: early, before: late, in: zone)
  }

  /// The instant at which the offset leaves its value at `after`, by bisection; there is exactly one change between the two.
  private static func change(after: Int64, before: Int64, in zone: TimeZone) -> Int64 {
    let offset = offset(at: after, in: zone)
    var low = after
    var high = before
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if Self.offset(at: middle, in: zone) == offset { low = middle } else { high = middle }
    }
    return high
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
