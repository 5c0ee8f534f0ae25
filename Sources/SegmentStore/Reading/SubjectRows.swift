/// The rows of single subjects in a snapshot, for pages and timelines; reports scan whole runs instead.
struct SubjectRows {
  struct Row {
    var place: EventPlace
    var run: Int
    var block: Int
    var row: Int
    /// Code of the store.
    var event: UInt16
  }

  let snapshot: StoreSnapshot
  /// Earlier numbers of each canonical one, among those that moved.
  private let members: [UInt32: [UInt32]]
  /// Canonical numbers that rows moved to, ascending.
  private let movedTo: [UInt32]
  /// By run: the subjects whose rows are somebody else's now, ascending.
  private let moved: [[UInt32]]

  init(_ snapshot: StoreSnapshot) throws {
    self.snapshot = snapshot
    members = Dictionary(grouping: snapshot.merges.keys, by: { snapshot.merges[$0] ?? $0 })
    moved = try MovedRuns.of(snapshot).moved
    movedTo = Set(moved.joined().map { snapshot.merges[$0] ?? $0 }).sorted()
  }

  func canonical(_ subject: UInt32) -> UInt32 { snapshot.merges[subject] ?? subject }

  /// Where the rows of a label stand: blocks and rows, run by run.
  private func visit(_ subject: UInt32, _ body: (_ run: Int, _ block: Int, KeyChunk, _ rows: Range<Int>) throws -> Void) throws {
    for label in [subject] + (members[subject] ?? []) {
      for (number, run) in snapshot.runs.enumerated() {
        for block in run.blocks(of: label) {
          let keys = try run.keys(block)
          guard let index = keys.index(of: label) else { continue }
          try body(number, block, keys, Int(keys.starts[index])..<Int(keys.starts[index + 1]))
        }
      }
    }
  }

  /// All rows of a canonical subject, in order. `ColumnRun.noActor` gives the events without an actor.
  func rows(of subject: UInt32) throws -> [Row] {
    var rows: [Row] = []
    try visit(subject) { number, block, keys, range in
      let run = snapshot.runs[number]
      let (offsets, events) = (try run.times(block).offsets, try run.events(block))
      let label = keys.subjects[keys.index(containing: range.lowerBound)]
      for row in range {
        let time = run.partition.base + Int64(offsets[row])
        rows.append(
          Row(
            place: EventPlace(subject: subject, time: time, raw: keys.raw(of: row, subject: label), index: 0), run: number, block: block,
            row: row, event: run.eventCodes[events[row]]))
      }
    }
    rows.sort {
      $0.place != $1.place ? $0.place < $1.place : ($0.run, $0.block, $0.row) < ($1.run, $1.block, $1.row)
    }
    for index in rows.indices.dropFirst() {
      let previous = rows[index - 1].place
      var place = rows[index].place
      place.index = previous.index
      if place == previous { rows[index].place.index = previous.index + 1 }
    }
    return rows
  }

  /// Number, first and last time of a canonical subject's events; nil if it has none.
  func summary(of subject: UInt32) throws -> (count: Int, first: Int64, last: Int64)? {
    var result: (count: Int, first: Int64, last: Int64)?
    try visit(subject) { number, block, _, range in
      let first = try snapshot.runs[number].time(block, range.lowerBound)
      let last = try snapshot.runs[number].time(block, range.upperBound - 1)
      result = result.map { ($0.count + range.count, min($0.first, first), max($0.last, last)) } ?? (range.count, first, last)
    }
    return result
  }

  /// The next canonical subject with events that is not below `subject`, the events without an actor last.
  func next(from subject: UInt32) throws -> UInt32? {
    var next: UInt32?
    for number in snapshot.runs.indices {
      if let found = try first(from: subject, run: number) { next = min(next ?? .max, found) }
    }
    let index = movedTo.firstIndex(fromWhich: { $0 >= subject })
    if index < movedTo.count { next = min(next ?? .max, movedTo[index]) }
    return next
  }

  /// The first subject of a run that is not below another and was not moved away.
  private func first(from subject: UInt32, run number: Int) throws -> UInt32? {
    let run = snapshot.runs[number]
    var block = run.blocks.firstIndex(fromWhich: { $0.lastSubject >= subject })
    while block < run.blocks.count {
      let keys = try run.keys(block)
      var index = keys.subjects.firstIndex(fromWhich: { $0 >= subject })
      while index < keys.subjects.count {
        let candidate = keys.subjects[index]
        let place = moved[number].firstIndex(fromWhich: { $0 >= candidate })
        // What a newer merge moved away is visited under its new number.
        if place == moved[number].count || moved[number][place] != candidate { return candidate }
        index += 1
      }
      block += 1
    }
    return nil
  }
}

extension ColumnRun {
  /// Time of one row.
  func time(_ block: Int, _ row: Int) throws -> Int64 {
    partition.base + Int64(try times(block).offsets[row])
  }
}
