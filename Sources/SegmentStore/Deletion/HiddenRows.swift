/// Which rows of a run queries must not see: those of deleted subjects, and those older than what is kept.
struct HiddenRows: Sendable {
  /// Numbers under which deleted rows arrived.
  let numbers: Set<UInt32>
  /// Subjects under which such rows may stand, ascending.
  private let labels: [UInt32]
  /// Rows before this time are expired.
  let cutoff: Int64

  /// - Parameters:
  ///   - version: of the deletion journal, under which the rows were written.
  ///   - journal: at least as new as the order of the rows.
  init(_ deletions: DeletionJournal, since version: UInt64, journal: MergeJournal, cutoff: Int64) {
    numbers = deletions.numbers(since: version)
    var labels = Set<UInt32>()
    for number in numbers { labels.formUnion(journal.lineage(of: number)) }
    self.labels = labels.sorted()
    self.cutoff = cutoff
  }

  @inline(__always) func contains(raw: UInt32, time: Int64) -> Bool { time < cutoff || !numbers.isEmpty && numbers.contains(raw) }

  /// Whether any row of a run could be hidden, by what is known without reading it.
  func mayTouch(_ block: ColumnRun.Block) -> Bool {
    if block.firstTime < cutoff { return true }
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
    var places: [ReducedChunks.Place] = []
    var summaries: [Block] = []
    var isReduced = false
    for (number, block) in blocks.enumerated() {
      guard hidden.mayTouch(block), let kept = try kept(number, hidden) else {
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
  private func kept(_ number: Int, _ hidden: HiddenRows) throws(StoreError) -> (rows: [Range<Int>], summary: Block?)? {
    let block = blocks[number]
    if block.lastTime < hidden.cutoff { return ([], nil) }
    let keys = try keys(number)
    var marks = [Bool](repeating: false, count: block.rowCount)
    var found = hidden.mark(keys, &marks)
    guard found || block.firstTime < hidden.cutoff else { return nil }
    let offsets = try times(number).offsets
    var summary: Block?
    var rows: [Range<Int>] = []
    var subject = 0
    for row in 0..<block.rowCount {
      while Int(keys.starts[subject + 1]) <= row { subject += 1 }
      let time = partition.base + Int64(offsets[row])
      if time < hidden.cutoff {
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
