/// What makes an OTLP request unreadable: said to the sender, never with anything of what it sent.
struct OTLPError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

/// A cursor over a protobuf message (protobuf.dev, "Encoding"): gives numbers and the places of everything else, copies nothing.
///
/// Hand-written instead of a generated message, since that would hold every prompt as a string before anybody could refuse it.
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A string, bytes or a message: where it stands.
    case place(Range<Int>)
  }

  private let bytes: UnsafeRawBufferPointer
  private var at: Int
  private let end: Int

  /// - Parameter place: of the message, in `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, _ place: Range<Int>) {
    self.bytes = bytes
    at = place.lowerBound
    end = place.upperBound
  }

  /// The next field; nil at the end of the message.
  mutating func next() throws(OTLPError) -> (number: UInt64, value: Value)? {
    if at == end { return nil }
    let key = try varint()
    guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw OTLPError("A field of the protobuf message has no number.") }
    let value: Value
    switch key & 7 {
    case 0: value = .varint(try varint())
    case 1:
      let start = try take(8)
      value = .fixed64(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
    case 2:
      let count = try varint()
      guard count <= UInt64(end - at) else { throw OTLPError("The protobuf message ends within a field.") }
      let start = try take(Int(count))
      value = .place(start..<start + Int(count))
    case 5:
      let start = try take(4)
      value = .fixed32(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    default: throw OTLPError("A field of the protobuf message is of an unknown type.")
    }
    return (key >> 3, value)
  }

  private mutating func take(_ count: Int) throws(OTLPError) -> Int {
    guard count <= end - at else { throw OTLPError("The protobuf message ends within a field.") }
    at += count
    return at - count
  }

  private mutating func varint() throws(OTLPError) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while at < end {
      let byte = bytes[at]
      at += 1
      if shift == 63, byte > 1 { throw OTLPError("A number of the protobuf message is longer than 64 bits.") }
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return result }
      shift += 7
      if shift > 63 { throw OTLPError("A number of the protobuf message is longer than 64 bits.") }
    }
    throw OTLPError("The protobuf message ends within a field.")
  }
}
