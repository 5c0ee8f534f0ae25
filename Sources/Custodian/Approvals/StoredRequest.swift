package import Events
package import Passkeys

/// A request and how far it came.
package struct StoredRequest: Sendable, Hashable {
  package enum State: String, Sendable, Hashable {
    /// Written, not signed.
    case draft
    /// Signed by the requester.
    case waiting
    /// Two others signed the same bytes.
    case approved
    /// Somebody said no, or the requester took it back.
    case refused
    /// Carried out, once.
    case done
  }

  package let request: CustodianRequest
  package let state: State
  package let signatures: [RequestSignature]
  package let decidedAt: Timestamp?
  package let doneAt: Timestamp?
  /// The number of the opening's entry in the ledger.
  package let ledgerEntry: UInt64?

  package var approvals: [RequestSignature] { signatures.filter { $0.act == .approval } }

  package static let approvalsNeeded = 2
}

/// An approver's signature under a request, as the browser gave it, so that it can be verified again at any time.
package struct RequestSignature: Sendable, Hashable {
  package let approver: [UInt8]
  package let act: CustodianRequest.Act
  package let madeAt: Timestamp
  package let assertion: AssertionResponse
}

/// An attempt that was refused, as everybody sees it.
package struct Refusal: Sendable, Hashable {
  package let time: Timestamp
  package let approver: [UInt8]?
  package let request: [UInt8]?
  /// What was attempted: `enrolment`, `sign_in`, `request`, `approval`, `opening`.
  package let attempt: String
  package let code: String
  package let sentence: String
}
