import Passkeys
import Testing

@Suite("the vectors of WebAuthn Level 3, section 16")
struct SpecificationVectorTests {
  static let accepted = [
    "none-es256", "packed-self-es256", "none-es256-long-credential-id", "packed-es256", "packed-eddsa", "tpm-es256", "android-key-es256",
    "apple-es256", "fido-u2f-es256",
  ]

  @Test func `all fifteen are there`() {
    #expect(Section16.all.vectors.count == 15)
  }

  @Test("ES256 and Ed25519 passkeys register and sign in, whatever attestation they bring", arguments: accepted)
  func registerAndSignIn(name: String) throws {
    let vector = Section16[name]
    let record = try registration(of: vector).verify(vector.registrationResponse) { _ in false }
    #expect(record.id == vector.registrationResponse.credentialID)
    #expect(record.publicKey.algorithm == (name == "packed-eddsa" ? .edDSA : .es256))
    let after = try authentication(of: vector).verify(vector.assertionResponse, record: record, owner: [1])
    #expect(after.id == record.id && after.publicKey == record.publicKey)
    // What is kept is read back as the same key.
    #expect(try CredentialPublicKey(coseKey: record.publicKey.coseKey) == record.publicKey)
  }

  @Test("user verification is asked for unless one says otherwise", arguments: accepted)
  func userVerification(name: String) throws {
    let vector = Section16[name]
    let record = try registration(of: vector).verify(vector.registrationResponse) { _ in false }
    // The bit of the flags, as the specification's text gives it.
    let isVerifiedThen = record.isUserVerificationInitialized
    let strict = RegistrationCeremony(relyingParty: Section16.all.relyingParty, challenge: vector.registrationChallenge)
    if isVerifiedThen {
      _ = try strict.verify(vector.registrationResponse) { _ in false }
    } else {
      #expect(throws: PasskeyError(.registration, step: 16, .userNotVerified)) {
        try strict.verify(vector.registrationResponse) { _ in false }
      }
    }
    let isVerifiedNow = vector.assertionResponse.authenticatorData[32] & 4 != 0
    let signIn = AuthenticationCeremony(
      relyingParty: Section16.all.relyingParty, challenge: vector.authenticationChallenge, user: .identified(handle: [1]))
    if isVerifiedNow {
      _ = try signIn.verify(vector.assertionResponse, record: record, owner: [1])
    } else {
      #expect(throws: PasskeyError(.authentication, step: 17, .userNotVerified)) {
        try signIn.verify(vector.assertionResponse, record: record, owner: [1])
      }
    }
  }

  @Test("other algorithms were not offered", arguments: ["packed-es384", "packed-es512", "packed-rs256", "packed-ed448"])
  func otherAlgorithms(name: String) {
    let vector = Section16[name]
    let error = #expect(throws: PasskeyError.self) { try registration(of: vector).verify(vector.registrationResponse) { _ in false } }
    #expect(error == PasskeyError(.registration, step: 20, .algorithmNotOffered))
  }

  @Test("what happened in a frame of another site is refused, at both ceremonies")
  func frames() throws {
    for (name, steps, reason) in [
      ("none-es256-crossOrigin", (10, 13), PasskeyError.Reason.crossOrigin), ("none-es256-topOrigin", (10, 13), .crossOrigin),
    ] {
      let vector = Section16[name]
      #expect(throws: PasskeyError(.registration, step: steps.0, reason)) {
        try registration(of: vector).verify(vector.registrationResponse) { _ in false }
      }
      // A record of the kind that the specification's own flow would have: another vector's, under this id.
      let other = Section16["none-es256"]
      let key = try registration(of: other).verify(other.registrationResponse) { _ in false }.publicKey
      let record = CredentialRecord(
        id: vector.assertionResponse.credentialID, publicKey: key, signatureCounter: 0, isBackupEligible: false, isBackedUp: false,
        isUserVerificationInitialized: true)
      #expect(throws: PasskeyError(.authentication, step: steps.1, reason)) {
        try authentication(of: vector).verify(vector.assertionResponse, record: record, owner: [1])
      }
    }
  }

  @Test("any flipped bit of what is signed is refused", arguments: ["none-es256", "packed-eddsa"])
  func flippedBits(name: String) throws {
    let vector = Section16[name]
    let record = try registration(of: vector).verify(vector.registrationResponse) { _ in false }
    let ceremony = authentication(of: vector)
    let sound = vector.assertionResponse
    for part in [\AssertionResponse.clientDataJSON, \.authenticatorData, \.signature] {
      for index in sound[keyPath: part].indices {
        for bit in 0..<8 {
          var altered = sound
          altered[keyPath: part][index] ^= 1 << bit
          #expect(throws: PasskeyError.self, "\(part) byte \(index), bit \(bit)") {
            try ceremony.verify(altered, record: record, owner: [1])
          }
        }
      }
    }
  }

  private func registration(of vector: Section16.Vector) -> RegistrationCeremony {
    RegistrationCeremony(
      relyingParty: Section16.all.relyingParty, challenge: vector.registrationChallenge, userVerification: .discouraged)
  }

  private func authentication(of vector: Section16.Vector) -> AuthenticationCeremony {
    AuthenticationCeremony(
      relyingParty: Section16.all.relyingParty, challenge: vector.authenticationChallenge, user: .identified(handle: [1]),
      userVerification: .discouraged)
  }
}
