import Crypto
import Foundation
import Passkeys

/// The public half of the key that a browser made when its owner signed in, and that never leaves it: ES256 on P-256.
package struct SessionKey: Sendable, Hashable {
  /// Uncompressed point (SEC 1), 65 bytes.
  package let point: [UInt8]

  /// Nil unless the coordinates are 32 bytes each and a point of the curve.
  package init?(x: String, y: String) {
    guard let x = Base64URL.decode(x), let y = Base64URL.decode(y), x.count == 32, y.count == 32 else { return nil }
    self.init(point: [4] + x + y)
  }

  package init?(point: [UInt8]) {
    guard point.count == 65, (try? P256.Signing.PublicKey(x963Representation: point)) != nil else { return nil }
    self.point = point
  }

  /// RFC 7638: SHA-256 over the JWK's required members in their order.
  package var thumbprint: [UInt8] {
    let (x, y) = (Base64URL.encode(point[1..<33]), Base64URL.encode(point[33...]))
    return Array(SHA256.hash(data: Array(#"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#.utf8)))
  }

  /// - Parameter signature: `r` and `s`, 32 bytes each, as JWS writes ES256 (RFC 7518, section 3.4).
  func verifies(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    guard let key = try? P256.Signing.PublicKey(x963Representation: point),
      let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
    else { return false }
    return key.isValidSignature(signature, for: message)
  }
}
