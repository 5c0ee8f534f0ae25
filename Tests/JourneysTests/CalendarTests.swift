import Events
import Journeys
import Testing

/// Golden values from Python's `zoneinfo` (the first second whose local date is the day).
struct CalendarTests {
  static let days: [(zone: String, first: String, starts: [String])] = [
    ("Europe/Berlin", "2026-03-28", ["2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]),
    ("Europe/Berlin", "2025-10-25", ["2025-10-24T22:00:00.000Z", "2025-10-25T22:00:00.000Z", "2025-10-26T23:00:00.000Z"]),
    ("America/New_York", "2026-03-07", ["2026-03-07T05:00:00.000Z", "2026-03-08T05:00:00.000Z", "2026-03-09T04:00:00.000Z"]),
    ("America/New_York", "2025-11-01", ["2025-11-01T04:00:00.000Z", "2025-11-02T04:00:00.000Z", "2025-11-03T05:00:00.000Z"]),
    ("Australia/Lord_Howe", "2026-04-04", ["2026-04-03T13:00:00.000Z", "2026-04-04T13:00:00.000Z", "2026-04-05T13:30:00.000Z"]),
    ("Australia/Lord_Howe", "2025-10-04", ["2025-10-03T13:30:00.000Z", "2025-10-04T13:30:00.000Z", "2025-10-05T13:00:00.000Z"]),
    ("Asia/Kathmandu", "2026-01-01", ["2025-12-31T18:15:00.000Z", "2026-01-01T18:15:00.000Z", "2026-01-02T18:15:00.000Z"]),
    // Midnight is skipped, comes twice, a whole day is skipped.
    ("America/Sao_Paulo", "2018-11-03", ["2018-11-03T03:00:00.000Z", "2018-11-04T03:00:00.000Z", "2018-11-05T02:00:00.000Z"]),
    ("America/Havana", "2025-11-01", ["2025-11-01T04:00:00.000Z", "2025-11-02T04:00:00.000Z", "2025-11-03T05:00:00.000Z"]),
    ("Pacific/Apia", "2011-12-29", ["2011-12-29T10:00:00.000Z", "2011-12-30T10:00:00.000Z", "2011-12-30T10:00:00.000Z"]),
  ]

  @Test("days begin where the zone database says", arguments: days.indices)
  func dayStarts(index: Int) throws {
    let (zone, text, starts) = Self.days[index]
    let calendar = ProjectCalendar(zone: zone)
    let first = try #require(CalendarDate(text))
    for (offset, start) in starts.enumerated() {
      #expect(try calendar.start(of: first.advanced(byDays: offset)).text == start, "\(zone) \(text) + \(offset)")
    }
    let buckets = try calendar.buckets(DateRange(from: first, to: first.advanced(byDays: 1)), by: .day)
    #expect(buckets.edges.map { Timestamp(milliseconds: $0).text } == starts)
  }

  static let hours: [(zone: String, day: String, count: Int)] = [
    ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2025-10-26", 25), ("America/New_York", "2026-03-08", 23),
    ("America/New_York", "2025-11-02", 25), ("Asia/Kathmandu", "2026-01-01", 24), ("UTC", "2026-03-29", 24),
    // Half an hour is repeated: 01:30 to 02:00 is a bucket of its own the second time.
    ("Australia/Lord_Howe", "2026-04-05", 25), ("Australia/Lord_Howe", "2025-10-05", 24),
  ]

  @Test("hours are cut at full local hours and at clock changes", arguments: hours.indices)
  func hourCounts(index: Int) throws {
    let (zone, text, count) = Self.hours[index]
    let day = try #require(CalendarDate(text))
    let buckets = try ProjectCalendar(zone: zone).buckets(DateRange(from: day, to: day), by: .hour)
    #expect(buckets.count == count)
    #expect(zip(buckets.edges, buckets.edges.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 <= 3_600_000 })
  }

  @Test("weeks begin on the project's first weekday, months on the first, whole also where the range is not")
  func weeksAndMonths() throws {
    let range = DateRange(from: try #require(CalendarDate("2026-01-01")), to: try #require(CalendarDate("2026-01-12")))
    func starts(_ unit: BucketUnit, _ weekStart: ProjectCalendar.Weekday) throws -> [String] {
      try ProjectCalendar(zone: "UTC", weekStart: weekStart).buckets(range, by: unit).edges.map {
        String(Timestamp(milliseconds: $0).text.prefix(10))
      }
    }
    #expect(try starts(.week, .monday) == ["2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19"])
    #expect(try starts(.week, .sunday) == ["2025-12-28", "2026-01-04", "2026-01-11", "2026-01-18"])
    #expect(try starts(.month, .monday) == ["2026-01-01", "2026-02-01"])
    #expect(try ProjectCalendar().buckets(range, by: .month, further: 2).edges.count == 4)
  }

  @Test(
    "dates that do not exist are not read",
    arguments: ["2026-02-29", "2025-13-01", "2025-00-10", "2025-1-01", "2025-01-00", "25-01-01", "2025-01-011", "١٢٣٤-٠١-٠١", ""])
  func badDates(text: String) { #expect(CalendarDate(text) == nil) }

  @Test func dayNumbersGoThereAndBack() throws {
    #expect(CalendarDate(year: 1970, month: 1, day: 1).dayNumber == 0)
    #expect(CalendarDate(year: 2000, month: 2, day: 29).dayNumber == 11_016)
    #expect(try #require(CalendarDate("2026-11-23")).weekday == 0)
    for day in stride(from: -25_000, to: 60_000, by: 7) {
      let date = CalendarDate(dayNumber: day)
      #expect(date.dayNumber == day && CalendarDate(date.description) == date)
    }
  }

  @Test func anUnknownZoneIsNamed() {
    #expect(throws: QueryError.self) { try ProjectCalendar(zone: "Mars/Olympus").start(of: CalendarDate(year: 2026, month: 1, day: 1)) }
  }
}
