/// The client data of a ceremony: what the browser says it did. WebAuthn Level 3, section 5.8.1.
struct ClientData: Sendable, Hashable {
  var type: String
  var challenge: String
  var origin: String
  /// False where it is not said (older browsers).
  var crossOrigin: Bool
  var topOrigin: String?

  static let limit = 8_192

  /// Throws a few words on what is wrong, without any of the text.
  init(_ json: [UInt8]) throws(ClientDataError) {
    guard json.count <= Self.limit else { throw ClientDataError("it is too long") }
    // "UTF-8 decode" takes a byte order mark off.
    var reader = MemberReader(json.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(json.dropFirst(3)) : json)
    let members = try reader.members()
    func text(_ name: String) throws(ClientDataError) -> String {
      guard case .text(let text)? = members[name] else { throw ClientDataError("\(name) is missing or no text") }
      return text
    }
    type = try text("type")
    challenge = try text("challenge")
    origin = try text("origin")
    switch members["crossOrigin"] {
    case nil: crossOrigin = false
    case .boolean(let value): crossOrigin = value
    default: throw ClientDataError("crossOrigin is no boolean")
    }
    switch members["topOrigin"] {
    case nil: topOrigin = nil
    case .text(let text): topOrigin = text
    default: throw ClientDataError("topOrigin is no text")
    }
  }
}

struct ClientDataError: Error, Sendable, Hashable {
  let what: String
  init(_ what: String) { self.what = what }
}

/// Reads the members of one JSON object (RFC 8259), strictly: a member twice, bad UTF-8, or anything behind the object is refused, since
/// what two readers understand differently cannot be verified. Members that nobody asks for are checked and passed over.
private struct MemberReader {
  enum Value: Sendable, Hashable {
    case text(String)
    case boolean(Bool)
    case other
  }

  static let deepest = 8
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func members() throws(ClientDataError) -> [String: Value] {
    skipBlanks()
    guard next == UInt8(ascii: "{") else { throw ClientDataError("it is no JSON object") }
    let members = try object(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw ClientDataError("something follows the JSON object") }
    return members
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(ClientDataError) -> Value {
    guard depth <= Self.deepest else { throw ClientDataError("its JSON is nested too deeply") }
    skipBlanks()
    switch next {
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "{"):
      _ = try object(depth: depth)
      return .other
    case UInt8(ascii: "["):
      try array(depth: depth)
      return .other
    case UInt8(ascii: "t"):
      try word("true")
      return .boolean(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .boolean(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .other
    default:
      try number()
      return .other
    }
  }

  private mutating func object(depth: Int) throws(ClientDataError) -> [String: Value] {
    position += 1
    var members: [String: Value] = [:]
    skipBlanks()
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw ClientDataError("its JSON is broken") }
      let name = try text()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw ClientDataError("its JSON is broken") }
      guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
        throw ClientDataError("a member of its JSON occurs twice")
      }
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw ClientDataError("its JSON is broken") }
    return members
  }

  private mutating func array(depth: Int) throws(ClientDataError) {
    position += 1
    skipBlanks()
    if take(UInt8(ascii: "]")) { return }
    repeat {
      _ = try value(depth: depth + 1)
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw ClientDataError("its JSON is broken") }
  }

  private mutating func word(_ word: String) throws(ClientDataError) {
    guard bytes[position...].starts(with: word.utf8) else { throw ClientDataError("its JSON is broken") }
    position += word.utf8.count
  }

  private mutating func number() throws(ClientDataError) {
    let start = position
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    _ = take(UInt8(ascii: "-"))
    let isZero = next == 0x30
    let first = position
    while isDigit(next) { position += 1 }
    guard position > first, !isZero || position == first + 1 else { throw ClientDataError("its JSON is broken") }
    if take(UInt8(ascii: ".")) {
      guard isDigit(next) else { throw ClientDataError("its JSON is broken") }
      while isDigit(next) { position += 1 }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard isDigit(next) else { throw ClientDataError("its JSON is broken") }
      while isDigit(next) { position += 1 }
    }
    guard position > start else { throw ClientDataError("its JSON is broken") }
  }

  private mutating func text() throws(ClientDataError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else { throw ClientDataError("it is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw ClientDataError("a text of its JSON holds a control character")
      default: content.append(byte)
      }
    }
    throw ClientDataError("its JSON is broken")
  }

  private mutating func escape(into content: inout [UInt8]) throws(ClientDataError) {
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
      UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]
    guard let byte = next else { throw ClientDataError("its JSON is broken") }
    position += 1
    if let meant = plain[byte] { return content.append(meant) }
    guard byte == UInt8(ascii: "u") else { throw ClientDataError("its JSON is broken") }
    var unit = try codeUnit()
    if (0xD800..<0xDC00).contains(unit) {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw ClientDataError("its JSON holds half a character") }
      let low = try codeUnit()
      guard (0xDC00..<0xE000).contains(low) else { throw ClientDataError("its JSON holds half a character") }
      unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(unit) else { throw ClientDataError("its JSON holds half a character") }
    content += Array(String(Character(scalar)).utf8)
  }

  private mutating func codeUnit() throws(ClientDataError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw ClientDataError("its JSON is broken") }
    var unit: UInt32 = 0
    for byte in bytes[position..<(position + 4)] {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: throw ClientDataError("its JSON is broken")
      }
      unit = unit << 4 | UInt32(digit)
    }
    position += 4
    return unit
  }
}
