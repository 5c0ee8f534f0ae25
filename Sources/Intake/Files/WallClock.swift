/// What clocks on the wall of a time zone show, turned into instants.
package struct WallClock: Sendable {
  /// Seconds that the zone is ahead of UTC at an instant (seconds since 1970).
  private let offset: @Sendable (Int64) -> Int64

  package init(offset: @escaping @Sendable (Int64) -> Int64) { self.offset = offset }

  /// The instant, in milliseconds, at which the clock shows `wall` (milliseconds, as if it were UTC). Of two such instants, when clocks are
  /// set back, the first; a time that is skipped counts on from the jump.
  package func instant(_ wall: Int64) -> Int64 {
    let seconds = Self.floor(wall, 1000)
    // No zone is further than a day from UTC, and none jumps twice within two days.
    let before = offset(seconds - 86_400)
    let after = offset(seconds + 86_400)
    let first = seconds - before
    let isFirst = before == after || offset(first) == before || offset(seconds - after) != after
    return wall - (isFirst ? before : after) * 1000
  }

  private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
  }
}
