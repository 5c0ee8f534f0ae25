import Crypto
import Events
import Foundation

/// A public key that signs notes, as in C2SP signed-note: `name+key id (8 hex digits)+base64(type ‖ key)`.
package struct NoteKey: Sendable, Hashable, CustomStringConvertible {
  package enum Kind: UInt8, Sendable, Hashable {
    /// Signs the note's text.
    case ed25519 = 0x01
    /// A witness's (tlog-cosignature): signs time and checkpoint.
    case cosignature = 0x04
  }

  package let name: String
  package let kind: Kind
  /// 32 bytes, Ed25519.
  package let publicKey: [UInt8]

  package init?(name: String, kind: Kind, publicKey: [UInt8]) {
    guard Self.isName(name), publicKey.count == 32 else { return nil }
    self.name = name
    self.kind = kind
    self.publicKey = publicKey
  }

  /// Reads the text form; nil if it is malformed, of another type, or if its key id is not that of its key.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let data = Data(base64Encoded: String(parts[2])), data.count == 33, let kind = Kind(rawValue: data[0]),
      let key = NoteKey(name: String(parts[0]), kind: kind, publicKey: [UInt8](data.dropFirst())), parts[1] == key.idText
    else { return nil }
    self = key
  }

  /// SHA-256(name ‖ LF ‖ type ‖ key), first four bytes, big-endian.
  package var id: UInt32 {
    SHA256.hash(data: Array(name.utf8) + [0x0A, kind.rawValue] + publicKey).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The same in 8 hexadecimal digits.
  package var idText: String { Hexadecimal.text(withUnsafeBytes(of: id.bigEndian) { Array($0) }) }

  package var description: String { "\(name)+\(idText)+\(Data([kind.rawValue] + publicKey).base64EncodedString())" }

  /// Whether `signature` (what stands behind the key id) is this key's over a note's text.
  func isValid(_ signature: ArraySlice<UInt8>, text: String) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    switch kind {
    case .ed25519:
      return signature.count == 64 && key.isValidSignature(Array(signature), for: Array(text.utf8))
    case .cosignature:
      guard signature.count == 72 else { return false }
      let time = signature.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return key.isValidSignature(Array(signature.dropFirst(8)), for: Self.cosigned(text, at: time))
    }
  }

  /// What a witness signs: C2SP tlog-cosignature, version 1.
  static func cosigned(_ text: String, at time: UInt64) -> [UInt8] { Array("cosignature/v1\ntime \(time)\n\(text)".utf8) }

  /// Not empty, no space, no plus, no control character.
  static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != "+" && $0.value >= 0x20 && $0.value != 0x7F }
  }
}

/// A private key that signs notes. It does not print.
package struct NoteSigner: Sendable {
  package let key: NoteKey
  private let privateKey: Curve25519.Signing.PrivateKey

  /// Nil if the seed is not 32 bytes or the name is not one.
  package init?(name: String, kind: NoteKey.Kind = .ed25519, seed: some ContiguousBytes) {
    guard let privateKey = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
      let key = NoteKey(name: name, kind: kind, publicKey: [UInt8](privateKey.publicKey.rawRepresentation))
    else { return nil }
    self.key = key
    self.privateKey = privateKey
  }

  /// One signature line, LF included, for a note's text. `time` (seconds since 1970) counts for a cosignature only.
  package func line(for text: String, time: UInt64 = 0) throws -> String {
    var bytes = withUnsafeBytes(of: key.id.bigEndian) { Array($0) }
    switch key.kind {
    case .ed25519:
      bytes += [UInt8](try privateKey.signature(for: Array(text.utf8)))
    case .cosignature:
      bytes += withUnsafeBytes(of: time.bigEndian) { Array($0) }
      bytes += [UInt8](try privateKey.signature(for: NoteKey.cosigned(text, at: time)))
    }
    return "\u{2014} \(key.name) \(Data(bytes).base64EncodedString())\n"
  }
}

extension NoteSigner: Silent {
  package var description: String { "<signer \(key.name)>" }
}
