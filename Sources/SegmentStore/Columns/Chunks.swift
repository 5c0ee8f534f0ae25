package import Events

/// The pieces of a block, decoded: what the cache holds and scans read. All are immutable, so that the address of their elements
/// (`Array.storage`) stays valid while somebody holds them.

/// Whose rows a block has.
package final class KeyChunk: Sendable {
  /// Rows that arrived under another number than the block's canonical one.
  package struct RawRun: Sendable, Hashable {
    package var start: UInt32
    package var count: UInt32
    package var raw: UInt32
    package init(start: UInt32, count: UInt32, raw: UInt32) {
      self.start = start
      self.count = count
      self.raw = raw
    }
  }

  /// Distinct canonical numbers, ascending. The first may go on from the block before, the last into the next.
  package let subjects: [UInt32]
  /// Row at which each begins, and the number of rows at the end.
  package let starts: [UInt32]
  /// Ascending, without overlap.
  package let rawRuns: [RawRun]
  /// A bit for each row, set at the first row of each subject of the block.
  package let startBits: [UInt64]
  /// In journeys of organizations: the canonical subject of each row. Otherwise empty.
  let owners: [UInt32]

  package convenience init(subjects: [UInt32], starts: [UInt32], rawRuns: [RawRun]) {
    self.init(subjects: subjects, starts: starts, rawRuns: rawRuns, owners: [])
  }

  init(subjects: [UInt32], starts: [UInt32], rawRuns: [RawRun], owners: [UInt32]) {
    precondition(starts.count == subjects.count + 1)
    self.subjects = subjects
    self.starts = starts
    self.rawRuns = rawRuns
    var bits = [UInt64](repeating: 0, count: (Int(starts[subjects.count]) + 63) / 64)
    for start in starts.dropLast() { bits[Int(start) / 64] |= 1 << UInt64(start % 64) }
    startBits = bits
    self.owners = owners
  }

  package var rowCount: Int { Int(starts[subjects.count]) }

  /// Index of a subject, or nil.
  func index(of subject: UInt32) -> Int? {
    let index = subjects.firstIndex(fromWhich: { $0 >= subject })
    return index < subjects.count && subjects[index] == subject ? index : nil
  }

  /// Index of the subject that a row belongs to.
  func index(containing row: Int) -> Int { starts.firstIndex(fromWhich: { Int($0) > row }) - 1 }

  /// The number under which a row arrived.
  func raw(of row: Int, subject: UInt32) -> UInt32 {
    let index = rawRuns.firstIndex(fromWhich: { Int($0.start) > row }) - 1
    guard index >= 0, Int(rawRuns[index].start + rawRuns[index].count) > row else { return subject }
    return rawRuns[index].raw
  }
}

/// Event codes of the run, one for each row, as bytes where the run has no more names than a byte can tell apart.
package final class EventChunk: Sendable {
  package let narrow: [UInt8]
  package let wide: [UInt16]

  package init(narrow: [UInt8]) {
    self.narrow = narrow
    wide = []
  }
  package init(wide: [UInt16]) {
    narrow = []
    self.wide = wide
  }

  init(codes: some Sequence<UInt16>, names: Int) {
    if names <= 256 { narrow = codes.map { UInt8(truncatingIfNeeded: $0) } } else { narrow = [] }
    if names <= 256 { wide = [] } else { wide = Array(codes) }
  }

  @inline(__always) subscript(row: Int) -> Int { wide.isEmpty ? Int(narrow[row]) : Int(wide[row]) }
}

/// Quarter-hour slots of the partition, by row.
package final class SlotChunk: Sendable {
  package let slots: [UInt16]
  package init(slots: [UInt16]) { self.slots = slots }
}

/// Milliseconds since the partition began, by row: no month has more than 32 bits of them.
package final class TimeChunk: Sendable {
  package let offsets: [UInt32]
  package init(offsets: [UInt32]) { self.offsets = offsets }
}

/// Distinct values that codes stand for. Long lists stay as bytes, which take a third of the memory; a value is made when it is asked for.
package final class ValueList: Sendable {
  /// Up to so many are made at once.
  private static let decodedLimit = 1_024

  package let count: Int
  /// Empty where `bytes` has them.
  private let decoded: [StoredValue]
  private let bytes: ValueBytes
  /// NaN where the value is not a number; empty where none is.
  private let numbers: [Double]

  package init(_ values: [StoredValue]) {
    count = values.count
    decoded = values
    bytes = ValueBytes()
    let numbers = values.map { if case .number(let number) = $0 { number } else { Double.nan } }
    self.numbers = numbers.allSatisfy(\.isNaN) ? [] : numbers
  }

  /// Reads every value once, so that none fails later.
  init(checking bytes: ValueBytes) throws(FormatError) {
    count = bytes.count
    let isShort = bytes.count <= Self.decodedLimit
    var values: [StoredValue] = []
    var numbers: [Double] = []
    try bytes.visit { index, value in
      if isShort { values.append(value) }
      guard case .number(let number) = value else {
        if !numbers.isEmpty { numbers.append(.nan) }
        return
      }
      if numbers.isEmpty { numbers = [Double](repeating: .nan, count: index) }
      numbers.append(number)
    }
    decoded = values
    self.bytes = isShort ? ValueBytes() : bytes
    self.numbers = numbers
  }

  static let empty = ValueList([])

  package subscript(index: Int) -> StoredValue { bytes.count == 0 ? decoded[index] : bytes.value(index) }

  @inline(__always) func number(_ index: Int) -> Double { numbers.isEmpty ? .nan : numbers[index] }

  /// Bytes of memory, about.
  var footprint: Int { decoded.reduce(bytes.footprint + numbers.count * 8) { $0 + Self.footprint($1) } }

  private static func footprint(_ value: StoredValue) -> Int {
    switch value {
    case .null, .boolean, .number, .pseudonym: 32
    case .string(let text): 64 + text.utf8.count
    case .sealed(let sealed): 96 + sealed.bytes.count
    case .list(let elements): elements.reduce(64) { $0 + footprint($1) }
    case .object(let members): members.reduce(64) { $0 + 32 + $1.name.utf8.count + footprint($1.value) }
    }
  }
}

/// One property of a block. Code 0: the row lacks it. Then come the values that the run's blocks share, then the block's own.
package final class ColumnChunk: Sendable {
  /// By row; bytes where they suffice.
  package let narrow: [UInt8]
  package let wide: [UInt32]
  package let shared: ValueList
  package let own: ValueList

  package init(codes: [UInt32], shared: ValueList, own: ValueList) {
    if shared.count + own.count < 256 {
      narrow = codes.map { UInt8(truncatingIfNeeded: $0) }
      wide = []
    } else {
      narrow = []
      wide = codes
    }
    self.shared = shared
    self.own = own
  }

  package var count: Int { wide.isEmpty ? narrow.count : wide.count }
  @inline(__always) package subscript(row: Int) -> Int { wide.isEmpty ? Int(narrow[row]) : Int(wide[row]) }

  /// The value of a code that is not 0.
  package func value(_ code: Int) -> StoredValue {
    code <= shared.count ? shared[code - 1] : own[code - 1 - shared.count]
  }

  func number(_ code: Int) -> Double {
    code <= shared.count ? shared.number(code - 1) : own.number(code - 1 - shared.count)
  }
}

/// A bit for each row of a block. Computed from other chunks, never stored.
package final class RowSet: Sendable {
  let bits: [UInt64]
  init(_ bits: [UInt64]) { self.bits = bits }
}

extension Array {
  /// The address of the elements. Valid only while this very array is neither changed nor freed, which the caller sees to (a local
  /// reference does not: the compiler lets go of it after its last use); it saves a nest of closures in loops over many blocks.
  var storage: UnsafePointer<Element> {
    withUnsafeBufferPointer { $0.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped }
  }
}
