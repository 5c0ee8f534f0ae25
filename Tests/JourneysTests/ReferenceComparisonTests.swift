import Events
import Foundation
import Journeys
import SegmentStore
import Testing

/// The engine against the plain reference, on thousands of small hostile worlds for each report.
struct ReferenceComparisonTests {
  /// More with `SEALANE_CASES`, as `make soak` has it.
  static let casesPerReport = ProcessInfo.processInfo.environment["SEALANE_CASES"].flatMap(UInt64.init) ?? 4_000

  @Test("thousands of random cases agree with the reference", arguments: RandomCase.Kind.allCases)
  func agrees(kind: RandomCase.Kind) throws {
    for seed in 0..<Self.casesPerReport {
      let example = try RandomCase(kind, seed: seed)
      let expected = try Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest).report(
        example.query)
      var snapshot = example.world.snapshot(assignment: example.assignment, versions: example.versions, runs: example.runs)
      if seed % 2 == 1 { snapshot.useTwoThreads() }
      snapshot.bandSubjects = [1, 3, 1_024][Int(seed % 3)]
      let execution = QueryExecution(
        snapshot: snapshot, rules: example.rules, instant: Timestamp(milliseconds: example.instant))
      let found = try execution.report(example.query)
      if let difference = Difference.between(expected.json, found.json) {
        Issue.record("seed \(seed) of \(kind): \(difference)\nquery \(example.query.canonicalJSON)")
        return
      }
      if let difference = try Doors.difference(found, example.query, execution) {
        Issue.record("seed \(seed) of \(kind): \(difference)\nquery \(example.query.canonicalJSON)")
        return
      }
    }
  }

  @Test("splitting the same events into other runs, in another order, changes nothing", arguments: RandomCase.Kind.allCases)
  func storageDoesNotMatter(kind: RandomCase.Kind) throws {
    for seed in 5_000..<UInt64(5_150) {
      var example = try RandomCase(kind, seed: seed)
      let instant = Timestamp(milliseconds: example.instant)
      let one = try QueryExecution(snapshot: example.world.snapshot(), rules: example.rules, instant: instant).report(example.query)
      var random = Randomness(seed: seed)
      example.world.events.shuffle(using: &random)
      let snapshot = example.world.snapshot(
        assignment: example.assignment.shuffled(using: &random), versions: example.versions, runs: example.runs)
      let other = try QueryExecution(snapshot: snapshot, rules: example.rules, instant: instant).report(example.query)
      if let difference = Difference.between(one.json, other.json) {
        Issue.record("seed \(seed) of \(kind): \(difference)\nquery \(example.query.canonicalJSON)")
        return
      }
    }
  }

  /// Lengths around those of the words that bit sets are made of, and more names and values than a byte tells apart.
  @Test("blocks of any length agree with the reference", arguments: RandomCase.Kind.allCases)
  func blockLengthsDoNotMatter(kind: RandomCase.Kind) throws {
    for (number, blockRows) in [1, 2, 63, 64, 65, 127, 128, 129, 500, 5_000].enumerated() {
      for round in 0..<UInt64(2) {
        let seed = 40_000 + UInt64(number) * 10 + round
        var example = try RandomCase(kind, seed: seed)
        try example.crowd(names: round == 0 ? 8 : 300, values: round == 0 ? 9 : 400, events: 1_500)
        let expected = try Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest)
          .report(example.query)
        var snapshot = example.world.snapshot(
          assignment: example.assignment, versions: example.versions, runs: example.runs, blockRows: blockRows)
        if round == 1 { snapshot.useTwoThreads() }
        snapshot.bandSubjects = number % 2 == 0 ? 7 : 1_024
        let execution = QueryExecution(
          snapshot: snapshot, rules: example.rules, instant: Timestamp(milliseconds: example.instant))
        if let difference = Difference.between(expected.json, try execution.report(example.query).json) {
          Issue.record("seed \(seed) of \(kind), blocks of \(blockRows): \(difference)\nquery \(example.query.canonicalJSON)")
          return
        }
      }
    }
  }

  @Test("more values than a question may tell apart are an error that says so") func tooManyGroups() throws {
    var world = PlainWorld()
    for index in 0..<200_001 { world.events.append(PlainEvent("open", 1_000, 1, ["plan": .number(Double(index))])) }
    let day = CalendarDate(year: 1970, month: 1, day: 1)
    let execution = QueryExecution(
      snapshot: world.snapshot(blockRows: ColumnRun.blockRows), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: 2_000))
    let query = Query.insights(
      InsightsQuery(
        range: DateRange(from: day, to: day), series: [.init(selector: EventSelector(event: "open"), measure: .total)],
        breakdown: Breakdown(property: PropertyReference("plan"), limit: 3)))
    let error = #expect(throws: QueryError.self) { try execution.report(query) }
    #expect(error?.code == .tooLarge && error?.field == "breakdown.property")
  }

  @Test("a cancelled task gets an error, not half an answer")
  func cancellation() async throws {
    var world = PlainWorld()
    for subject in 0..<6_000 { world.events.append(PlainEvent("open", 1_000, UInt32(subject))) }
    let execution = QueryExecution(snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: 2_000))
    let day = CalendarDate(year: 1970, month: 1, day: 1)
    let query = Query.insights(
      InsightsQuery(range: DateRange(from: day, to: day), series: [.init(selector: EventSelector(event: "open"), measure: .unique)]))
    let task = Task { () -> QueryError.Code? in
      while !Task.isCancelled { await Task.yield() }
      do throws(QueryError) {
        _ = try execution.report(query)
        return nil
      } catch { return error.code }
    }
    task.cancel()
    #expect(await task.value == .cancelled)
  }
}

extension StoreSnapshot {
  private static let threads = ScanThreads(count: 2)

  /// Cuts every pass in two, however small.
  mutating func useTwoThreads() {
    scanThreads = Self.threads
    rowsForTwoThreads = 0
  }
}

/// Where two answers differ; numbers may by one part in a thousand million.
enum Difference {
  static func between(_ expected: JSONValue, _ found: JSONValue, at place: String = "") -> String? {
    switch (expected, found) {
    case (.number(let a), .number(let b)):
      return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b)) ? nil : "\(place): expected \(a), found \(b)"
    case (.list(let a), .list(let b)):
      guard a.count == b.count else { return "\(place): expected \(expected.text), found \(found.text)" }
      for index in a.indices { if let difference = between(a[index], b[index], at: "\(place)[\(index)]") { return difference } }
      return nil
    case (.object(let a), .object(let b)):
      guard a.keys == b.keys || Set(a.keys) == Set(b.keys) else { return "\(place): expected \(expected.text), found \(found.text)" }
      for key in a.keys.sorted() {
        if let left = a[key], let right = b[key], let difference = between(left, right, at: "\(place).\(key)") { return difference }
      }
      return nil
    default: return expected == found ? nil : "\(place): expected \(expected.text), found \(found.text)"
    }
  }
}

/// Every figure of a report is a door to as many subjects as it counts.
enum Doors {
  static func difference(_ report: Report, _ query: Query, _ execution: QueryExecution) throws -> String? {
    func check(_ cell: Door.Cell, _ count: Int, exactly: Bool = true) throws -> String? {
      let subjects = try execution.subjects(Door(query: query, cell: cell))
      guard subjects == Set(subjects).sorted() else { return "\(cell): subjects are not ascending and different" }
      let isRight = exactly ? subjects.count == count : subjects.count <= count && (subjects.isEmpty == (count == 0))
      return isRight ? nil : "\(cell): the figure counts \(count), the door leads to \(subjects.count)"
    }
    switch (report.content, query) {
    case (.insights(let report), .insights(let query)):
      for line in report.lines {
        switch query.series[line.series].measure {
        case .unique, .active: break
        default: continue
        }
        for (bucket, value) in line.values.enumerated() where report.buckets.count < 12 {
          if let wrong = try check(.insights(series: line.series, group: line.group, bucket: bucket), Int(value ?? 0)) { return wrong }
        }
        if let wrong = try check(.insights(series: line.series, group: line.group, bucket: nil), Int(line.overall ?? 0)) { return wrong }
      }
    case (.funnel(let report), .funnel(let query)):
      for group in report.groups {
        if let excluded = group.excluded {
          let exactly = query.counting == .unique
          if let wrong = try check(.funnelExcluded(group: group.group), excluded, exactly: exactly) { return wrong }
        }
        for (step, figure) in group.steps.enumerated() {
          let exactly = query.counting == .unique
          if let wrong = try check(.funnel(group: group.group, step: step, droppedAfter: false), figure.count, exactly: exactly) {
            return wrong
          }
          for (bucket, point) in group.trend.enumerated() where group.trend.count < 8 {
            for droppedAfter in step + 1 < group.steps.count ? [false, true] : [false] {
              let cell = Door.Cell.funnelTrend(group: group.group, step: step, droppedAfter: droppedAfter, bucket: bucket)
              let count = point.counts[step] - (droppedAfter ? point.counts[step + 1] : 0)
              if let wrong = try check(cell, count, exactly: exactly) { return wrong }
            }
          }
          guard step + 1 < group.steps.count else { continue }
          let dropped = figure.count - group.steps[step + 1].count
          if let wrong = try check(.funnel(group: group.group, step: step, droppedAfter: true), dropped, exactly: exactly) { return wrong }
        }
      }
    case (.retention(let report), .retention):
      let groups = [(ReportGroup.everything, report.cohorts)] + report.segments.map { ($0.group, $0.cohorts) }
      for (group, cohorts) in groups {
        for (cohort, row) in cohorts.enumerated() where cohort < (group == .everything ? 6 : 3) {
          if let wrong = try check(.retention(group: group, cohort: cohort, period: nil), row.size) { return wrong }
          for (period, count) in row.counts.enumerated() {
            if let count, let wrong = try check(.retention(group: group, cohort: cohort, period: period), count) { return wrong }
          }
        }
      }
    case (.flows(let report), .flows(let query)):
      for column in report.columns {
        guard column.entries.reduce(0, { $0 + $1.count }) == report.entrants else { return "column \(column.position) does not add up" }
        for entry in column.entries {
          let cell = Door.Cell.flows(position: column.position, node: entry.node)
          if let wrong = try check(cell, entry.count, exactly: query.anchors == .first) { return wrong }
        }
      }
    case (.cohort(let report), .cohort):
      if let wrong = try check(.cohort, report.size) { return wrong }
    case (.lifecycle(let report), .lifecycle):
      for (bucket, point) in report.points.enumerated() where bucket < 12 {
        for state in LifecycleReport.State.allCases {
          if let wrong = try check(.lifecycle(bucket: bucket, state: state), point?[state] ?? 0) { return wrong }
        }
      }
    case (.stickiness(let report), .stickiness):
      for (index, count) in report.exact.enumerated() {
        if let wrong = try check(.stickiness(buckets: index + 1, atLeast: false), count) { return wrong }
        if let wrong = try check(.stickiness(buckets: index + 1, atLeast: true), report.atLeast[index]) { return wrong }
      }
    case (.sessions(let report), .sessions):
      for group in report.groups {
        for (bucket, figures) in group.buckets.enumerated() where group.buckets.count < 12 {
          if let wrong = try check(.sessions(group: group.group, bucket: bucket), figures.subjects) { return wrong }
        }
        if let wrong = try check(.sessions(group: group.group, bucket: nil), group.overall.subjects) { return wrong }
      }
    default: return "the report is of another kind than the query"
    }
    return nil
  }
}
