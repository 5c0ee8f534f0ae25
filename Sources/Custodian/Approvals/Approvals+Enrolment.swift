internal import Access
internal import Events
internal import Foundation
internal import Logging
package import Passkeys
internal import Vault

/// How people and their passkeys become known here: by links that are used once.
extension Approvals {
  /// Whose link it is, and the challenge for its passkey. The link is used up by the passkey, not by looking at it.
  package func beginEnrolment(link: String, name: String) throws -> (approver: Approver, name: String, challenge: [UInt8]) {
    try recording("enrolment") {
      let now = clock()
      guard let secret = Secret(link, kind: .approverLink) else { throw ApprovalError.linkNotValid }
      if let approver = try store.granted(link: secret.digest.bytes, at: now) {
        let purpose = CeremonyPurpose.furtherPasskey(approver: approver.id, link: secret.digest.bytes)
        return (approver, approver.name, ceremonies.begin(purpose, at: now))
      }
      guard let invited = try store.invited(link: secret.digest.bytes, at: now) else { throw ApprovalError.linkNotValid }
      // A further approver was admitted under a name: it stays, whatever the person writes.
      let chosen = invited.admittedBy == nil ? name.trimmingCharacters(in: .whitespaces) : invited.name
      guard PlainText.isShown(chosen, limit: Approver.longestName) else {
        throw ApprovalError.badInput("Write your name as the others know you, in at most \(Approver.longestName) bytes.")
      }
      guard try !store.approvers().contains(where: { $0.isEnrolled && $0.name.lowercased() == chosen.lowercased() }) else {
        throw ApprovalError.badInput("Somebody of this name is an approver already. Write yours so that the others can tell you apart.")
      }
      return (invited, chosen, ceremonies.begin(.enrolment(approver: invited.id, name: chosen), at: now))
    }
  }

  package func finishEnrolment(challenge: [UInt8], with response: RegistrationResponse) throws -> Approver {
    try recording("enrolment") {
      let (now, purpose) = (clock(), ceremonies.end(challenge, at: clock()))
      let ceremony = RegistrationCeremony(relyingParty: relyingParty, challenge: challenge)
      func verified() throws -> CredentialRecord {
        do { return try ceremony.verify(response) { try store.passkey($0) != nil } } catch let error as PasskeyError {
          throw ApprovalError.passkey(error)
        }
      }
      let id: [UInt8]
      switch purpose {
      case .enrolment(let invited, let name):
        id = invited
        guard try store.enrol(id, name: name, passkey: verified(), at: now) else { throw ApprovalError.linkNotValid }
      case .furtherPasskey(let approver, let link):
        id = approver
        guard try store.add(passkey: verified(), to: id, link: link, at: now) else { throw ApprovalError.linkNotValid }
      case .signIn, .completion, nil: throw ApprovalError.ceremonyOver
      }
      guard let approver = try store.approver(id) else { throw ApprovalError.linkNotValid }
      logger.notice("a passkey was enrolled", metadata: ["approver": "\(approver.text)"])
      return approver
    }
  }
}
