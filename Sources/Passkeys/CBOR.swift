/// A value of the CBOR that WebAuthn uses: RFC 8949 without tags, floating point, and indefinite lengths.
package indirect enum CBOR: Sendable, Hashable {
  case unsigned(UInt64)
  /// −1 − n, as CBOR keeps it, so that every value of the type has a place.
  case negative(UInt64)
  case bytes([UInt8])
  case text(String)
  case array([CBOR])
  /// In the order of the encoding, which is the canonical one; no key occurs twice.
  case map([Entry])
  case boolean(Bool)
  case null

  package struct Entry: Sendable, Hashable {
    package let key: CBOR
    package let value: CBOR

    package init(_ key: CBOR, _ value: CBOR) {
      self.key = key
      self.value = value
    }
  }

  /// A whole number of either sign.
  package static func integer(_ value: Int64) -> CBOR { value < 0 ? .negative(UInt64(-1 - value)) : .unsigned(UInt64(value)) }

  /// The value under a key of a map; nil for any other kind of value.
  package subscript(key: CBOR) -> CBOR? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  package var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
  package var text: String? { if case .text(let text) = self { text } else { nil } }
}

/// Why bytes are no CBOR in the form that is read here.
package enum CBORError: Error, Sendable, Hashable, CustomStringConvertible {
  case truncated
  case trailingBytes
  case tooLarge
  case tooDeep
  /// A length or number that could be written shorter, an indefinite length, map keys out of order or twice.
  case notCanonical
  /// A tag, a floating-point number, an undefined or a reserved value; a map key that is neither a number nor a text.
  case notSupported
  case notUTF8

  package var description: String {
    switch self {
    case .truncated: "the CBOR ends too early"
    case .trailingBytes: "bytes follow the CBOR"
    case .tooLarge: "the CBOR is larger than what is read here"
    case .tooDeep: "the CBOR is nested deeper than what is read here"
    case .notCanonical: "the CBOR is not in the CTAP2 canonical form"
    case .notSupported: "the CBOR holds a value that WebAuthn does not use"
    case .notUTF8: "a text of the CBOR is not UTF-8"
    }
  }
}

/// Reads CBOR in the CTAP2 canonical form and refuses everything else, as WebAuthn Level 3, section 2.4 asks of all parties.
///
/// Bounded: at most `limit` bytes, `deepest` levels (CTAP2 allows four), and `mostItems` values in all. Nothing is reserved for a length
/// before the bytes of it are known to be there.
package struct CBORDecoder {
  package static let limit = 65_536
  package static let deepest = 4
  package static let mostItems = 4_096

  private let source: [UInt8]
  /// How many bytes were read.
  package private(set) var position: Int
  private var items = 0

  package init(_ source: [UInt8], from position: Int = 0) {
    self.source = source
    self.position = position
  }

  /// One value, and nothing behind it.
  package static func decode(_ source: [UInt8]) throws(CBORError) -> CBOR {
    var decoder = CBORDecoder(source)
    let value = try decoder.value()
    guard decoder.position == source.count else { throw .trailingBytes }
    return value
  }

  /// The next value; what is behind it stays unread.
  package mutating func value() throws(CBORError) -> CBOR {
    guard source.count <= Self.limit else { throw .tooLarge }
    return try value(depth: 0)
  }

  private mutating func value(depth: Int) throws(CBORError) -> CBOR {
    items += 1
    guard items <= Self.mostItems else { throw .tooLarge }
    let initial = try byte()
    let information = initial & 31
    switch initial >> 5 {
    case 0: return .unsigned(try number(information))
    case 1: return .negative(try number(information))
    case 2: return .bytes(try run(information))
    case 3:
      guard let text = String(validating: try run(information), as: UTF8.self) else { throw .notUTF8 }
      return .text(text)
    case 4:
      var elements: [CBOR] = []
      let length = try count(information, depth: depth)
      for _ in 0..<length { elements.append(try value(depth: depth + 1)) }
      return .array(elements)
    case 5: return .map(try entries(try count(information, depth: depth), depth: depth + 1))
    case 7:
      switch information {
      case 20: return .boolean(false)
      case 21: return .boolean(true)
      case 22: return .null
      default: throw .notSupported
      }
    default: throw .notSupported
    }
  }

  /// The keys ascend by kind, then by length, then by bytes (CTAP 2.1, section 8).
  private mutating func entries(_ count: Int, depth: Int) throws(CBORError) -> [CBOR.Entry] {
    var entries: [CBOR.Entry] = []
    var before: ArraySlice<UInt8>?
    for _ in 0..<count {
      let start = position
      let key = try value(depth: depth)
      switch key {
      case .unsigned, .negative, .text: break
      default: throw .notSupported
      }
      let encoded = source[start..<position]
      if let before {
        guard Self.ascends(before, encoded) else { throw .notCanonical }
      }
      before = encoded
      entries.append(CBOR.Entry(key, try value(depth: depth)))
    }
    return entries
  }

  private static func ascends(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    let (kind, next) = ((left.first ?? 0) >> 5, (right.first ?? 0) >> 5)
    if kind != next { return kind < next }
    if left.count != right.count { return left.count < right.count }
    return left.lexicographicallyPrecedes(right)
  }

  private mutating func byte() throws(CBORError) -> UInt8 {
    guard position < source.count else { throw .truncated }
    defer { position += 1 }
    return source[position]
  }

  /// The number that an initial byte announces, in its shortest spelling only.
  private mutating func number(_ information: UInt8) throws(CBORError) -> UInt64 {
    let width: Int
    switch information {
    case 0...23: return UInt64(information)
    case 24: width = 1
    case 25: width = 2
    case 26: width = 4
    case 27: width = 8
    // 28 to 30 are reserved, 31 is an indefinite length.
    default: throw .notCanonical
    }
    var value: UInt64 = 0
    for _ in 0..<width { value = value << 8 | UInt64(try byte()) }
    let smallest: UInt64 = width == 1 ? 24 : 1 << (UInt64(width) * 4)
    guard value >= smallest else { throw .notCanonical }
    return value
  }

  private mutating func run(_ information: UInt8) throws(CBORError) -> [UInt8] {
    let length = try number(information)
    guard length <= UInt64(source.count - position) else { throw .truncated }
    defer { position += Int(length) }
    return Array(source[position..<(position + Int(length))])
  }

  private mutating func count(_ information: UInt8, depth: Int) throws(CBORError) -> Int {
    let count = try number(information)
    guard depth < Self.deepest else { throw .tooDeep }
    // Every element takes a byte at least.
    guard count <= UInt64(source.count - position) else { throw .truncated }
    return Int(count)
  }
}
