/// The rows of single subjects in a snapshot, for pages and timelines; reports scan whole runs instead.
struct SubjectRows {
  struct Row {
    var place: EventPlace
    var run: Int
    var row: Int
  }

  let snapshot: StoreSnapshot
  /// Earlier numbers of each canonical one, among those that moved.
  private let members: [UInt32: [UInt32]]
  /// Canonical numbers that rows moved to, ascending.
  private let movedTo: [UInt32]

  init(_ snapshot: StoreSnapshot) {
    self.snapshot = snapshot
    let members = Dictionary(grouping: snapshot.merges.keys, by: { snapshot.merges[$0] ?? $0 })
    self.members = members
    movedTo = members.keys.filter { target in
      ([target] + (members[target] ?? [])).contains { label in snapshot.runs.contains { Self.block(of: label, in: $0) != nil } }
    }.sorted()
  }

  func canonical(_ subject: UInt32) -> UInt32 { snapshot.merges[subject] ?? subject }

  /// All rows of a canonical subject, in order. `ColumnRun.noActor` gives the events without an actor.
  func rows(of subject: UInt32) -> [Row] {
    var rows: [Row] = []
    let labels = [subject] + (members[subject] ?? [])
    for (number, run) in snapshot.runs.enumerated() {
      for label in labels {
        guard let block = Self.block(of: label, in: run) else { continue }
        for row in block {
          rows.append(
            Row(place: EventPlace(subject: subject, time: run.times[row], raw: run.rawSubjects[row], index: 0), run: number, row: row))
        }
      }
    }
    rows.sort { $0.place != $1.place ? $0.place < $1.place : $0.run != $1.run ? $0.run < $1.run : $0.row < $1.row }
    for index in rows.indices.dropFirst() {
      let previous = rows[index - 1].place
      var place = rows[index].place
      place.index = previous.index
      if place == previous { rows[index].place.index = previous.index + 1 }
    }
    return rows
  }

  /// Number, first and last time of a canonical subject's events; nil if it has none.
  func summary(of subject: UInt32) -> (count: Int, first: Int64, last: Int64)? {
    var result: (count: Int, first: Int64, last: Int64)?
    for run in snapshot.runs {
      for label in [subject] + (members[subject] ?? []) {
        guard let block = Self.block(of: label, in: run) else { continue }
        let first = run.times[block.lowerBound]
        let last = run.times[block.upperBound - 1]
        result = result.map { ($0.count + block.count, min($0.first, first), max($0.last, last)) } ?? (block.count, first, last)
      }
    }
    return result
  }

  static func block(of subject: UInt32, in run: ColumnRun) -> Range<Int>? {
    let index = run.subjects.firstIndex(fromWhich: { $0 >= subject })
    guard index < run.subjects.count, run.subjects[index] == subject else { return nil }
    return Int(run.starts[index])..<Int(run.starts[index + 1])
  }

  /// The next canonical subject with events that is not below `subject`, the events without an actor last.
  func next(from subject: UInt32) -> UInt32? {
    var next: UInt32?
    for run in snapshot.runs {
      var index = run.subjects.firstIndex(fromWhich: { $0 >= subject })
      // What a newer merge moved away is visited under its new number.
      while index < run.subjects.count, canonical(run.subjects[index]) != run.subjects[index] { index += 1 }
      if index < run.subjects.count { next = min(next ?? .max, run.subjects[index]) }
    }
    let index = movedTo.firstIndex(fromWhich: { $0 >= subject })
    if index < movedTo.count { next = min(next ?? .max, movedTo[index]) }
    return next
  }
}
