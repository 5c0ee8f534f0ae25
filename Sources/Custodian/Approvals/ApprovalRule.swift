package import Events

/// Who may do what with a request, decided from values alone.
package enum ApprovalRule {
  /// What an approver's signature on a request would mean now.
  ///
  /// - Throws: `ApprovalError`, the first that holds: not yet active, over, too old, one's own, signed already.
  package static func act(
    of approver: Approver, on stored: StoredRequest, at time: Timestamp
  ) throws(ApprovalError) -> CustodianRequest.Act {
    try mayAct(approver, at: time)
    let isOwn = stored.request.requester == approver.text
    switch stored.state {
    case .draft:
      guard isOwn else { throw .noSuchRequest }
      guard time.milliseconds - stored.request.created.milliseconds <= CustodianRequest.draftLifetime else { throw .draftOver }
      return .request
    case .waiting:
      guard time < stored.request.expires else { throw .expired }
      guard !isOwn else { throw .selfApproval }
      if case .remove(approver.text, _) = stored.request.wish { throw .concernsYou }
      guard !stored.signatures.contains(where: { $0.approver == approver.id }) else { throw .samePersonTwice }
      return .approval
    case .approved where isOwn:
      try mayCarryOut(stored, by: approver, at: time)
      return .completion
    case .approved, .refused, .done: throw .decided
    }
  }

  /// Whether a request may be carried out now by this approver; what its signatures are worth is for the caller to verify.
  package static func mayCarryOut(_ stored: StoredRequest, by approver: Approver, at time: Timestamp) throws(ApprovalError) {
    try mayAct(approver, at: time)
    guard stored.request.requester == approver.text else { throw .notTheRequester }
    switch stored.state {
    case .approved: break
    case .draft, .waiting: throw .notApproved
    case .refused, .done: throw .decided
    }
    guard time < stored.request.expires else { throw .expired }
    let approvers = Set(stored.approvals.map(\.approver)).subtracting([approver.id])
    guard approvers.count >= StoredRequest.approvalsNeeded else { throw .notApproved }
  }

  /// Whether an approver may end a request: not one that nobody but its writer sees, nor, unless it is their own, one that removes them, or
  /// whoever has a stolen passkey would keep its owner in.
  package static func mayRefuse(_ stored: StoredRequest, by approver: Approver, at time: Timestamp) throws(ApprovalError) {
    try mayAct(approver, at: time)
    guard stored.request.requester != approver.text else { return }
    guard stored.state != .draft else { throw .noSuchRequest }
    if case .remove(approver.text, _) = stored.request.wish { throw .concernsYou }
  }

  /// Whether somebody is an approver now.
  package static func mayAct(_ approver: Approver, at time: Timestamp) throws(ApprovalError) {
    guard approver.removedAt.map({ time < $0 }) ?? true else { throw .removed }
    guard approver.isActive(at: time) else { throw .notYetActive }
  }

  /// Whether one of these can be removed so that enough are left to ask and to approve. Whoever cannot act yet is missed by nobody.
  package static func mayRemove(_ id: String, from approvers: [Approver], at time: Timestamp) throws(ApprovalError) {
    guard let gone = approvers.first(where: { $0.text == id }), gone.removedAt == nil else {
      throw .badInput("There is no such approver.")
    }
    let left = approvers.filter { $0.isActive(at: time) && $0.id != gone.id }.count
    guard !gone.isActive(at: time) || left >= StoredRequest.approvalsNeeded + 1 else { throw .tooFewApprovers }
  }
}
