internal import Events
package import Journeys
import Synchronization

/// Follows the events of a store in the order of their arrival, by reading the write-ahead log behind the committing thread: taking events in
/// costs nothing more for it, and what is read was durable before.
///
/// Duplicates are left out, and so are events that expired, of names that are held or discarded, and everything of numbers that were ever deleted,
/// also what came after the deletion: whoever follows must not learn of anybody who wanted to be forgotten.
package struct TailReader: Sendable {
  private let store: SegmentStore
  private let selection: TailSelection
  /// The file that was read last, and where its next frame begins.
  private var place: Place?
  /// The frame that a page ended in.
  private var frame: (commit: UInt64, records: [LogRecord])?

  private struct Place: Sendable {
    let number: UInt64
    let header: LogFormat.Header
    var offset: UInt64
    /// Sequence number of the frame at `offset`.
    var commit: UInt64
  }

  package init(_ store: SegmentStore, selecting selection: TailSelection) {
    self.store = store
    self.selection = selection
  }

  /// At most `limit` events, of about as many rows: a page may be empty and yet go on. Reads files: not for the threads that tasks share.
  ///
  /// - Throws: `StoreError.corrupt` where a frame that was durable once does not read.
  package mutating func page(after position: TailPosition, limit: Int) throws(StoreError) -> TailPage {
    let end = store.state.withLock { $0.dataVersion }
    var next = position
    var missed: UInt64 = 0
    var events: [TailEvent] = []
    var looked = 0
    while looked < limit {
      // A position in a frame whose rows are all read is the same as the beginning of the next one.
      let commit = next.row == .max || next.commit == 0 ? next.commit + 1 : next.commit
      guard commit <= end else { break }
      let records: [LogRecord]
      if let frame, frame.commit == commit {
        records = frame.records
      } else {
        switch try read(commit) {
        case .frame(let found): records = found
        case .gone(let first):
          // Nothing is kept of what came before.
          missed += first - commit
          next = TailPosition(commit: first - 1, row: .max)
          continue
        case .notYet: return TailPage(events: events, next: next, missedCommits: missed)
        }
        frame = (commit, records)
      }
      let start = commit == next.commit ? Int(next.row) : 0
      let rows = records.reduce(0) { $0 + $1.rowCount }
      let count = min(limit - looked, max(0, rows - start))
      if count > 0 {
        do { try append(records, commit: commit, rows: start..<(start + count), to: &events) } catch {
          throw .corrupt(file: "the log", reason: "\(error)")
        }
      }
      looked += max(count, 1)
      next = TailPosition(commit: commit, row: start + count >= rows ? .max : UInt32(start + count))
      if next.row == .max { frame = nil }
    }
    return TailPage(events: events, next: next, missedCommits: missed)
  }

  // MARK: Frames

  private enum Found {
    case frame([LogRecord])
    /// The first frame that is still there.
    case gone(first: UInt64)
    case notYet
  }

  private mutating func read(_ commit: UInt64) throws(StoreError) -> Found {
    do {
      for attempt in 0..<3 {
        if place?.commit != commit {
          switch try find(commit) {
          case .place(let found): place = found
          case .gone(let first): return .gone(first: first)
          }
        }
        guard let here = place else { return .notYet }
        // Between the search and this a file may have been put aside under its other name, or dropped.
        guard let file = try? PastLogs.open(here.number, disk: store.disk, directory: store.directory) else {
          place = nil
          continue
        }
        guard let bytes = try LogReader.frame(of: file, at: here.offset, header: here.header, sequence: commit) else {
          place = nil
          // The frame is published, so it is in the next file, or was torn by a damage.
          guard attempt == 0 else { throw FormatError("frame \(commit) does not read") }
          continue
        }
        place?.offset += UInt64(bytes.count)
        place?.commit += 1
        return .frame(
          try bytes.withUnsafeBytes { try LogRecord.read(UnsafeRawBufferPointer(rebasing: $0[LogFormat.frameHeaderLength...])) })
      }
      return .notYet
    } catch let error as StoreError {
      throw error
    } catch let error as DiskError {
      throw .disk(error)
    } catch {
      throw .corrupt(file: place.map { LogFormat.name($0.number) } ?? "the log", reason: "\(error)")
    }
  }

  private enum Search {
    case place(Place?)
    case gone(first: UInt64)
  }

  /// The place of a frame that is published.
  private func find(_ commit: UInt64) throws -> Search {
    var first: UInt64?
    for number in try PastLogs.numbers(disk: store.disk, directory: store.directory).reversed() {
      guard let file = try? PastLogs.open(number, disk: store.disk, directory: store.directory),
        file.length >= UInt64(LogFormat.headerLength)
      else { continue }
      let header = try LogFormat.Header(try file.bytes(at: 0, count: LogFormat.headerLength))
      if header.firstSequence > commit {
        first = header.firstSequence
        continue
      }
      var place = Place(number: number, header: header, offset: UInt64(LogFormat.headerLength), commit: header.firstSequence)
      guard header.number == number else { throw FormatError("the header of \(LogFormat.name(number)) bears another number") }
      while place.commit < commit {
        guard let length = try LogReader.frameLength(of: file, at: place.offset, sequence: place.commit) else { break }
        place.offset += length
        place.commit += 1
      }
      // All frames before a published one are whole, or are not there at all: anything else is damage, and no gap.
      guard place.commit == commit || place.offset == file.length else {
        throw FormatError("frame \(place.commit) of \(LogFormat.name(number)) does not read")
      }
      // The file ends before it: what is missing in between is not kept, or the next file was not there a moment ago.
      if place.offset == file.length { break }
      return .place(place)
    }
    if let first, first > commit { return .gone(first: first) }
    return .place(nil)
  }

  // MARK: Rows

  private func append(_ records: [LogRecord], commit: UInt64, rows wanted: Range<Int>, to events: inout [TailEvent]) throws {
    let (journal, deletions, expiry) = store.state.withLock { ($0.journal, $0.deletions, $0.expiry) }
    var beginnings: [String: Int64] = [:]
    /// From when on events of a name may be told of. Which of those that were discarded came before is known by the time of that alone.
    func begins(of name: String) -> Int64 {
      if let known = beginnings[name] { return known }
      var begin = expiry.cutoff(of: name, since: .max, forQueries: true)
      if let event = expiry.events[name], event.discarded > 0, event.discarded <= deletions.version {
        let (after, isOver) = deletions.entries[Int(event.discarded) - 1].time.addingReportingOverflow(1)
        begin = max(begin, isOver ? .max : after)
      }
      beginnings[name] = begin
      return begin
    }
    var first = 0
    for record in records {
      guard case .batch(let decisions, let batch) = record else { continue }
      defer { first += batch.rowCount }
      let rows = wanted.clamped(to: first..<(first + batch.rowCount))
      if rows.isEmpty { continue }
      let local = (rows.lowerBound - first)..<(rows.upperBound - first)
      let values = try properties(of: batch, rows: local)
      var duplicates = decisions.duplicates.drop { Int($0) < local.lowerBound }
      for row in local {
        if let next = duplicates.first, Int(next) == row {
          duplicates.removeFirst()
          continue
        }
        let name = batch.names[Int(batch.rowNames[row])]
        guard selection.events?.contains(name) ?? true, batch.times[row] >= begins(of: name) else { continue }
        let actor = batch.actors[row]
        let number = actor == IncomingBatch.absent ? nil : decisions.numbers[Int(actor)]
        if let number, deletions.contains(number) || deletions.contains(journal.canonical(number)) { continue }
        events.append(
          TailEvent(
            position: TailPosition(commit: commit, row: UInt32(first + row)), name: name, time: Timestamp(milliseconds: batch.times[row]),
            subject: number.map { SubjectNumber($0) }, pseudonym: number.flatMap { store.identities.pseudonym(of: journal.canonical($0)) },
            properties: values[row - local.lowerBound]))
      }
    }
  }

  private func properties(of batch: IncomingBatch, rows: Range<Int>) throws -> [[StoredProperty]] {
    var values = [[StoredProperty]](repeating: [], count: rows.count)
    for column in batch.columns.sorted(by: { $0.name < $1.name }) where selection.properties.contains(column.name) {
      var decoded: [UInt32: StoredValue] = [:]
      let start = column.rows.partitioningIndex { Int($0) >= rows.lowerBound }
      for place in start..<column.rows.count {
        let row = Int(column.rows[place])
        if row >= rows.upperBound { break }
        let code = column.codes[place]
        let value: StoredValue
        if let known = decoded[code] {
          value = known
        } else {
          value = try column.dictionary.value(of: Int(code))
          decoded[code] = value
        }
        values[row - rows.lowerBound].append(StoredProperty(column.name, value))
      }
    }
    return values
  }
}

extension LogRecord {
  fileprivate var rowCount: Int { if case .batch(_, let batch) = self { batch.rowCount } else { 0 } }
}

extension [UInt32] {
  /// The index of the first element for which it holds; it holds for all behind one for which it does.
  fileprivate func partitioningIndex(where holds: (UInt32) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
