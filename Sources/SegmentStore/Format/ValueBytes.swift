internal import Events

/// Values in their byte form, by code: what a dictionary holds, without the means to find the code of a value.
struct ValueBytes: Sendable {
  /// All of them, one after the other.
  let bytes: [UInt8]
  /// End of each value in `bytes`.
  let ends: [UInt32]

  init(bytes: [UInt8] = [], ends: [UInt32] = []) {
    self.bytes = bytes
    self.ends = ends
  }

  var count: Int { ends.count }
  /// Bytes of memory, about.
  var footprint: Int { bytes.count + ends.count * 4 }

  @inline(__always) func range(of code: Int) -> Range<Int> { (code == 0 ? 0 : Int(ends[code - 1]))..<Int(ends[code]) }

  /// Whether no value is there twice.
  var areDistinct: Bool {
    var dictionary = ValueDictionary()
    return (0..<count).allSatisfy { Int(dictionary.code(of: $0, in: self)) == $0 }
  }

  /// Reads the values in the order of their codes.
  func visit(_ body: (Int, StoredValue) -> Void) throws(FormatError) {
    var failure: FormatError?
    bytes.withUnsafeBytes { bytes in
      do throws(FormatError) {
        for code in 0..<count { body(code, try Self.value(UnsafeRawBufferPointer(rebasing: bytes[range(of: code)]))) }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// One of values that were all read before; null where that cannot be.
  func value(_ code: Int) -> StoredValue {
    bytes.withUnsafeBytes { bytes in (try? Self.value(UnsafeRawBufferPointer(rebasing: bytes[range(of: code)]))) ?? .null }
  }

  private static func value(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> StoredValue {
    var reader = ByteReader(bytes)
    let value = try reader.value()
    try reader.expectEnd()
    return value
  }

  /// varint count, varint length of each value, then their bytes one after the other.
  func write(to writer: inout ByteWriter) {
    writer.varint(count)
    var previous: UInt32 = 0
    for end in ends {
      writer.varint(UInt64(end - previous))
      previous = end
    }
    writer.raw(bytes)
  }

  /// Values that stand there twice are not noticed.
  init(reading reader: inout ByteReader) throws(FormatError) {
    let count = try reader.count()
    var ends: [UInt32] = []
    ends.reserveCapacity(count)
    var total = 0
    for _ in 0..<count {
      total += try reader.number(through: reader.remaining)
      guard total <= Int(UInt32.max) else { throw FormatError("a dictionary is cut short") }
      ends.append(UInt32(total))
    }
    guard total <= reader.remaining else { throw FormatError("a dictionary is cut short") }
    self.init(bytes: [UInt8](try reader.raw(total)), ends: ends)
  }
}
