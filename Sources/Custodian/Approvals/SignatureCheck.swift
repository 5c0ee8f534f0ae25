internal import Events
internal import Passkeys

/// Verifies what stands under a request once more, against its bytes: whoever can write to the database does nothing by that.
struct SignatureCheck: Sendable {
  let store: CustodianStore
  let relyingParty: RelyingParty

  /// That the requester and two others signed these bytes when they were approvers, and are still.
  ///
  /// - Throws: `ApprovalError.changedBytes`.
  func check(_ stored: StoredRequest) throws {
    for signature in stored.signatures {
      guard let known = try store.passkey(signature.assertion.credentialID), known.owner == signature.approver,
        let signer = try store.approver(signature.approver), signer.isActive(at: signature.madeAt), signer.removedAt == nil,
        (signature.act == .request) == (stored.request.requester == signer.text)
      else { throw ApprovalError.changedBytes }
      // The counter went on since: only whether it went up then was asked, when the signature was made.
      var record = known.record
      record.signatureCounter = 0
      let ceremony = AuthenticationCeremony(
        relyingParty: relyingParty, challenge: stored.request.challenge(for: signature.act), user: .identified(handle: signer.id))
      guard (try? ceremony.verify(signature.assertion, record: record, owner: signer.id)) != nil else { throw ApprovalError.changedBytes }
    }
    let approvers = Set(stored.approvals.map(\.approver))
    guard stored.signatures.contains(where: { $0.act == .request }), approvers.count >= StoredRequest.approvalsNeeded else {
      throw ApprovalError.changedBytes
    }
  }

  /// A request that was begun, and may be gone on with.
  ///
  /// - Throws: `StatementBuilder.Impossible`.
  func begun(_ digest: [UInt8]) throws -> StoredRequest {
    do {
      guard let stored = try store.request(digest), stored.state == .done else { throw ApprovalError.changedBytes }
      try check(stored)
      return stored
    } catch is ApprovalError {
      throw StatementBuilder.Impossible(
        description:
          "What was asked for is not signed by whoever asked and two others who are approvers. Find out who changed the custodian's database, or who was removed."
      )
    }
  }
}
