internal import Crypto
package import Foundation
internal import Vault

/// One of the three shares of a backup's key, as a person keeps and types it. docs/FORMATS.md, "Custodian backup". It does not print.
///
/// Text: `slb`, then 18 groups of four digits and a check digit, with hyphens between. The digits are Crockford's base 32, which has no i, l, o
/// and u: what is written is hard to misread, and o, i and l are read as the 0 and 1 that they were. The check digits say in which group a
/// typing error is, the checksum at the end that nothing is wrong with the whole.
package struct BackupShare: Sendable {
  /// Of the backup whose key this is a part of.
  package let backup: [UInt8]
  /// 1, 2 or 3.
  package let index: UInt8
  /// 32 bytes.
  package let values: [UInt8]

  static let prefix = "slb"
  static let groupCount = 18
  private static let digitsInGroup = 4
  private static let version: UInt8 = 1
  private static let checksumLength = 6

  package init(backup: [UInt8], index: UInt8, values: [UInt8]) {
    self.backup = backup
    self.index = index
    self.values = values
  }

  /// The share itself, for the one moment of showing it.
  package var text: String {
    var bytes = [Self.version << 4 | index] + backup + values
    bytes += Self.checksum(bytes)
    let digits = Base32Crockford.digits(of: bytes)
    let groups = (0..<Self.groupCount).map { group in
      let four = Array(digits[group * Self.digitsInGroup..<(group + 1) * Self.digitsInGroup])
      return Base32Crockford.text(four + [Self.checkDigit(of: four, group: group)])
    }
    return ([Self.prefix] + groups).joined(separator: "-")
  }

  /// Reads what a person typed: in upper or lower case, with hyphens, spaces or nothing between the groups.
  package init(text: String) throws(BackupShareError) {
    let characters = text.lowercased().unicodeScalars.filter { !$0.properties.isWhitespace && !"-_–".unicodeScalars.contains($0) }
    guard characters.starts(with: Self.prefix.unicodeScalars) else { throw .notAShare }
    let rest = Array(characters.dropFirst(Self.prefix.unicodeScalars.count))
    let size = Self.digitsInGroup + 1
    // Whole groups are judged before the length: an omission is found where it is.
    var digits: [UInt8] = []
    for group in 0..<min(Self.groupCount, rest.count / size) {
      var read: [UInt8] = []
      for character in rest[group * size..<(group + 1) * size] {
        guard let digit = Base32Crockford.digit(character) else { throw .mistyped(group: group + 1) }
        read.append(digit)
      }
      let four = Array(read.dropLast())
      guard read.last == Self.checkDigit(of: four, group: group) else { throw .mistyped(group: group + 1) }
      digits += four
    }
    guard rest.count == Self.groupCount * size else { throw .wrongLength(found: rest.count, expected: Self.groupCount * size) }
    let bytes = Base32Crockford.bytes(of: digits)
    let body = Array(bytes.dropLast(Self.checksumLength))
    guard Array(bytes.suffix(Self.checksumLength)) == Self.checksum(body) else { throw .wrongChecksum }
    guard body[0] >> 4 == Self.version, (1...UInt8(SecretSharing.shareCount)).contains(body[0] & 15) else { throw .otherVersion }
    self.init(
      backup: Array(body[1..<1 + BackupHeader.idLength]), index: body[0] & 15, values: Array(body[(1 + BackupHeader.idLength)...]))
  }

  /// The share in a file: its first line that is not empty.
  package init(reading file: URL) throws {
    guard let handle = FileHandle(forReadingAtPath: file.path) else {
      throw CustodianError.badOption("\(file.path) cannot be read; --share-file names a file with a share in one line.")
    }
    defer { try? handle.close() }
    let text = String(decoding: try handle.read(upToCount: 4_096) ?? Data(), as: UTF8.self)
    do { try self.init(text: text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "") } catch {
      throw CustodianError.badOption("\(file.path): \(error)")
    }
  }

  private static func checksum(_ body: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: Array("sealane backup share v1\n".utf8) + body).prefix(checksumLength))
  }

  private static func checkDigit(of four: [UInt8], group: Int) -> UInt8 {
    SHA256.hash(data: Array("sealane backup share group v1\n".utf8) + [UInt8(group)] + four).withUnsafeBytes { $0[0] & 31 }
  }
}

extension BackupShare: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<share \(index) of backup \(backup.hexadecimal)>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a line is no share.
package enum BackupShareError: Error, Sendable, Hashable, CustomStringConvertible {
  case notAShare
  /// Counted from 1.
  case mistyped(group: Int)
  case wrongLength(found: Int, expected: Int)
  case wrongChecksum
  case otherVersion

  package var description: String {
    switch self {
    case .notAShare: "This is not a share: one begins with slb- and has \(BackupShare.groupCount) groups of five characters."
    case .mistyped(let group): "Group \(group) of the share is not as it was printed; look at it, and at the groups beside it."
    case .wrongLength(let found, let expected): "The share has \(found) characters after slb, where \(expected) are expected."
    case .wrongChecksum: "The share is not as it was printed: its groups fit each by itself, and not together."
    case .otherVersion: "The share is of another version of sealane-custodian; use that one."
    }
  }
}

/// Crockford's base 32, <https://www.crockford.com/base32.html>, without his check symbol.
enum Base32Crockford {
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".unicodeScalars)

  /// Five bits a digit, the first bits first. The bytes are a multiple of five.
  static func digits(of bytes: [UInt8]) -> [UInt8] {
    (0..<bytes.count * 8 / 5).map { digit in
      (0..<5).reduce(0) { value, bit in
        let place = digit * 5 + bit
        return value << 1 | bytes[place / 8] >> UInt8(7 - place % 8) & 1
      }
    }
  }

  /// The reverse; the digits are a multiple of eight.
  static func bytes(of digits: [UInt8]) -> [UInt8] {
    (0..<digits.count * 5 / 8).map { byte in
      (0..<8).reduce(0) { value, bit in
        let place = byte * 8 + bit
        return value << 1 | digits[place / 5] >> UInt8(4 - place % 5) & 1
      }
    }
  }

  static func text(_ digits: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: digits.map { alphabet[Int($0)] })
    return String(text)
  }

  static func digit(_ character: Unicode.Scalar) -> UInt8? {
    switch character {
    case "o": 0
    case "i", "l": 1
    default: alphabet.firstIndex(of: character).map { UInt8($0) }
    }
  }
}
