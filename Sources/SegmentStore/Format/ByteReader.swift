/// Bytes that do not follow the format. Says what is wrong; whoever knows the file adds which one.
package struct FormatError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Reads what `ByteWriter` wrote, from memory that outlives it. Never reads past the end: that is an error.
struct ByteReader {
  private let base: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ base: UnsafeRawBufferPointer) { self.base = base }

  var remaining: Int { base.count - position }
  var isAtEnd: Bool { position == base.count }

  mutating func byte() throws(FormatError) -> UInt8 {
    guard position < base.count else { throw Self.tooShort }
    defer { position += 1 }
    return base[position]
  }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(FormatError) -> Value {
    guard remaining >= MemoryLayout<Value>.size else { throw Self.tooShort }
    defer { position += MemoryLayout<Value>.size }
    return Value(littleEndian: base.loadUnaligned(fromByteOffset: position, as: Value.self))
  }

  @inline(__always) mutating func varint() throws(FormatError) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while position < base.count {
      let byte = base[position]
      position += 1
      if shift == 63, byte > 1 { throw FormatError("a number is longer than 64 bits") }
      result |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return result }
      shift += 7
      if shift > 63 { throw FormatError("a number is longer than 64 bits") }
    }
    throw Self.tooShort
  }

  @inline(__always) mutating func signedVarint() throws(FormatError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A varint that counts things of which each takes at least `size` bytes of what remains, so that no claim makes the reader
  /// reserve more memory than the input could fill.
  mutating func count(of size: Int = 1) throws(FormatError) -> Int {
    let value = try varint()
    guard value <= UInt64(remaining / max(size, 1)) else { throw FormatError("a count is larger than the bytes that follow") }
    return Int(value)
  }

  /// A varint that must lie in 0...limit.
  mutating func number(through limit: Int) throws(FormatError) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else { throw FormatError("a number is out of range") }
    return Int(value)
  }

  mutating func raw(_ count: Int) throws(FormatError) -> UnsafeRawBufferPointer {
    guard count >= 0, remaining >= count else { throw Self.tooShort }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: base[position..<position + count])
  }

  mutating func block() throws(FormatError) -> [UInt8] { [UInt8](try raw(count())) }

  mutating func string() throws(FormatError) -> String {
    let bytes = try raw(count())
    guard let text = String(validating: bytes.bindMemory(to: UInt8.self), as: UTF8.self) else {
      throw FormatError("a text is not UTF-8")
    }
    return text
  }

  mutating func array<Element: FixedWidthInteger>(_ type: Element.Type, count: Int) throws(FormatError) -> [Element] {
    guard count >= 0, remaining / MemoryLayout<Element>.size >= count else { throw Self.tooShort }
    let bytes = try raw(count * MemoryLayout<Element>.size)
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        buffer[index] = Element(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
      }
      initialized = count
    }
  }

  func expectEnd() throws(FormatError) {
    guard isAtEnd else { throw FormatError("\(remaining) bytes follow where the content should end") }
  }

  private static var tooShort: FormatError { FormatError("the content ends too early") }
}
