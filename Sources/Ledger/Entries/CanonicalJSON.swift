/// The part of JSON that ledger entries are written in, in the one form of RFC 8785: keys sorted, no spaces, whole numbers only.
///
/// Numbers stay within ±(2^53 − 1) so that every reader agrees on them; larger ones are written as strings by those who have them.
package enum CanonicalJSON: Sendable, Hashable {
  case boolean(Bool)
  case integer(Int64)
  case string(String)
  case list([CanonicalJSON])
  case object([String: CanonicalJSON])

  package static let maximumDepth = 16
  package static let maximumInteger: Int64 = 9_007_199_254_740_991

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .boolean(let value): bytes += value ? Array("true".utf8) : Array("false".utf8)
    case .integer(let value): bytes += Array(String(value).utf8)
    case .string(let value): Self.write(value, to: &bytes)
    case .list(let elements):
      bytes.append(0x5B)
      for (position, element) in elements.enumerated() {
        if position > 0 { bytes.append(0x2C) }
        element.write(to: &bytes)
      }
      bytes.append(0x5D)
    case .object(let members):
      bytes.append(0x7B)
      // RFC 8785, section 3.2.3: by UTF-16 code units.
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      for (position, member) in sorted.enumerated() {
        if position > 0 { bytes.append(0x2C) }
        Self.write(member.key, to: &bytes)
        bytes.append(0x3A)
        member.value.write(to: &bytes)
      }
      bytes.append(0x7D)
    }
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22: bytes += [0x5C, 0x22]
      case 0x5C: bytes += [0x5C, 0x5C]
      case 0x08: bytes += [0x5C, 0x62]
      case 0x09: bytes += [0x5C, 0x74]
      case 0x0A: bytes += [0x5C, 0x6E]
      case 0x0C: bytes += [0x5C, 0x66]
      case 0x0D: bytes += [0x5C, 0x72]
      case 0..<0x20: bytes += Array("\\u00".utf8) + Array(Hexadecimal.text([byte]).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }

  /// Reads bytes that are in canonical form; nil for all others, JSON or not.
  package init?(canonical bytes: [UInt8]) {
    var parser = Parser(bytes: bytes)
    guard let value = parser.value(depth: 0), parser.position == bytes.count, value.bytes == bytes else { return nil }
    self = value
  }

  package subscript(key: String) -> CanonicalJSON? { if case .object(let members) = self { members[key] } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  package var list: [CanonicalJSON]? { if case .list(let elements) = self { elements } else { nil } }
  package var object: [String: CanonicalJSON]? { if case .object(let members) = self { members } else { nil } }
}

/// Accepts a little more than the canonical form; the caller compares what it would write.
private struct Parser {
  let bytes: [UInt8]
  var position = 0

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  mutating func take(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard position + count <= bytes.count,
      (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
    else { return false }
    position += count
    return true
  }

  mutating func value(depth: Int) -> CanonicalJSON? {
    guard depth < CanonicalJSON.maximumDepth, position < bytes.count else { return nil }
    switch bytes[position] {
    case 0x22: return text().map { .string($0) }
    case 0x7B: return object(depth: depth)
    case 0x5B: return list(depth: depth)
    case 0x74: return take("true") ? .boolean(true) : nil
    case 0x66: return take("false") ? .boolean(false) : nil
    default: return integer()
    }
  }

  private mutating func integer() -> CanonicalJSON? {
    let start = position
    _ = take(0x2D)
    while position < bytes.count, (0x30...0x39).contains(bytes[position]), position - start < 18 { position += 1 }
    guard let value = Int64(String(decoding: bytes[start..<position], as: UTF8.self)), abs(value) <= CanonicalJSON.maximumInteger else {
      return nil
    }
    return .integer(value)
  }

  private mutating func list(depth: Int) -> CanonicalJSON? {
    guard take(0x5B) else { return nil }
    var elements: [CanonicalJSON] = []
    if take(0x5D) { return .list([]) }
    repeat {
      guard let element = value(depth: depth + 1) else { return nil }
      elements.append(element)
    } while take(0x2C)
    return take(0x5D) ? .list(elements) : nil
  }

  private mutating func object(depth: Int) -> CanonicalJSON? {
    guard take(0x7B) else { return nil }
    var members: [String: CanonicalJSON] = [:]
    if take(0x7D) { return .object([:]) }
    repeat {
      guard let key = text(), take(0x3A), let value = value(depth: depth + 1), members.updateValue(value, forKey: key) == nil else {
        return nil
      }
    } while take(0x2C)
    return take(0x7D) ? .object(members) : nil
  }

  private mutating func text() -> String? {
    guard take(0x22) else { return nil }
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x22: return String(validating: content, as: UTF8.self)
      case 0x5C:
        guard let escaped = escape() else { return nil }
        content.append(escaped)
      default: content.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> UInt8? {
    guard position < bytes.count else { return nil }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22, 0x5C: return byte
    case 0x62: return 0x08
    case 0x74: return 0x09
    case 0x6E: return 0x0A
    case 0x66: return 0x0C
    case 0x72: return 0x0D
    case 0x75:
      guard take("00"), position + 2 <= bytes.count,
        let value = Hexadecimal.bytes(String(decoding: bytes[position..<(position + 2)], as: UTF8.self))
      else { return nil }
      position += 2
      return value[0]
    default: return nil
    }
  }
}
