internal import Events
internal import Journeys

/// Those series of an insights report that need whole journeys: trailing windows, figures per subject, first times, different values
/// (semantics A.2, A.3).
struct JourneyInsights {
  /// With no other series.
  let query: InsightsQuery
  let context: ExecutionContext
  let buckets: Buckets
  /// Of the breakdown, whose property is the first that the scan shows.
  let codes: BreakdownCodes?

  /// With a selector for each event whose very first matters, no more bits are needed than a row's mask has.
  private static let seriesPerPass = 16

  func figures(_ shown: [ShownGroups]) throws(QueryError) -> InsightsFigures {
    var result = InsightsFigures()
    for indices in passes {
      let series = indices.map { query.series[$0] }
      let parts = indices.map { shown[$0] }
      try checkSize(parts.map(\.groups.count), buckets: buckets.count)
      var pass = try run(series, slots: parts.map(\.slots), slotCounts: parts.map(\.groups.count), buckets: buckets.count)
      for index in pass.parts.indices {
        result.figures.append(pass.parts[index].cells.figures(slots: parts[index].groups.count))
        try check(pass.parts[index])
        result.withoutActor += pass.parts[index].withoutActor
        result.notNumeric += pass.parts[index].notNumeric
        result.withoutValue += pass.parts[index].withoutValue
      }
    }
    return result
  }

  func ranking(_ codes: BreakdownCodes) throws(QueryError) -> [[Double?]] {
    var result: [[Double?]] = []
    for indices in passes {
      var pass = try run(indices.map { query.series[$0] }, slots: nil, slotCounts: indices.map { _ in 64 }, buckets: 0)
      try codes.check()
      for index in pass.parts.indices {
        let slots = min(pass.parts[index].cells.slotCount, codes.groupCount)
        let figures = pass.parts[index].cells.figures(slots: slots)
        try check(pass.parts[index])
        result.append(figures.enumerated().map { pass.parts[index].cells.isEmpty(slot: $0) ? nil : $1[0] ?? 0 })
      }
    }
    return result
  }

  /// The subjects that the first series counts in a slot and a bucket (nil: the whole range; of a trailing window its latest complete point).
  func subjects(slots: [Int32], slot: Int, bucket: Int?) throws(QueryError) -> [UInt32] {
    let series = query.series[0]
    let times: Range<Int64>
    if case .active(let days) = series.measure {
      guard let point = bucket ?? latest else { return [] }
      let from = try window(days)
      times = from.edges[point]..<from.edges[point + days]
    } else {
      let from = bucket.map { max(buckets.edges[$0], buckets.from) } ?? buckets.from
      let to = bucket.map { min(buckets.edges[$0 + 1], buckets.to) } ?? buckets.to
      times = from..<max(from, to)
    }
    return try run([series], slots: [slots], slotCounts: [1], buckets: 0, door: (Int32(slot), times)).found
  }

  private var passes: [Range<Int>] {
    stride(from: 0, to: query.series.count, by: Self.seriesPerPass).map { $0..<min($0 + Self.seriesPerPass, query.series.count) }
  }

  /// The latest bucket that is complete.
  private var latest: Int? {
    let complete = buckets.firstIncomplete(at: context.instant)
    return complete > 0 ? complete - 1 : nil
  }

  /// The range's buckets with those days before it that a trailing window reaches to.
  private func window(_ days: Int) throws(QueryError) -> Buckets {
    var range = query.range
    range.from = range.from.advanced(byDays: 1 - days)
    return try context.calendar.buckets(range, by: .day)
  }

  private func checkSize(_ slots: [Int], buckets: Int) throws(QueryError) {
    guard slots.reduce(0, { $0 + $1 * (buckets + 1) }) < 5_000_000 else {
      throw QueryError(
        .tooLarge, "The report has too many cells; use a wider unit, fewer series or a smaller breakdown limit.", field: "breakdown.limit")
    }
  }

  private func check(_ part: JourneySeriesPass.Part) throws(QueryError) {
    if part.cells.isFull {
      throw QueryError(
        .tooLarge, "A series has more different values or subjects than are kept at once; use a shorter range, a filter or no breakdown.",
        field: "series")
    }
    try part.values?.check()
  }

  private func run(
    _ series: [InsightsQuery.Series], slots: [[Int32]]?, slotCounts: [Int], buckets count: Int,
    door: (slot: Int32, times: Range<Int64>)? = nil
  ) throws(QueryError) -> JourneySeriesPass {
    var properties = ShownProperties(query.breakdown)
    let longest = series.map(\.trailingDays).max() ?? 1
    let window = longest > 1 ? try window(longest) : buckets
    // A filter on everything is not for the first event ever, so each selector has it for itself.
    var selectors = series.map { one in
      let filters = [one.selector.filter, query.filter].compactMap(\.self)
      return EventSelector(event: one.selector.event, filter: filters.count > 1 ? .all(filters) : filters.first)
    }
    var parts: [JourneySeriesPass.Part] = []
    for (index, one) in series.enumerated() {
      var everBit: Int?
      if one.first == .ever {
        let bare = EventSelector(event: one.selector.event)
        everBit = selectors[series.count...].firstIndex(of: bare) ?? selectors.count
        if everBit == selectors.count { selectors.append(bare) }
      }
      var values: BreakdownCodes?
      var numbers: NumberSource?
      if let property = one.measure.property {
        let column = properties.number(of: property)
        if case .distinct = one.measure {
          values = BreakdownCodes(property, column: column, snapshot: context.snapshot)
        } else {
          numbers = NumberSource(property, column: column, snapshot: context.snapshot)
        }
      }
      parts.append(
        JourneySeriesPass.Part(
          everBit: everBit, isFirst: one.first != nil, needsActor: one.needsActor,
          from: one.trailingDays > 1 ? window.edges[longest - one.trailingDays] : buckets.from, numbers: numbers, values: values,
          slots: slots?[index], cells: JourneyCells(one.measure, slots: slotCounts[index], buckets: count, latest: latest)))
    }
    let table = BucketTable(window)
    var pass = JourneySeriesPass(
      parts: parts, everCount: selectors.count - series.count, codes: codes, table: table, back: longest - 1, door: door)
    // Of who was active on a day, the first event of the day says as much as all.
    let isPresence = query.breakdown == nil && series.allSatisfy { if case .active = $0.measure { $0.first == nil } else { false } }
    let ready = try Selectors(
      selectors, everything: nil, primary: selectors.count == series.count ? .max : (1 << UInt32(series.count)) - 1,
      properties: properties.names, firsts: isPresence ? ZoneDays(context.calendar) : nil, snapshot: context.snapshot,
      instant: context.instant)
    let from = series.contains { $0.first != nil } ? Int64.min : window.from
    try JourneyScan(
      snapshot: context.snapshot, selectors: ready, columnCount: properties.names.count, times: from..<max(window.from, buckets.to)
    ).run(&pass)
    return pass
  }
}

extension InsightsQuery.Series {
  /// Days up to each point that count for it.
  fileprivate var trailingDays: Int { if case .active(let days) = measure { days } else { 1 } }

  fileprivate var needsActor: Bool {
    if first != nil { return true }
    switch measure {
    case .unique, .active, .averagePerSubject, .perSubject: return true
    case .total, .sum, .average, .minimum, .maximum, .percentile, .distinct: return false
    }
  }
}

/// Fills the cells, or with a door finds whom one of them counts. With no slots every group has its own, made as it is met (ranking).
struct JourneySeriesPass: JourneyVisitor {
  struct Part {
    /// The selector of the series' event without any filter, where the very first of them matters.
    let everBit: Int?
    let isFirst: Bool
    let needsActor: Bool
    let from: Int64
    let numbers: NumberSource?
    /// Of what different values are counted.
    let values: BreakdownCodes?
    let slots: [Int32]?
    var cells: JourneyCells
    var withoutActor = 0
    var notNumeric = 0
    var withoutValue = 0
    /// Of the subject at hand: the events of the first instant at which any counts.
    var candidates: [Journey.Place] = []

    init(
      everBit: Int?, isFirst: Bool, needsActor: Bool, from: Int64, numbers: NumberSource?, values: BreakdownCodes?, slots: [Int32]?,
      cells: JourneyCells
    ) {
      self.everBit = everBit
      self.isFirst = isFirst
      self.needsActor = needsActor
      self.from = from
      self.numbers = numbers
      self.values = values
      self.slots = slots
      self.cells = cells
    }
  }

  var needsOrder: Bool { true }
  var parts: [Part]
  private let codes: BreakdownCodes?
  private let table: BucketTable
  /// Buckets of the table before the range.
  private let back: Int
  private let to: Int64
  private let seriesMask: UInt32
  private let everMask: UInt32
  /// By selector: when the subject's first event of it was.
  private var firsts: [Int64]
  private let hasFirsts: Bool
  private let door: (slot: Int32, times: Range<Int64>)?
  private var isFound = false
  private(set) var found: [UInt32] = []

  init(
    parts: [Part], everCount: Int, codes: BreakdownCodes?, table: BucketTable, back: Int, door: (slot: Int32, times: Range<Int64>)?
  ) {
    self.parts = parts
    self.codes = codes
    self.table = table
    self.back = back
    self.door = door
    to = table.to
    seriesMask = (1 << UInt32(parts.count)) - 1
    everMask = ((1 << UInt32(everCount)) - 1) << UInt32(parts.count)
    firsts = [Int64](repeating: .max, count: parts.count + everCount)
    hasFirsts = parts.contains { $0.isFirst }
  }

  mutating func visit(_ journey: Journey) {
    isFound = false
    let to = to
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time >= to { return false }
      let mask = view.pointee.mask(row)
      var ever = mask & everMask
      while ever != 0 {
        let bit = ever.trailingZeroBitCount
        ever &= ever &- 1
        if firsts[bit] == .max { firsts[bit] = time }
      }
      var rest = mask & seriesMask
      while rest != 0 {
        let series = rest.trailingZeroBitCount
        rest &= rest &- 1
        let place = Journey.Place(view: view, row: row)
        if parts[series].isFirst {
          if firsts[series] == .max { firsts[series] = time }
          if time == firsts[parts[series].everBit ?? series] { parts[series].candidates.append(place) }
        } else {
          count(series, place, journey, hasActor: true)
        }
      }
      return true
    }
    if hasFirsts { countFirsts(journey) }
    if isFound { found.append(journey.subject) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    if door != nil { return }
    journey.forEachRow { view, row in
      var rest = view.pointee.mask(row) & seriesMask
      while rest != 0 {
        let series = rest.trailingZeroBitCount
        rest &= rest &- 1
        count(series, Journey.Place(view: view, row: row), journey, hasActor: false)
      }
      return true
    }
  }

  private mutating func countFirsts(_ journey: Journey) {
    for series in parts.indices where !parts[series].candidates.isEmpty {
      var first = parts[series].candidates[0]
      for place in parts[series].candidates.dropFirst() where precedes(place, first, series, journey.subject) { first = place }
      parts[series].candidates.removeAll(keepingCapacity: true)
      count(series, first, journey, hasActor: true)
    }
    for bit in firsts.indices { firsts[bit] = .max }
  }

  /// Of events of the same millisecond the one with the smallest values counts: by the breakdown's, then by the measure's.
  private func precedes(_ left: Journey.Place, _ right: Journey.Place, _ series: Int, _ subject: UInt32) -> Bool {
    if let codes {
      let (a, b) = (codes.value(left, subject: subject), codes.value(right, subject: subject))
      if ValueOrder.precedes(a, b) { return true }
      if ValueOrder.precedes(b, a) { return false }
    }
    if let numbers = parts[series].numbers {
      let (a, b) = (numbers.number(left, subject: subject), numbers.number(right, subject: subject))
      return a.isNaN ? !b.isNaN : a < b
    }
    if let values = parts[series].values {
      return ValueOrder.precedes(values.value(left, subject: subject), values.value(right, subject: subject))
    }
    return false
  }

  private mutating func count(_ series: Int, _ place: Journey.Place, _ journey: Journey, hasActor: Bool) {
    let time = place.view.pointee.time(place.row)
    if time < parts[series].from || time >= to { return }
    var number = 0.0
    if let source = parts[series].numbers {
      number = source.number(place, subject: journey.subject)
      if number.isNaN {
        parts[series].notNumeric += 1
        return
      }
    }
    var value = BreakdownCodes.none
    if let values = parts[series].values {
      value = values.code(place, subject: journey.subject)
      if value == BreakdownCodes.none {
        parts[series].withoutValue += 1
        return
      }
    }
    if parts[series].needsActor, !hasActor {
      parts[series].withoutActor += 1
      return
    }
    let group = codes?.code(place, subject: journey.subject) ?? BreakdownCodes.none
    if let door {
      guard !isFound, door.times.contains(time) else { return }
      isFound = codes == nil || codes?.groups(group).contains { parts[series].slots?[Int($0)] == door.slot } ?? false
      return
    }
    let bucket = table.reader.bucket(time) - back
    guard let codes, group & BreakdownCodes.listBit != 0 else { return add(series, Int(group), bucket, number, value, journey.ordinal) }
    // An event counts once in a slot, however many of its elements "other" holds.
    var taken: Set<Int32> = []
    for group in codes.groups(group) {
      if let slots = parts[series].slots, !taken.insert(slots[Int(group)]).inserted { continue }
      add(series, Int(group), bucket, number, value, journey.ordinal)
    }
  }

  private mutating func add(_ series: Int, _ group: Int, _ bucket: Int, _ number: Double, _ value: UInt32, _ ordinal: UInt32) {
    var slot = group
    if codes != nil, let slots = parts[series].slots {
      slot = Int(slots[group])
      if slot < 0 { return }
    }
    parts[series].cells.grow(to: slot + 1)
    guard let values = parts[series].values else {
      parts[series].cells.add(slot: slot, bucket: bucket, number: number, ordinal: ordinal)
      return
    }
    if value & BreakdownCodes.listBit == 0 {
      parts[series].cells.add(slot: slot, bucket: bucket, number: Double(value), ordinal: ordinal)
    } else {
      for element in values.groups(value) {
        parts[series].cells.add(slot: slot, bucket: bucket, number: Double(element), ordinal: ordinal)
      }
    }
  }
}
