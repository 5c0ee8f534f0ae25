/// Recognises events that were sent before, in bounded memory: the fingerprints of the UTC days that were asked for last.
///
/// The fingerprints of all days are in the segments and, of what is not in one yet, in memory with the rows; a day is read from there when
/// an event of it arrives. Used by the committing thread only.
final class DuplicateIndex {
  private final class Day {
    let number: Int32
    var fingerprints: FingerprintSet
    var lastUse: UInt64

    init(_ number: Int32, _ fingerprints: FingerprintSet, lastUse: UInt64) {
      self.number = number
      self.fingerprints = fingerprints
      self.lastUse = lastUse
    }
  }

  private let byteLimit: Int
  private var days: [Int32: Day] = [:]
  /// The day that was asked for last: mostly also the next one.
  private var recent: Day?
  private var clock: UInt64 = 0

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// Reads a day in, if it is not there: everything that can fail.
  ///
  /// - Parameter load: the fingerprints of a day that are stored so far, in any number of pieces.
  func prepare(_ day: Int32, load: (Int32) throws(StoreError) -> [[UInt64]]) throws(StoreError) {
    clock += 1
    if let known = days[day] {
      known.lastUse = clock
      return
    }
    let pieces = try load(day)
    var set = FingerprintSet(capacity: pieces.reduce(0) { $0 + $1.count })
    for piece in pieces { for fingerprint in piece { _ = set.insert(fingerprint) } }
    days[day] = Day(day, set, lastUse: clock)
  }

  /// Returns false if the event is a duplicate. Otherwise it is known from now on, durable or not: if its frame is not written, the log
  /// takes nothing more either.
  ///
  /// - Precondition: The day was prepared since the last `trim`.
  func insert(_ key: StoredRow.DuplicateKey) -> Bool {
    if let recent, recent.number == key.day { return recent.fingerprints.insert(key.fingerprint) }
    guard let day = days[key.day] else { preconditionFailure("the day of a duplicate key was not prepared") }
    recent = day
    return day.fingerprints.insert(key.fingerprint)
  }

  /// Forgets the days that were asked for longest ago until the rest fits. Only between frames, when every fingerprint stands with its row.
  func trim() {
    var footprint = days.values.reduce(0) { $0 + $1.fingerprints.footprint }
    guard footprint > byteLimit else { return }
    recent = nil
    for (day, content) in days.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      if footprint <= byteLimit * 3 / 4 { break }
      footprint -= content.fingerprints.footprint
      days[day] = nil
    }
  }
}
