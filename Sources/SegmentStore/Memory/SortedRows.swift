/// Rows in the order of a run: by canonical subject, time, number under which they arrived, and arrival.
///
/// That order does not depend on when the rows came into which run: rows that agree in all but the arrival keep it, since runs are only
/// ever merged with their neighbours in the order of arrival.
struct SortedRows: Sendable {
  var subjects: [UInt32] = []
  var starts: [UInt32] = [0]
  var times: [Int64] = []
  var events: [UInt16] = []
  var rawSubjects: [UInt32] = []
  /// Where each row came from: its index in the input, all inputs counted as one.
  var sources: [UInt32] = []

  var count: Int { times.count }

  private init(capacity: Int) {
    times.reserveCapacity(capacity)
    events.reserveCapacity(capacity)
    rawSubjects.reserveCapacity(capacity)
    sources.reserveCapacity(capacity)
  }

  private mutating func beginSubject(_ subject: UInt32) {
    if subjects.last == subject { return }
    if !subjects.isEmpty { starts.append(UInt32(times.count)) }
    subjects.append(subject)
  }

  private mutating func finish() {
    if !subjects.isEmpty { starts.append(UInt32(times.count)) }
  }

  /// Sorts rows as they arrived.
  init(
    times: ArraySlice<Int64>, events: ArraySlice<UInt16>, rawSubjects: ArraySlice<UInt32>, firstSource: UInt32,
    canonical: (UInt32) -> UInt32
  ) {
    struct Key {
      var subject: UInt32
      var index: UInt32
      var time: Int64
    }
    self.init(capacity: times.count)
    let base = times.startIndex
    var keys: [Key] = []
    keys.reserveCapacity(times.count)
    for index in times.indices {
      let raw = rawSubjects[index]
      keys.append(
        Key(subject: raw == ColumnRun.noActor ? raw : canonical(raw), index: UInt32(index - base), time: times[index]))
    }
    rawSubjects.withUnsafeBufferPointer { raws in
      keys.sort { left, right in
        if left.subject != right.subject { return left.subject < right.subject }
        if left.time != right.time { return left.time < right.time }
        let leftRaw = raws[Int(left.index)]
        let rightRaw = raws[Int(right.index)]
        return leftRaw != rightRaw ? leftRaw < rightRaw : left.index < right.index
      }
    }
    for key in keys {
      beginSubject(key.subject)
      let index = base + Int(key.index)
      self.times.append(key.time)
      self.events.append(events[index])
      self.rawSubjects.append(rawSubjects[index])
      sources.append(firstSource + key.index)
    }
    finish()
  }

  /// Merges runs that neighbour each other in the order of arrival, oldest first, under the merges that are known now.
  ///
  /// - Parameter firstSources: what row 0 of each run counts as in `sources`.
  init(merging runs: [ColumnRun], firstSources: [UInt32], canonical: (UInt32) -> UInt32) {
    struct Block {
      var subject: UInt32
      var run: UInt32
      var start: UInt32
      var end: UInt32
    }
    struct Key {
      var time: Int64
      var raw: UInt32
      var run: UInt32
      var row: UInt32
    }
    self.init(capacity: runs.reduce(0) { $0 + $1.rowCount })
    var blocks: [Block] = []
    blocks.reserveCapacity(runs.reduce(0) { $0 + $1.subjects.count })
    for (number, run) in runs.enumerated() {
      for (index, subject) in run.subjects.enumerated() {
        blocks.append(
          Block(
            subject: subject == ColumnRun.noActor ? subject : canonical(subject), run: UInt32(number), start: run.starts[index],
            end: run.starts[index + 1]))
      }
    }
    blocks.sort { $0.subject != $1.subject ? $0.subject < $1.subject : $0.run != $1.run ? $0.run < $1.run : $0.start < $1.start }
    var first = 0
    var keys: [Key] = []
    while first < blocks.count {
      var last = first + 1
      while last < blocks.count, blocks[last].subject == blocks[first].subject { last += 1 }
      beginSubject(blocks[first].subject)
      if last == first + 1 {
        let block = blocks[first]
        let run = runs[Int(block.run)]
        let rows = Int(block.start)..<Int(block.end)
        times.append(contentsOf: run.times[rows])
        events.append(contentsOf: run.events[rows])
        rawSubjects.append(contentsOf: run.rawSubjects[rows])
        let source = firstSources[Int(block.run)]
        for row in block.start..<block.end { sources.append(source + row) }
      } else {
        keys.removeAll(keepingCapacity: true)
        for block in blocks[first..<last] {
          let run = runs[Int(block.run)]
          for row in block.start..<block.end {
            keys.append(Key(time: run.times[Int(row)], raw: run.rawSubjects[Int(row)], run: block.run, row: row))
          }
        }
        keys.sort { left, right in
          if left.time != right.time { return left.time < right.time }
          if left.raw != right.raw { return left.raw < right.raw }
          return left.run != right.run ? left.run < right.run : left.row < right.row
        }
        for key in keys {
          times.append(key.time)
          events.append(runs[Int(key.run)].events[Int(key.row)])
          rawSubjects.append(key.raw)
          sources.append(firstSources[Int(key.run)] + key.row)
        }
      }
      first = last
    }
    finish()
  }
}
