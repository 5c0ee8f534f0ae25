package import Events
package import Journeys
import Synchronization

/// The questions about single subjects and about what there is. Reports are in `Execution`.
extension SegmentStore {
  package func dataVersion() async -> UInt64 { state.withLock { $0.dataVersion } }

  package func timeline(of subject: Pseudonym, before cursor: EventCursor?, limit: Int, includingHeld: Bool) async throws -> [JourneyEvent]
  {
    let end = try cursor.map { cursor throws(QueryError) in try EventPlace(cursor) }
    guard let number = identities.number(of: subject) else { return [] }
    return try readable(includingHeld ? .storage : .queries) { snapshot in
      let rows = try SubjectRows(snapshot)
      let canonical = rows.canonical(canonicalNow(number))
      let page = try rows.rows(of: canonical).reversed().lazy.filter { row in
        guard var end else { return true }
        // A merge since the last page moves the place to the subject's new number.
        end.subject = canonical
        return row.place < end
      }.prefix(max(0, limit))
      return try events(Array(page), in: snapshot)
    }
  }

  package func profile(of subject: Pseudonym) async throws -> Profile? {
    guard let number = identities.number(of: subject) else { return nil }
    let image = try readable { _ in try state.withLock { $0 }.profile(of: number, cache: cache) }
    return Profile(
      subject: SubjectReference(number: SubjectNumber(number), pseudonym: subject), verified: image?.verified?.properties ?? [],
      unverified: image?.unverified?.properties ?? [])
  }

  package func findSubjects(prefix: String, limit: Int) async throws -> [SubjectSummary] {
    let digits = prefix.hasPrefix("s_") ? String(prefix.dropFirst(2)) : prefix
    guard digits.utf8.count <= 32, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      throw QueryError(.invalid, "A pseudonym begins with `s_` and consists of the digits 0-9 and a-f.", field: "prefix")
    }
    return try readable { snapshot in
      let rows = try SubjectRows(snapshot)
      let found = digits.isEmpty ? Set(try latest(rows, limit: limit)) : matching(digits, rows: rows)
      var summaries: [SubjectSummary] = []
      for number in found {
        guard let summary = try rows.summary(of: number), let reference = reference(number, in: snapshot) else { continue }
        summaries.append(
          SubjectSummary(
            subject: reference, events: summary.count, firstSeen: Timestamp(milliseconds: summary.first),
            lastSeen: Timestamp(milliseconds: summary.last)))
      }
      summaries.sort { $0.lastSeen != $1.lastSeen ? $0.lastSeen > $1.lastSeen : $0.subject.number < $1.subject.number }
      return Array(summaries.prefix(max(0, limit)))
    }
  }

  package func export(_ range: DateRange, events names: [String]?, calendar: ProjectCalendar, after cursor: EventCursor?, limit: Int)
    async throws -> [JourneyEvent]
  {
    let after = try cursor.map { cursor throws(QueryError) in try EventPlace(cursor) }
    let interval = try calendar.interval(range)
    return try readable { snapshot in
      let wanted = names.map { Set($0) }
      let accepted = snapshot.eventNames.map { wanted?.contains($0) ?? true }
      let rows = try SubjectRows(snapshot)
      var page: [SubjectRows.Row] = []
      var from = after?.subject ?? 0
      while page.count < limit, let subject = try rows.next(from: from) {
        if Task.isCancelled { throw QueryError(.cancelled, "The export was cancelled before it was finished; ask again.") }
        for row in try rows.rows(of: subject) where page.count < limit {
          if let after, row.place <= after { continue }
          guard interval.contains(Timestamp(milliseconds: row.place.time)), accepted[Int(row.event)] else {
            continue
          }
          page.append(row)
        }
        if subject == .max { break }
        from = subject + 1
      }
      return try self.events(page, in: snapshot)
    }
  }

  package func catalog() async throws -> Catalog {
    return try readable { snapshot in
      let current = state.withLock { $0 }
      let codes = Dictionary(uniqueKeysWithValues: current.eventNames.enumerated().map { ($1, UInt16($0)) })
      var counts: [String: Int] = [:]
      var properties: [String: Set<String>] = [:]
      var read: [ColumnRun] = []
      for segment in current.segments {
        // What it says about itself counts rows that nobody may see.
        if segment.mayHide(current, for: .queries) {
          read += try segment.visibleRuns(current, codes: codes, cache: cache)
          continue
        }
        for event in segment.statistics {
          counts[event.name, default: 0] += event.count
          properties[event.name, default: []].formUnion(event.properties.map { segment.properties[$0] })
        }
      }
      for (table, rows) in current.memtables {
        let cutoffs = current.expiry.cutoffs(current.eventNames, since: UInt64(table.firstDeletion), forQueries: true)
        let content = table.with { $0 }
        let isHidden = { (row: Int) in
          content.times[row] < (cutoffs.isEmpty ? current.expiry.before : cutoffs[Int(content.events[row])])
            || current.deletions.hides(content.rawSubjects[row], since: UInt64(table.firstDeletion))
        }
        for row in 0..<rows where !isHidden(row) { counts[current.eventNames[Int(content.events[row])], default: 0] += 1 }
        for column in content.columns {
          var seen = [Bool](repeating: false, count: current.eventNames.count)
          for row in column.rows where Int(row) < rows && !isHidden(Int(row)) { seen[Int(content.events[Int(row)])] = true }
          for (code, isSeen) in seen.enumerated() where isSeen { properties[current.eventNames[code], default: []].insert(column.name) }
        }
      }
      try count(read, names: current.eventNames, &counts, &properties)
      var first: Int64?
      var last: Int64?
      for run in snapshot.runs where run.rowCount > 0 {
        first = min(first ?? .max, run.firstTime)
        last = max(last ?? .min, run.lastTime)
      }
      let subjects = try countSubjects(snapshot)
      return Catalog(
        events: counts.map { Catalog.Event(name: $0, count: $1, properties: (properties[$0] ?? []).sorted()) }
          .sorted { $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name },
        eventCount: counts.values.reduce(0, +), subjectCount: subjects, firstEvent: first.map { Timestamp(milliseconds: $0) },
        lastEvent: last.map { Timestamp(milliseconds: $0) })
    }
  }

  package func values(of property: String, event: String?, limit: Int) async throws -> [StoredValue] {
    try readable { snapshot in
      let code = event.map { name in snapshot.eventNames.firstIndex(of: name).map { UInt16($0) } }
      if case .some(.none) = code { return [] }
      var counts: [StoredValue: Int] = [:]
      for run in snapshot.runs {
        let wanted = code == nil ? nil : run.eventCodes.firstIndex { $0 == code }
        if code != nil, wanted == nil { continue }
        for block in run.blocks.indices {
          try JourneyScan.checkCancellation()
          guard let column = try run.column(property, block) else { continue }
          let events = try run.events(block)
          var byCode = [Int](repeating: 0, count: column.shared.count + column.own.count + 1)
          for row in 0..<column.count where wanted == nil || events[row] == wanted { byCode[column[row]] += 1 }
          for (code, count) in byCode.enumerated().dropFirst() where count > 0 { counts[column.value(code), default: 0] += count }
        }
      }
      // Only what can be among the most frequent is brought into order.
      var found = counts.map { (value: $0, count: $1) }
      if limit > 0, found.count > limit {
        let smallest = found.map(\.count).sorted(by: >)[limit - 1]
        found.removeAll { $0.count < smallest }
      }
      found.sort { $0.count != $1.count ? $0.count > $1.count : ValueOrder.precedes($0.value, $1.value) }
      return found.prefix(max(0, limit)).map(\.value)
    }
  }

  // MARK: Parts

  func canonicalNow(_ number: UInt32) -> UInt32 { state.withLock { $0.journal.canonical(number) } }

  /// What the store cannot read becomes the error that queries throw.
  private func readable<Result>(_ purpose: HiddenRows.Purpose = .queries, _ body: (StoreSnapshot) throws -> Result) throws -> Result {
    do {
      return try body(try snapshotNow(for: purpose))
    } catch let error as StoreError {
      throw QueryError(.unreadable, error.description)
    } catch let error as FormatError {
      throw QueryError(.unreadable, "The data in memory contradict themselves: \(error). Restart Sealane, then run `sealane doctor`.")
    }
  }

  private func reference(_ number: UInt32, in snapshot: StoreSnapshot) -> SubjectReference? {
    guard number != ColumnRun.noActor else { return nil }
    return snapshot.pseudonym(number).map { SubjectReference(number: SubjectNumber(number), pseudonym: $0) }
  }

  private func events(_ rows: [SubjectRows.Row], in snapshot: StoreSnapshot) throws -> [JourneyEvent] {
    var properties = [[StoredProperty]](repeating: [], count: rows.count)
    struct Block: Hashable { var run: Int, block: Int }
    let blocks = Dictionary(grouping: rows.indices, by: { Block(run: rows[$0].run, block: rows[$0].block) })
    for (place, mine) in blocks {
      let run = snapshot.runs[place.run]
      for name in run.properties.sorted() {
        guard let column = try run.column(name, place.block) else { continue }
        for index in mine {
          let code = column[rows[index].row]
          if code > 0 { properties[index].append(StoredProperty(name, column.value(code))) }
        }
      }
    }
    return rows.enumerated().map { index, row in
      JourneyEvent(
        name: snapshot.eventNames[Int(row.event)], time: Timestamp(milliseconds: row.place.time),
        subject: reference(row.place.subject, in: snapshot), original: reference(row.place.raw, in: snapshot),
        properties: properties[index], cursor: row.place.cursor)
    }
  }

  /// Canonical subjects by their latest event, at most `limit`. Partitions are read from the newest on, until they have enough.
  private func latest(_ rows: SubjectRows, limit: Int) throws -> [UInt32] {
    guard limit > 0 else { return [] }
    var latest: [UInt32: Int64] = [:]
    let partitions = Dictionary(grouping: rows.snapshot.runs, by: \.partition).sorted { $0.key > $1.key }
    for (_, runs) in partitions {
      // Whoever was found before was seen in a later month than any subject that is new here.
      if latest.count >= limit { break }
      var bound = Int64.min
      for run in runs {
        for block in run.blocks.indices where run.blocks[block].lastTime >= bound {
          let (keys, offsets) = (try run.keys(block), try run.times(block).offsets)
          for (index, label) in keys.subjects.enumerated() where label != ColumnRun.noActor {
            let row = Int(keys.starts[index + 1]) - 1
            let time = run.partition.base + Int64(offsets[row])
            guard time >= bound else { continue }
            let subject = rows.canonical(label)
            latest[subject] = max(latest[subject] ?? .min, time)
            // Kept short: the best `limit` of many.
            if latest.count > 8 * limit + 4096 {
              let best = Self.best(latest, limit: limit)
              latest = Dictionary(uniqueKeysWithValues: best.map { ($0.subject, $0.time) })
              if best.count >= limit, let worst = best.last { bound = worst.time }
            }
          }
        }
      }
    }
    return Self.best(latest, limit: limit).map(\.subject)
  }

  private static func best(_ found: [UInt32: Int64], limit: Int) -> [(subject: UInt32, time: Int64)] {
    Array(
      found.map { (subject: $0, time: $1) }.sorted { $0.time != $1.time ? $0.time > $1.time : $0.subject < $1.subject }.prefix(limit))
  }

  /// Counts the events of runs, and which properties occur with them, row by row.
  private func count(_ runs: [ColumnRun], names: [String], _ counts: inout [String: Int], _ properties: inout [String: Set<String>]) throws
  {
    for run in runs {
      for block in run.blocks.indices {
        try JourneyScan.checkCancellation()
        let events = try run.events(block)
        var byCode = [Int](repeating: 0, count: run.eventCodes.count)
        for row in 0..<run.blocks[block].rowCount { byCode[events[row]] += 1 }
        for (code, count) in byCode.enumerated() where count > 0 { counts[names[Int(run.eventCodes[code])], default: 0] += count }
        for property in run.properties {
          guard let column = try run.column(property, block) else { continue }
          var seen = [Bool](repeating: false, count: run.eventCodes.count)
          for row in 0..<column.count where column[row] != 0 { seen[events[row]] = true }
          for (code, isSeen) in seen.enumerated() where isSeen {
            properties[names[Int(run.eventCodes[code])], default: []].insert(property)
          }
        }
      }
    }
  }

  /// Different canonical subjects that have events.
  private func countSubjects(_ snapshot: StoreSnapshot) throws -> Int {
    var counter = SubjectCounter()
    let selectors = try Selectors([EventSelector(event: nil)], everything: nil, snapshot: snapshot, instant: Timestamp(milliseconds: .max))
    try JourneyScan(snapshot: snapshot, selectors: selectors, columnCount: 0, times: .min ..< .max).run(&counter)
    return counter.count
  }

  /// Canonical subjects of the ids whose pseudonym begins so. At most 10,000 ids are looked at.
  private func matching(_ digits: String, rows: SubjectRows) -> Set<UInt32> {
    Set(identities.numbers(prefix: digits, limit: 10_000).map { rows.canonical(canonicalNow($0)) })
  }
}

private struct SubjectCounter: JourneyVisitor {
  var needsOrder: Bool { false }
  var count = 0
  mutating func visit(_ journey: Journey) { count += 1 }
  mutating func visitWithoutActor(_ journey: Journey) {}
}
