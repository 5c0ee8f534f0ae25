/// The byte form of a column of codes (0: missing), one of five.
///
/// | first byte | form | what follows |
/// | 0 | constant | varint code: every row has it |
/// | 1 | dense | byte width (1...32), then the codes, `width` bits each, from the lowest bit of the first byte on, zeros to a full byte |
/// | 2 | sparse | varint count, varint distance of each row that has a value from the one before (the first from row 0), then byte width and the codes of those rows packed as in dense |
/// | 3 | runs | varint count of runs of equal codes; byte 1, 2 or 4: the width of a code; the code of each run; the varint length of each run |
/// | 4 | by event | varint count of the events whose rows have a value (no other row has one), varint distance of each event's code from the one before, varint count of those rows; then their codes in one of the forms 0 to 3 |
enum CodeList {
  static func width(of limit: UInt32) -> Int { max(1, 32 - limit.leadingZeroBitCount) }

  /// Own values of a block are numbered as they first occur: written so that this costs nothing. A code beyond the shared ones is
  /// `shared` + 1 for the first occurrence of the next own value, and the one after its own for any other.
  static func markingFirsts(_ codes: [UInt32], shared: UInt32) -> [UInt32] {
    var next = shared + 1
    return codes.map { code in
      if code <= shared { return code }
      if code != next { return code + 1 }
      next += 1
      return shared + 1
    }
  }

  /// Undoes `markingFirsts`.
  ///
  /// - Parameter own: how many own values there are.
  static func resolvingFirsts(_ codes: [UInt32], shared: UInt32, own: Int) throws(FormatError) -> [UInt32] {
    var next = shared + 1
    let end = shared + 1 + UInt32(own)
    var resolved = codes
    for (row, code) in codes.enumerated() where code > shared {
      if code == shared + 1 {
        guard next < end else { throw FormatError("a column has a first occurrence too many") }
        resolved[row] = next
        next += 1
      } else {
        guard code - 1 < end else { throw FormatError("a column holds a code that its dictionary lacks") }
        resolved[row] = code - 1
      }
    }
    return resolved
  }

  /// A column of a segment, which is compressed as a whole: so no code is narrower than a byte, in which frequent ones are found again.
  ///
  /// - Parameters:
  ///   - events: the event code of each row. What API calls have, for example, no page view has.
  ///   - names: how many event codes there are.
  static func write(_ codes: UnsafeBufferPointer<UInt32>, events: [UInt32], names: Int, to writer: inout ByteWriter) {
    var rows = [Int](repeating: 0, count: names)
    var present = [Int](repeating: 0, count: names)
    for (row, code) in codes.enumerated() {
      rows[Int(events[row])] += 1
      if code != 0 { present[Int(events[row])] += 1 }
    }
    let having = present.indices.filter { present[$0] > 0 }
    guard having.allSatisfy({ present[$0] == rows[$0] }), having.count < rows.count(where: { $0 > 0 }), !having.isEmpty else {
      return write(codes, withRuns: true, narrowest: 8, to: &writer)
    }
    writer.byte(4)
    writer.varint(having.count)
    var previous = 0
    for event in having {
      writer.varint(event - previous)
      previous = event
    }
    let kept = codes.filter { $0 != 0 }
    writer.varint(kept.count)
    kept.withUnsafeBufferPointer { write($0, withRuns: true, narrowest: 8, to: &writer) }
  }

  /// - Parameters:
  ///   - withRuns: rows of one subject stand together, so that what belongs to it repeats.
  ///   - narrowest: bits that a code takes at least.
  static func write(_ codes: UnsafeBufferPointer<UInt32>, withRuns: Bool = false, narrowest: Int = 1, to writer: inout ByteWriter) {
    var largest: UInt32 = 0
    var present = 0
    var runs = 0
    var previous: UInt32?
    for code in codes {
      largest = max(largest, code)
      present += code == 0 ? 0 : 1
      runs += code == previous ? 0 : 1
      previous = code
    }
    if let first = codes.first, codes.allSatisfy({ $0 == first }) {
      writer.byte(0)
      writer.varint(UInt64(first))
    } else if withRuns, runs * 2 <= codes.count {
      writer.byte(3)
      writeRuns(codes, count: runs, largest: largest, to: &writer)
    } else if present * (width(of: largest) + 10) < codes.count * width(of: largest) {
      writer.byte(2)
      writer.varint(present)
      var previous = 0
      var kept: [UInt32] = []
      kept.reserveCapacity(present)
      for (row, code) in codes.enumerated() where code != 0 {
        writer.varint(row - previous)
        previous = row
        kept.append(code)
      }
      kept.withUnsafeBufferPointer { pack($0, largest: largest, narrowest: narrowest, to: &writer) }
    } else {
      writer.byte(1)
      pack(codes, largest: largest, narrowest: narrowest, to: &writer)
    }
  }

  private static func writeRuns(_ codes: UnsafeBufferPointer<UInt32>, count: Int, largest: UInt32, to writer: inout ByteWriter) {
    writer.varint(count)
    var values: [UInt32] = []
    var lengths: [Int] = []
    values.reserveCapacity(count)
    lengths.reserveCapacity(count)
    var start = 0
    for row in 1...codes.count where row == codes.count || codes[row] != codes[start] {
      values.append(codes[start])
      lengths.append(row - start)
      start = row
    }
    switch largest {
    case ..<(1 << 8):
      writer.byte(1)
      writer.raw(values.map { UInt8(truncatingIfNeeded: $0) })
    case ..<(1 << 16):
      writer.byte(2)
      writer.array(values.map { UInt16(truncatingIfNeeded: $0) })
    default:
      writer.byte(4)
      writer.array(values)
    }
    for length in lengths { writer.varint(length) }
  }

  private static func readRuns(count: Int, limit: Int, from reader: inout ByteReader) throws(FormatError) -> [UInt32] {
    let runs = try reader.count()
    guard runs <= count else { throw FormatError("a column has more runs than rows") }
    let values: [UInt32]
    switch try reader.byte() {
    case 1: values = try reader.array(UInt8.self, count: runs).map { UInt32($0) }
    case 2: values = try reader.array(UInt16.self, count: runs).map { UInt32($0) }
    case 4: values = try reader.array(UInt32.self, count: runs)
    default: throw FormatError("a column's code width is unknown")
    }
    guard values.allSatisfy({ Int($0) <= limit }) else { throw FormatError("a column holds a code that its dictionary lacks") }
    var codes = [UInt32](repeating: 0, count: count)
    var row = 0
    for value in values {
      let length = try reader.number(through: count - row)
      guard length > 0 else { throw FormatError("a run of a column is empty") }
      if value != 0 { for index in row..<row + length { codes[index] = value } }
      row += length
    }
    guard row == count else { throw FormatError("a column's runs do not fill its rows") }
    return codes
  }

  /// A column of a segment.
  static func column(count: Int, limit: Int, from reader: inout ByteReader) throws(FormatError) -> Column {
    var ahead = reader
    guard try ahead.byte() == 4 else { return Column(codes: try read(count: count, limit: limit, from: &reader), events: nil) }
    reader = ahead
    var having = [Bool](repeating: false, count: 1 << 16)
    var event = 0
    for index in 0..<(try reader.count()) {
      let distance = try reader.number(through: having.count - 1 - event)
      guard index == 0 || distance > 0 else { throw FormatError("a column names an event twice") }
      event += distance
      having[event] = true
    }
    let present = try reader.number(through: count)
    return Column(codes: try read(count: present, limit: limit, from: &reader), events: having)
  }

  struct Column {
    /// One for each row that has a value by its event, or for each row.
    fileprivate var codes: [UInt32]
    /// By event code, whether its rows have a value; nil if that says nothing.
    fileprivate var events: [Bool]?

    /// Whether the rows' events say which of them have a value.
    var needsEvents: Bool { events != nil }

    /// A code for each row.
    ///
    /// - Parameter chunk: the rows' events; nil where they are not needed.
    func codes(of chunk: EventChunk?) throws(FormatError) -> [UInt32] {
      guard let events, let chunk else { return codes }
      return chunk.wide.isEmpty ? try spread(chunk.narrow, events) : try spread(chunk.wide, events)
    }

    private func spread(_ rows: [some UnsignedInteger & FixedWidthInteger], _ events: [Bool]) throws(FormatError) -> [UInt32] {
      var all = [UInt32](repeating: 0, count: rows.count)
      var next = 0
      for (row, event) in rows.enumerated() where events[Int(event)] {
        guard next < codes.count, codes[next] != 0 else { throw FormatError("a row lacks what it has by its event") }
        all[row] = codes[next]
        next += 1
      }
      guard next == codes.count else { throw FormatError("a column has values that belong to no row") }
      return all
    }
  }

  /// - Parameter limit: the largest code that makes sense.
  static func read(count: Int, limit: Int, from reader: inout ByteReader) throws(FormatError) -> [UInt32] {
    switch try reader.byte() {
    case 0:
      return [UInt32](repeating: UInt32(try reader.number(through: limit)), count: count)
    case 1:
      return try unpack(count: count, limit: limit, from: &reader)
    case 2:
      let present = try reader.count()
      guard present <= count else { throw FormatError("a sparse column has more values than rows") }
      var rows: [Int] = []
      rows.reserveCapacity(present)
      var row = 0
      for index in 0..<present {
        let distance = try reader.number(through: count)
        guard index == 0 || distance > 0 else { throw FormatError("a sparse column names a row twice") }
        row += distance
        guard row < count else { throw FormatError("a sparse column names a row past the end") }
        rows.append(row)
      }
      let kept = try unpack(count: present, limit: limit, from: &reader)
      var codes = [UInt32](repeating: 0, count: count)
      for (index, row) in rows.enumerated() { codes[row] = kept[index] }
      return codes
    case 3:
      return try readRuns(count: count, limit: limit, from: &reader)
    default:
      throw FormatError("a column is in an unknown form")
    }
  }

  static func pack(_ codes: UnsafeBufferPointer<UInt32>, largest: UInt32, narrowest: Int = 1, to writer: inout ByteWriter) {
    let width = max(narrowest, width(of: largest))
    writer.byte(UInt8(width))
    writer.reserve((codes.count * width + 7) / 8 + 8)
    var pending: UInt64 = 0
    var bits = 0
    for code in codes {
      pending |= UInt64(code) &<< UInt64(bits)
      bits += width
      if bits >= 32 {
        writer.integer(UInt32(truncatingIfNeeded: pending))
        pending &>>= 32
        bits -= 32
      }
    }
    while bits > 0 {
      writer.byte(UInt8(truncatingIfNeeded: pending))
      pending &>>= 8
      bits -= 8
    }
  }

  /// Codes of which none needs more than a byte.
  static func unpackBytes(count: Int, limit: Int, from reader: inout ByteReader) throws(FormatError) -> [UInt8] {
    try unpack(count: count, limit: min(limit, 255), from: &reader, as: UInt8.self)
  }

  static func unpack(count: Int, limit: Int, from reader: inout ByteReader) throws(FormatError) -> [UInt32] {
    try unpack(count: count, limit: limit, from: &reader, as: UInt32.self)
  }

  @inline(__always) private static func unpack<Code: FixedWidthInteger & UnsignedInteger>(
    count: Int, limit: Int, from reader: inout ByteReader, as _: Code.Type
  ) throws(FormatError) -> [Code] {
    let width = Int(try reader.byte())
    guard (1...32).contains(width) else { throw FormatError("a column's bit width is out of range") }
    let bytes = try reader.raw((count * width + 7) / 8)
    let mask = (UInt64(1) &<< UInt64(width)) &- 1
    var largest: UInt32 = 0
    let codes = [Code](unsafeUninitializedCapacity: count) { buffer, initialized in
      var pending: UInt64 = 0
      var bits = 0
      var next = 0
      for index in 0..<count {
        while bits < width {
          if next + 4 <= bytes.count {
            pending |= UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: next, as: UInt32.self))) &<< UInt64(bits)
            next += 4
            bits += 32
          } else {
            pending |= UInt64(bytes[next]) &<< UInt64(bits)
            next += 1
            bits += 8
          }
        }
        let code = UInt32(truncatingIfNeeded: pending & mask)
        buffer[index] = Code(truncatingIfNeeded: code)
        largest = max(largest, code)
        pending &>>= UInt64(width)
        bits -= width
      }
      initialized = count
    }
    guard Int(largest) <= limit else { throw FormatError("a column holds a code that its dictionary lacks") }
    return codes
  }
}
