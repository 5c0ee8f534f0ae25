/// Recognises events that were sent before, in bounded memory.
///
/// The fingerprints of all UTC days are in the segments and, of what is not in one yet, in memory with the rows. Those of the days to which
/// most events belong stand in sets here. A day with many fingerprints of which few events arrive, late ones, is looked up in the
/// segments' sorted lists instead: making a set of a million for one event would cost more than all else. Used by the committing thread
/// only.
final class DuplicateIndex {
  /// What is stored of a day so far.
  struct Stored {
    /// In segments, each ascending.
    var sorted: [[UInt64]] = []
    /// In memory, in any order.
    var recent: [[UInt64]] = []
  }

  private final class Day {
    let number: Int32
    /// All of the day; of one that is looked up, those that are in no segment yet or came since it is known here.
    var fingerprints: FingerprintSet
    var isLookedUp: Bool
    /// Of a day that is looked up, between `prepare` and `trim`.
    var sorted: [[UInt64]]?
    var lookups = 0
    var lastUse: UInt64

    init(_ number: Int32, _ fingerprints: FingerprintSet, isLookedUp: Bool, lastUse: UInt64) {
      self.number = number
      self.fingerprints = fingerprints
      self.isLookedUp = isLookedUp
      self.lastUse = lastUse
    }

    func insert(_ fingerprint: UInt64) -> Bool {
      if isLookedUp {
        lookups += 1
        if let sorted, sorted.contains(where: { $0.holds(fingerprint) }) { return false }
      }
      return fingerprints.insert(fingerprint)
    }
  }

  /// A set is made as soon as one in so many of the day's was looked up: about what making it costs.
  private static let patience = 32

  private let byteLimit: Int
  /// A set of so many is made at once.
  private let smallCount: Int
  private var days: [Int32: Day] = [:]
  /// The day that was asked for last: mostly also the next one.
  private var recent: Day?
  private var clock: UInt64 = 0

  init(byteLimit: Int, smallCount: Int) {
    self.byteLimit = byteLimit
    self.smallCount = smallCount
  }

  /// Reads of a day what is needed to tell its duplicates: everything that can fail.
  func prepare(_ day: Int32, load: (Int32) throws(StoreError) -> Stored) throws(StoreError) {
    clock += 1
    if let known = days[day] {
      known.lastUse = clock
      guard known.isLookedUp, known.sorted == nil else { return }
      let sorted = try load(day).sorted
      let count = sorted.reduce(0) { $0 + $1.count }
      if count <= smallCount || known.lookups * Self.patience >= count {
        known.fingerprints.insert(contentsOf: sorted)
        known.isLookedUp = false
      } else {
        known.sorted = sorted
      }
      return
    }
    let stored = try load(day)
    var set = FingerprintSet(capacity: stored.recent.reduce(0) { $0 + $1.count })
    set.insert(contentsOf: stored.recent)
    let isLookedUp = stored.sorted.reduce(0) { $0 + $1.count } > smallCount
    if !isLookedUp { set.insert(contentsOf: stored.sorted) }
    let made = Day(day, set, isLookedUp: isLookedUp, lastUse: clock)
    if isLookedUp { made.sorted = stored.sorted }
    days[day] = made
  }

  /// Returns false if the event is a duplicate. Otherwise it is known from now on, durable or not: if its frame is not written, the log
  /// takes nothing more either.
  ///
  /// - Precondition: The day was prepared since the last `trim`.
  func insert(_ key: StoredRow.DuplicateKey) -> Bool {
    if let recent, recent.number == key.day { return recent.insert(key.fingerprint) }
    guard let day = days[key.day] else { preconditionFailure("the day of a duplicate key was not prepared") }
    recent = day
    return day.insert(key.fingerprint)
  }

  /// Lets go of the lists of segments, which may be others next time, and forgets the days that were asked for longest ago until the rest
  /// fits. Only between frames, when every fingerprint stands with its row.
  ///
  /// - Returns: bytes of memory that it takes then.
  func trim() -> Int {
    recent = nil
    var footprint = 0
    for day in days.values {
      day.sorted = nil
      footprint += day.fingerprints.footprint
    }
    guard footprint > byteLimit else { return footprint }
    for (day, content) in days.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      if footprint <= byteLimit * 3 / 4 { break }
      footprint -= content.fingerprints.footprint
      days[day] = nil
    }
    return footprint
  }
}

extension [UInt64] {
  /// Whether an ascending list has a value. The values are spread evenly, so that one stands about where its size says.
  fileprivate func holds(_ value: UInt64) -> Bool {
    withUnsafeBufferPointer { list in
      guard let first = list.first, let last = list.last, value >= first, value <= last else { return false }
      let guess = Swift.min(Int(value.multipliedFullWidth(by: UInt64(list.count)).high), list.count - 1)
      // From the guess outwards until the value lies between.
      var low = guess
      var high = guess
      var step = 64
      while low > 0, list[low] > value {
        low = Swift.max(0, low - step)
        step *= 2
      }
      step = 64
      while high < list.count - 1, list[high] < value {
        high = Swift.min(list.count - 1, high + step)
        step *= 2
      }
      while low < high {
        let middle = (low + high) / 2
        if list[middle] < value { low = middle + 1 } else { high = middle }
      }
      return list[low] == value
    }
  }
}
