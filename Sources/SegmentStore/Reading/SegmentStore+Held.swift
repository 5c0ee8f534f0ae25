internal import Events
package import Journeys
import Synchronization

extension SegmentStore {
  /// What is stored of names that are held, the most frequent first. Reads the times of those events only where they stand.
  package func heldEvents() async throws -> [HeldEvents] {
    let names = heldNames
    if names.isEmpty { return [] }
    return try await scanThreads.run { [self] () throws(QueryError) in
      do { return try heldEvents(names) } catch let error as QueryError { throw error } catch {
        throw QueryError(.unreadable, "\(error)")
      }
    }
  }

  private func heldEvents(_ names: Set<String>) throws -> [HeldEvents] {
    let current = state.withLock { $0 }
    var found: [String: HeldEvents] = [:]
    func add(_ name: String, _ milliseconds: Int64) {
      let time = Timestamp(milliseconds: milliseconds)
      var events = found[name] ?? HeldEvents(name: name, count: 0, first: time, last: time)
      events.count += 1
      events.first = min(events.first, time)
      events.last = max(events.last, time)
      found[name] = events
    }
    for segment in current.segments where segment.statistics.contains(where: { names.contains($0.name) }) {
      let hidden = HiddenRows(current, since: segment.file.reference.deletions, for: .storage)
      let codes = segment.statistics.map { event in current.eventNames.firstIndex(of: event.name).map { UInt16($0) } ?? 0 }
      let isHeld = segment.statistics.map { names.contains($0.name) }
      for run in segment.runs.indices where zip(try segment.eventsPresent(run), isHeld).contains(where: { $0 && $1 }) {
        for block in segment.runs[run].blocks.indices {
          try JourneyScan.checkCancellation()
          let decoded = try MergedBlock(segment, run, block)
          for subject in decoded.keys.subjects.indices {
            decoded.forEachRow(of: subject) { row in
              guard isHeld[row.event], !hidden.contains(raw: row.raw, time: row.time, event: codes[row.event]) else { return }
              add(segment.statistics[row.event].name, row.time)
            }
          }
        }
      }
    }
    for (table, rows) in current.memtables {
      let hidden = HiddenRows(current, since: UInt64(table.firstDeletion), for: .storage)
      let content = table.with { $0 }
      for row in 0..<rows {
        let name = current.eventNames[Int(content.events[row])]
        guard names.contains(name), !hidden.contains(raw: content.rawSubjects[row], time: content.times[row], event: content.events[row])
        else { continue }
        add(name, content.times[row])
      }
    }
    return found.values.sorted { $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name }
  }
}
