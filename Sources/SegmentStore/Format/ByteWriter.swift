/// Builds a byte string in the store's conventions: little-endian integers, LEB128 varints, strings as varint length and UTF-8.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package var count: Int { bytes.count }

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }
  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  @inline(__always) mutating func byte(_ value: UInt8) { bytes.append(value) }
  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  @inline(__always) mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
  @inline(__always) mutating func varint(_ value: Int) { varint(UInt64(value)) }
  /// Signed: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
  @inline(__always) mutating func signedVarint(_ value: Int64) { varint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func raw(_ content: [UInt8]) { bytes.append(contentsOf: content) }
  mutating func raw(_ content: UnsafeRawBufferPointer) { bytes.append(contentsOf: content) }
  /// Length as varint, then the bytes.
  mutating func block(_ content: [UInt8]) {
    varint(content.count)
    bytes.append(contentsOf: content)
  }
  mutating func string(_ text: String) {
    var text = text
    text.withUTF8 {
      varint($0.count)
      bytes.append(contentsOf: UnsafeRawBufferPointer($0))
    }
  }
  /// A whole array of integers, element after element.
  mutating func array<Element: FixedWidthInteger>(_ elements: [Element]) {
    // Little-endian machines only hold the bytes as the format wants them already; others convert.
    if Element(littleEndian: 1) == 1 {
      elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
    } else {
      for element in elements { integer(element) }
    }
  }
  mutating func cut(to count: Int) { bytes.removeLast(bytes.count - count) }
}
