internal import Events

/// The byte form of a value, the same in the log and in segments. Equal bytes are the same value.
///
/// | first byte | value | what follows |
/// | 0, 1, 2 | null, false, true | nothing |
/// | 3 | number | IEEE 754 binary64; -0 is written as 0, every NaN as 0x7FF8000000000000 |
/// | 4 | string | varint length, UTF-8 |
/// | 5 | list | varint count, elements |
/// | 6 | object | varint count, members: name as in 4, value |
/// | 7 | pseudonym | high, low |
/// | 8 | sealed | tag as in 7, varint length, bytes |
extension ByteWriter {
  mutating func value(_ value: StoredValue) {
    switch value {
    case .null: byte(0)
    case .boolean(let flag): byte(flag ? 2 : 1)
    case .number(let number):
      byte(3)
      integer(number == 0 ? 0 : number.isNaN ? 0x7FF8_0000_0000_0000 : number.bitPattern)
    case .string(let text):
      byte(4)
      string(text)
    case .list(let elements):
      byte(5)
      varint(elements.count)
      for element in elements { self.value(element) }
    case .object(let members):
      byte(6)
      properties(members)
    case .pseudonym(let pseudonym):
      byte(7)
      self.pseudonym(pseudonym)
    case .sealed(let sealed):
      byte(8)
      self.sealed(sealed)
    }
  }

  mutating func properties(_ properties: [StoredProperty]) {
    varint(properties.count)
    for property in properties {
      string(property.name)
      value(property.value)
    }
  }

  mutating func pseudonym(_ pseudonym: Pseudonym) {
    integer(pseudonym.high)
    integer(pseudonym.low)
  }

  mutating func sealed(_ sealed: SealedValue) {
    pseudonym(sealed.tag)
    block(sealed.bytes)
  }
}

extension ByteReader {
  /// Values nested deeper than this are not read: a damaged or hostile file must not exhaust the stack.
  private static let depthLimit = 64

  mutating func value(depth: Int = 0) throws(FormatError) -> StoredValue {
    guard depth < Self.depthLimit else { throw FormatError("a value is nested too deeply") }
    switch try byte() {
    case 0: return .null
    case 1: return .boolean(false)
    case 2: return .boolean(true)
    case 3: return .number(Double(bitPattern: try integer()))
    case 4: return .string(try string())
    case 5:
      var elements: [StoredValue] = []
      for _ in 0..<(try count()) { elements.append(try value(depth: depth + 1)) }
      return .list(elements)
    case 6: return .object(try properties(depth: depth + 1))
    case 7: return .pseudonym(try pseudonym())
    case 8: return .sealed(try sealed())
    default: throw FormatError("a value has an unknown kind")
    }
  }

  mutating func properties(depth: Int = 0) throws(FormatError) -> [StoredProperty] {
    var members: [StoredProperty] = []
    for _ in 0..<(try count()) {
      let name = try string()
      members.append(StoredProperty(name, try value(depth: depth)))
    }
    return members
  }

  mutating func pseudonym() throws(FormatError) -> Pseudonym {
    let high = try integer(UInt64.self)
    return Pseudonym(high: high, low: try integer())
  }

  mutating func sealed() throws(FormatError) -> SealedValue {
    let tag = try pseudonym()
    return SealedValue(bytes: try block(), tag: tag)
  }
}
