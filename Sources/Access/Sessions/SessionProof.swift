import Foundation
import Passkeys

/// What a browser signs to show that a request comes from it: the proof of RFC 9449, section 4.2, for one method and address.
///
/// A value of this type has a good signature by the key that it names; whose key that is, and whether the proof is for this request and
/// fresh, is for `ProofBook`. The cookie is not hashed into it (`ath`), since no script can read the cookie.
package struct SessionProof: Sendable, Hashable {
  package static let maximumBytes = 2_048

  package let key: SessionKey
  /// `jti`.
  package let id: String
  /// `htm`.
  package let method: String
  /// `htu`, without query and fragment.
  package let address: String
  package let nonce: String?

  /// Section 4.3, items 2 to 7: one well-formed JWT of the right type, of an algorithm that we take, with all claims, whose signature
  /// verifies with a key that has no private part. Nil for anything else.
  package init?(reading text: some StringProtocol) {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2]),
      let header = try? JSONDecoder().decode(Header.self, from: Data(head)),
      let claims = try? JSONDecoder().decode(Claims.self, from: Data(body)),
      header.typ == "dpop+jwt", header.alg == "ES256", header.jwk.kty == "EC", header.jwk.crv == "P-256", header.jwk.d == nil,
      let key = SessionKey(x: header.jwk.x, y: header.jwk.y), (8...64).contains(claims.jti.utf8.count), claims.iat > 0
    else { return nil }
    guard key.verifies(signature, over: Array("\(parts[0]).\(parts[1])".utf8)) else { return nil }
    self.key = key
    id = claims.jti
    method = claims.htm
    address = String(claims.htu.prefix { $0 != "?" && $0 != "#" })
    nonce = claims.nonce
  }

  private struct Header: Decodable {
    struct Key: Decodable {
      let kty: String
      let crv: String
      let x: String
      let y: String
      /// The private part, which must not be there.
      let d: String?
    }
    let typ: String
    let alg: String
    let jwk: Key
  }

  private struct Claims: Decodable {
    let jti: String
    let htm: String
    let htu: String
    let iat: Double
    let nonce: String?
  }
}
