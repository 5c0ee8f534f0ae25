import Events
import Ledger

/// What the custodian committed to and anybody may see: a statement, or what letters say.
package struct PublishedCommitment: Sendable, Hashable {
  /// SHA-256 of the text that was signed, hexadecimal.
  package let digest: String
  package let project: ProjectID
  package let incident: Int64
  package let kind: AdministrativeEntry.NoticeCommitment
  /// The text as a signed note.
  package let note: String
  package let letters: [PublishedLetter]
  /// Of the newest entry about it.
  package let entry: UInt64
  package let madeAt: Timestamp

  package init(
    digest: String, project: ProjectID, incident: Int64, kind: AdministrativeEntry.NoticeCommitment, note: String,
    letters: [PublishedLetter], entry: UInt64, madeAt: Timestamp
  ) {
    self.digest = digest
    self.project = project
    self.incident = incident
    self.kind = kind
    self.note = note
    self.letters = letters
    self.entry = entry
    self.madeAt = madeAt
  }
}

/// A letter's text as people agreed to it, with each recipient's own places open.
package struct PublishedLetter: Sendable, Hashable, Codable {
  /// Such as `person.en`.
  package let kind: String
  package let subject: String
  package let body: String

  package init(kind: String, subject: String, body: String) {
    self.kind = kind
    self.subject = subject
    self.body = body
  }
}
