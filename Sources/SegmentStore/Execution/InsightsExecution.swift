internal import Events
internal import Journeys

/// The figures of the series of a part of an insights report.
struct InsightsFigures {
  /// By series and slot: one for each bucket, then the one over the whole range.
  var figures: [[[Double?]]] = []
  var withoutActor = 0
  var notNumeric = 0
  var withoutValue = 0
}

/// Those series of an insights report that event by event can fill (semantics A.2); the rest is for `JourneyInsights`. Mostly one
/// pass counts all groups. Otherwise a first pass ranks them over the whole range and a second fills the shown ones, so that "other" counts
/// its subjects once.
struct InsightsExecution {
  /// With no other series.
  let query: InsightsQuery
  let context: ExecutionContext
  let table: BucketTable
  /// Of the breakdown, whose property is the first that the scan shows.
  let codes: BreakdownCodes?
  /// What the count pass has found, kept between the ranking and the figures.
  let counts: InsightsCounts

  func figures(_ shown: [ShownGroups]) throws(QueryError) -> InsightsFigures {
    if let pass = try counted(), let result = figures(shown, of: pass) { return result }
    var properties = ShownProperties(query.breakdown)
    var pass = InsightsPass(
      cells: try cells(slots: shown.map(\.groups.count), buckets: table.count, &properties), codes: codes, slots: shown.map(\.slots),
      from: table.from, to: table.to, table: table)
    defer { pass.free() }
    try fill(properties, &pass)
    var result = InsightsFigures()
    for (index, cells) in pass.cells.enumerated() {
      result.figures.append(cells.figures(slots: shown[index].groups.count))
      result.withoutActor += cells.withoutActor
      result.notNumeric += cells.notNumeric
    }
    return result
  }

  /// Nil where the events have to be read again for what is folded into "other".
  private func figures(_ shown: [ShownGroups], of pass: InsightsCountPass) -> InsightsFigures? {
    var result = InsightsFigures()
    for (series, shown) in zip(query.series, shown) {
      var members = [[Int]](repeating: [], count: shown.groups.count)
      for (group, slot) in shown.slots.enumerated() where slot >= 0 { members[Int(slot)].append(group) }
      var figures: [[Double?]] = []
      for (slot, groups) in members.enumerated() {
        if shown.groups[slot] != .other, groups.count == 1 {
          figures.append(pass.figures(groups[0], series.measure))
        } else if let several = pass.figures(ofAny: groups, series.measure) {
          figures.append(several)
        } else {
          return nil
        }
      }
      result.figures.append(figures)
      if series.measure == .unique { result.withoutActor += pass.withoutActor }
    }
    return result
  }

  /// Nil where the series are not all of one kind of event, or ask for more than numbers of events and subjects, or have too many groups.
  private func counted() throws(QueryError) -> InsightsCountPass? {
    guard counts.isMade || query.series.contains(where: { $0.measure == .unique }),
      query.series.allSatisfy({ ($0.measure == .unique || $0.measure == .total) && $0.selector == query.series[0].selector })
    else { return nil }
    if !counts.isMade {
      counts.isMade = true
      // With too many groups for bands there is room for some more journey by journey.
      counts.pass = try counted(inBands: true)
      if counts.pass == nil { counts.pass = try counted(inBands: false) }
    }
    return counts.pass
  }

  private func counted(inBands: Bool) throws(QueryError) -> InsightsCountPass? {
    var pass = InsightsCountPass(
      codes: codes, table: table, bucketsAreDays: query.unit == .day, inBands: inBands,
      memory: context.snapshot.queryMemory / 8)
    do throws(QueryError) {
      try scan(ShownProperties(query.breakdown), [query.series[0].selector]).run(&pass)
      try codes?.check()
    } catch {
      pass.free()
      throw error
    }
    if !pass.isFull { return pass }
    pass.free()
    return nil
  }

  /// By series: what each group counts over the whole range; nil where nothing was counted.
  func ranking(_ codes: BreakdownCodes) throws(QueryError) -> [[Double?]] {
    if let pass = try counted() {
      return query.series.map { series in
        (0..<codes.groupCount).map { group in
          pass.isEmpty(group, series.measure) ? nil : pass.overall(group, series.measure)
        }
      }
    }
    var properties = ShownProperties(query.breakdown)
    var pass = InsightsPass(
      cells: try cells(slots: query.series.map { _ in 64 }, buckets: 0, &properties), codes: codes, slots: nil, from: table.from,
      to: table.to, table: nil)
    defer { pass.free() }
    try fill(properties, &pass)
    try codes.check()
    return pass.cells.map { cells in
      cells.figures(slots: min(cells.slotCount, codes.groupCount)).enumerated().map { slot, figure in
        cells.isEmpty(slot: slot) ? nil : figure[0]
      }
    }
  }

  /// The subjects that the first series counts in a slot and a time.
  func subjects(slots: [Int32], slot: Int, in times: Range<Int64>) throws(QueryError) -> [UInt32] {
    var properties = ShownProperties(query.breakdown)
    let cells = try cells(slots: [1], buckets: 0, &properties)
    defer { for cell in cells { cell.free() } }
    var pass = InsightsSubjects(
      cells: cells[0], codes: codes, slots: slots, slot: Int32(slot), from: times.lowerBound, to: times.upperBound)
    try scan(properties).run(&pass)
    return pass.found
  }

  private func fill(_ properties: ShownProperties, _ pass: inout InsightsPass) throws(QueryError) {
    let scan = try scan(properties)
    if query.countsNobody {
      try scan.runBlocks(except: try rollUp(&pass)) { pass.visit($0) }
    } else {
      try scan.run(&pass)
    }
  }

  /// Fills in what segments have counted already, where the question is only how many events of a name there were.
  ///
  /// - Returns: the runs of the snapshot that need no scan any more.
  private func rollUp(_ pass: inout InsightsPass) throws(QueryError) -> Set<Int> {
    guard context.snapshot.usesCounts, pass.table != nil, query.breakdown == nil, query.filter == nil, context.snapshot.level == .subject,
      query.series.allSatisfy({ $0.measure == .total && $0.selector.filter == nil })
    else { return [] }
    var done: Set<Int> = []
    for (index, run) in context.snapshot.runs.enumerated() {
      guard run.lastTime <= context.instant.milliseconds, run.firstTime < table.to, run.lastTime >= table.from,
        let buckets = table.bySlot(run.partition)
      else { continue }
      let counts: EventCounts?
      do throws(StoreError) { counts = try run.eventCounts() } catch { throw QueryError(.unreadable, error.description) }
      guard let counts else { continue }
      for (series, asked) in query.series.enumerated() {
        for (event, code) in run.eventCodes.enumerated()
        where asked.selector.event == nil || asked.selector.event == context.snapshot.eventNames[Int(code)] {
          for entry in counts.starts[event]..<counts.starts[event + 1] {
            let bucket = buckets[Int(counts.slots[entry])]
            if bucket != BucketTable.outside { pass.cells[series].addTotal(Int(counts.counts[entry]), bucket: Int(bucket)) }
          }
        }
      }
      done.insert(index)
    }
    return done
  }

  private func scan(_ properties: ShownProperties) throws(QueryError) -> JourneyScan {
    try scan(properties, query.series.map(\.selector))
  }

  private func scan(_ properties: ShownProperties, _ asked: [EventSelector]) throws(QueryError) -> JourneyScan {
    // Whoever is only asked whether there was an event is answered by the first of a day.
    let isPresence =
      query.breakdown == nil && query.unit != .hour && query.series.allSatisfy { $0.measure == .unique || $0.selector.event != nil }
    let selectors = try Selectors(
      asked, everything: query.filter, properties: properties.names, buckets: table,
      firsts: isPresence ? ZoneDays(context.calendar) : nil, snapshot: context.snapshot, instant: context.instant)
    return JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: properties.names.count, times: table.from..<max(table.from, table.to))
  }

  private func cells(slots: [Int], buckets: Int, _ properties: inout ShownProperties) throws(QueryError) -> [SeriesCells] {
    guard slots.reduce(0, { $0 + $1 * (buckets + 1) }) < 5_000_000 else {
      throw QueryError(
        .tooLarge, "The report has too many cells; use a wider unit, fewer series or a smaller breakdown limit.", field: "breakdown.limit")
    }
    var cells: [SeriesCells] = []
    for (index, series) in query.series.enumerated() {
      cells.append(
        SeriesCells(series.measure, slots: slots[index], buckets: buckets, properties: &properties, snapshot: context.snapshot))
    }
    return cells
  }
}

/// The count pass of a part of a report, once it was made.
final class InsightsCounts {
  var isMade = false
  var pass: InsightsCountPass?
  deinit { pass?.free() }
}

extension InsightsQuery {
  /// Whether no figure depends on who did what.
  fileprivate var countsNobody: Bool {
    if let breakdown, breakdown.property.scope != .event { return false }
    return series.allSatisfy { series in
      switch series.measure {
      case .total: true
      case .unique, .averagePerSubject, .active, .distinct, .perSubject: false
      case .sum(let property), .average(let property), .minimum(let property), .maximum(let property), .percentile(let property, _):
        property.scope == .event
      }
    }
  }
}

/// Fills the cells. With `slots` nil every group has its own slot, made as it is met (the ranking pass).
private struct InsightsPass: DivisibleVisitor {
  var needsOrder: Bool { false }
  var cells: [SeriesCells]
  let codes: BreakdownCodes?
  let slots: [[Int32]]?
  let from: Int64
  let to: Int64
  /// Nil: the whole range only.
  let table: BucketTable?

  func free() { for cell in cells { cell.free() } }

  func fork() -> InsightsPass {
    InsightsPass(cells: cells.map { $0.fork() }, codes: codes?.fork(), slots: slots, from: from, to: to, table: table)
  }

  mutating func join(_ other: InsightsPass) { for index in cells.indices { cells[index].join(other.cells[index]) } }

  mutating func visit(_ journey: Journey) { take(journey, hasActor: true) }
  mutating func visitWithoutActor(_ journey: Journey) { take(journey, hasActor: false) }

  @inline(__always) private mutating func take(_ journey: Journey, hasActor: Bool) {
    let from = from
    let to = to
    let reader = table?.reader
    journey.forEachRow { view, row in
      var bucket = 0
      if let buckets = view.pointee.buckets {
        let code = buckets[Int(view.pointee.slots[row])]
        if code == BucketTable.outside { return true }
        if reader != nil { bucket = Int(code) }
      } else {
        let time = view.pointee.time(row)
        if time < from || time >= to { return true }
        bucket = reader?.bucket(time) ?? 0
      }
      var rest = view.pointee.mask(row)
      while rest != 0 {
        let series = rest.trailingZeroBitCount
        rest &= rest &- 1
        count(series, bucket, Journey.Place(view: view, row: row), journey, hasActor)
      }
      return true
    }
  }

  @inline(__always) private mutating func count(_ series: Int, _ bucket: Int, _ place: Journey.Place, _ journey: Journey, _ hasActor: Bool)
  {
    var number = 0.0
    if let source = cells[series].numbers {
      number = source.number(place, subject: journey.subject)
      if number.isNaN {
        cells[series].notNumeric += 1
        return
      }
    }
    guard cells[series].counts(number: number, hasActor: hasActor) else {
      cells[series].withoutActor += 1
      return
    }
    guard let codes else {
      cells[series].add(slot: 0, bucket: bucket, number: number, ordinal: journey.ordinal)
      return
    }
    let code = codes.code(place, subject: journey.subject)
    if code & BreakdownCodes.listBit == 0 {
      add(series, Int(code), bucket, number, journey.ordinal)
    } else {
      addList(series, codes.groups(code), bucket, number, journey.ordinal)
    }
  }

  @inline(__always) private mutating func add(_ series: Int, _ group: Int, _ bucket: Int, _ number: Double, _ ordinal: UInt32) {
    if let slots {
      let slot = slots[series][group]
      if slot >= 0 { cells[series].add(slot: Int(slot), bucket: bucket, number: number, ordinal: ordinal) }
    } else {
      cells[series].grow(to: group + 1)
      cells[series].add(slot: group, bucket: 0, number: number, ordinal: ordinal)
    }
  }

  /// An event counts once in a slot, however many of its elements "other" holds.
  @inline(never) private mutating func addList(_ series: Int, _ groups: [UInt32], _ bucket: Int, _ number: Double, _ ordinal: UInt32) {
    var taken: Set<Int32> = []
    for group in groups {
      if let slots, !taken.insert(slots[series][Int(group)]).inserted { continue }
      add(series, Int(group), bucket, number, ordinal)
    }
  }
}

/// Collects the subjects of one cell.
private struct InsightsSubjects: DivisibleVisitor {
  var needsOrder: Bool { false }
  let cells: SeriesCells
  let codes: BreakdownCodes?
  let slots: [Int32]
  let slot: Int32
  let from: Int64
  let to: Int64
  var found: [UInt32] = []

  func fork() -> InsightsSubjects {
    InsightsSubjects(cells: cells.fork(), codes: codes?.fork(), slots: slots, slot: slot, from: from, to: to)
  }

  mutating func join(_ other: InsightsSubjects) {
    found += other.found
    other.cells.free()
  }

  mutating func visit(_ journey: Journey) {
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < from { return true }
      if time >= to { return true }
      let place = Journey.Place(view: view, row: row)
      let number = cells.numbers?.number(place, subject: journey.subject) ?? 0
      guard cells.counts(number: number, hasActor: true) else { return true }
      if let codes {
        let code = codes.code(place, subject: journey.subject)
        guard codes.groups(code).contains(where: { slots[Int($0)] == slot }) else { return true }
      }
      found.append(journey.subject)
      return false
    }
  }

  mutating func visitWithoutActor(_ journey: Journey) {}
}
