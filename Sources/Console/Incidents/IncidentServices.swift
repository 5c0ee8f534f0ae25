import Access
import Events
import Ledger
import Response

/// What the pages about incidents stand on.
package struct IncidentServices: Sendable {
  package var desk: IncidentDesk
  package var inbox: InboxDesk
  /// Looks through text for ids and hosts, and says where they come from. With an incident it is written down there.
  package var compare: @Sendable (_ text: String, ProjectID, Incident?, Principal) async throws -> Disclosed<LeakFinding>
  package var evidence: @Sendable (Incident) async throws -> IncidentEvidence

  package init(
    desk: IncidentDesk, inbox: InboxDesk,
    compare: @escaping @Sendable (_ text: String, ProjectID, Incident?, Principal) async throws -> Disclosed<LeakFinding>,
    evidence: @escaping @Sendable (Incident) async throws -> IncidentEvidence
  ) {
    self.desk = desk
    self.inbox = inbox
    self.compare = compare
    self.evidence = evidence
  }
}
