package import Passkeys

/// The custodian's questions to passkeys.
package typealias Ceremonies = ChallengeBook<CeremonyPurpose>

package enum CeremonyPurpose: Sendable, Hashable {
  /// Of whoever was invited under this id, by the name given.
  case enrolment(approver: [UInt8], name: String)
  /// Of an approver who was granted another passkey, by the digest of the link.
  case furtherPasskey(approver: [UInt8], link: [UInt8])
  case signIn
  /// The passkey has answered, and the requester may carry out this request: the challenge is the ticket for it.
  case completion(request: [UInt8], approver: [UInt8])
}
