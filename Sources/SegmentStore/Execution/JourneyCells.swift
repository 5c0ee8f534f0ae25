internal import Journeys

/// The running figures of a series of an insights report that needs whole journeys: a cell for each (group slot, bucket), and one a slot for
/// the whole range. Cells of a slot stand together: its buckets, then the whole range.
struct JourneyCells {
  private enum Kind {
    /// Over the events' numbers.
    case events
    /// First within each subject, then over the subjects.
    case perSubject
    /// Subjects of the days up to each point.
    case active
    /// Different values.
    case distinct
  }
  private enum Step { case total, sum, average, minimum, maximum, percentile }
  /// Numbers and pairs that one series may hold.
  private static let sampleLimit = 16_000_000

  private let kind: Kind
  private let within: Step
  private let over: Step
  private let fraction: Double
  private let days: Int
  /// The latest complete bucket.
  private let latest: Int?
  private let bucketCount: Int
  private var width: Int { bucketCount + 1 }
  private(set) var slotCount = 0
  private var touched: [Bool] = []
  private var counts: [Int] = []
  private var figures: [Double] = []
  private var sampleCells: [UInt32] = []
  private var samples: [Double] = []
  private var pairs = PairSet()
  /// Of the subject at hand, by cell; empty where no figure is within one.
  private var lastSeen: [UInt32] = []
  private var innerCounts: [Int] = []
  private var innerFigures: [Double] = []

  init(_ measure: InsightsQuery.Measure, slots: Int, buckets: Int, latest: Int?) {
    bucketCount = buckets
    self.latest = latest
    var days = 0
    var fraction = 0.0
    switch measure {
    case .total: (kind, within, over) = (.events, .total, .total)
    case .unique: (kind, within, over) = (.perSubject, .total, .total)
    case .averagePerSubject: (kind, within, over) = (.perSubject, .total, .average)
    case .active(let number):
      (kind, within, over) = (.active, .total, .total)
      days = number
    case .sum: (kind, within, over) = (.events, .total, .sum)
    case .average: (kind, within, over) = (.events, .total, .average)
    case .minimum: (kind, within, over) = (.events, .total, .minimum)
    case .maximum: (kind, within, over) = (.events, .total, .maximum)
    case .percentile(_, let wanted):
      (kind, within, over) = (.events, .total, .percentile)
      fraction = wanted
    case .distinct: (kind, within, over) = (.distinct, .total, .total)
    case .perSubject(let inner, let outer):
      kind = .perSubject
      switch inner {
      case .total: within = .total
      case .sum: within = .sum
      case .average: within = .average
      case .minimum: within = .minimum
      case .maximum: within = .maximum
      }
      switch outer {
      case .sum: over = .sum
      case .average: over = .average
      case .minimum: over = .minimum
      case .maximum: over = .maximum
      case .percentile(let wanted):
        over = .percentile
        fraction = wanted
      }
    }
    self.days = days
    self.fraction = fraction
    grow(to: slots)
  }

  mutating func grow(to slots: Int) {
    guard slots > slotCount else { return }
    let more = max(slots, slotCount * 2) - slotCount
    touched += [Bool](repeating: false, count: more)
    counts += [Int](repeating: 0, count: more * width)
    figures += [Double](repeating: 0, count: more * width)
    if kind == .perSubject || kind == .active {
      lastSeen += [UInt32](repeating: 0, count: more * width)
      innerCounts += [Int](repeating: 0, count: more * width)
      innerFigures += [Double](repeating: 0, count: more * width)
    }
    slotCount += more
  }

  /// Whether it holds more than a question may; its figures are of no use then.
  private(set) var isFull = false

  func isEmpty(slot: Int) -> Bool { !touched[slot] }

  /// - Parameters:
  ///   - bucket: of the range; below 0 before it (trailing windows only). Of no importance where only the whole range is asked.
  ///   - number: of the event, or the number of its value.
  mutating func add(slot: Int, bucket: Int, number: Double, ordinal: UInt32) {
    touched[slot] = true
    let first = slot * width
    switch kind {
    case .active: addActive(first, bucket, ordinal)
    case .events:
      if bucket < bucketCount { take(first + bucket, number) }
      take(first + bucketCount, number)
    case .perSubject:
      if bucket < bucketCount { addInner(first + bucket, number, ordinal) }
      addInner(first + bucketCount, number, ordinal)
    case .distinct:
      if bucket < bucketCount { addValue(first + bucket, number) }
      addValue(first + bucketCount, number)
    }
  }

  /// `counts` holds where the number of active subjects changes: +1 where a window begins to cover, −1 behind its end. Rows of a subject
  /// come in the order of time.
  private mutating func addActive(_ first: Int, _ day: Int, _ ordinal: UInt32) {
    let cell = first + bucketCount
    guard bucketCount > 0 else {
      if let latest, day <= latest, latest < day + days, lastSeen[cell] != ordinal {
        lastSeen[cell] = ordinal
        figures[cell] += 1
      }
      return
    }
    if lastSeen[cell] != ordinal {
      lastSeen[cell] = ordinal
      innerCounts[cell] = 0
    }
    // What is covered already, from 0.
    let begin = max(day, innerCounts[cell])
    let end = min(day + days, bucketCount)
    guard begin < end else { return }
    counts[first + begin] += 1
    counts[first + end] -= 1
    innerCounts[cell] = end
  }

  private mutating func addInner(_ cell: Int, _ number: Double, _ ordinal: UInt32) {
    if lastSeen[cell] != ordinal {
      flush(cell)
      lastSeen[cell] = ordinal
    }
    innerCounts[cell] += 1
    switch within {
    case .sum, .average: innerFigures[cell] += number
    case .minimum: innerFigures[cell] = innerCounts[cell] == 1 ? number : min(innerFigures[cell], number)
    case .maximum: innerFigures[cell] = innerCounts[cell] == 1 ? number : max(innerFigures[cell], number)
    case .total, .percentile: break
    }
  }

  /// What the last subject of a cell has together goes to the others'.
  private mutating func flush(_ cell: Int) {
    let count = innerCounts[cell]
    guard count > 0 else { return }
    switch within {
    case .total, .percentile: take(cell, Double(count))
    case .average: take(cell, innerFigures[cell] / Double(count))
    case .sum, .minimum, .maximum: take(cell, innerFigures[cell])
    }
    innerCounts[cell] = 0
    innerFigures[cell] = 0
  }

  private mutating func addValue(_ cell: Int, _ number: Double) {
    guard pairs.count < Self.sampleLimit / 2 else {
      isFull = true
      return
    }
    if pairs.insert(UInt64(cell) << 32 | UInt64(number)) { counts[cell] += 1 }
  }

  private mutating func take(_ cell: Int, _ number: Double) {
    counts[cell] += 1
    switch over {
    case .total: break
    case .sum, .average: figures[cell] += number
    case .minimum: figures[cell] = counts[cell] == 1 ? number : min(figures[cell], number)
    case .maximum: figures[cell] = counts[cell] == 1 ? number : max(figures[cell], number)
    case .percentile:
      guard samples.count < Self.sampleLimit else {
        isFull = true
        return
      }
      sampleCells.append(UInt32(truncatingIfNeeded: cell))
      samples.append(number)
    }
  }

  /// The figures of all slots: `bucketCount` values and the one over the whole range each.
  mutating func figures(slots: Int) -> [[Double?]] {
    if kind == .perSubject { for cell in counts.indices { flush(cell) } }
    if kind == .active { return (0..<slots).map(activeFigures) }
    var byCell = [[Double]](repeating: [], count: over == .percentile ? slots * width : 0)
    if over == .percentile { for (cell, number) in zip(sampleCells, samples) { byCell[Int(cell)].append(number) } }
    return (0..<slots).map { slot in
      (0..<width).map { bucket in
        let cell = slot * width + bucket
        return over == .percentile ? Percentile.value(fraction, of: &byCell[cell]) : figure(cell)
      }
    }
  }

  private func figure(_ cell: Int) -> Double? {
    switch over {
    case .total: Double(counts[cell])
    case .sum: figures[cell]
    case .average: counts[cell] == 0 ? nil : figures[cell] / Double(counts[cell])
    case .minimum, .maximum: counts[cell] == 0 ? nil : figures[cell]
    case .percentile: nil
    }
  }

  private func activeFigures(_ slot: Int) -> [Double?] {
    guard bucketCount > 0 else { return [figures[slot]] }
    var active = 0
    var result: [Double?] = (0..<bucketCount).map { bucket in
      active += counts[slot * width + bucket]
      return Double(active)
    }
    result.append(latest.flatMap { result[$0] })
    return result
  }
}

/// Pairs of 32-bit numbers, each once: open addressing, so that a row costs no allocation.
struct PairSet {
  private(set) var count = 0
  /// Powers of two; 0 is empty, so that keys are kept plus one.
  private var table = [UInt64](repeating: 0, count: 64)

  /// - Returns: whether it was not there.
  mutating func insert(_ pair: UInt64) -> Bool {
    if count * 2 >= table.count { enlarge() }
    guard Self.put(pair &+ 1, into: &table) else { return false }
    count += 1
    return true
  }

  private static func put(_ key: UInt64, into table: inout [UInt64]) -> Bool {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while table[place] != 0 {
      if table[place] == key { return false }
      place = (place + 1) & mask
    }
    table[place] = key
    return true
  }

  private mutating func enlarge() {
    var larger = [UInt64](repeating: 0, count: table.count * 2)
    for key in table where key != 0 { _ = Self.put(key, into: &larger) }
    table = larger
  }
}
