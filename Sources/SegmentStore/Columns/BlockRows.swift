/// The rows of a block in the making, in their order.
struct BlockRows {
  /// Canonical subject of each row.
  var labels: [UInt32] = []
  /// Number under which each row arrived.
  var raws: [UInt32] = []
  var times: [Int64] = []
  /// Event codes of the store.
  var events: [UInt16] = []

  var count: Int { times.count }

  mutating func reserve(_ count: Int) {
    labels.reserveCapacity(count)
    raws.reserveCapacity(count)
    times.reserveCapacity(count)
    events.reserveCapacity(count)
  }

  mutating func removeAll() {
    labels.removeAll(keepingCapacity: true)
    raws.removeAll(keepingCapacity: true)
    times.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
  }

  @inline(__always) mutating func append(label: UInt32, raw: UInt32, time: Int64, event: UInt16) {
    labels.append(label)
    raws.append(raw)
    times.append(time)
    events.append(event)
  }

  /// - Precondition: There is a row.
  var summary: ColumnRun.Block {
    ColumnRun.Block(
      rowCount: count, firstSubject: labels[0], lastSubject: labels[count - 1], firstTime: times.min() ?? 0, lastTime: times.max() ?? 0)
  }

  var keys: KeyChunk {
    var subjects: [UInt32] = []
    var starts: [UInt32] = []
    var runs: [KeyChunk.RawRun] = []
    for row in 0..<count {
      if subjects.last != labels[row] || row == 0 {
        subjects.append(labels[row])
        starts.append(UInt32(row))
      }
      if raws[row] == labels[row] { continue }
      if let last = runs.last, last.raw == raws[row], Int(last.start + last.count) == row {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(.init(start: UInt32(row), count: 1, raw: raws[row]))
      }
    }
    starts.append(UInt32(count))
    return KeyChunk(subjects: subjects, starts: starts, rawRuns: runs)
  }

  /// With the raw numbers as owners of the rows.
  var keysWithOwners: KeyChunk {
    let keys = keys
    return KeyChunk(subjects: keys.subjects, starts: keys.starts, rawRuns: [], owners: raws)
  }

  func slots(base: Int64) -> [UInt16] { times.map { UInt16(truncatingIfNeeded: ($0 - base) / Partition.slotMilliseconds) } }
  func offsets(base: Int64) -> [UInt32] { times.map { UInt32(truncatingIfNeeded: $0 - base) } }
  func remainders(base: Int64) -> [UInt32] { times.map { UInt32(truncatingIfNeeded: ($0 - base) % Partition.slotMilliseconds) } }
}
