/// The key columns of a block that is merged.
final class MergedBlock {
  struct Row {
    var row: Int
    var time: Int64
    /// The number under which it arrived.
    var raw: UInt32
    /// The file's code.
    var event: Int
  }

  let keys: KeyChunk
  private let events: EventChunk
  private let times: TimeChunk
  private let base: Int64

  init(_ segment: Segment, _ run: Int, _ block: Int) throws(StoreError) {
    keys = try segment.keys(run, block)
    events = try segment.events(run, block)
    times = try segment.times(run, block, slots: try segment.slots(run, block, keys: keys))
    base = segment.runs[run].partition.base
  }

  /// The rows of one of the block's subjects (`keys.subjects`), in their order.
  @inline(__always) func forEachRow<Failure: Error>(of index: Int, _ body: (Row) throws(Failure) -> Void) throws(Failure) {
    let subject = keys.subjects[index]
    let rows = Int(keys.starts[index])..<Int(keys.starts[index + 1])
    var exception = keys.rawRuns.firstIndex(fromWhich: { Int($0.start + $0.count) > rows.lowerBound })
    for row in rows {
      var raw = subject
      if exception < keys.rawRuns.count {
        let run = keys.rawRuns[exception]
        if row >= Int(run.start) { raw = run.raw }
        if row + 1 == Int(run.start + run.count) { exception += 1 }
      }
      let time = base + Int64(times.offsets[row])
      try body(Row(row: row, time: time, raw: raw, event: events[row]))
    }
  }
}
