import Foundation
import Passkeys
import Testing

/// The test vectors of WebAuthn Level 3, section 16, from section16.json, which names its source.
struct Section16: Decodable, Sendable {
  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    struct Registration: Decodable, Sendable {
      let challenge: String
      let credentialID: String
      let clientDataJSON: String
      let attestationObject: String

      enum CodingKeys: String, CodingKey {
        case challenge, clientDataJSON, attestationObject
        case credentialID = "credential_id"
      }
    }
    struct Authentication: Decodable, Sendable {
      let challenge: String
      let authenticatorData: String
      let clientDataJSON: String
      let signature: String
    }
    let name: String
    let registration: Registration
    let authentication: Authentication
    var testDescription: String { name }

    var registrationChallenge: [UInt8] { Section16.bytes(registration.challenge) }
    var authenticationChallenge: [UInt8] { Section16.bytes(authentication.challenge) }
    var registrationResponse: RegistrationResponse {
      RegistrationResponse(
        credentialID: Section16.bytes(registration.credentialID), clientDataJSON: Section16.bytes(registration.clientDataJSON),
        attestationObject: Section16.bytes(registration.attestationObject))
    }
    var assertionResponse: AssertionResponse {
      AssertionResponse(
        credentialID: Section16.bytes(registration.credentialID), clientDataJSON: Section16.bytes(authentication.clientDataJSON),
        authenticatorData: Section16.bytes(authentication.authenticatorData), signature: Section16.bytes(authentication.signature))
    }
  }

  let relyingPartyID: String
  let origin: String
  let vectors: [Vector]

  enum CodingKeys: String, CodingKey {
    case origin, vectors
    case relyingPartyID = "rp_id"
  }

  var relyingParty: RelyingParty { RelyingParty(id: relyingPartyID, origins: [origin]) }

  static let all: Section16 = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("section16.json")
    do { return try JSONDecoder().decode(Section16.self, from: Data(contentsOf: file)) } catch { preconditionFailure("\(error)") }
  }()

  static subscript(name: String) -> Vector {
    guard let vector = all.vectors.first(where: { $0.name == name }) else { preconditionFailure("no vector \(name)") }
    return vector
  }

  /// Lenient, since a broken transcription shows itself in the tests.
  static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8).map { UInt8(String(UnicodeScalar($0)), radix: 16) ?? 0 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
