import Foundation
import Passkeys

/// Questions to passkeys and their answers, as the JSON that the script of `Asset.passkeys` reads and writes. docs/FORMATS.md, "Ceremonies".
package enum PasskeyCeremony {
  package static let bodyLimit = 131_072

  /// A body, or a member of one, that is not as it must be.
  package struct Malformed: Error, Sendable, Hashable {
    package let sentence: String
    package init(sentence: String) { self.sentence = sentence }
  }

  package static func bytes(_ text: String?) throws(Malformed) -> [UInt8] {
    guard let text, let bytes = Base64URL.decode(text) else { throw Malformed(sentence: "A member is not base64url.") }
    return bytes
  }

  // MARK: Answers

  /// The answer of a browser, with the challenge that it answers.
  package struct Answer: Decodable {
    package let ceremony: String?
    package let credential: Credential
    /// The public half of the key that the browser made for the session that is to begin, where one does.
    package let key: Key?

    package struct Key: Decodable {
      package let x: String
      package let y: String
    }
  }

  package struct Credential: Decodable {
    let id: String
    let clientDataJSON: String
    let attestationObject: String?
    let authenticatorData: String?
    let signature: String?
    let userHandle: String?

    package func registration() throws(Malformed) -> RegistrationResponse {
      RegistrationResponse(
        credentialID: try bytes(id), clientDataJSON: try bytes(clientDataJSON), attestationObject: try bytes(attestationObject))
    }

    package func assertion() throws(Malformed) -> AssertionResponse {
      var handle: [UInt8]?
      if let userHandle { handle = try bytes(userHandle) }
      return AssertionResponse(
        credentialID: try bytes(id), clientDataJSON: try bytes(clientDataJSON), authenticatorData: try bytes(authenticatorData),
        signature: try bytes(signature), userHandle: handle)
    }
  }

  // MARK: Questions

  package struct Question: Encodable {
    let ceremony: String
    var create: Creation?
    var get: Assertion?
  }

  struct Descriptor: Encodable {
    let type = "public-key"
    let id: String
    init(_ id: [UInt8]) { self.id = Base64URL.encode(id) }
  }

  /// WebAuthn Level 3, section 5.4, with bytes as base64url.
  struct Creation: Encodable {
    struct Party: Encodable {
      let id: String
      let name: String
    }
    struct User: Encodable {
      let id: String
      let name: String
      let displayName: String
    }
    struct Parameter: Encodable {
      let type = "public-key"
      let alg: Int64
    }
    struct Selection: Encodable {
      let residentKey = "required"
      let requireResidentKey = true
      let userVerification = "required"
    }
    let rp: Party
    let user: User
    let challenge: String
    let pubKeyCredParams = [CredentialPublicKey.Algorithm.edDSA, .es256].map { Parameter(alg: $0.rawValue) }
    let timeout = ChallengeBook<Never>.lifetime
    let excludeCredentials: [Descriptor]
    let authenticatorSelection = Selection()
    let attestation = "none"
  }

  /// Section 5.5.
  struct Assertion: Encodable {
    let challenge: String
    let rpId: String
    let allowCredentials: [Descriptor]
    let timeout = ChallengeBook<Never>.lifetime
    let userVerification = "required"
  }

  /// - Parameter known: passkeys that must not be registered again.
  package static func creation(
    _ challenge: [UInt8], for party: RelyingParty, named product: String, handle: [UInt8], name: String, known: [[UInt8]]
  ) -> Question {
    let text = Base64URL.encode(challenge)
    return Question(
      ceremony: text,
      create: Creation(
        rp: .init(id: party.id, name: product), user: .init(id: Base64URL.encode(handle), name: name, displayName: name), challenge: text,
        excludeCredentials: known.map { Descriptor($0) }))
  }

  /// - Parameter allowed: those that may answer; none: any of this relying party.
  package static func assertion(_ challenge: [UInt8], for party: RelyingParty, allowed: [[UInt8]]) -> Question {
    let text = Base64URL.encode(challenge)
    return Question(
      ceremony: text, get: Assertion(challenge: text, rpId: party.id, allowCredentials: allowed.map { Descriptor($0) }))
  }
}
