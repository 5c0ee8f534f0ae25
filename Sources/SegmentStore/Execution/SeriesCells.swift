internal import Journeys

/// The running figures of one series of an insights report: a cell for each (group slot, bucket), and one a slot for the whole range.
///
/// Cells of a slot stand together: its buckets, then the whole range.
struct SeriesCells {
  enum Kind { case total, unique, averagePerSubject, sum, average, minimum, maximum, percentile }

  let kind: Kind
  let fraction: Double
  let bucketCount: Int
  let numbers: NumberSource?
  private(set) var slotCount: Int
  private var counts: UnsafeMutablePointer<Int>
  /// Ordinal of the last subject that a cell counted.
  private var lastSeen: UnsafeMutablePointer<UInt32>
  private var subjects: UnsafeMutablePointer<Int>
  private var figures: UnsafeMutablePointer<Double>
  private var sampleCells: [UInt32] = []
  private var samples: [Double] = []
  var notNumeric = 0
  var withoutActor = 0

  init(_ measure: InsightsQuery.Measure, slots: Int, buckets: Int, properties: inout ShownProperties, snapshot: StoreSnapshot) {
    var property: PropertyReference?
    var fraction = 0.0
    switch measure {
    case .total: kind = .total
    case .unique: kind = .unique
    case .averagePerSubject: kind = .averagePerSubject
    // Not for these cells: `JourneyCells` has them.
    case .active, .distinct, .perSubject: kind = .total
    case .sum(let reference): (kind, property) = (.sum, reference)
    case .average(let reference): (kind, property) = (.average, reference)
    case .minimum(let reference): (kind, property) = (.minimum, reference)
    case .maximum(let reference): (kind, property) = (.maximum, reference)
    case .percentile(let reference, let wanted): (kind, property, fraction) = (.percentile, reference, wanted)
    }
    self.fraction = fraction
    numbers = property.map { NumberSource($0, column: properties.number(of: $0), snapshot: snapshot) }
    bucketCount = buckets
    slotCount = 0
    counts = .allocate(capacity: 1)
    lastSeen = .allocate(capacity: 1)
    subjects = .allocate(capacity: 1)
    figures = .allocate(capacity: 1)
    grow(to: slots)
  }

  /// Empty cells of the same kind, for another thread's subjects.
  func fork() -> SeriesCells { SeriesCells(emptyAs: self) }

  private init(emptyAs other: SeriesCells) {
    kind = other.kind
    fraction = other.fraction
    numbers = other.numbers?.fork()
    bucketCount = other.bucketCount
    slotCount = 0
    counts = .allocate(capacity: 1)
    lastSeen = .allocate(capacity: 1)
    subjects = .allocate(capacity: 1)
    figures = .allocate(capacity: 1)
    grow(to: other.slotCount)
  }

  /// Adds what was counted of other subjects, and frees it.
  mutating func join(_ other: SeriesCells) {
    grow(to: other.slotCount)
    for cell in 0..<other.slotCount * (bucketCount + 1) where other.counts[cell] > 0 {
      switch kind {
      case .minimum: figures[cell] = counts[cell] == 0 ? other.figures[cell] : min(figures[cell], other.figures[cell])
      case .maximum: figures[cell] = counts[cell] == 0 ? other.figures[cell] : max(figures[cell], other.figures[cell])
      default: figures[cell] += other.figures[cell]
      }
      counts[cell] += other.counts[cell]
      subjects[cell] += other.subjects[cell]
    }
    sampleCells += other.sampleCells
    samples += other.samples
    notNumeric += other.notNumeric
    withoutActor += other.withoutActor
    other.free()
  }

  func free() {
    counts.deallocate()
    lastSeen.deallocate()
    subjects.deallocate()
    figures.deallocate()
  }

  mutating func grow(to slots: Int) {
    guard slots > slotCount else { return }
    let old = slotCount * (bucketCount + 1)
    let new = max(slots, slotCount * 2) * (bucketCount + 1)
    func larger<Element>(_ memory: UnsafeMutablePointer<Element>, _ zero: Element) -> UnsafeMutablePointer<Element> {
      let copy = UnsafeMutablePointer<Element>.allocate(capacity: new)
      copy.initialize(from: memory, count: old)
      (copy + old).initialize(repeating: zero, count: new - old)
      memory.deallocate()
      return copy
    }
    counts = larger(counts, 0)
    lastSeen = larger(lastSeen, 0)
    subjects = larger(subjects, 0)
    figures = larger(figures, 0)
    slotCount = new / (bucketCount + 1)
  }

  /// Whether an event counts for this series at all, given who did it and the number in its property.
  @inline(__always) func counts(number: Double, hasActor: Bool) -> Bool {
    switch kind {
    case .total: true
    case .unique, .averagePerSubject: hasActor
    case .sum, .average, .minimum, .maximum, .percentile: !number.isNaN
    }
  }

  /// - Parameter bucket: `bucketCount` if only the whole range is asked.
  @inline(__always) mutating func add(slot: Int, bucket: Int, number: Double, ordinal: UInt32) {
    let first = slot &* (bucketCount + 1)
    if bucket < bucketCount { add(cell: first &+ bucket, number, ordinal) }
    if kind == .percentile {
      if bucket == bucketCount { sample(first &+ bucketCount, number) }
      counts[first &+ bucketCount] += 1
    } else {
      add(cell: first &+ bucketCount, number, ordinal)
    }
  }

  @inline(__always) private mutating func add(cell: Int, _ number: Double, _ ordinal: UInt32) {
    counts[cell] += 1
    switch kind {
    case .total: break
    case .unique, .averagePerSubject:
      if lastSeen[cell] != ordinal {
        lastSeen[cell] = ordinal
        subjects[cell] += 1
      }
    case .sum, .average: figures[cell] += number
    case .minimum: figures[cell] = counts[cell] == 1 ? number : min(figures[cell], number)
    case .maximum: figures[cell] = counts[cell] == 1 ? number : max(figures[cell], number)
    case .percentile: sample(cell, number)
    }
  }

  /// So many events of a series without a breakdown.
  mutating func addTotal(_ number: Int, bucket: Int) {
    counts[bucket] += number
    counts[bucketCount] += number
  }

  @inline(__always) private mutating func sample(_ cell: Int, _ number: Double) {
    sampleCells.append(UInt32(truncatingIfNeeded: cell))
    samples.append(number)
  }

  /// Whether anything was counted in a slot.
  func isEmpty(slot: Int) -> Bool { counts[slot * (bucketCount + 1) + bucketCount] == 0 }

  /// The figures of all slots: `bucketCount` values and the one over the whole range each.
  func figures(slots: Int) -> [[Double?]] {
    if kind == .percentile { return percentiles(slots: slots) }
    return (0..<slots).map { slot in (0...bucketCount).map { figure(slot * (bucketCount + 1) + $0) } }
  }

  private func figure(_ cell: Int) -> Double? {
    switch kind {
    case .total: Double(counts[cell])
    case .unique: Double(subjects[cell])
    case .averagePerSubject: subjects[cell] == 0 ? nil : Double(counts[cell]) / Double(subjects[cell])
    case .sum: figures[cell]
    case .average: counts[cell] == 0 ? nil : figures[cell] / Double(counts[cell])
    case .minimum, .maximum: counts[cell] == 0 ? nil : figures[cell]
    case .percentile: nil
    }
  }

  private func percentiles(slots: Int) -> [[Double?]] {
    let width = bucketCount + 1
    var byCell = [[Double]](repeating: [], count: slots * width)
    for (cell, number) in zip(sampleCells, samples) { byCell[Int(cell)].append(number) }
    return (0..<slots).map { slot in
      var whole = byCell[slot * width + bucketCount]
      if bucketCount > 0 { whole = byCell[(slot * width)..<(slot * width + bucketCount)].flatMap(\.self) }
      var figures: [Double?] = (0..<bucketCount).map { bucket in
        Percentile.value(fraction, of: &byCell[slot * width + bucket])
      }
      figures.append(Percentile.value(fraction, of: &whole))
      return figures
    }
  }
}
