/// Appends JSON to bytes. All names and values are the demo's own, so only quotes, backslashes and control characters need care.
struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  var count: Int { bytes.count }

  mutating func object(_ body: (inout JSONText) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  mutating func object(_ key: String, _ body: (inout JSONText) -> Void) {
    name(key)
    object(body)
  }

  mutating func list(_ key: String, _ values: [String]) {
    name(key)
    bytes.append(UInt8(ascii: "["))
    for value in values {
      separate()
      quote(value)
    }
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  mutating func member(_ key: String, _ value: String) {
    name(key)
    quote(value)
  }

  mutating func member(_ key: String, _ value: Int64) {
    name(key)
    bytes.append(contentsOf: String(value).utf8)
    needsComma = true
  }

  mutating func member(_ key: String, _ value: Int) { member(key, Int64(value)) }

  mutating func member(_ key: String, _ value: Bool) {
    name(key)
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
    needsComma = true
  }

  mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  /// A JSON array around what was appended as objects.
  func asList() -> [UInt8] { [UInt8(ascii: "[")] + bytes + [UInt8(ascii: "]")] }

  private mutating func name(_ key: String) {
    separate()
    quote(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte < 0x20 ? UInt8(ascii: " ") : byte)
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }
}
