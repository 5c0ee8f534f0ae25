internal import Events
internal import Journeys
import Synchronization

/// The rows that merges newer than their run have moved to another subject, as runs of their own in the order of today: so a walk meets
/// them where they belong. Made once for a snapshot that has such merges; columns are gathered when asked for.
final class MovedRuns: Sendable {
  /// One for each partition that has such rows.
  let runs: [ColumnRun]
  /// For each run of the snapshot: the subjects whose rows are somebody else's now, ascending.
  let moved: [[UInt32]]

  private init(runs: [ColumnRun], moved: [[UInt32]]) {
    self.runs = runs
    self.moved = moved
  }

  /// Kept with the snapshot.
  final class Box: Sendable {
    fileprivate let made = Mutex<MovedRuns?>(nil)
    init() {}

    /// Bytes of memory, about.
    var footprint: Int {
      made.withLock { made in
        (made?.runs ?? []).reduce(0) { $0 + $1.rowCount * 40 } + (made?.moved ?? []).reduce(0) { $0 + $1.count * 4 }
      }
    }
  }

  static func of(_ snapshot: StoreSnapshot) throws(QueryError) -> MovedRuns {
    if let known = snapshot.movedRuns.made.withLock({ $0 }) { return known }
    do throws(StoreError) {
      let made = try make(snapshot)
      snapshot.movedRuns.made.withLock { $0 = made }
      return made
    } catch {
      throw QueryError(.unreadable, error.description)
    }
  }

  private static func make(_ snapshot: StoreSnapshot) throws(StoreError) -> MovedRuns {
    var moved = [[UInt32]](repeating: [], count: snapshot.runs.count)
    guard !snapshot.merges.isEmpty else { return MovedRuns(runs: [], moved: moved) }
    let numbers = snapshot.merges.keys.sorted()
    var rows: [Partition: [GatheredRow]] = [:]
    for (runIndex, run) in snapshot.runs.enumerated() {
      var next = 0
      for (block, summary) in run.blocks.enumerated() {
        while next < numbers.count, numbers[next] < summary.firstSubject { next += 1 }
        guard next < numbers.count, numbers[next] <= summary.lastSubject else { continue }
        let keys = try run.keys(block)
        // Both lists ascend.
        var position = 0
        var candidate = next
        var found: [Int] = []
        while candidate < numbers.count, position < keys.subjects.count {
          if numbers[candidate] < keys.subjects[position] {
            candidate += 1
          } else if numbers[candidate] > keys.subjects[position] {
            position += 1
          } else {
            found.append(position)
            candidate += 1
            position += 1
          }
        }
        guard !found.isEmpty else { continue }
        let (events, offsets) = (try run.events(block), try run.times(block).offsets)
        for index in found {
          let subject = keys.subjects[index]
          if moved[runIndex].last != subject { moved[runIndex].append(subject) }
          for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) {
            rows[run.partition, default: []].append(
              GatheredRow(
                label: snapshot.merges[subject] ?? subject, raw: keys.raw(of: row, subject: subject),
                time: run.partition.base + Int64(offsets[row]),
                event: run.eventCodes[events[row]], origin: .init(run: Int32(runIndex), block: Int32(block), row: Int32(row))))
          }
        }
      }
    }
    let version = snapshot.runs.map(\.journalVersion).max() ?? 0
    let runs = rows.sorted { $0.key < $1.key }.map { partition, rows in
      ColumnRun(gathering: rows, of: partition, journalVersion: version, from: snapshot.runs)
    }
    return MovedRuns(runs: runs, moved: moved)
  }
}
