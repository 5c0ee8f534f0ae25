package import Passkeys

/// Why something that an approver wanted did not happen. Each has a code from a closed set, by which refusals are recorded and shown.
package enum ApprovalError: Error, Sendable, Hashable, CustomStringConvertible {
  case passkey(PasskeyError)
  /// The question that a passkey answers was never asked, was answered already, or is older than five minutes.
  case ceremonyOver
  case linkNotValid
  case notSignedIn
  case notYetActive
  case badInput(String)
  case noSuchRequest
  /// A request that was written and not signed in time.
  case draftOver
  case expired
  case selfApproval
  case samePersonTwice
  /// Whoever is to be removed does not decide on it.
  case concernsYou
  case tooFewApprovers
  /// A passkey or session of somebody who is no approver any more.
  case removed
  /// What was asked is refused, opened or otherwise over: it cannot be had again.
  case decided
  case notApproved
  case notTheRequester
  case changedBytes
  case overDailyLimit(left: Int)
  /// The server did not enter the opening or did not answer: nothing is shown.
  case serverFailed(String)

  package var code: String {
    switch self {
    case .passkey(let error): error.code
    case .ceremonyOver: "reused_challenge"
    case .linkNotValid: "link_not_valid"
    case .notSignedIn: "not_signed_in"
    case .notYetActive: "not_yet_active"
    case .badInput: "bad_input"
    case .noSuchRequest: "no_such_request"
    case .draftOver: "draft_over"
    case .expired: "expired"
    case .selfApproval: "self_approval"
    case .samePersonTwice: "same_person_twice"
    case .concernsYou: "concerns_you"
    case .tooFewApprovers: "too_few_approvers"
    case .removed: "removed"
    case .decided: "replay"
    case .notApproved: "not_approved"
    case .notTheRequester: "not_the_requester"
    case .changedBytes: "changed_bytes"
    case .overDailyLimit: "over_daily_limit"
    case .serverFailed: "server_failed"
    }
  }

  package var description: String {
    switch self {
    case .passkey(let error): error.description
    case .ceremonyOver: "This question was answered already, or it is older than five minutes. Begin again."
    case .linkNotValid: "This link is used up, too old, or was not copied whole. Ask whoever gave it to you for another one."
    case .notSignedIn: "You are not signed in any more. Sign in with your passkey and begin again."
    case .notYetActive: "You are enrolled, and may ask and approve 72 hours after you were admitted."
    case .badInput(let sentence): sentence
    case .noSuchRequest: "There is no such request."
    case .draftOver: "This request was not signed within five minutes of its writing. Write it again."
    case .expired: "This request is older than a day, so nothing of it can be signed or opened any more. Write it again."
    case .selfApproval: "You wrote this request: two others must approve it."
    case .samePersonTwice: "You approved this request already: another person must be the second."
    case .concernsYou: "This request is to remove you: two others decide on it."
    case .tooFewApprovers:
      "Fewer than three approvers who can act would be left, and nothing could be opened or admitted any more. Admit another one first, and wait until 72 hours have passed."
    case .removed: "You are no approver any more: the others removed you. Ask them why."
    case .decided: "This request is over: it was refused, or carried out once. For the same again write another one."
    case .notApproved: "Two others have not approved this request yet."
    case .notTheRequester: "Only whoever wrote this request can carry it out."
    case .changedBytes: "What is stored of this request is not what was signed, so it is not carried out. Find out who changed it."
    case .overDailyLimit(let left):
      "This would open more subjects than the custodian opens in a day: \(left) \(left == 1 ? "is" : "are") left until midnight UTC."
    case .serverFailed(let what): "Nothing is shown: \(what)"
    }
  }

  /// Whether it is worth a line in the record that everybody sees. Slips of the pen are not.
  var isRecorded: Bool {
    switch self {
    case .badInput, .notSignedIn, .noSuchRequest, .serverFailed, .draftOver: false
    default: true
    }
  }
}
