internal import Crypto
internal import Foundation

/// What a browser answers to `navigator.credentials.create()`.
package struct RegistrationResponse: Sendable, Hashable {
  /// `rawId`.
  package var credentialID: [UInt8]
  package var clientDataJSON: [UInt8]
  package var attestationObject: [UInt8]

  package init(credentialID: [UInt8], clientDataJSON: [UInt8], attestationObject: [UInt8]) {
    self.credentialID = credentialID
    self.clientDataJSON = clientDataJSON
    self.attestationObject = attestationObject
  }
}

/// "Registering a New Credential": WebAuthn Level 3, section 7.1, its steps in their order.
///
/// That the challenge is fresh, used once, and answered in time is for whoever keeps it. `mediation` is never `conditional` here.
package struct RegistrationCeremony: Sendable {
  package let relyingParty: RelyingParty
  package let challenge: [UInt8]
  package let algorithms: Set<CredentialPublicKey.Algorithm>
  package let userVerification: UserVerification

  package init(
    relyingParty: RelyingParty, challenge: [UInt8], algorithms: Set<CredentialPublicKey.Algorithm> = [.es256, .edDSA],
    userVerification: UserVerification = .required
  ) {
    self.relyingParty = relyingParty
    self.challenge = challenge
    self.algorithms = algorithms
    self.userVerification = userVerification
  }

  /// Steps 5 to 28; 1 to 4 are the page's, 29 the caller's.
  ///
  /// - Parameter isKnown: whether a credential id is registered for anybody.
  package func verify(_ response: RegistrationResponse, isKnown: ([UInt8]) throws -> Bool) throws -> CredentialRecord {
    try verifyClientData(response.clientDataJSON)
    let (object, data, attested) = try readAttestation(response)
    try verifyAuthenticatorData(data)
    let key = try verifyKey(attested)
    // Steps 22 to 24: the statement. One of the key about itself must be right; one of a maker is not asked for, and counts as none.
    if case .refused(let what) = object.judge(key: key, clientDataHash: Array(SHA256.hash(data: response.clientDataJSON))) {
      throw Self.refuse(22, .malformedAttestation(what))
    }
    try verifyCredentialID(attested.id, isKnown: isKnown)
    // Step 27. Transports are not kept: every authenticator that the browser knows may answer.
    // Step 28: extensions are ignored, whether asked for or not.
    return CredentialRecord(
      id: attested.id, publicKey: key, signatureCounter: data.signatureCounter,
      isBackupEligible: data.flags.contains(.backupEligible), isBackedUp: data.flags.contains(.backupState),
      isUserVerificationInitialized: data.flags.contains(.userVerified))
  }

  private static func refuse(_ step: Int, _ reason: PasskeyError.Reason) -> PasskeyError {
    PasskeyError(.registration, step: step, reason)
  }

  /// Section 7.1, steps 5 to 11.
  private func verifyClientData(_ json: [UInt8]) throws(PasskeyError) {
    // Steps 5 and 6: UTF-8 decode, then JSON.
    let client: ClientData
    do { client = try ClientData(json) } catch { throw Self.refuse(6, .malformedClientData(error.what)) }
    // Step 7: the type.
    guard client.type == "webauthn.create" else { throw Self.refuse(7, .wrongType) }
    // Step 8: the challenge.
    guard client.challenge == Base64URL.encode(challenge) else { throw Self.refuse(8, .wrongChallenge) }
    // Step 9: the origin, exactly.
    guard relyingParty.origins.contains(client.origin) else { throw Self.refuse(9, .wrongOrigin) }
    // Step 10: never inside a frame of another origin.
    guard !client.crossOrigin else { throw Self.refuse(10, .crossOrigin) }
    // Step 11: nor on a page that another one framed.
    guard client.topOrigin == nil else { throw Self.refuse(11, .topOrigin) }
  }

  /// Section 7.1, steps 12 and 13.
  private func readAttestation(
    _ response: RegistrationResponse
  ) throws(PasskeyError) -> (AttestationObject, AuthenticatorData, AuthenticatorData.AttestedCredential) {
    let object: AttestationObject
    do { object = try AttestationObject(response.attestationObject) } catch { throw Self.refuse(13, .malformedAttestation(error.what)) }
    let data: AuthenticatorData
    do { data = try AuthenticatorData(object.authenticatorData) } catch {
      throw Self.refuse(13, .malformedAuthenticatorData(error.what))
    }
    guard let attested = data.attested else { throw Self.refuse(13, .malformedAuthenticatorData("it holds no credential")) }
    guard attested.id == response.credentialID else {
      throw Self.refuse(13, .malformedAuthenticatorData("its credential is another one than the browser names"))
    }
    return (object, data, attested)
  }

  /// Section 7.1, steps 14 to 19.
  private func verifyAuthenticatorData(_ data: AuthenticatorData) throws(PasskeyError) {
    // Step 14: the RP id.
    guard data.relyingPartyHash == Array(SHA256.hash(data: Array(relyingParty.id.utf8))) else {
      throw Self.refuse(14, .wrongRelyingParty)
    }
    // Step 15: user present.
    guard data.flags.contains(.userPresent) else { throw Self.refuse(15, .userNotPresent) }
    // Step 16: user verified.
    guard userVerification == .discouraged || data.flags.contains(.userVerified) else { throw Self.refuse(16, .userNotVerified) }
    // Step 17: what cannot be backed up is not backed up.
    guard data.flags.contains(.backupEligible) || !data.flags.contains(.backupState) else { throw Self.refuse(17, .inconsistentBackup) }
    // Steps 18 and 19: passkeys that can be backed up are welcome as others are.
  }

  /// Section 7.1, step 20.
  private func verifyKey(_ attested: AuthenticatorData.AttestedCredential) throws(PasskeyError) -> CredentialPublicKey {
    // Step 20: the algorithm was offered; and the key is one of it.
    let key: CredentialPublicKey
    do { key = try CredentialPublicKey(attested.publicKey, coseKey: attested.coseKey) } catch CredentialPublicKeyError.unknownAlgorithm {
      throw Self.refuse(20, .algorithmNotOffered)
    } catch {
      throw Self.refuse(20, .malformedKey(error.description))
    }
    guard algorithms.contains(key.algorithm) else { throw Self.refuse(20, .algorithmNotOffered) }
    // Step 21: the format was read with the object.
    return key
  }

  /// Section 7.1, steps 25 and 26.
  private func verifyCredentialID(_ id: [UInt8], isKnown: ([UInt8]) throws -> Bool) throws {
    // Step 25: at most 1,023 bytes.
    guard (1...1_023).contains(id.count) else { throw Self.refuse(25, .credentialIDTooLong) }
    // Step 26: nobody's yet.
    guard try !isKnown(id) else { throw Self.refuse(26, .credentialAlreadyRegistered) }
  }
}
