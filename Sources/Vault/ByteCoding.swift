package import Events

extension Pseudonym {
  /// The first 16 bytes of `bytes`, in the order in which its text form shows them.
  package init(bigEndianBytes bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count >= 16)
    self.init(
      high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  /// 16 bytes, in the order in which its text form shows them.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(16)
    result.append(bigEndian: high)
    result.append(bigEndian: low)
    return result
  }
}

extension [UInt8] {
  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  package mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Lower-case hexadecimal digits, two a byte.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Reads hexadecimal digits of either case. Nil if their number is odd or anything else is among them.
  package init?(hexadecimal text: some StringProtocol) {
    func value(_ digit: UInt8) -> UInt8? {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
      default: nil
      }
    }
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count / 2)
    var upper: UInt8?
    for digit in text.utf8 {
      guard let half = value(digit) else { return nil }
      if let first = upper {
        result.append(first << 4 | half)
        upper = nil
      } else {
        upper = half
      }
    }
    guard upper == nil else { return nil }
    self = result
  }
}

/// Reads fixed fields from the front of untrusted bytes; every read is checked.
package struct ByteReader {
  private let bytes: [UInt8]
  package private(set) var position = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var remaining: Int { bytes.count - position }

  package mutating func take(_ count: Int) -> [UInt8]? {
    guard count >= 0, count <= remaining else { return nil }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  package mutating func littleEndian<Value: FixedWidthInteger>(_: Value.Type) -> Value? {
    number(Value.self).map { Value(littleEndian: $0) }
  }

  package mutating func bigEndian<Value: FixedWidthInteger>(_: Value.Type) -> Value? {
    number(Value.self).map { Value(bigEndian: $0) }
  }

  private mutating func number<Value: FixedWidthInteger>(_: Value.Type) -> Value? {
    let size = MemoryLayout<Value>.size
    guard size <= remaining else { return nil }
    defer { position += size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Value.self) }
  }
}
