/// Which rows of a run queries must not see, or must not come into another file: those of deleted subjects, and those older than what is
/// kept.
struct HiddenRows: Sendable {
  enum Purpose: Sendable {
    /// Events that are held are hidden too.
    case queries
    /// Whatever is stored: those stay.
    case storage
  }

  /// Numbers under which deleted rows arrived.
  let numbers: Set<UInt32>
  /// Subjects under which such rows may stand, ascending.
  private let labels: [UInt32]
  /// Rows before this time are expired.
  let cutoff: Int64
  /// The same for each of the store's event codes; empty where it is one time for all.
  private let cutoffs: [Int64]

  /// - Parameter version: of the deletion journal, under which the rows were written.
  init(_ state: StoreState, since version: UInt64, for purpose: Purpose) {
    numbers = state.deletions.numbers(since: version)
    var labels = Set<UInt32>()
    for number in numbers { labels.formUnion(state.journal.lineage(of: number)) }
    self.labels = labels.sorted()
    cutoff = state.expiry.before
    cutoffs = state.expiry.cutoffs(state.eventNames, since: version, forQueries: purpose == .queries)
  }

  /// - Parameter event: the store's code.
  @inline(__always) func contains(raw: UInt32, time: Int64, event: UInt16) -> Bool {
    time < cutoff || !cutoffs.isEmpty && time < cutoffs[Int(event)] || !numbers.isEmpty && numbers.contains(raw)
  }

  /// By the codes of a run; nil where the one time for all decides alone.
  func cutoffs(of run: ColumnRun) -> [Int64]? {
    if cutoffs.isEmpty { return nil }
    let own = run.eventCodes.map { cutoffs[Int($0)] }
    return own.contains { $0 > cutoff } ? own : nil
  }

  /// Whether any row of a run could be hidden, by what is known without reading it.
  ///
  /// - Parameter latest: of the times that decide in the run.
  func mayTouch(_ block: ColumnRun.Block, latest: Int64) -> Bool {
    if block.firstTime < latest { return true }
    let index = labels.firstIndex(fromWhich: { $0 >= block.firstSubject })
    return index < labels.count && labels[index] <= block.lastSubject
  }

  /// Marks the deleted rows of a block; false if there is none.
  func mark(_ keys: KeyChunk, _ marks: inout [Bool]) -> Bool {
    var found = false
    var position = labels.firstIndex(fromWhich: { $0 >= keys.subjects.first ?? 0 })
    for (index, subject) in keys.subjects.enumerated() {
      while position < labels.count, labels[position] < subject { position += 1 }
      if position == labels.count { break }
      guard labels[position] == subject else { continue }
      for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) where numbers.contains(keys.raw(of: row, subject: subject)) {
        marks[row] = true
        found = true
      }
    }
    return found
  }
}

extension ColumnRun {
  /// The run without the hidden rows: itself where it has none of them, nil where it has no other.
  func without(_ hidden: HiddenRows, cache: ReducedChunks.Cache?) throws(StoreError) -> ColumnRun? {
    if lastTime < hidden.cutoff { return nil }
    let cutoffs = hidden.cutoffs(of: self)
    let latest = cutoffs?.max() ?? hidden.cutoff
    var places: [ReducedChunks.Place] = []
    var summaries: [Block] = []
    var isReduced = false
    for (number, block) in blocks.enumerated() {
      guard hidden.mayTouch(block, latest: latest), let kept = try kept(number, hidden, cutoffs) else {
        places.append(ReducedChunks.Place(block: number, kept: nil))
        summaries.append(block)
        continue
      }
      isReduced = true
      guard let summary = kept.summary else { continue }
      places.append(ReducedChunks.Place(block: number, kept: kept.rows))
      summaries.append(summary)
    }
    if !isReduced { return self }
    if places.isEmpty { return nil }
    return ColumnRun(
      partition: partition, journalVersion: journalVersion, blocks: summaries, eventCodes: eventCodes, properties: properties,
      source: ReducedChunks(base: self, places: places, cache: cache))
  }

  /// What is left of a block; nil if nothing of it is hidden. No summary where nothing is left.
  private func kept(_ number: Int, _ hidden: HiddenRows, _ cutoffs: [Int64]?) throws(StoreError) -> (rows: [Range<Int>], summary: Block?)? {
    let block = blocks[number]
    if block.lastTime < hidden.cutoff { return ([], nil) }
    let keys = try keys(number)
    var marks = [Bool](repeating: false, count: block.rowCount)
    var found = hidden.mark(keys, &marks)
    guard found || cutoffs != nil || block.firstTime < hidden.cutoff else { return nil }
    let events = try cutoffs.map { _ throws(StoreError) in try self.events(number) }
    let offsets = try times(number).offsets
    var summary: Block?
    var rows: [Range<Int>] = []
    var subject = 0
    for row in 0..<block.rowCount {
      while Int(keys.starts[subject + 1]) <= row { subject += 1 }
      let time = partition.base + Int64(offsets[row])
      let cutoff = if let events, let cutoffs { cutoffs[events[row]] } else { hidden.cutoff }
      if time < cutoff {
        marks[row] = true
        found = true
      }
      if marks[row] { continue }
      if let last = rows.last, last.upperBound == row {
        rows[rows.count - 1] = last.lowerBound..<row + 1
      } else {
        rows.append(row..<row + 1)
      }
      let label = keys.subjects[subject]
      guard let known = summary else {
        summary = Block(rowCount: 1, firstSubject: label, lastSubject: label, firstTime: time, lastTime: time)
        continue
      }
      summary = Block(
        rowCount: known.rowCount + 1, firstSubject: known.firstSubject, lastSubject: label, firstTime: min(known.firstTime, time),
        lastTime: max(known.lastTime, time))
    }
    return found ? (rows, summary) : nil
  }
}
