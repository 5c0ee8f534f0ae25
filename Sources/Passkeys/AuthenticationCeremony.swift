internal import Crypto
internal import Foundation

/// What a browser answers to `navigator.credentials.get()`.
package struct AssertionResponse: Sendable, Hashable {
  /// `rawId`.
  package var credentialID: [UInt8]
  package var clientDataJSON: [UInt8]
  package var authenticatorData: [UInt8]
  package var signature: [UInt8]
  package var userHandle: [UInt8]?

  package init(
    credentialID: [UInt8], clientDataJSON: [UInt8], authenticatorData: [UInt8], signature: [UInt8], userHandle: [UInt8]? = nil
  ) {
    self.credentialID = credentialID
    self.clientDataJSON = clientDataJSON
    self.authenticatorData = authenticatorData
    self.signature = signature
    self.userHandle = userHandle
  }
}

/// "Verifying an Authentication Assertion": WebAuthn Level 3, section 7.2, its steps in their order.
///
/// That the challenge is fresh, used once, and answered in time is for whoever keeps it.
package struct AuthenticationCeremony: Sendable {
  /// Who answers, as far as that was known when the ceremony began.
  package enum User: Sendable, Hashable {
    /// Somebody who is signed in: the user handle may be missing.
    case identified(handle: [UInt8])
    /// Nobody yet: the user handle must say who it is.
    case unidentified
  }

  package let relyingParty: RelyingParty
  package let challenge: [UInt8]
  /// The credentials that were listed; none: any of this relying party.
  package let allowedCredentials: Set<[UInt8]>
  package let user: User
  package let userVerification: UserVerification

  package init(
    relyingParty: RelyingParty, challenge: [UInt8], allowedCredentials: Set<[UInt8]> = [], user: User,
    userVerification: UserVerification = .required
  ) {
    self.relyingParty = relyingParty
    self.challenge = challenge
    self.allowedCredentials = allowedCredentials
    self.user = user
    self.userVerification = userVerification
  }

  /// Steps 5 to 24; 1 to 4 are the page's, 25 the caller's. Returns the record as it is to be kept from now on.
  ///
  /// - Parameters:
  ///   - record: the record of the credential, if it is registered for the account with the handle `owner`.
  ///   - owner: the user handle of the account whose credential it is.
  package func verify(
    _ response: AssertionResponse, record: CredentialRecord?, owner: [UInt8]?
  ) throws(PasskeyError) -> CredentialRecord {
    let known = try identify(response, record: record, owner: owner)
    try verifyClientData(response.clientDataJSON)
    let data = try verifyAuthenticatorData(response.authenticatorData, of: known)
    try verifySignature(response, of: known)
    return try updated(known, with: data)
  }

  private static func refuse(_ step: Int, _ reason: PasskeyError.Reason) -> PasskeyError {
    PasskeyError(.authentication, step: step, reason)
  }

  /// Section 7.2, steps 5 and 6.
  private func identify(
    _ response: AssertionResponse, record: CredentialRecord?, owner: [UInt8]?
  ) throws(PasskeyError) -> CredentialRecord {
    // Step 5: one of those that were listed, if any were.
    guard allowedCredentials.isEmpty || allowedCredentials.contains(response.credentialID) else {
      throw Self.refuse(5, .unknownCredential)
    }
    // Step 6: whose it is.
    guard let record, record.id == response.credentialID, let owner else { throw Self.refuse(6, .unknownCredential) }
    switch user {
    case .identified(let handle):
      guard owner == handle else { throw Self.refuse(6, .wrongUser) }
      guard response.userHandle == nil || response.userHandle == handle else { throw Self.refuse(6, .wrongUser) }
    case .unidentified:
      guard response.userHandle == owner else { throw Self.refuse(6, .wrongUser) }
    }
    return record
  }

  /// Section 7.2, steps 8 to 14; 7 is what the response's members are called.
  private func verifyClientData(_ json: [UInt8]) throws(PasskeyError) {
    // Steps 8 and 9: UTF-8 decode, then JSON.
    let client: ClientData
    do { client = try ClientData(json) } catch { throw Self.refuse(9, .malformedClientData(error.what)) }
    // Step 10: the type.
    guard client.type == "webauthn.get" else { throw Self.refuse(10, .wrongType) }
    // Step 11: the challenge.
    guard client.challenge == Base64URL.encode(challenge) else { throw Self.refuse(11, .wrongChallenge) }
    // Step 12: the origin, exactly.
    guard relyingParty.origins.contains(client.origin) else { throw Self.refuse(12, .wrongOrigin) }
    // Step 13: never inside a frame of another origin.
    guard !client.crossOrigin else { throw Self.refuse(13, .crossOrigin) }
    // Step 14: nor on a page that another one framed.
    guard client.topOrigin == nil else { throw Self.refuse(14, .topOrigin) }
  }

  /// Section 7.2, steps 15 to 19.
  private func verifyAuthenticatorData(_ bytes: [UInt8], of record: CredentialRecord) throws(PasskeyError) -> AuthenticatorData {
    let data: AuthenticatorData
    do { data = try AuthenticatorData(bytes) } catch { throw Self.refuse(15, .malformedAuthenticatorData(error.what)) }
    // Step 15: the RP id.
    guard data.relyingPartyHash == Array(SHA256.hash(data: Array(relyingParty.id.utf8))) else {
      throw Self.refuse(15, .wrongRelyingParty)
    }
    // Step 16: user present.
    guard data.flags.contains(.userPresent) else { throw Self.refuse(16, .userNotPresent) }
    // Step 17: user verified.
    guard userVerification == .discouraged || data.flags.contains(.userVerified) else { throw Self.refuse(17, .userNotVerified) }
    // Step 18: what cannot be backed up is not backed up.
    guard data.flags.contains(.backupEligible) || !data.flags.contains(.backupState) else { throw Self.refuse(18, .inconsistentBackup) }
    // Step 19: whether it can be backed up does not change in a passkey's life.
    guard data.flags.contains(.backupEligible) == record.isBackupEligible else { throw Self.refuse(19, .changedBackupEligibility) }
    return data
  }

  /// Section 7.2, steps 20 and 21.
  private func verifySignature(_ response: AssertionResponse, of record: CredentialRecord) throws(PasskeyError) {
    let hash = SHA256.hash(data: response.clientDataJSON)
    guard record.publicKey.isValid(signature: response.signature, of: response.authenticatorData + Array(hash)) else {
      throw Self.refuse(21, .badSignature)
    }
  }

  /// Section 7.2, steps 22 to 24.
  private func updated(_ record: CredentialRecord, with data: AuthenticatorData) throws(PasskeyError) -> CredentialRecord {
    // Step 22: a counter that does not go up is a sign of a copy. The specification leaves it to us what follows: refusal, and the
    // counter that is kept stays as it is.
    guard data.signatureCounter > record.signatureCounter || data.signatureCounter == 0 && record.signatureCounter == 0 else {
      throw Self.refuse(22, .clonedCounter)
    }
    // Step 23: extensions are ignored, whether asked for or not.
    // Step 24.
    var record = record
    record.signatureCounter = data.signatureCounter
    record.isBackedUp = data.flags.contains(.backupState)
    record.isUserVerificationInitialized = record.isUserVerificationInitialized || data.flags.contains(.userVerified)
    return record
  }
}
