import CSimdJSON

/// An id as a record states it.
enum SentID: Equatable {
  case missing
  /// The empty string: no actor, and that on purpose.
  case empty
  /// One of the words that broken senders use for everybody (`null`, `undefined`, `0` …): it would make one person of many.
  case knownBad
  /// A list or an object.
  case unreadable
  case id(String)

  /// What an id is, without making a text of it.
  enum Form: Equatable {
    case missing, empty, knownBad, unreadable, id
  }

  /// For ids that are strings, nearly all: for others see `init`.
  @inline(__always)
  static func form(_ tape: JSONTape, _ index: Int) -> Form {
    guard tape[index].kind == JSONTape.Kind.string else {
      return switch SentID(tape, index, maximumBytes: 255) {
      case .missing: .missing
      case .empty: .empty
      case .knownBad: .knownBad
      case .unreadable: .unreadable
      case .id: .id
      }
    }
    let bytes = tape.bytes(index)
    return bytes.isEmpty ? .empty : isKnownBad(bytes) ? .knownBad : .id
  }

  init(_ tape: JSONTape, _ index: Int, maximumBytes: Int) {
    let entry = tape[index]
    switch entry.kind {
    case JSONTape.Kind.null: self = .missing
    case JSONTape.Kind.string:
      let bytes = tape.bytes(index)
      if bytes.isEmpty {
        self = .empty
      } else {
        self = Self.isKnownBad(bytes) ? .knownBad : .id(String(decoding: bytes.cut(to: maximumBytes), as: UTF8.self))
      }
    case JSONTape.Kind.integer:
      let value = Int64(bitPattern: entry.payload)
      self = value == 0 || value == -1 ? .knownBad : .id(String(value))
    case JSONTape.Kind.double:
      let value = Double(bitPattern: entry.payload)
      if let whole = Int64(exactly: value) {
        self = whole == 0 || whole == -1 ? .knownBad : .id(String(whole))
      } else {
        self = .id("\(value)")
      }
    case JSONTape.Kind.true, JSONTape.Kind.false: self = .knownBad
    default: self = .unreadable
    }
  }

  var text: String? {
    if case .id(let text) = self { text } else { nil }
  }

  private static let nobody = "00000000-0000-0000-0000-000000000000"
  private static let words: Set = [
    "anon", "anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown", "<nil>", "0", "-1", "true", "false", "[]", "{}",
  ]

  /// Without regard to case and surrounding spaces.
  /// Whether an id as sent stands for nobody.
  static func isNobody(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { $0.isEmpty || isKnownBad($0) }
  }

  private static func isKnownBad(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    if bytes.count == 36 { return bytes[0] == 0x30 && bytes[35] == 0x30 && String(decoding: bytes, as: UTF8.self) == nobody }
    guard bytes.count <= 16 else { return false }
    var first = 0
    var end = bytes.count
    while first < end, bytes[first] == 0x20 { first += 1 }
    while end > first, bytes[end - 1] == 0x20 { end -= 1 }
    guard end - first <= 9 else { return false }
    var word = ""
    for byte in bytes[first..<end] {
      guard byte < 0x80 else { return false }
      word.unicodeScalars.append(Unicode.Scalar((0x41...0x5A).contains(byte) ? byte | 0x20 : byte))
    }
    return word.isEmpty || words.contains(word)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// At most `maximum` bytes, cut where a character of UTF-8 begins.
  @inline(__always)
  func cut(to maximum: Int) -> UnsafeBufferPointer<UInt8> {
    guard count > maximum else { return self }
    var end = maximum
    while end > 0, self[end] & 0xC0 == 0x80 { end -= 1 }
    return UnsafeBufferPointer(rebasing: self[..<end])
  }

  /// Whether these are letters, digits and hyphens only. Without branches, so that several bytes are looked at together.
  var mayBeInsertID: Bool {
    var unfit: UInt8 = 0
    for byte in self {
      let isDigit: UInt8 = byte &- 0x30 < 10 ? 1 : 0
      let isLetter: UInt8 = (byte | 0x20) &- 0x61 < 26 ? 1 : 0
      let isHyphen: UInt8 = byte == 0x2D ? 1 : 0
      unfit |= 1 ^ (isDigit | isLetter | isHyphen)
    }
    return unfit == 0
  }

  /// Whether these are the bytes of an ASCII literal.
  @inline(__always)
  func isEqual(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    for offset in 0..<count where self[offset] != literal.utf8Start[offset] { return false }
    return true
  }
}
