import Events

/// A person's wish for a service account that could take out rows about subjects, or change what is kept: it needs somebody else's passkey.
package struct AccountRequest: Sendable, Identifiable {
  package enum State: String, Sendable, Hashable {
    case waiting, approved, refused, made
    /// Nobody answered, or nobody made it, within a day.
    case expired
  }

  /// From the asking to the answer, and from the answer to the account.
  package static let lifetime: Duration = .seconds(86_400)

  package let id: Int64
  package let project: ProjectID
  package let askedBy: StaffMember.ID
  package let askedAt: Timestamp
  package let draft: ServiceAccountDraft
  package let decidedBy: StaffMember.ID?
  package let decidedAt: Timestamp?
  package let isApproved: Bool
  package let madeAt: Timestamp?

  package func state(at time: Timestamp) -> State {
    if madeAt != nil { return .made }
    guard let decidedAt else { return askedAt + Self.lifetime <= time ? .expired : .waiting }
    guard isApproved else { return .refused }
    return decidedAt + Self.lifetime <= time ? .expired : .approved
  }
}

extension ServiceAccountDraft {
  /// Whether one person alone may make it. Rows in bulk and the power over settings, plan and erasure take a second one; a canary opens nothing.
  package var needsSecondPerson: Bool { !isCanary && !scopes.isDisjoint(with: [.export, .admin]) }
}
