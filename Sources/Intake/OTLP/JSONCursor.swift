/// A cursor over JSON (RFC 8259) that gives places instead of values: what nobody asks for is stepped over and never copied.
///
/// The reader of Mixpanel's records (`JSONReader`) unescapes every string into memory of its own, which is what must not happen to a prompt.
struct JSONCursor {
  /// Deeper nesting than any OTLP request has.
  private static let depthLimit = 64

  let bytes: UnsafeRawBufferPointer
  private(set) var at: Int

  init(_ bytes: UnsafeRawBufferPointer, at: Int = 0) {
    self.bytes = bytes
    self.at = at
  }

  private static let broken = OTLPError("The JSON cannot be read.")

  /// The first byte of the next value; 0 at the end.
  mutating func peek() -> UInt8 {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    return at < bytes.count ? bytes[at] : 0
  }

  private mutating func expect(_ byte: UInt8) throws(OTLPError) {
    guard peek() == byte else { throw Self.broken }
    at += 1
  }

  mutating func expectEnd() throws(OTLPError) {
    _ = peek()
    guard at == bytes.count else { throw OTLPError("Something stands behind the JSON object.") }
  }

  /// Steps over `null` if it stands here.
  mutating func skipNull() throws(OTLPError) -> Bool {
    guard peek() == UInt8(ascii: "n") else { return false }
    try skip()
    return true
  }

  /// Goes through an object; `body` is called with each key, at its value, and must step over that.
  mutating func members(_ body: (inout JSONCursor, _ key: OTLPText) throws(OTLPError) -> Void) throws(OTLPError) {
    try expect(UInt8(ascii: "{"))
    if peek() == UInt8(ascii: "}") {
      at += 1
      return
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw Self.broken }
      let key = try text()
      try expect(UInt8(ascii: ":"))
      _ = peek()
      try body(&self, key)
      if peek() == UInt8(ascii: ",") { at += 1 } else { return try expect(UInt8(ascii: "}")) }
    }
  }

  /// Goes through an array; `body` must step over each element.
  mutating func elements(_ body: (inout JSONCursor) throws(OTLPError) -> Void) throws(OTLPError) {
    try expect(UInt8(ascii: "["))
    if peek() == UInt8(ascii: "]") {
      at += 1
      return
    }
    while true {
      _ = peek()
      try body(&self)
      if peek() == UInt8(ascii: ",") { at += 1 } else { return try expect(UInt8(ascii: "]")) }
    }
  }

  /// A string: where it stands between its quotes.
  mutating func text() throws(OTLPError) -> OTLPText {
    try expect(UInt8(ascii: "\""))
    let start = at
    var isEscaped = false
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return OTLPText(place: start..<at - 1, isEscaped: isEscaped)
      case UInt8(ascii: "\\"):
        isEscaped = true
        at += 2
      case ..<0x20: throw Self.broken
      default: at += 1
      }
    }
    throw Self.broken
  }

  /// A number, or a string that is one, as OTLP writes 64-bit integers; nil for anything else, which is stepped over.
  mutating func number() throws(OTLPError) -> Double? {
    let place: Range<Int>
    if peek() == UInt8(ascii: "\"") {
      let text = try text()
      if text.isEscaped { return nil }
      place = text.place
    } else {
      let start = at
      try skip()
      place = start..<at
    }
    guard place.count <= 40 else { return nil }
    return Double(String(decoding: bytes[place], as: UTF8.self))
  }

  /// The same for whole numbers of 64 bits, which a `Double` does not hold.
  mutating func integer() throws(OTLPError) -> UInt64? {
    var place = at..<at
    if peek() == UInt8(ascii: "\"") {
      place = try text().place
    } else {
      let start = at
      try skip()
      place = start..<at
    }
    guard place.count <= 20 else { return nil }
    return UInt64(String(decoding: bytes[place], as: UTF8.self))
  }

  /// Steps over a value.
  mutating func skip() throws(OTLPError) {
    var depth = 0
    repeat {
      switch peek() {
      case UInt8(ascii: "\""): _ = try text()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= Self.depthLimit else { throw OTLPError("The JSON is nested too deep.") }
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        guard depth >= 0 else { throw Self.broken }
        at += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw Self.broken }
        at += 1
      case 0: throw Self.broken
      default:
        let start = at
        while at < bytes.count, isScalar(bytes[at]) { at += 1 }
        guard at > start else { throw Self.broken }
      }
    } while depth > 0
  }

  private func isScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
    default: false
    }
  }
}

/// Where a text stands in a request.
struct OTLPText {
  let place: Range<Int>
  /// JSON's escapes have to be undone.
  let isEscaped: Bool

  init(place: Range<Int>, isEscaped: Bool = false) {
    self.place = place
    self.isEscaped = isEscaped
  }

  /// The text itself, for what is known to be kept: nil if it is longer than `limit` bytes or no UTF-8.
  func string(in bytes: UnsafeRawBufferPointer, limit: Int) -> String? {
    guard place.count <= (isEscaped ? 6 * limit : limit) else { return nil }
    let raw = UnsafeRawBufferPointer(rebasing: bytes[place])
    if !isEscaped { return String(validating: raw, as: UTF8.self) }
    guard let plain = Self.unescaped(raw), plain.count <= limit else { return nil }
    return String(validating: plain, as: UTF8.self)
  }

  func isEqual(to name: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard !isEscaped, place.count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { name in bytes[place].elementsEqual(name) }
  }

  private static func unescaped(_ raw: UnsafeRawBufferPointer) -> [UInt8]? {
    var plain: [UInt8] = []
    var at = 0
    while at < raw.count {
      guard raw[at] == UInt8(ascii: "\\") else {
        plain.append(raw[at])
        at += 1
        continue
      }
      guard at + 1 < raw.count else { return nil }
      let escape = raw[at + 1]
      at += 2
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain.append(escape)
      case UInt8(ascii: "b"): plain.append(8)
      case UInt8(ascii: "f"): plain.append(12)
      case UInt8(ascii: "n"): plain.append(10)
      case UInt8(ascii: "r"): plain.append(13)
      case UInt8(ascii: "t"): plain.append(9)
      case UInt8(ascii: "u"):
        guard var code = hexadecimal(raw, &at) else { return nil }
        if code >> 10 == 0x36 {
          guard at + 1 < raw.count, raw[at] == UInt8(ascii: "\\"), raw[at + 1] == UInt8(ascii: "u") else { return nil }
          at += 2
          guard let low = hexadecimal(raw, &at), low >> 10 == 0x37 else { return nil }
          code = 0x10000 + ((code & 0x3FF) << 10 | low & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(code) else { return nil }
        plain.append(contentsOf: String(Character(scalar)).utf8)
      default: return nil
      }
    }
    return plain
  }

  private static func hexadecimal(_ raw: UnsafeRawBufferPointer, _ at: inout Int) -> UInt32? {
    guard at + 4 <= raw.count else { return nil }
    var code: UInt32 = 0
    for byte in raw[at..<at + 4] {
      switch byte {
      case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: code = code << 4 | UInt32(byte - 0x37)
      case 0x61...0x66: code = code << 4 | UInt32(byte - 0x57)
      default: return nil
      }
    }
    at += 4
    return code
  }
}
