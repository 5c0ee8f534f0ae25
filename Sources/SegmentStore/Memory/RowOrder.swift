/// Rows of a memtable in the order of runs: by partition, canonical subject, time, number under which they arrived, and arrival.
///
/// That order does not depend on when the rows came into which run: rows that agree in all but the arrival keep it, since runs are only
/// ever merged with their neighbours in the order of arrival.
struct RowOrder: Sendable {
  struct Key: Sendable {
    var month: Int
    var label: UInt32
    var raw: UInt32
    /// Row of the memtable: the arrival.
    var row: UInt32
    var time: Int64

    @inline(__always) static func precedes(_ left: Key, _ right: Key) -> Bool {
      if left.month != right.month { return left.month < right.month }
      if left.label != right.label { return left.label < right.label }
      if left.time != right.time { return left.time < right.time }
      if left.raw != right.raw { return left.raw < right.raw }
      return left.row < right.row
    }
  }

  private(set) var keys: [Key] = []
  private let journalVersion: UInt64

  var count: Int { keys.count }

  init(times: ArraySlice<Int64>, rawSubjects: ArraySlice<UInt32>, firstRow: UInt32, journal: MergeJournal) {
    journalVersion = journal.version
    keys.reserveCapacity(times.count)
    var partition = Partition(containing: times.first ?? 0)
    for index in times.indices {
      let time = times[index]
      if time < partition.base || time >= partition.end { partition = Partition(containing: time) }
      let raw = rawSubjects[index]
      keys.append(
        Key(
          month: partition.month, label: raw == ColumnRun.noActor ? raw : journal.canonical(raw), raw: raw,
          row: firstRow + UInt32(index - times.startIndex), time: time))
    }
    keys.sort(by: Key.precedes)
  }

  /// Two neighbours in the order of arrival, under the merges that are known now.
  init(merging first: RowOrder, _ second: RowOrder, journal: MergeJournal) {
    journalVersion = journal.version
    if first.journalVersion == journalVersion, second.journalVersion == journalVersion {
      keys.reserveCapacity(first.count + second.count)
      var left = 0
      var right = 0
      while left < first.count, right < second.count {
        if Key.precedes(second.keys[right], first.keys[left]) {
          keys.append(second.keys[right])
          right += 1
        } else {
          keys.append(first.keys[left])
          left += 1
        }
      }
      keys += first.keys[left...]
      keys += second.keys[right...]
      return
    }
    keys = first.keys + second.keys
    for index in keys.indices where keys[index].raw != ColumnRun.noActor { keys[index].label = journal.canonical(keys[index].raw) }
    keys.sort(by: Key.precedes)
  }

  /// The keys of each partition.
  var partitions: [(partition: Partition, keys: Range<Int>)] {
    var result: [(partition: Partition, keys: Range<Int>)] = []
    var first = 0
    while first < keys.count {
      var end = first + 1
      while end < keys.count, keys[end].month == keys[first].month { end += 1 }
      result.append((Partition(month: keys[first].month), first..<end))
      first = end
    }
    return result
  }

  /// The rows of a stretch of keys.
  func rows(_ range: Range<Int>, events: [UInt16]) -> BlockRows {
    var rows = BlockRows()
    rows.reserve(range.count)
    for key in keys[range] { rows.append(label: key.label, raw: key.raw, time: key.time, event: events[Int(key.row)]) }
    return rows
  }
}

extension Range<Int> {
  /// Cut into pieces of a length; the last one may be shorter.
  func cut(every length: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: length).map { $0..<Swift.min($0 + length, upperBound) }
  }
}
