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
  /// In journeys of organizations: whose event it is.
  var owner: UInt32?

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

  /// Organizations are the pseudonyms of this form.
  static func organization(_ pseudonym: Pseudonym) -> UInt32? { pseudonym.high == 5 ? 9_000 + UInt32(pseudonym.low) : nil }

  /// The pseudonyms in a value, each once.
  static func organizations(in value: StoredValue?) -> [UInt32] {
    switch value {
    case .pseudonym(let pseudonym): organization(pseudonym).map { [$0] } ?? []
    case .list(let elements):
      elements.reduce(into: []) { all, element in
        for number in organizations(in: element) where !all.contains(number) { all.append(number) }
      }
    default: []
    }
  }

  /// Every event once for each organization that it names.
  func journeys(ofGroups key: String) -> PlainWorld {
    var world = PlainWorld()
    world.profiles = profiles
    for event in events {
      let groups = Self.organizations(in: event.properties[key])
      for actor in groups.isEmpty ? [nil] : groups.map(Optional.some) {
        var copy = event
        copy.owner = event.actor.map { canonical($0) }
        copy.actor = actor
        world.events.append(copy)
      }
    }
    return world
  }

  func canonical(_ number: UInt32, after journalVersion: Int? = nil) -> UInt32 {
    var number = number
    for merge in merges.prefix(journalVersion ?? merges.count) where merge.from == number { number = merge.into }
    return number
  }

  /// - Parameters:
  ///   - assignment: the run of each event; nil for one run of everything.
  ///   - versions: how much of the journal each run has applied.
  ///   - blockRows: rows of a block; few, so that journeys spread over several.
  func snapshot(assignment: [Int]? = nil, versions: [Int] = [], runs runCount: Int = 1, blockRows: Int = 5) -> StoreSnapshot {
    var names: [String] = []
    var known = Set<String>()
    for event in events where known.insert(event.name).inserted { names.append(event.name) }
    var runs: [ColumnRun] = []
    for run in 0..<runCount {
      let version = run < versions.count ? versions[run] : merges.count
      let chosen = events.indices.filter { (assignment?[$0] ?? 0) == run }
      runs += Self.runs(
        of: chosen.map { events[$0] }, names: names, journalVersion: version, blockRows: blockRows,
        canonical: { canonical($0, after: version) })
    }
    var moved: [UInt32: UInt32] = [:]
    for merge in merges { moved[merge.from] = canonical(merge.from) }
    let profiles = profiles
    return StoreSnapshot(
      runs: runs, merges: moved, eventNames: names, dataVersion: 7, pseudonym: { Pseudonym(high: 1, low: UInt64($0)) },
      number: { pseudonym in Self.organization(pseudonym) ?? (pseudonym.high == 1 ? canonical(UInt32(pseudonym.low)) : nil) },
      profileValue: { profiles[$0]?[$1] })
  }

  private static func runs(
    of events: [PlainEvent], names: [String], journalVersion: Int, blockRows: Int, canonical: (UInt32) -> UInt32
  ) -> [ColumnRun] {
    let rows = events.enumerated().map { arrival, event in
      PlainRow(
        partition: Partition(containing: event.time), subject: event.actor.map(canonical) ?? ColumnRun.noActor, arrival: arrival,
        event: event)
    }.sorted {
      ($0.partition, $0.subject, $0.event.time, $0.raw, $0.arrival) < ($1.partition, $1.subject, $1.event.time, $1.raw, $1.arrival)
    }
    // The run numbers events in an order of its own.
    let codes = names.indices.reversed().map { UInt16($0) }
    return Dictionary(grouping: rows, by: \.partition).sorted { $0.key < $1.key }.map { partition, rows in
      let blocks = stride(from: 0, to: rows.count, by: blockRows).map { Array(rows[$0..<min($0 + blockRows, rows.count)]) }
      return ColumnRun(
        partition: partition, journalVersion: UInt64(journalVersion), blocks: blocks.map(PlainChunks.summary), eventCodes: codes,
        properties: Set(rows.flatMap(\.event.properties.keys)), source: PlainChunks(partition: partition, blocks: blocks, names: names))
    }
  }
}

private struct PlainRow: Sendable {
  var partition: Partition
  var subject: UInt32
  var arrival: Int
  var event: PlainEvent
  var raw: UInt32 { event.actor ?? ColumnRun.noActor }
}

/// Chunks made from rows, most of them each time anew.
private struct PlainChunks: ChunkSource {
  let partition: Partition
  let blocks: [[PlainRow]]
  let names: [String]
  private let values: [String: Values]
  private let codes: [String: Int]

  init(partition: Partition, blocks: [[PlainRow]], names: [String]) {
    self.partition = partition
    self.blocks = blocks
    self.names = names
    values = Self.values(blocks)
    codes = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  static func summary(_ rows: [PlainRow]) -> ColumnRun.Block {
    ColumnRun.Block(
      rowCount: rows.count, firstSubject: rows[0].subject, lastSubject: rows[rows.count - 1].subject,
      firstTime: rows.map(\.event.time).min() ?? 0, lastTime: rows.map(\.event.time).max() ?? 0)
  }

  func keys(_ block: Int) -> KeyChunk {
    var subjects: [UInt32] = []
    var starts: [UInt32] = []
    var raws: [KeyChunk.RawRun] = []
    for (index, row) in blocks[block].enumerated() {
      if subjects.last != row.subject {
        subjects.append(row.subject)
        starts.append(UInt32(index))
      }
      if row.raw != row.subject { raws.append(.init(start: UInt32(index), count: 1, raw: row.raw)) }
    }
    return KeyChunk(subjects: subjects, starts: starts + [UInt32(blocks[block].count)], rawRuns: raws)
  }

  func events(_ block: Int) -> EventChunk {
    let codes = blocks[block].map { names.count - 1 - (self.codes[$0.event.name] ?? 0) }
    return block % 3 == 2 || names.count > 256 ? EventChunk(wide: codes.map { UInt16($0) }) : EventChunk(narrow: codes.map { UInt8($0) })
  }

  func slots(_ block: Int) -> SlotChunk {
    SlotChunk(slots: blocks[block].map { UInt16(($0.event.time - partition.base) / Partition.slotMilliseconds) })
  }

  func times(_ block: Int) -> TimeChunk {
    TimeChunk(offsets: blocks[block].map { UInt32($0.event.time - partition.base) })
  }

  /// Every third value is one of the block's own.
  func column(_ property: String, _ block: Int) -> ColumnChunk? {
    guard let values = values[property] else { return nil }
    let codes = blocks[block].map { row in row.event.properties[property].flatMap { values.codes[$0] } ?? 0 }
    return codes.contains { $0 != 0 } ? ColumnChunk(codes: codes, shared: values.shared, own: values.own) : nil
  }

  private struct Values {
    var shared: ValueList
    var own: ValueList
    var codes: [StoredValue: UInt32]

    init(_ all: [StoredValue]) {
      let shared = all.enumerated().filter { $0.offset % 3 != 2 }.map(\.element)
      let own = all.enumerated().filter { $0.offset % 3 == 2 }.map(\.element)
      self.shared = ValueList(shared)
      self.own = ValueList(own)
      codes = Dictionary(uniqueKeysWithValues: (shared + own).enumerated().map { ($1, UInt32($0 + 1)) })
    }
  }

  private static func values(_ blocks: [[PlainRow]]) -> [String: Values] {
    var order: [String: [StoredValue]] = [:]
    var seen: [String: Set<StoredValue>] = [:]
    for row in blocks.joined() {
      for (name, value) in row.event.properties where seen[name, default: []].insert(value).inserted {
        order[name, default: []].append(value)
      }
    }
    return order.mapValues { Values($0) }
  }
}
