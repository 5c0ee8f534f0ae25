import Events
import Journeys
import SegmentStore
import Testing

/// Lifecycle, stickiness and sessions with figures counted by hand (semantics A.4, A.5, A.10, A.21).
struct TimeRuleTests {
  static func ask(_ json: String, _ events: [PlainEvent], zone: String = "UTC", at instant: Int64 = 4_000_000_000_000) throws
    -> Report.Content
  {
    try QueryExecution(
      snapshot: PlainWorld(events: events).snapshot(), calendar: ProjectCalendar(zone: zone), instant: Timestamp(milliseconds: instant)
    ).report(try Query(json: Array(json.utf8))).content
  }

  static func range(_ kind: String, _ from: String, _ to: String, _ rest: String = "") -> String {
    #"{"report":"\#(kind)","range":{"from":"\#(from)","to":"\#(to)"}\#(rest)}"#
  }

  // MARK: - Lifecycle

  static func lifecycle(_ events: [PlainEvent], _ rest: String = "", from: String = "2026-01-10", to: String = "2026-01-13") throws
    -> [LifecycleReport.Point]
  {
    guard case .lifecycle(let report) = try ask(range("lifecycle", from, to, rest), events) else { return [] }
    return report.points.compactMap(\.self)
  }

  @Test("new, returning, gone, back again") func lifeOfOne() throws {
    let events = try ["2026-01-10", "2026-01-11", "2026-01-13"].map { try InsightsRuleTests.event("a", $0, 1) }
    let points = try Self.lifecycle(events)
    #expect(points.map(\.new) == [1, 0, 0, 0] && points.map(\.returning) == [0, 1, 0, 0])
    #expect(points.map(\.dormant) == [0, 0, 1, 0] && points.map(\.resurrecting) == [0, 0, 0, 1])
    #expect(points[2].pulse == 0 && points[0].pulse == nil)
  }

  @Test("the day before the range is read") func dayBefore() throws {
    let events = try ["2026-01-09", "2026-01-10"].map { try InsightsRuleTests.event("a", $0, 1) }
    #expect(try Self.lifecycle(events).map(\.returning) == [1, 0, 0, 0])
    #expect(try Self.lifecycle([events[0]]).map(\.dormant) == [1, 0, 0, 0])
  }

  @Test("first seen is the first event of any kind, or of this one") func firstSeen() throws {
    let events = [try InsightsRuleTests.event("b", "2026-01-09", 1), try InsightsRuleTests.event("a", "2026-01-10", 1)]
    let activity = #","activity":{"event":"a"}"#
    let any = try Self.lifecycle(events, activity)
    #expect(any[0].new == 0 && any[0].resurrecting == 1, "seen the day before by another event")
    let own = try Self.lifecycle(events, activity + #","first_seen":"activity""#)
    #expect(own[0].new == 1 && own[0].resurrecting == 0)
  }

  @Test("active = new + returning + resurrecting; active before = returning + dormant", arguments: LifecycleQuery.Unit.allCases)
  func identities(unit: LifecycleQuery.Unit) throws {
    for seed in 0..<UInt64(200) {
      var random = Randomness(seed: seed)
      let events = try (0..<60).map { _ in
        PlainEvent(random.pick(["a", "b"]), try RetentionRuleTests.at("2026-01-01", random.below(1_500), 0), UInt32(random.below(6)))
      }
      for first in LifecycleQuery.FirstSeen.allCases {
        let rest = #","unit":"\#(unit.rawValue)","first_seen":"\#(first.rawValue)","activity":{"event":"a"}"#
        let points = try Self.lifecycle(events, rest, from: "2026-01-05", to: "2026-02-20")
        for (before, point) in zip(points, points.dropFirst()) {
          #expect(before.active == point.returning + point.dormant, "seed \(seed)")
        }
        guard unit == .day else { continue }
        for (day, point) in points.enumerated() {
          let from = try RetentionRuleTests.at("2026-01-05", day * 24, 0)
          let active = Set(events.filter { $0.name == "a" && $0.time >= from && $0.time < from + 86_400_000 }.map(\.actor)).count
          #expect(point.active == active, "seed \(seed), day \(day)")
        }
      }
    }
  }

  @Test("weeks are whole ones, also where the range begins inside") func wholeWeeks() throws {
    // The range begins on a Wednesday; the subject is active on that Monday and the Monday after.
    let events = try ["2026-01-05", "2026-01-12"].map { try InsightsRuleTests.event("a", $0, 1) }
    let points = try Self.lifecycle(events, #","unit":"week""#, from: "2026-01-07", to: "2026-01-14")
    #expect(points.map(\.new) == [1, 0] && points.map(\.returning) == [0, 1])
  }

  // MARK: - Stickiness

  @Test("one active on nine days and one on five of ten") func stickiness() throws {
    var events: [PlainEvent] = []
    for day in 0..<9 { events.append(PlainEvent("a", try RetentionRuleTests.at("2026-01-01", day * 24 + 3, 0), 1)) }
    for day in 0..<5 { events.append(PlainEvent("a", try RetentionRuleTests.at("2026-01-01", day * 48 + 5, 0), 2)) }
    events.append(events[0])
    guard case .stickiness(let report) = try Self.ask(Self.range("stickiness", "2026-01-01", "2026-01-10"), events) else { return }
    #expect(report.exact == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0])
    #expect(report.atLeast == [2, 2, 2, 2, 2, 1, 1, 1, 1, 0])
    #expect(!report.isLastPartial)
    guard case .stickiness(let weeks) = try Self.ask(Self.range("stickiness", "2026-01-01", "2026-01-13", #","unit":"week""#), events)
    else {
      return
    }
    #expect(weeks.exact == [0, 2, 0] && weeks.isLastPartial, "the range ends on a Tuesday; that week counts as a bucket")
  }

  // MARK: - Sessions

  static func sessions(_ minutes: [Int], _ rest: String = "", zone: String = "UTC", to: String = "2026-01-11") throws -> SessionsReport {
    let events = try minutes.map { PlainEvent("m\($0)", try RetentionRuleTests.at("2026-01-10", 0, $0), 1) }
    guard case .sessions(let report) = try ask(range("sessions", "2026-01-10", to, rest), events, zone: zone) else {
      throw QueryError(.invalid, "not a sessions report")
    }
    return report
  }

  @Test("13:00, 13:10, then 13:50, 14:10, 14:25 are two sessions of 10 and 35 minutes") func twoSessions() throws {
    let figures = try Self.sessions([780, 790, 830, 850, 865]).groups[0].overall
    #expect(figures.sessions == 2 && figures.events == 5 && figures.subjects == 1 && figures.bounces == 0)
    #expect(figures.averageDuration == 22.5 * 60 && figures.medianDuration == 22.5 * 60)
    #expect(try Self.sessions([780, 790, 830, 850, 865], #","fraction":1"#).groups[0].overall.percentileDuration == 35 * 60)
  }

  @Test("a gap of exactly the limit stays inside; a session of one event has no length") func limit() throws {
    #expect(try Self.sessions([0, 30]).groups[0].overall.sessions == 1)
    let apart = try Self.sessions([0, 31]).groups[0].overall
    #expect(apart.sessions == 2 && apart.bounces == 2 && apart.averageDuration == 0 && apart.bounceRate == 1)
    #expect(try Self.sessions([0, 31], #","gap_seconds":1860"#).groups[0].overall.sessions == 1)
  }

  @Test("midnight of the project's zone cuts where it is asked to") func midnight() throws {
    let minutes = [23 * 60 + 50, 24 * 60 + 10]
    #expect(try Self.sessions(minutes).groups[0].overall.sessions == 1)
    let cut = #","cut_at_midnight":true"#
    #expect(try Self.sessions(minutes, cut).groups[0].buckets.map(\.sessions) == [1, 1])
    #expect(try Self.sessions(minutes, cut, zone: "Europe/Berlin").groups[0].overall.sessions == 1)
  }

  @Test("no session is longer than 24 hours, and a day is exactly that") func longest() throws {
    let everyHalfHour = stride(from: 0, through: 26 * 60, by: 30).map { $0 }
    #expect(try Self.sessions(everyHalfHour).groups[0].buckets.map(\.sessions) == [1, 1])
    #expect(try Self.sessions(Array(everyHalfHour.prefix(49))).groups[0].overall.averageDuration == 86_400)
  }

  @Test("a session that began before the range is not the range's, one that goes on after it is whole") func edges() throws {
    let report = try Self.sessions([-10, 10, 1_430, 1_445], to: "2026-01-10").groups[0].overall
    #expect(report.sessions == 1 && report.events == 2 && report.averageDuration == 15 * 60)
  }

  @Test("first and last events, and the first or last value of a property") func ends() throws {
    let at = { (minute: Int) in try RetentionRuleTests.at("2026-01-10", 0, minute) }
    let events = [
      PlainEvent("open", try at(0), 1), PlainEvent("read", try at(5), 1, ["page": .string("x")]),
      PlainEvent("close", try at(9), 1, ["page": .string("y")]), PlainEvent("open", try at(0), 2, ["page": .string("y")]),
    ]
    func report(_ at: String) throws -> SessionsReport {
      let json = Self.range("sessions", "2026-01-10", "2026-01-10", #","breakdown":{"property":"page"},"breakdown_at":"\#(at)""#)
      guard case .sessions(let report) = try Self.ask(json, events) else { throw QueryError(.invalid, "not a sessions report") }
      return report
    }
    let entry = try report("entry")
    #expect(entry.entries == [.init(event: "open", sessions: 2)])
    #expect(entry.exits == [.init(event: "close", sessions: 1), .init(event: "open", sessions: 1)])
    #expect(entry.groups.map(\.group) == [.everything, .value(.string("x")), .value(.string("y"))])
    #expect(entry.groups.map(\.overall.sessions) == [2, 1, 1])
    #expect(try report("exit").groups.map(\.group) == [.everything, .value(.string("y"))])
  }
}
