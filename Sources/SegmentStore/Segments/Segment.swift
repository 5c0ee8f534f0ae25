internal import Events
import Synchronization

/// A sorted, immutable file of events. Sections are read when a query needs them.
final class Segment: Sendable {
  struct Meta: Sendable, Equatable {
    var rowCount: Int
    var subjectCount: Int
    var journalVersion: UInt64
    var firstTime: Int64
    var lastTime: Int64
  }

  /// What the segment knows about one event name.
  struct EventStatistics: Sendable, Equatable {
    var name: String
    var count: Int
    /// Indexes of the properties that occur with it.
    var properties: [Int]
  }

  let file: SectionFileReader
  let meta: Meta
  let statistics: [EventStatistics]
  /// Property names, in the order of their sections.
  let properties: [String]
  /// UTC days of which it holds fingerprints.
  let days: Set<Int32>
  private let run = Mutex<ColumnRun?>(nil)

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    let meta = try file.read("meta") { reader in
      Meta(
        rowCount: try reader.number(through: Int(UInt32.max) - 1), subjectCount: try reader.number(through: Int(UInt32.max)),
        journalVersion: try reader.varint(), firstTime: try reader.integer(), lastTime: try reader.integer())
    }
    self.meta = meta
    let properties = file.sections.compactMap { $0.name.hasPrefix("p:") ? String($0.name.dropFirst(2)) : nil }
    self.properties = properties
    days = Set(file.sections.compactMap { $0.name.hasPrefix("f:") ? Int32($0.name.dropFirst(2)) : nil })
    statistics = try file.read("stats") { reader in
      var list: [EventStatistics] = []
      var total = 0
      for _ in 0..<(try reader.count()) {
        let name = try reader.string()
        let count = try reader.number(through: meta.rowCount)
        total += count
        var indexes: [Int] = []
        for _ in 0..<(try reader.count()) { indexes.append(try reader.number(through: max(0, properties.count - 1))) }
        list.append(EventStatistics(name: name, count: count, properties: indexes))
      }
      guard total == meta.rowCount, properties.count > 0 || list.allSatisfy({ $0.properties.isEmpty }) else {
        throw FormatError("the counts do not add up")
      }
      return list
    }
  }

  /// The fingerprints of a UTC day, ascending; nil if there are none.
  func fingerprints(of day: Int32) throws(StoreError) -> [UInt64]? {
    guard days.contains(day) else { return nil }
    return try file.read("f:\(day)") { reader in
      try reader.array(UInt64.self, count: reader.remaining / 8)
    }
  }

  /// The segment as queries see it.
  ///
  /// - Parameter codes: store-wide event codes by name; holds every name of `statistics`.
  func run(codes: [String: UInt16], cache: BlockCache) throws(StoreError) -> ColumnRun {
    if let known = run.withLock({ $0 }) { return known }
    let made = try decode(codes: codes, cache: cache)
    run.withLock { $0 = made }
    return made
  }

  /// The same without keeping it, for merging and checking.
  func decode(codes: [String: UInt16], cache: BlockCache?) throws(StoreError) -> ColumnRun {
    let meta = meta
    let subjects = try file.read("subjects") { reader in
      var list: [UInt32] = []
      list.reserveCapacity(min(meta.subjectCount, reader.remaining))
      var subject = 0
      for index in 0..<meta.subjectCount {
        let distance = try reader.number(through: Int(UInt32.max))
        guard index == 0 || distance > 0 else { throw FormatError("a subject occurs twice") }
        subject += distance
        guard subject <= Int(UInt32.max) else { throw FormatError("a subject number is out of range") }
        list.append(UInt32(subject))
      }
      return list
    }
    let starts = try file.read("starts") { reader in
      var list: [UInt32] = [0]
      list.reserveCapacity(meta.subjectCount + 1)
      var row = 0
      for _ in 0..<meta.subjectCount {
        let count = try reader.number(through: meta.rowCount - row)
        guard count > 0 else { throw FormatError("a subject has no row") }
        row += count
        list.append(UInt32(row))
      }
      guard row == meta.rowCount else { throw FormatError("the subjects' rows do not add up") }
      return list
    }
    let times = try file.read("times") { reader in
      var list: [Int64] = []
      list.reserveCapacity(min(meta.rowCount, reader.remaining))
      for subject in 0..<meta.subjectCount {
        var time = meta.firstTime
        for _ in starts[subject]..<starts[subject + 1] {
          let next = time &+ Int64(bitPattern: try reader.varint())
          guard next >= time, next <= meta.lastTime else { throw FormatError("a time is out of range") }
          time = next
          list.append(time)
        }
      }
      return list
    }
    let names = statistics.map { codes[$0.name] }
    let events = try file.read("events") { reader in
      let local = try CodeList.read(count: meta.rowCount, limit: max(0, names.count - 1), from: &reader)
      var list: [UInt16] = []
      list.reserveCapacity(local.count)
      for code in local {
        guard let name = names[Int(code)] else { throw FormatError("an event name is unknown") }
        list.append(name)
      }
      return list
    }
    let raws = try file.read("raw") { reader in
      var list: [UInt32] = []
      list.reserveCapacity(meta.rowCount)
      for (index, subject) in subjects.enumerated() {
        for _ in starts[index]..<starts[index + 1] { list.append(subject) }
      }
      var row = 0
      for _ in 0..<(try reader.count()) {
        row += try reader.number(through: meta.rowCount - row)
        let length = try reader.number(through: meta.rowCount - row)
        let raw: UInt32 = try reader.integer()
        for index in row..<row + length { list[index] = raw }
        row += length
      }
      return list
    }
    let load: @Sendable (String) throws -> Column? = { [self] name in
      guard let cache else { return try column(name) }
      guard file.contains("p:" + name) else { return nil }
      return try cache.value(BlockCache.Key(file: file.reference.number, section: name)) { () throws(StoreError) in
        let column = try column(name) ?? Column(codes: [], values: [])
        return (column, column.codes.count * 4 + column.values.count * 56)
      }
    }
    return ColumnRun(
      journalVersion: meta.journalVersion, subjects: subjects, starts: starts, times: times, events: events, rawSubjects: raws,
      properties: properties, load: load)
  }

  /// A property's column, nil if no row has it.
  func column(_ name: String) throws(StoreError) -> Column? {
    guard file.contains("p:" + name) else { return nil }
    return try file.read("p:" + name) { reader in
      let count = try reader.count()
      var lengths: [Int] = []
      lengths.reserveCapacity(count)
      for _ in 0..<count { lengths.append(try reader.number(through: reader.remaining)) }
      var values: [StoredValue] = []
      values.reserveCapacity(count)
      for length in lengths {
        var value = ByteReader(try reader.raw(length))
        values.append(try value.value())
        try value.expectEnd()
      }
      return Column(codes: try CodeList.read(count: meta.rowCount, limit: count, from: &reader), values: values)
    }
  }

  /// A property's column as it stands in the file, for merging.
  func rawColumn(_ name: String) throws(StoreError) -> (codes: [UInt32], dictionary: ValueDictionary)? {
    guard file.contains("p:" + name) else { return nil }
    return try file.read("p:" + name) { reader in
      let dictionary = try ValueDictionary(reading: &reader)
      return (try CodeList.read(count: meta.rowCount, limit: dictionary.count, from: &reader), dictionary)
    }
  }
}
