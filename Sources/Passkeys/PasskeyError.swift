/// Why a registration or an assertion is refused, and at which step of WebAuthn Level 3, section 7.
package struct PasskeyError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Reason: Sendable, Hashable {
    /// The credential is none of those that were asked for, or of somebody else.
    case unknownCredential
    /// The user handle is missing, or names another account.
    case wrongUser
    case malformedClientData(String)
    case wrongType
    case wrongChallenge
    case wrongOrigin
    case crossOrigin
    case topOrigin
    case malformedAttestation(String)
    case malformedAuthenticatorData(String)
    case wrongRelyingParty
    case userNotPresent
    case userNotVerified
    /// Backed up, and yet not eligible for backup.
    case inconsistentBackup
    /// Eligible for backup where it was not at registration, or the other way round.
    case changedBackupEligibility
    case algorithmNotOffered
    case malformedKey(String)
    case credentialIDTooLong
    case credentialAlreadyRegistered
    case badSignature
    /// The counter did not go up: there may be a copy of the passkey.
    case clonedCounter
  }

  /// The two ceremonies, by their section.
  package enum Ceremony: String, Sendable, Hashable {
    case registration = "7.1"
    case authentication = "7.2"
  }

  package let ceremony: Ceremony
  /// The number of the step in the section.
  package let step: Int
  package let reason: Reason

  package init(_ ceremony: Ceremony, step: Int, _ reason: Reason) {
    self.ceremony = ceremony
    self.step = step
    self.reason = reason
  }

  /// A short word from a closed set, for records and metrics.
  package var code: String {
    switch reason {
    case .unknownCredential: "unknown_credential"
    case .wrongUser: "wrong_user"
    case .malformedClientData: "malformed_client_data"
    case .wrongType: "wrong_type"
    case .wrongChallenge: "wrong_challenge"
    case .wrongOrigin: "wrong_origin"
    case .crossOrigin: "cross_origin"
    case .topOrigin: "top_origin"
    case .malformedAttestation: "malformed_attestation"
    case .malformedAuthenticatorData: "malformed_authenticator_data"
    case .wrongRelyingParty: "wrong_relying_party"
    case .userNotPresent: "user_not_present"
    case .userNotVerified: "user_not_verified"
    case .inconsistentBackup: "inconsistent_backup"
    case .changedBackupEligibility: "changed_backup_eligibility"
    case .algorithmNotOffered: "algorithm_not_offered"
    case .malformedKey: "malformed_key"
    case .credentialIDTooLong: "credential_id_too_long"
    case .credentialAlreadyRegistered: "credential_already_registered"
    case .badSignature: "bad_signature"
    case .clonedCounter: "cloned_counter"
    }
  }

  package var description: String { "\(sentence) (WebAuthn \(ceremony.rawValue), step \(step))" }

  /// What was wrong, in words of ours only.
  package var sentence: String {
    switch reason {
    case .unknownCredential: "This passkey is not one that may be used here."
    case .wrongUser: "This passkey belongs to another account."
    case .malformedClientData(let what): "The browser's client data cannot be read: \(what)."
    case .wrongType: "This passkey answered another kind of question: a sign-in is no registration."
    case .wrongChallenge: "This passkey signed something else than what was asked, or an older question."
    case .wrongOrigin: "This passkey was used on another site."
    case .crossOrigin: "This passkey was used inside a frame of another site."
    case .topOrigin: "This passkey was used on a page that another site framed."
    case .malformedAttestation(let what): "The attestation cannot be read: \(what)."
    case .malformedAuthenticatorData(let what): "The authenticator's data cannot be read: \(what)."
    case .wrongRelyingParty: "This passkey is for another host name."
    case .userNotPresent: "Nobody touched the authenticator."
    case .userNotVerified: "The authenticator did not verify its user by PIN, finger or face."
    case .inconsistentBackup: "The authenticator says that the passkey is backed up and that it cannot be."
    case .changedBackupEligibility: "The passkey could be backed up at one time and not at another: it is not the same one."
    case .algorithmNotOffered: "The passkey's algorithm is none of those offered (ES256, EdDSA with Ed25519)."
    case .malformedKey(let what): "The passkey's public key cannot be used: \(what)."
    case .credentialIDTooLong: "The passkey's id is longer than 1,023 bytes."
    case .credentialAlreadyRegistered: "This passkey is registered already."
    case .badSignature: "The passkey's signature does not fit."
    case .clonedCounter: "The passkey's counter did not go up: there may be a copy of it."
    }
  }
}
