import Events
import Journeys
import SegmentStore

/// An event as a test writes it.
struct PlainEvent: Sendable {
  var name: String
  var time: Int64
  /// The number under whose id it arrives; nil without an actor.
  var actor: UInt32?
  var properties: [String: StoredValue] = [:]

  init(_ name: String, _ time: Int64, _ actor: UInt32?, _ properties: [String: StoredValue] = [:]) {
    self.name = name
    self.time = time
    self.actor = actor
    self.properties = properties
  }
}

/// Everything that a store would hold, in the plainest form; runs are cut out of it as a store might have them.
struct PlainWorld: Sendable {
  struct Merge: Sendable {
    var from: UInt32
    var into: UInt32
  }
  var events: [PlainEvent] = []
  /// In the order of the journal; `from` and `into` are canonical at that moment.
  var merges: [Merge] = []
  var profiles: [UInt32: [String: StoredValue]] = [:]

  func canonical(_ number: UInt32, after journalVersion: Int? = nil) -> UInt32 {
    var number = number
    for merge in merges.prefix(journalVersion ?? merges.count) where merge.from == number { number = merge.into }
    return number
  }

  /// - Parameters:
  ///   - assignment: the run of each event; nil for one run of everything.
  ///   - versions: how much of the journal each run has applied.
  func snapshot(assignment: [Int]? = nil, versions: [Int] = [], runs runCount: Int = 1) -> StoreSnapshot {
    var names: [String] = []
    for event in events where !names.contains(event.name) { names.append(event.name) }
    var runs: [ColumnRun] = []
    for run in 0..<runCount {
      let version = run < versions.count ? versions[run] : merges.count
      let chosen = events.indices.filter { (assignment?[$0] ?? 0) == run }
      runs.append(Self.run(of: chosen.map { events[$0] }, names: names, journalVersion: version) { canonical($0, after: version) })
    }
    var moved: [UInt32: UInt32] = [:]
    for merge in merges { moved[merge.from] = canonical(merge.from) }
    let profiles = profiles
    return StoreSnapshot(
      runs: runs, merges: moved, eventNames: names, dataVersion: 7, pseudonym: { Pseudonym(high: 1, low: UInt64($0)) },
      profileValue: { profiles[$0]?[$1] })
  }

  private static func run(of events: [PlainEvent], names: [String], journalVersion: Int, canonical: (UInt32) -> UInt32) -> ColumnRun {
    let rows = events.enumerated().map { (subject: $1.actor.map(canonical) ?? ColumnRun.noActor, arrival: $0, event: $1) }
      .sorted { ($0.subject, $0.event.time, $0.arrival) < ($1.subject, $1.event.time, $1.arrival) }
    var subjects: [UInt32] = []
    var starts: [UInt32] = []
    for (index, row) in rows.enumerated() where subjects.last != row.subject {
      subjects.append(row.subject)
      starts.append(UInt32(index))
    }
    starts.append(UInt32(rows.count))
    var columns: [String: Column] = [:]
    for property in Set(rows.flatMap(\.event.properties.keys)) {
      var values: [StoredValue] = []
      let codes = rows.map { row -> UInt32 in
        guard let value = row.event.properties[property] else { return 0 }
        if let index = values.firstIndex(of: value) { return UInt32(index + 1) }
        values.append(value)
        return UInt32(values.count)
      }
      columns[property] = Column(codes: codes, values: values)
    }
    let loaded = columns
    return ColumnRun(
      journalVersion: UInt64(journalVersion), subjects: subjects, starts: starts, times: rows.map(\.event.time),
      events: rows.map { UInt16(names.firstIndex(of: $0.event.name) ?? 0) }, rawSubjects: rows.map { $0.event.actor ?? ColumnRun.noActor },
      properties: Array(columns.keys), load: { loaded[$0] })
  }
}
