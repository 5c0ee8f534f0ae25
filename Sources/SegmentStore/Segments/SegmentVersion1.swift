/// A segment of format version 1: one run of everything, a column a section. Read once, to be written anew as what it is today.
struct SegmentVersion1 {
  private let file: SectionFileReader
  private let journalVersion: UInt64
  private let names: [String]
  private let properties: [String]
  private var rows = BlockRows()

  init(_ file: SectionFileReader) throws(StoreError) {
    self.file = file
    properties = file.sections.compactMap { $0.name.hasPrefix("p:") ? String($0.name.dropFirst(2)) : nil }
    let meta = try file.read("meta") { reader in
      Meta(
        rowCount: try reader.number(through: Int(UInt32.max) - 1), subjectCount: try reader.number(through: Int(UInt32.max)),
        journalVersion: try reader.varint(), firstTime: try reader.integer(), lastTime: try reader.integer())
    }
    journalVersion = meta.journalVersion
    let propertyCount = properties.count
    names = try file.read("stats") { reader in
      var names: [String] = []
      for _ in 0..<(try reader.count()) {
        names.append(try reader.string())
        _ = try reader.number(through: meta.rowCount)
        for _ in 0..<(try reader.count()) { _ = try reader.number(through: max(0, propertyCount - 1)) }
      }
      return names
    }
    try readRows(meta)
  }

  private struct Meta {
    var rowCount: Int
    var subjectCount: Int
    var journalVersion: UInt64
    var firstTime: Int64
    var lastTime: Int64
  }

  private mutating func readRows(_ meta: Meta) throws(StoreError) {
    let subjects = try file.read("subjects") { reader in
      var list: [UInt32] = []
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
    rows.labels = try file.read("starts") { reader in
      var list: [UInt32] = []
      for subject in subjects {
        let count = try reader.number(through: meta.rowCount - list.count)
        guard count > 0 else { throw FormatError("a subject has no row") }
        list.append(contentsOf: repeatElement(subject, count: count))
      }
      guard list.count == meta.rowCount else { throw FormatError("the subjects' rows do not add up") }
      return list
    }
    let labels = rows.labels
    rows.times = try file.read("times") { reader in
      var list: [Int64] = []
      var time = meta.firstTime
      for row in labels.indices {
        if row == 0 || labels[row] != labels[row - 1] { time = meta.firstTime }
        let next = time &+ Int64(bitPattern: try reader.varint())
        guard next >= time, next <= meta.lastTime else { throw FormatError("a time is out of range") }
        time = next
        list.append(time)
      }
      return list
    }
    let nameCount = names.count
    rows.events = try file.read("events") { reader in
      try CodeList.read(count: meta.rowCount, limit: max(0, nameCount - 1), from: &reader).map { UInt16(truncatingIfNeeded: $0) }
    }
    rows.raws = try file.read("raw") { reader in
      var list = labels
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
  }

  /// Every subject number that it refers to.
  var numbers: Set<UInt32> { Set(rows.labels).union(rows.raws).subtracting([ColumnRun.noActor]) }

  var rowCount: Int { rows.count }

  /// Writes the same events as a segment of today.
  func rewrite(disk: any Disk, directory: String, number: UInt64, blockRows: Int) throws -> FileReference {
    let columns = try properties.map { name in
      try file.read("p:" + name) { reader in
        let dictionary = try ValueDictionary(reading: &reader)
        return (codes: try CodeList.read(count: rows.count, limit: dictionary.count, from: &reader), dictionary: dictionary)
      }
    }
    var writer = try SegmentWriter(
      disk: disk, directory: directory, number: number, journalVersion: journalVersion, numbering: EventNumbering(rows.events),
      eventNames: names, properties: properties
    ) { property in SegmentWriter.shared(columns[property].dictionary) }
    // The order within a month stays: by subject, time, number under which they arrived, and arrival.
    for (partition, months) in Dictionary(grouping: rows.times.indices, by: { Partition(containing: rows.times[$0]) }).sorted(by: {
      $0.key < $1.key
    }) {
      try writer.begin(partition)
      for range in months.indices.cut(every: blockRows) {
        let chosen = Array(months[range])
        var block = BlockRows()
        for row in chosen {
          block.append(label: rows.labels[row], raw: rows.raws[row], time: rows.times[row], event: rows.events[row])
        }
        try writer.block(block) { property in
          SegmentWriter.Column(chosen.map { columns[property].codes[$0] }, of: columns[property].dictionary)
        }
      }
    }
    let days = file.sections.compactMap { $0.name.hasPrefix("f:") ? Int32($0.name.dropFirst(2)) : nil }
    return try writer.finish(days: days) { day in
      try file.read(SegmentSection.fingerprints(day)) { reader in try reader.array(UInt64.self, count: reader.remaining / 8) }
    }
  }
}
