package import Crypto
internal import Foundation
internal import Passkeys

/// A browser's key for a session, in software, and the proofs that it makes.
package struct SoftBrowser: Sendable {
  package let key = P256.Signing.PrivateKey()
  package init() {}

  /// Uncompressed point, 65 bytes.
  package var point: [UInt8] { Array(key.publicKey.x963Representation) }

  /// RFC 9449, section 4.2. `header` and `claims` take the place of what a good browser would write.
  package func proof(
    _ method: String, _ address: String, nonce: String?, id: String = UUID().uuidString, header: String? = nil, claims: String? = nil
  ) throws -> String {
    let (x, y) = (Base64URL.encode(point[1..<33]), Base64URL.encode(point[33...]))
    let header = header ?? #"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}}"#
    let named = nonce.map { #","nonce":"\#($0)""# } ?? ""
    let claims = claims ?? #"{"jti":"\#(id)","htm":"\#(method)","htu":"\#(address)","iat":1763400000\#(named)}"#
    let text = "\(Base64URL.encode(Array(header.utf8))).\(Base64URL.encode(Array(claims.utf8)))"
    return "\(text).\(Base64URL.encode(Array(try key.signature(for: Array(text.utf8)).rawRepresentation)))"
  }
}
