package import Crypto
internal import Foundation

/// Ten characters that stand in a message and at the company, to be compared: Crockford's base 32 of the first 50 bits of an HMAC-SHA-256 over case,
/// recipient and text, under a key of the statement. Whoever has not the key can make no code that fits.
package enum CheckCode {
  private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  /// - Parameter text: of the letter, with nothing in the code's place.
  /// - Returns: such as `7K3QV-0MX2B`.
  package static func code(key: SymmetricKey, caseNumber: String, recipient: String, text: String) -> String {
    let hash = SHA256.hash(data: Array(text.utf8))
    let message = Array("sealane check code v1\n\(caseNumber)\n\(recipient)\n".utf8) + Array(hash)
    let bytes = Array(HMAC<SHA256>.authenticationCode(for: message, using: key).prefix(8))
    var bits = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 14
    var code: [Character] = []
    for _ in 0..<10 {
      code.insert(digits[Int(bits & 31)], at: 0)
      bits >>= 5
    }
    code.insert("-", at: 5)
    return String(code)
  }

  /// Whether a code that is one stands in a text, byte for byte.
  static func stands(_ code: String, in text: String) -> Bool { code.utf8.count >= 10 && text.utf8.firstRange(of: code.utf8) != nil }

  /// A code as somebody typed it: in any case, with or without the dash, with O for 0 and I or L for 1. Nil for what is none.
  package static func normalized(_ typed: String) -> String? {
    var code: [Character] = []
    for character in typed.uppercased() where !character.isWhitespace && character != "-" {
      let digit: Character = character == "O" ? "0" : character == "I" || character == "L" ? "1" : character
      guard digits.contains(digit) else { return nil }
      code.append(digit)
    }
    guard code.count == 10 else { return nil }
    code.insert("-", at: 5)
    return String(code)
  }
}
