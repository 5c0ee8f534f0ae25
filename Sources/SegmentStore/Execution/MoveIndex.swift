internal import Journeys
import Synchronization

/// Where the rows stand that merges newer than their run have moved to another subject. Made once for a snapshot that has such merges.
final class MoveIndex: Sendable {
  struct Entry: Sendable {
    /// Whose the rows are now.
    var canonical: UInt32
    var run: Int
    var block: Int
    /// Of the subject in the block.
    var index: Int
  }

  /// By canonical subject, then run, block and index.
  let entries: [Entry]
  /// For each run of the snapshot: the subjects whose rows are somebody else's now, ascending.
  let moved: [[UInt32]]

  private init(entries: [Entry], moved: [[UInt32]]) {
    self.entries = entries
    self.moved = moved
  }

  /// Kept with the snapshot.
  final class Box: Sendable {
    fileprivate let index = Mutex<MoveIndex?>(nil)
    init() {}
  }

  static func of(_ snapshot: StoreSnapshot) throws(QueryError) -> MoveIndex {
    if let known = snapshot.moveIndex.index.withLock({ $0 }) { return known }
    do throws(StoreError) {
      let made = try make(snapshot)
      snapshot.moveIndex.index.withLock { $0 = made }
      return made
    } catch {
      throw QueryError(.unreadable, error.description)
    }
  }

  private static func make(_ snapshot: StoreSnapshot) throws(StoreError) -> MoveIndex {
    var entries: [Entry] = []
    var moved = [[UInt32]](repeating: [], count: snapshot.runs.count)
    guard !snapshot.merges.isEmpty else { return MoveIndex(entries: [], moved: moved) }
    let numbers = snapshot.merges.keys.sorted()
    for (runIndex, run) in snapshot.runs.enumerated() {
      var next = 0
      for (block, summary) in run.blocks.enumerated() {
        while next < numbers.count, numbers[next] < summary.firstSubject { next += 1 }
        var candidate = next
        var keys: KeyChunk?
        while candidate < numbers.count, numbers[candidate] <= summary.lastSubject {
          let number = numbers[candidate]
          candidate += 1
          if keys == nil { keys = try run.keys(block) }
          guard let index = keys?.index(of: number) else { continue }
          entries.append(Entry(canonical: snapshot.merges[number] ?? number, run: runIndex, block: block, index: index))
          if moved[runIndex].last != number { moved[runIndex].append(number) }
        }
      }
    }
    entries.sort { ($0.canonical, $0.run, $0.block, $0.index) < ($1.canonical, $1.run, $1.block, $1.index) }
    return MoveIndex(entries: entries, moved: moved)
  }
}
