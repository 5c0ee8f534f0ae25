/// Writes a segment (docs/FORMATS.md, "Segment").
struct SegmentWriter {
  /// One property: its name, and how to get its codes (0: missing) and dictionary; called once, when its turn has come.
  struct Property {
    let name: String
    let load: () throws(StoreError) -> (codes: [UInt32], dictionary: ValueDictionary)
  }

  let rows: SortedRows
  let journalVersion: UInt64
  /// By event code, as in `rows`.
  let eventNames: [String]
  let properties: [Property]
  /// By UTC day, in any order.
  let fingerprints: [Int32: [UInt64]]

  func write(disk: any Disk, directory: String, number: UInt64) throws(StoreError) -> FileReference {
    do {
      var file = try SectionFileWriter(disk: disk, directory: directory, kind: .segment, number: number)
      let (used, local) = localCodes()
      try writeKeys(to: &file, local: local)
      var present = [Set<Int>](repeating: [], count: used.count)
      var index = 0
      for property in properties {
        let (codes, dictionary) = try property.load()
        guard codes.contains(where: { $0 != 0 }) else { continue }
        var section = ByteWriter()
        dictionary.write(to: &section)
        codes.withUnsafeBufferPointer { CodeList.write($0, to: &section) }
        try file.section("p:" + property.name, section)
        var seen = [Bool](repeating: false, count: used.count)
        for (row, code) in codes.enumerated() where code != 0 { seen[Int(local[Int(rows.events[row])])] = true }
        for (event, isSeen) in seen.enumerated() where isSeen { present[event].insert(index) }
        index += 1
      }
      var counts = [Int](repeating: 0, count: used.count)
      for event in rows.events { counts[Int(local[Int(event)])] += 1 }
      var statistics = ByteWriter()
      statistics.varint(used.count)
      for (event, name) in used.enumerated() {
        statistics.string(name)
        statistics.varint(counts[event])
        statistics.varint(present[event].count)
        for property in present[event].sorted() { statistics.varint(property) }
      }
      try file.section("stats", statistics)
      for (day, list) in fingerprints.sorted(by: { $0.key < $1.key }) {
        var section = ByteWriter()
        section.array(list.sorted())
        try file.section("f:\(day)", section)
      }
      return try file.finish()
    } catch let error as StoreError {
      throw error
    } catch let error as DiskError {
      throw .disk(error)
    } catch {
      throw .corrupt(file: SectionFile.Kind.segment.name(number), reason: "\(error)")
    }
  }

  /// The names that occur, and for each store-wide code its place among them.
  private func localCodes() -> (used: [String], local: [UInt32]) {
    var occurs = [Bool](repeating: false, count: eventNames.count)
    for event in rows.events { occurs[Int(event)] = true }
    var used: [String] = []
    var local = [UInt32](repeating: 0, count: eventNames.count)
    for (code, name) in eventNames.enumerated() where occurs[code] {
      local[code] = UInt32(used.count)
      used.append(name)
    }
    return (used, local)
  }

  private func writeKeys(to file: inout SectionFileWriter, local: [UInt32]) throws(DiskError) {
    let firstTime = rows.times.min() ?? 0
    var meta = ByteWriter()
    meta.varint(rows.count)
    meta.varint(rows.subjects.count)
    meta.varint(journalVersion)
    meta.integer(firstTime)
    meta.integer(rows.times.max() ?? 0)
    try file.section("meta", meta)

    var subjects = ByteWriter()
    var starts = ByteWriter()
    var times = ByteWriter()
    var raw = ByteWriter()
    var exceptions: [(row: Int, length: Int, raw: UInt32)] = []
    var previous: UInt32 = 0
    for (index, subject) in rows.subjects.enumerated() {
      subjects.varint(UInt64(subject - previous))
      previous = subject
      let range = Int(rows.starts[index])..<Int(rows.starts[index + 1])
      starts.varint(range.count)
      var time = firstTime
      for row in range {
        times.varint(UInt64(bitPattern: rows.times[row] &- time))
        time = rows.times[row]
        let number = rows.rawSubjects[row]
        if number == subject { continue }
        if let last = exceptions.last, last.raw == number, last.row + last.length == row {
          exceptions[exceptions.count - 1].length += 1
        } else {
          exceptions.append((row, 1, number))
        }
      }
    }
    raw.varint(exceptions.count)
    var row = 0
    for exception in exceptions {
      raw.varint(exception.row - row)
      raw.varint(exception.length)
      raw.integer(exception.raw)
      row = exception.row + exception.length
    }
    try file.section("subjects", subjects)
    try file.section("starts", starts)
    try file.section("times", times)
    var events = ByteWriter()
    rows.events.map { local[Int($0)] }.withUnsafeBufferPointer { CodeList.write($0, to: &events) }
    try file.section("events", events)
    try file.section("raw", raw)
  }
}
