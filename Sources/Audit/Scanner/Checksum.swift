internal import Gate

/// Checksums that providers publish as a part of their key formats.
package enum Checksum {
  /// What a format says of a key: nil where it has no checksum.
  package static func isRight(_ key: String) -> Bool? {
    let bytes = Array(key.utf8)
    return bytes.withUnsafeBufferPointer { bytes in
      SecretShape.all.first { shape in shape.prefix.withUTF8Buffer { bytes.starts(with: $0) } }.flatMap {
        isRight(bytes, prefix: $0.prefix)
      }
    }
  }

  static func isRight(_ key: Bytes, prefix: StaticString) -> Bool? {
    let length = prefix.utf8CodeUnitCount
    switch prefix.description {
    // GitHub's and npm's: the last six characters are the CRC-32 of the thirty before them, in base 62 with leading zeros ("Behind GitHub's
    // new authentication token formats", 2021; npm's announcement of the same year).
    case "ghp_", "gho_", "ghu_", "ghs_", "npm_":
      guard key.count == length + 36 else { return nil }
      return Array(key.piece(length + 30..<length + 36)) == base62(crc32(key.piece(length..<length + 30)))
    default: return nil
    }
  }

  private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  static func base62(_ value: UInt32) -> [UInt8] {
    var rest = value
    var text: [UInt8] = []
    while text.count < 6 {
      text.append(digits[Int(rest % 62)])
      rest /= 62
    }
    return text.reversed()
  }

  /// ISO 3309, reflected, as in zlib. Bit by bit: it is asked for thirty bytes at a time.
  static func crc32(_ bytes: Bytes) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~value
  }
}
