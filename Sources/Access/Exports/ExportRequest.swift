import Events

/// A person's wish to take out rows in bulk: it needs somebody else's passkey, and is carried out once.
package struct ExportRequest: Sendable, Hashable, Identifiable {
  package enum State: String, Sendable, Hashable {
    case waiting, approved, refused, done
    /// Nobody answered, or nobody fetched it, within a day.
    case expired
  }

  /// From the asking to the answer, and from the answer to the file.
  package static let lifetime: Duration = .seconds(86_400)
  package static let longestPurpose = 300

  package let id: Int64
  package let project: ProjectID
  package let askedBy: StaffMember.ID
  package let askedAt: Timestamp
  /// `yyyy-mm-dd`, both included.
  package let from: String
  package let to: String
  /// Names of events; none: all.
  package let events: [String]
  /// In the words of whoever asks.
  package let purpose: String
  package let decidedBy: StaffMember.ID?
  package let decidedAt: Timestamp?
  package let isApproved: Bool
  package let doneAt: Timestamp?

  package func state(at time: Timestamp) -> State {
    if doneAt != nil { return .done }
    guard let decidedAt else { return askedAt + Self.lifetime <= time ? .expired : .waiting }
    guard isApproved else { return .refused }
    return decidedAt + Self.lifetime <= time ? .expired : .approved
  }
}
