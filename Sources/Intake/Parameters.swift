/// The fields of a query string or form body, percent-decoded. The query counts before the form.
struct Parameters {
  private var fields: [(name: String, value: [UInt8])] = []

  /// Adds the fields of `name=value&…` (URL standard, application/x-www-form-urlencoded). Fields past the 1,000th are ignored.
  mutating func add(_ form: some Collection<UInt8>) {
    for field in form.split(separator: UInt8(ascii: "&")) where fields.count < 1000 {
      let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let name = Percent.decoded(parts[0])
      guard name.count <= 255 else { continue }
      fields.append((String(decoding: name, as: UTF8.self), parts.count == 2 ? Percent.decoded(parts[1]) : []))
    }
  }

  func bytes(_ name: String) -> [UInt8]? { fields.first { $0.name == name }?.value }

  subscript(name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

  /// `1` and `true` are true, anything else that was sent is false.
  func flag(_ name: String) -> Bool? { self[name].map { $0 == "1" || $0 == "true" } }
}

/// Percent-decoding: `+` is a space, a `%` that two hexadecimal digits do not follow stands for itself.
enum Percent {
  static func decoded(_ text: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(text)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "%"), at + 2 < bytes.count, let high = digit(bytes[at + 1]), let low = digit(bytes[at + 2]) {
        result.append(high << 4 | low)
        at += 3
      } else {
        result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        at += 1
      }
    }
    return result
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
