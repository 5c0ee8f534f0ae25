import Crypto
import Events
import Foundation

/// Encrypts details under the set-encryption key in force and binds them to their entry's commitment.
///
/// ```
/// sealed    = nonce (12 random bytes) ‖ ciphertext ‖ tag (16)            ChaCha20-Poly1305, RFC 8439
/// aad       = "sealane/ledger/detail/v1" ‖ commitment
/// plaintext = salt (32 random bytes) ‖ u32 length of JSON ‖ JSON ‖ Roaring bitmap (may be empty)
/// commitment = SHA-256(salt ‖ JSON)
/// ```
struct DetailSealer: Sendable {
  enum Failure: Error { case notOpened, commitmentDiffers, malformed }

  static let maximumBytes = 16_000_000
  private static let domain = Array("sealane/ledger/detail/v1".utf8)
  private static let saltBytes = 32

  /// The one in force first; those before it open what they sealed.
  private let keys: [SymmetricKey]

  init(keys: [SymmetricKey]) { self.keys = keys }

  func seal(_ detail: LedgerDetail) throws(LedgerError) -> (commitment: [UInt8], sealed: [UInt8]) {
    let salt = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    let roaring = detail.subjects?.roaring
    let json = detail.json(roaring: roaring)
    let commitment = Array(SHA256.hash(data: salt + json))
    var plaintext = salt
    plaintext.append(littleEndian: UInt32(json.count))
    plaintext += json
    plaintext += roaring ?? []
    guard plaintext.count <= Self.maximumBytes else {
      throw LedgerError(.refused, "The details of this answer are \(plaintext.count) bytes long; ask for fewer groups or fields at once.")
    }
    do {
      let box = try ChaChaPoly.seal(plaintext, using: keys[0], authenticating: Self.domain + commitment)
      return (commitment, [UInt8](box.combined))
    } catch {
      throw LedgerError(.unwritable, "The details of a ledger entry could not be encrypted, so nothing is disclosed.")
    }
  }

  func open(_ sealed: [UInt8], commitment: [UInt8]) throws(Failure) -> LedgerDetail {
    let (_, json, roaring) = try opened(sealed, commitment)
    guard let detail = LedgerDetail(json: json, roaring: roaring) else { throw .malformed }
    return detail
  }

  /// What the commitment is over.
  func parts(_ sealed: [UInt8], commitment: [UInt8]) throws(Failure) -> (salt: [UInt8], json: [UInt8]) {
    let (salt, json, _) = try opened(sealed, commitment)
    return (salt, json)
  }

  private func opened(_ sealed: [UInt8], _ commitment: [UInt8]) throws(Failure) -> (salt: [UInt8], json: [UInt8], roaring: [UInt8]) {
    guard let box = try? ChaChaPoly.SealedBox(combined: sealed), let plaintext = plaintext(of: box, commitment: commitment) else {
      throw .notOpened
    }
    var reader = ByteReader(plaintext)
    guard let salt = reader.run(Self.saltBytes), let length = reader.integer(UInt32.self), let json = reader.run(Int(length)),
      let roaring = reader.run(reader.remaining)
    else { throw .malformed }
    guard Array(SHA256.hash(data: salt + json)) == commitment else { throw .commitmentDiffers }
    return (Array(salt), Array(json), Array(roaring))
  }

  /// A wrong key fails the tag: nothing is opened by mistake.
  private func plaintext(of box: ChaChaPoly.SealedBox, commitment: [UInt8]) -> [UInt8]? {
    for key in keys {
      if let plaintext = try? ChaChaPoly.open(box, using: key, authenticating: Self.domain + commitment) { return [UInt8](plaintext) }
    }
    return nil
  }
}

extension DetailSealer: Silent {
  var description: String { "<detail sealer>" }
}
