/// A project: the unit of data, pseudonyms and rights. Shown to programs as `project_id`.
package struct ProjectID: Sendable, Hashable, Codable, CustomStringConvertible {
  package let rawValue: Int64
  package init(_ rawValue: Int64) { self.rawValue = rawValue }
  package var description: String { String(rawValue) }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
  package init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(Int64.self) }
}

/// The number of an identifier within a project: 32 bits, handed out in random order, never reused.
///
/// Every id that arrives (account, device, organization) has one of its own; the merge journal maps it to a canonical one.
package struct SubjectNumber: Sendable, Hashable, Comparable, Codable {
  package let rawValue: UInt32
  package init(_ rawValue: UInt32) { self.rawValue = rawValue }
  package static func < (left: SubjectNumber, right: SubjectNumber) -> Bool { left.rawValue < right.rawValue }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
  package init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(UInt32.self) }
}

/// A keyed pseudonym, 128 bits: the only form in which an id that was sent in is stored or shown.
///
/// Its text form is 32 lower-case hexadecimal digits; a subject's is shown with `s_` before it, a group's with `g_`.
package struct Pseudonym: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads 32 hexadecimal digits, with or without `s_` or `g_` before them. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    let digits = text.hasPrefix("s_") || text.hasPrefix("g_") ? text.dropFirst(2)[...] : text[...]
    guard digits.utf8.count == 32,
      digits.utf8.allSatisfy({ ("0"..."9").contains(Unicode.Scalar($0)) || ("a"..."f").contains(Unicode.Scalar($0)) }),
      let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  package var description: String { Self.hexadecimal(high) + Self.hexadecimal(low) }

  package static func < (left: Pseudonym, right: Pseudonym) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Pseudonym(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "A pseudonym is 32 hexadecimal digits.")
    }
    self = value
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
