package import Crypto
internal import Foundation
package import Passkeys

/// A passkey and the browser before it, in software. Every property can be set to what a real one would never say.
package struct SoftAuthenticator {
  package enum Key {
    case es256(P256.Signing.PrivateKey)
    case edDSA(Curve25519.Signing.PrivateKey)
  }

  package var key: Key
  package var credentialID: [UInt8]
  package var userHandle: [UInt8]?
  /// 0: an authenticator without a counter. Else it goes up by one before each signature.
  package var counter: UInt32 = 0
  package var relyingParty = "example.org"
  package var origin = "https://example.org"
  package var crossOrigin: Bool? = false
  package var topOrigin: String?
  /// UP and UV.
  package var flags: UInt8 = 0x05
  package var createType = "webauthn.create"
  package var getType = "webauthn.get"
  package var attestation: (format: String, statement: CBOR) = ("none", .map([]))
  /// What a `packed` statement of the key about itself names as its algorithm, and what is added to what it signs: nil makes none.
  package var selfAttestation: (algorithm: Int64, extra: [UInt8])?
  package var extensions: CBOR?
  /// Takes the place of the client data's text.
  package var clientData: String?

  package init(_ key: Key = .es256(P256.Signing.PrivateKey()), userHandle: [UInt8]? = nil) {
    self.key = key
    self.userHandle = userHandle
    credentialID = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
  }

  package var coseKey: CBOR {
    switch key {
    case .es256(let key):
      let point = Array(key.publicKey.x963Representation)
      return .map([
        .init(.unsigned(1), .unsigned(2)), .init(.unsigned(3), .integer(-7)), .init(.integer(-1), .unsigned(1)),
        .init(.integer(-2), .bytes(Array(point[1..<33]))), .init(.integer(-3), .bytes(Array(point[33...]))),
      ])
    case .edDSA(let key):
      return .map([
        .init(.unsigned(1), .unsigned(1)), .init(.unsigned(3), .integer(-8)), .init(.integer(-1), .unsigned(6)),
        .init(.integer(-2), .bytes(Array(key.publicKey.rawRepresentation))),
      ])
    }
  }

  package func clientDataJSON(type: String, challenge: [UInt8]) -> [UInt8] {
    if let clientData { return Array(clientData.utf8) }
    var text = #"{"type":"\#(type)","challenge":"\#(Base64URL.encode(challenge))","origin":"\#(origin)""#
    if let crossOrigin { text += #","crossOrigin":\#(crossOrigin)"# }
    if let topOrigin { text += #","topOrigin":"\#(topOrigin)""# }
    return Array((text + "}").utf8)
  }

  package func authenticatorData(flags: UInt8, attested: [UInt8] = []) -> [UInt8] {
    let hash = Array(SHA256.hash(data: Array(relyingParty.utf8)))
    let number = (0..<4).reversed().map { UInt8(truncatingIfNeeded: counter >> UInt32($0 * 8)) }
    return hash + [flags | (extensions == nil ? 0 : 0x80)] + number + attested + (extensions?.encoded ?? [])
  }

  package mutating func register(_ challenge: [UInt8], key: CBOR? = nil) -> RegistrationResponse {
    if counter > 0 { counter += 1 }
    let length = [UInt8(truncatingIfNeeded: credentialID.count >> 8), UInt8(truncatingIfNeeded: credentialID.count)]
    let attested = [UInt8](repeating: 0, count: 16) + length + credentialID + (key ?? coseKey).encoded
    let data = authenticatorData(flags: flags | 0x40, attested: attested)
    let client = clientDataJSON(type: createType, challenge: challenge)
    if let selfAttestation, let signature = try? sign(data + Array(SHA256.hash(data: client)) + selfAttestation.extra) {
      attestation = (
        "packed", .map([.init(.text("alg"), .integer(selfAttestation.algorithm)), .init(.text("sig"), .bytes(signature))])
      )
    }
    let object = CBOR.map([
      .init(.text("fmt"), .text(attestation.format)), .init(.text("attStmt"), attestation.statement),
      .init(.text("authData"), .bytes(data)),
    ])
    return RegistrationResponse(credentialID: credentialID, clientDataJSON: client, attestationObject: object.encoded)
  }

  private func sign(_ message: [UInt8]) throws -> [UInt8] {
    switch key {
    case .es256(let key): Array(try key.signature(for: message).derRepresentation)
    case .edDSA(let key): Array(try key.signature(for: message))
    }
  }

  package mutating func assert(_ challenge: [UInt8]) throws -> AssertionResponse {
    if counter > 0 { counter += 1 }
    let client = clientDataJSON(type: getType, challenge: challenge)
    let data = authenticatorData(flags: flags)
    let signature = try sign(data + Array(SHA256.hash(data: client)))
    return AssertionResponse(
      credentialID: credentialID, clientDataJSON: client, authenticatorData: data, signature: signature, userHandle: userHandle)
  }
}
