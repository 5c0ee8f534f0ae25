package import Events
internal import Journeys
import Synchronization

/// Who is who as of one moment: later merges and arrivals do not change it. It holds a copy of the merges, so keep it no longer than needed.
package struct SubjectCensus: Sendable {
  private let journal: MergeJournal
  private let identities: IdentityTable
  /// Ids that had arrived.
  private let count: Int

  fileprivate init(journal: MergeJournal, identities: IdentityTable) {
    self.journal = journal
    self.identities = identities
    count = identities.count
  }

  /// How many merges were asked for by then.
  package var merges: UInt64 { journal.version }

  /// For each number the one that it counts as, in the same order. Takes no lock.
  package func canonical(of numbers: [UInt32]) -> [UInt32] { numbers.map(journal.canonical) }

  /// Every number that counts as this canonical one, itself included.
  package func members(of canonical: UInt32) -> [UInt32] { journal.members(of: canonical) }

  /// How many ids had arrived, groups among them.
  package var idCount: Int { count }

  /// Ids in the order of their arrival, without groups: a part at a time, since intake waits for the table's lock.
  package func ids(_ range: Range<Int>) -> [(pseudonym: Pseudonym, number: SubjectNumber)] {
    let part = range.clamped(to: 0..<count)
    return identities.entries(part).enumerated().filter { !$0.element.isGroup }.map { offset, entry in
      (entry.pseudonym, SubjectNumber(identities.permutation.number(ofOrdinal: UInt32(part.lowerBound + offset))))
    }
  }

  /// Those of the numbers that name organizations.
  package func groups(among numbers: [UInt32]) -> Set<UInt32> {
    var found: Set<UInt32> = []
    var next = 0
    while next < numbers.count {
      let end = min(numbers.count, next + 65_536)
      found.formUnion(identities.groups(among: numbers[next..<end]))
      next = end
    }
    return found
  }

  /// Canonical numbers of all subjects whose ids have arrived, deleted ones included, each once, in no order.
  package func everybody() -> [UInt32] {
    var found: [UInt32] = []
    found.reserveCapacity(count)
    // Whoever counts as another one is there by that one's number.
    var next = 0
    while next < count {
      // A part at a time: intake waits for the table's lock.
      let end = min(count, next + 65_536)
      for number in identities.subjects(next..<end) where journal.canonical(number) == number { found.append(number) }
      next = end
    }
    return found
  }
}

extension SegmentStore {
  package func census() -> SubjectCensus { SubjectCensus(journal: state.withLock { $0.journal }, identities: identities) }

  /// Who was seen with which organization: for each that rows name by the property, the subjects of those rows, each once.
  ///
  /// One pass over the property's column. Like any query it does not see rows that are hidden.
  package func organizationMembers(by key: String) throws -> [UInt32: [UInt32]] {
    do {
      let snapshot = try snapshotNow()
      var members: [UInt32: [UInt32]] = [:]
      for run in snapshot.runs {
        for block in run.blocks.indices {
          try JourneyScan.checkCancellation()
          try Self.gather(&members, run, block, key, snapshot)
        }
      }
      for group in members.keys { members[group]?.sortOnce() }
      return members
    } catch let error as StoreError {
      throw QueryError(.unreadable, error.description)
    }
  }

  private static func gather(
    _ members: inout [UInt32: [UInt32]], _ run: ColumnRun, _ block: Int, _ key: String, _ snapshot: StoreSnapshot
  ) throws(StoreError) {
    guard let column = try run.column(key, block) else { return }
    let keys = try run.keys(block)
    var labels: [Int: [UInt32]] = [:]
    for (index, subject) in keys.subjects.enumerated() where subject != ColumnRun.noActor {
      let owner = snapshot.merges[subject] ?? subject
      // Most people's rows all name the same.
      var previous = 0
      for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) {
        let code = column[row]
        if code == previous { continue }
        previous = code
        if code == 0 { continue }
        let groups: [UInt32]
        if let known = labels[code] {
          groups = known
        } else {
          groups = GroupSnapshots.labels(of: column.value(code), snapshot)
          labels[code] = groups
        }
        for group in groups where group != ColumnRun.noActor && members[group]?.last != owner {
          members[group, default: []].append(owner)
        }
      }
    }
  }
}

extension [UInt32] {
  /// Ascending, each once.
  fileprivate mutating func sortOnce() {
    sort()
    var kept = 0
    for index in indices where index == 0 || self[index] != self[kept - 1] {
      self[kept] = self[index]
      kept += 1
    }
    removeSubrange(kept...)
  }
}
