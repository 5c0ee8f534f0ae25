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
      // An organization above a subject in one number: sorted once, they stand together.
      var pairs: [UInt64] = []
      var limit = 4_000_000
      for run in snapshot.runs {
        for block in run.blocks.indices {
          try JourneyScan.checkCancellation()
          try Self.gather(&pairs, run, block, key, snapshot)
          // Whoever has many rows of many organizations stands in it many times: once is enough.
          if pairs.count > limit {
            Self.sortOnce(&pairs)
            limit = max(limit, pairs.count * 2)
          }
        }
      }
      return Self.grouped(&pairs)
    } catch let error as StoreError {
      throw QueryError(.unreadable, error.description)
    }
  }

  /// What is known of a code of a block.
  private enum Labels {
    static let unknown: Int64 = -1
    static let none: Int64 = -2
    static let several: Int64 = -3
  }

  private static func gather(
    _ pairs: inout [UInt64], _ run: ColumnRun, _ block: Int, _ key: String, _ snapshot: StoreSnapshot
  ) throws(StoreError) {
    guard let column = try run.column(key, block) else { return }
    let keys = try run.keys(block)
    // Almost every value names one organization: by code, so that each is looked up once a block.
    var labels: [Int64] = []
    var lists: [Int: [UInt32]] = [:]
    // By code, one behind the last subject that had it: a subject whose rows alternate has each once.
    var last: [UInt32] = []
    for (index, subject) in keys.subjects.enumerated() where subject != ColumnRun.noActor {
      let owner = UInt64(snapshot.merges[subject] ?? subject)
      // Most people's rows all name the same.
      var previous = 0
      for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) {
        let code = column[row]
        if code == previous || code == 0 { continue }
        previous = code
        if code >= labels.count {
          let more = max(code + 1 - labels.count, labels.count)
          labels += [Int64](repeating: Labels.unknown, count: more)
          last += [UInt32](repeating: 0, count: more)
        }
        if last[code] == UInt32(index) + 1 { continue }
        last[code] = UInt32(index) + 1
        if labels[code] == Labels.unknown {
          let groups = GroupSnapshots.labels(of: column.value(code), snapshot).filter { $0 != ColumnRun.noActor }
          labels[code] = groups.count == 1 ? Int64(groups[0]) : groups.isEmpty ? Labels.none : Labels.several
          if groups.count > 1 { lists[code] = groups }
        }
        let label = labels[code]
        if label >= 0 {
          pairs.append(UInt64(label) << 32 | owner)
        } else if label == Labels.several {
          for group in lists[code] ?? [] { pairs.append(UInt64(group) << 32 | owner) }
        }
      }
    }
  }

  /// Ascending, each once.
  private static func sortOnce(_ pairs: inout [UInt64]) {
    pairs.sort()
    var kept = 0
    for index in pairs.indices where index == 0 || pairs[index] != pairs[kept - 1] {
      pairs[kept] = pairs[index]
      kept += 1
    }
    pairs.removeSubrange(kept...)
  }

  /// By organization its subjects, ascending, each once.
  private static func grouped(_ pairs: inout [UInt64]) -> [UInt32: [UInt32]] {
    sortOnce(&pairs)
    var members: [UInt32: [UInt32]] = [:]
    var start = 0
    while start < pairs.count {
      let group = pairs[start] >> 32
      var list: [UInt32] = []
      var next = start
      while next < pairs.count, pairs[next] >> 32 == group {
        list.append(UInt32(truncatingIfNeeded: pairs[next]))
        next += 1
      }
      members[UInt32(group)] = list
      start = next
    }
    return members
  }
}
