import Events
import Journeys

/// An engine with made-up answers, as large, small, empty or hostile as a page must stand.
struct SampleEngine: Engine {
  enum Kind: String, CaseIterable, Sendable { case usual, hostile, empty, single, many }
  let kind: Kind
  static let day: Int64 = 86_400_000
  static let now = Timestamp(milliseconds: 1_795_473_300_000)

  var names: [String] {
    switch kind {
    case .hostile:
      [
        "<script>alert(1)</script>", String(repeating: "W", count: 255), "\u{202E}gnp.exe evil", "👩‍👩‍👧‍👦 Family Created 🎉", "حساب جديد",
        "\"><img src=x onerror=alert(1)>",
        "*", "line\nbreak\u{0}",
      ]
    case .empty: []
    case .single: ["Signed Up"]
    default:
      [
        "API Call", "Dashboard Viewed", "Signed Up", "Key Created", "First API Call", "Invoice Paid", "Team Member Invited",
        "Quota Warning Shown",
      ]
    }
  }

  func dataVersion() async -> UInt64 { 48_211 }
  func memory() async -> [MemoryUse] { [] }

  func catalog() async throws -> Catalog {
    let counts = [812_411, 240_113, 31_207, 22_480, 17_903, 4_211, 1_870, 402]
    let further = kind == .many ? (0..<2_000).map { Catalog.Event(name: "*generated \($0)", count: 1, properties: ["n"]) } : []
    return Catalog(
      events: zip(names, counts).map {
        Catalog.Event(name: $0, count: kind == .single ? 1 : $1, properties: ["plan", "$os", "org_id", names[0]])
      } + further,
      eventCount: kind == .empty ? 0 : kind == .single ? 1 : 1_130_597, subjectCount: kind == .empty ? 0 : kind == .single ? 1 : 31_990,
      firstEvent: kind == .empty ? nil : Timestamp(milliseconds: Self.now.milliseconds - 90 * Self.day),
      lastEvent: kind == .empty ? nil : Self.now)
  }

  private func notes(_ calendar: ProjectCalendar) -> ReportNotes {
    ReportNotes(
      evaluatedAt: Self.now, zone: calendar.zone, dataVersion: 48_211, eventsRead: kind == .empty ? 0 : 1_130_597,
      excluded: kind == .usual ? [.init(reason: "no_actor", count: 1_204)] : [])
  }

  func report(_ query: Query, _ rules: ReportRules, at instant: Timestamp) async throws -> Report {
    let calendar = rules.calendar
    let content: Report.Content =
      switch query {
      case .insights(let query): .insights(try insights(query, calendar))
      case .funnel(let query): .funnel(try funnel(query, calendar))
      case .retention(let query): .retention(retention(query))
      case .flows(let query): .flows(flows(query))
      case .cohort: .cohort(CohortReport(size: 1_204, known: 48_113))
      case .lifecycle(let query): .lifecycle(try lifecycle(query, calendar))
      case .stickiness(let query): .stickiness(try stickiness(query, calendar))
      case .sessions(let query): .sessions(try sessions(query, calendar))
      }
    return Report(content: content, notes: notes(calendar))
  }

  private func groups(_ breakdown: Breakdown?) -> [ReportGroup] {
    guard let breakdown else { return [.everything] }
    if case .edges(let edges)? = breakdown.bins {
      return (0...edges.count).map { .bin(from: $0 > 0 ? edges[$0 - 1] : nil, to: $0 < edges.count ? edges[$0] : nil) } + [.none]
    }
    return kind == .hostile
      ? names.map { .value(.string($0)) } + [.none, .other]
      : [
        .value(.string("team")), .value(.string("free")), .value(.string("enterprise")), .value(.number(3)), .value(.boolean(true)), .none,
        .other,
      ]
  }

  private func insights(_ query: InsightsQuery, _ calendar: ProjectCalendar) throws -> InsightsReport {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    let starts = buckets.edges.dropLast().map { Timestamp(milliseconds: $0) }
    var lines: [InsightsReport.Line] = []
    for series in query.series.indices {
      for (index, group) in groups(query.breakdown).enumerated() {
        let base = 12_000.0 / Double(1 + index * 2) / Double(1 + series * 3)
        let values = starts.indices.map { bucket -> Double? in
          switch kind {
          case .empty: return 0
          case .single: return bucket == starts.count / 2 ? 1 : nil
          default:
            let weekend = bucket % 7 > 4 ? 0.55 : 1
            return (base * weekend * (1 + Double(bucket % 11) / 20 + Double(bucket) / Double(starts.count))).rounded()
          }
        }
        lines.append(.init(series: series, group: group, values: values, overall: values.reduce(0) { $0! + ($1 ?? 0) }))
      }
    }
    func formulas(_ share: Double) -> [InsightsReport.FormulaLine] {
      query.formulas.indices.flatMap { formula in
        groups(query.breakdown).map { group in
          .init(
            formula: formula, group: group, values: starts.indices.map { $0 % 5 == 4 ? nil : share * Double(40 + $0 % 9) },
            overall: share * 44)
        }
      }
    }
    var compared: InsightsReport.Compared?
    if let range = query.comparedRange {
      let buckets = try calendar.buckets(range, by: query.unit)
      let earlier = lines.map { line in
        var line = line
        line.values = (0..<buckets.count).map { line.values.indices.contains($0) ? line.values[$0].map { ($0 * 0.8).rounded() } : nil }
        line.overall = line.overall.map { ($0 * 0.8).rounded() }
        return line
      }
      compared = .init(
        range: range, buckets: buckets.edges.dropLast().map { Timestamp(milliseconds: $0) }, lines: earlier, formulas: formulas(0.9))
    }
    return InsightsReport(
      buckets: starts, firstIncomplete: kind == .single ? starts.count : max(0, starts.count - 1), lines: lines, formulas: formulas(1),
      compared: compared)
  }

  private func lifecycle(_ query: LifecycleQuery, _ calendar: ProjectCalendar) throws -> LifecycleReport {
    let starts = try calendar.lifecycleBuckets(query).edges.dropFirst().dropLast().map { Timestamp(milliseconds: $0) }
    return LifecycleReport(
      buckets: starts, firstIncomplete: max(0, starts.count - 1),
      points: starts.indices.map { bucket in
        var point = LifecycleReport.Point()
        if kind == .single, bucket == starts.count / 2 { point.new = 1 }
        guard kind != .empty, kind != .single else { return point }
        point.returning = 4_000 + bucket * 37
        point.new = 900 - bucket * 53 % 400
        point.resurrecting = 210 + bucket % 9 * 31
        point.dormant = 700 + bucket % 7 * 80
        return point
      })
  }

  private func stickiness(_ query: StickinessQuery, _ calendar: ProjectCalendar) throws -> StickinessReport {
    let starts = try calendar.buckets(query.range, by: query.unit.bucketUnit).edges.dropLast().map { Timestamp(milliseconds: $0) }
    return StickinessReport(
      buckets: starts, firstIncomplete: max(0, starts.count - 1), isLastPartial: true,
      exact: starts.indices.map { kind == .empty ? 0 : kind == .single ? ($0 == 0 ? 1 : 0) : 9_000 / ($0 + 1) + ($0 % 7 == 4 ? 500 : 0) })
  }

  private func sessions(_ query: SessionsQuery, _ calendar: ProjectCalendar) throws -> SessionsReport {
    let starts = try calendar.buckets(query.range, by: query.unit).edges.dropLast().map { Timestamp(milliseconds: $0) }
    func figures(_ size: Int) -> SessionsReport.Figures {
      var figures = SessionsReport.Figures()
      guard size > 0 else { return figures }
      (figures.sessions, figures.subjects, figures.events, figures.bounces) = (size, size * 2 / 3 + 1, size * 7, size / 4)
      (figures.averageDuration, figures.medianDuration, figures.percentileDuration) = (412.5, 190, Double(900 + size % 600))
      return figures
    }
    let size = kind == .empty ? 0 : kind == .single ? 1 : 2_400
    let all = query.breakdown == nil ? [.everything] : [ReportGroup.everything] + groups(query.breakdown)
    let events = names.prefix(query.eventLimit).enumerated().map { SessionsReport.EventCount(event: $1, sessions: size / ($0 + 1)) }
    return SessionsReport(
      buckets: starts, firstIncomplete: max(0, starts.count - 1),
      groups: all.enumerated().map { index, group in
        .init(
          group: group,
          buckets: starts.indices.map { figures(kind == .single ? ($0 == 0 ? 1 : 0) : size / (index + 1) + $0 % 7 * (size / 20)) },
          overall: figures(size * starts.count / (index + 1)))
      }, entries: events + (size > 9 ? [.init(event: nil, sessions: 9)] : []), exits: Array(events.reversed()))
  }

  private func funnel(_ query: FunnelQuery, _ calendar: ProjectCalendar) throws -> FunnelReport {
    let shares = [1, 0.72, 0.57, 0.31, 0.12, 0.08, 0.05, 0.04]
    let starts = try query.trend.map { try calendar.buckets(query.range, by: $0).edges.dropLast() }.map(Array.init) ?? []
    return FunnelReport(
      groups: ([ReportGroup.everything] + (query.breakdown == nil ? [] : groups(query.breakdown))).enumerated().map { index, group in
        let size = kind == .empty ? 0 : kind == .single ? 1 : 31_207 / (index + 1)
        let steps = query.steps.indices.map { step -> FunnelReport.Step in
          let count = kind == .single ? (step == 0 ? 1 : 0) : Int(Double(size) * shares[min(step, 7)])
          return .init(
            count: count, medianSecondsFromPrevious: step > 0 && count > 0 ? 8_040 : nil,
            averageSecondsFromPrevious: step > 0 && count > 0 ? 41_000 : nil,
            medianSecondsFromEntry: step > 0 && count > 0 ? Double(step) * 9_400 : nil,
            averageSecondsFromEntry: step > 0 && count > 0 ? Double(step) * 60_000 : nil)
        }
        return .init(
          group: group, steps: steps, open: kind == .usual ? 412 : 0,
          excluded: query.exclusions.isEmpty ? nil : kind == .usual ? 1_733 : 0,
          trend: starts.indices.map { point($0, size / max(1, starts.count), query, shares) },
          conversion: query.timeToConvert.map { conversion($0, steps[$0.toStep].count) })
      }, buckets: starts.map { Timestamp(milliseconds: $0) }, firstIncomplete: max(0, starts.count - 7))
  }

  private func point(_ bucket: Int, _ size: Int, _ query: FunnelQuery, _ shares: [Double]) -> FunnelReport.Point {
    let entered = bucket % 9 == 4 ? 0 : size + bucket % 7
    let counts = query.steps.indices.map { step in
      Int(Double(entered) * shares[min(step, 7)] * (step == 0 ? 1 : 0.8 + Double(bucket % 5) / 20))
    }
    return .init(counts: counts, open: bucket % 3, excluded: query.exclusions.isEmpty ? nil : bucket % 4)
  }

  private func conversion(_ asked: FunnelQuery.TimeToConvert, _ count: Int) -> FunnelReport.Conversion {
    guard count > 0 else { return .init(count: 0, medianSeconds: nil, averageSeconds: nil, p90Seconds: nil, edges: [], counts: []) }
    let weights = (0..<asked.bins).map { bin -> Double in
      let distance = Double(bin) - 2
      return 1 / (1 + distance * distance) + 0.02
    }
    let total: Double = weights.reduce(0, +)
    let edges = (0...asked.bins).map { edge -> Double in 12.5 + 604_787.5 * Double(edge) / Double(asked.bins) }
    let counts = weights.map { weight -> Int in Int(Double(count) * weight / total) }
    return .init(count: count, medianSeconds: 9_400, averageSeconds: 41_000, p90Seconds: 170_000, edges: edges, counts: counts)
  }

  private func retention(_ query: RetentionQuery) -> RetentionReport {
    let count = kind == .empty ? 0 : kind == .single ? 1 : kind == .many ? 60 : 9
    let week = 7 * Self.day
    func cohorts(_ part: Int) -> [RetentionReport.Cohort] {
      (0..<count).map { index in
        let start = Timestamp(milliseconds: Self.now.milliseconds - Int64(count - index) * week)
        let size = (4_000 + index * 311 % 900) / part
        let known = min(query.columns.count, count - index)
        let counts = query.columns.indices.map { period -> Int? in
          guard period < known else { return nil }
          let share: Double = 0.46 / Double(period + 1) + 0.11
          return period == 0 ? size : Int(Double(size) * share)
        }
        return .init(
          start: start, size: size, counts: counts, complete: max(0, known - 1),
          completeAt: query.columns.indices.map { Timestamp(milliseconds: start.milliseconds + Int64($0 + 1) * week) })
      }
    }
    let average = query.columns.indices.map { period -> Double? in
      guard period < count - 1 else { return nil }
      return period == 0 ? 1 : 0.46 / Double(period + 1) + 0.11
    }
    let segments = query.breakdown == nil ? [] : groups(query.breakdown)
    return RetentionReport(
      cohorts: cohorts(1), average: average,
      segments: segments.enumerated().map { .init(group: $1, cohorts: cohorts($0 + 2), average: average) }, lookedUntil: Self.now)
  }

  private func flows(_ query: FlowsQuery) -> FlowsReport {
    let entrants = kind == .empty ? 0 : kind == .single ? 1 : 31_207
    var columns: [FlowsReport.Column] = []
    var edges: [FlowsReport.Edge] = []
    let anchor = FlowsReport.Node.event(query.anchor.event ?? "any event")
    for position in -query.backward...query.forward {
      if position == 0 {
        columns.append(.init(position: 0, entries: [.init(node: anchor, count: entrants)]))
        continue
      }
      var rest = entrants
      var entries: [FlowsReport.Column.Entry] = []
      for name in names.prefix(query.nodesPerColumn) where kind != .single {
        let part = rest / 3
        rest -= part
        entries.append(.init(node: .event(name), count: part))
      }
      let other = kind == .single ? 0 : rest / 3
      if other > 0 { entries.append(.init(node: .other, count: other)) }
      entries.append(.init(node: .end, count: rest - other))
      columns.append(.init(position: position, entries: entries))
    }
    for (left, right) in zip(columns, columns.dropFirst()) {
      var open = right.entries.map(\.count)
      for entry in left.entries {
        var rest = entry.count
        for index in open.indices {
          let part = index == open.count - 1 ? min(rest, open[index]) : min(rest, open[index], max(1, entry.count / right.entries.count))
          if part > 0 { edges.append(.init(position: left.position, from: entry.node, to: right.entries[index].node, count: part)) }
          open[index] -= part
          rest -= part
        }
      }
    }
    let start = query.anchor.event ?? "any event"
    return FlowsReport(
      entrants: entrants, columns: columns, edges: edges,
      paths: kind == .empty ? [] : (0..<6).map { .init(events: [start] + names.prefix($0 % 3 + 1), count: entrants / ($0 + 2)) })
  }

  static func subject(_ index: Int) -> SubjectReference {
    SubjectReference(
      number: SubjectNumber(UInt32(index) &* 2_654_435_761),
      pseudonym: Pseudonym(high: UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1 << 63, low: UInt64(index) &* 0xBF58_476D_1CE4_E5B9 | 1 << 62))
  }

  func subjects(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectReference] {
    kind == .empty ? [] : (0..<(kind == .single ? 1 : 214)).map(Self.subject)
  }

  func numbers(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectNumber] {
    try await subjects(door, rules, at: instant).map(\.number)
  }

  func firstEvent() async throws -> Timestamp? { try await catalog().firstEvent }

  func timeline(of subject: Pseudonym, before cursor: EventCursor?, limit: Int, includingHeld: Bool) async throws -> [JourneyEvent] {
    guard kind != .empty else { return [] }
    let sealed = StoredValue.sealed(SealedValue(bytes: [1, 2, 3], tag: Pseudonym(high: 1, low: 2)))
    return (0..<(kind == .single ? 1 : 14)).map { index in
      JourneyEvent(
        name: names[index % names.count], time: Timestamp(milliseconds: Self.now.milliseconds - Int64(index) * 7_000_000),
        subject: Self.subject(1),
        original: Self.subject(index > 10 ? 2 : 1),
        properties: [
          .init("plan", .string(kind == .hostile ? names[0] : "team")), .init("email", sealed),
          .init("org_id", .pseudonym(Pseudonym(high: 7, low: 9))), .init("seats", .number(12)),
          .init("tags", .list([.string("a"), .null, .boolean(true)])), .init("nested", .object([.init(names[0], .number(0.5))])),
        ], cursor: EventCursor(text: "c\(index)"))
    }
  }

  func profile(of subject: Pseudonym) async throws -> Profile? {
    guard kind != .empty else { return nil }
    let sealed = StoredValue.sealed(SealedValue(bytes: [1, 2, 3], tag: Pseudonym(high: 1, low: 2)))
    return Profile(
      subject: Self.subject(1),
      verified: [.init("$email", sealed), .init("$name", sealed), .init("plan", .string("team")), .init("role", .string("admin"))],
      unverified: [
        .init(kind == .hostile ? names[1] : "favourite_color", .string(kind == .hostile ? names[2] : "teal")),
        .init("$os", .string("Linux")),
      ])
  }

  func findSubjects(prefix: String, limit: Int) async throws -> [SubjectSummary] {
    guard kind != .empty else { return [] }
    return (0..<(kind == .single ? 1 : 24)).map {
      SubjectSummary(
        subject: Self.subject($0 + 1), events: 1_900 / ($0 + 1), firstSeen: Timestamp(milliseconds: Self.now.milliseconds - 80 * Self.day),
        lastSeen: Timestamp(milliseconds: Self.now.milliseconds - Int64($0) * 90_000))
    }
  }

  func export(_ range: DateRange, events: [String]?, calendar: ProjectCalendar, after cursor: EventCursor?, limit: Int) async throws
    -> [JourneyEvent]
  { [] }
  func values(of property: String, event: String?, limit: Int) async throws -> [StoredValue] { [] }

  func statistics(of event: String, since time: Timestamp) async throws -> EventStatistics {
    guard kind != .empty else { return EventStatistics(count: 0, properties: []) }
    return EventStatistics(
      count: 812_411,
      properties: [
        PropertyStatistics(name: names[0], count: 812_411, distinct: 10_000, samples: [.string(names.last ?? "")], kinds: [.text]),
        PropertyStatistics(name: "plan", count: 31_207, distinct: 3, samples: [.string("team"), .string("free")], kinds: [.text]),
        PropertyStatistics(
          name: "$os", count: 9, distinct: 2, samples: [.string("Linux"), .pseudonym(Self.subject(1).pseudonym)], kinds: [.text]),
        PropertyStatistics(name: "tokens", count: 9, distinct: 2, samples: [.number(12)], kinds: [.number]),
      ])
  }

  func profileStatistics(ofGroups: Bool) async throws -> EventStatistics { try await statistics(of: "", since: Self.now) }

  func heldEvents() async throws -> [HeldEvents] {
    kind == .empty ? [] : [HeldEvents(name: names.last ?? "", count: 17, first: Self.now, last: Self.now)]
  }
}
