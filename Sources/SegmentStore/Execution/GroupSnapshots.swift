internal import Events
internal import Journeys
import Synchronization

/// A snapshot's events as the journeys of organizations: each row stands under the number of every organization that it names, ordered by
/// time, with its own subject beside it (semantics A.12). Rows that name none have no actor. Executors read it like any other snapshot.
///
/// The last one made is kept, since doors and reports of one query ask for the same.
final class GroupSnapshots: Sendable {
  /// What a query can look at; rows outside need not be there.
  struct Request: Hashable {
    var key: String
    /// Nil: all names.
    var events: Set<String>?
  }

  /// Bytes that a row takes while its runs are made, and in them.
  private static let rowBytes = 72

  private let last = Mutex<(request: Request, snapshot: StoreSnapshot)?>(nil)

  func snapshot(_ request: Request, of whole: StoreSnapshot) throws(QueryError) -> StoreSnapshot {
    if let known = last.withLock({ $0 }), known.request == request { return known.snapshot }
    let made = try Self.make(request, whole)
    last.withLock { $0 = (request, made) }
    return made
  }

  private static func make(_ request: Request, _ whole: StoreSnapshot) throws(QueryError) -> StoreSnapshot {
    let wanted = whole.eventNames.map { request.events?.contains($0) ?? true }
    let limit = whole.queryMemory / rowBytes
    var count = 0
    var rows: [Partition: [GatheredRow]] = [:]
    for (runIndex, run) in whole.runs.enumerated() {
      let isWanted = run.eventCodes.map { wanted[Int($0)] }
      guard isWanted.contains(true) else { continue }
      // Taken out, so that it grows in place.
      var gathered = rows.removeValue(forKey: run.partition) ?? []
      for block in run.blocks.indices {
        try JourneyScan.checkCancellation()
        do throws(StoreError) {
          try gather(&gathered, run, Int32(runIndex), block, isWanted, request.key, whole)
        } catch {
          throw QueryError(.unreadable, error.description)
        }
        guard count + gathered.count <= limit else { throw tooLarge(whole.queryMemory) }
      }
      count += gathered.count
      rows[run.partition] = gathered
    }
    let version = whole.runs.map(\.journalVersion).max() ?? 0
    var runs: [ColumnRun] = []
    for (partition, gathered) in rows.sorted(by: { $0.key < $1.key }) where !gathered.isEmpty {
      rows[partition] = nil
      runs.append(ColumnRun(gathering: gathered, of: partition, journalVersion: version, from: whole.runs, keepsOwners: true))
    }
    return whole.atLevel(.group(key: request.key), runs: runs)
  }

  private static func gather(
    _ rows: inout [GatheredRow], _ run: ColumnRun, _ runIndex: Int32, _ block: Int, _ isWanted: [Bool], _ key: String,
    _ whole: StoreSnapshot
  ) throws(StoreError) {
    let keys = try run.keys(block)
    let (events, offsets) = (try run.events(block), try run.times(block).offsets)
    let column = try run.column(key, block)
    // By code of the column: whose journeys a row with it belongs to.
    var labels: [Int: [UInt32]] = [0: [ColumnRun.noActor]]
    for (index, subject) in keys.subjects.enumerated() {
      let owner = whole.merges[subject] ?? subject
      for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) where isWanted[events[row]] {
        let code = column?[row] ?? 0
        let groups: [UInt32]
        if let known = labels[code] {
          groups = known
        } else {
          groups = Self.labels(of: column?.value(code), whole)
          labels[code] = groups
        }
        for group in groups {
          rows.append(
            GatheredRow(
              label: group, raw: owner,
              time: run.partition.base + Int64(offsets[row]),
              event: run.eventCodes[events[row]], origin: .init(run: runIndex, block: Int32(block), row: Int32(row))))
        }
      }
    }
  }

  /// The organizations that a value names, each once; without any the row has no actor.
  static func labels(of value: StoredValue?, _ whole: StoreSnapshot) -> [UInt32] {
    var labels: [UInt32] = []
    func add(_ value: StoredValue?) {
      switch value {
      case .pseudonym(let pseudonym): if let number = whole.number(pseudonym), !labels.contains(number) { labels.append(number) }
      case .list(let elements): for element in elements { add(element) }
      default: break
      }
    }
    add(value)
    return labels.isEmpty ? [ColumnRun.noActor] : labels
  }

  private static func tooLarge(_ bytes: Int) -> QueryError {
    QueryError(
      .tooLarge,
      "Journeys of organizations over so many events would take more than the \(bytes >> 20) MiB that a query may use; ask for fewer events.",
      field: "level")
  }
}

extension StoreSnapshot {
  /// The same store, seen as other journeys.
  func atLevel(_ level: Level, runs: [ColumnRun]) -> StoreSnapshot {
    var other = StoreSnapshot(
      runs: runs, merges: [:], eventNames: eventNames, dataVersion: dataVersion, pseudonym: pseudonym, number: number,
      profileValue: profileValue, profileFailure: profileFailure)
    other.level = level
    other.queryMemory = queryMemory
    other.wholeEventCount = eventCount
    other.scanThreads = scanThreads
    other.rowsForTwoThreads = rowsForTwoThreads
    return other
  }
}
