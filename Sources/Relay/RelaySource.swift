import Events
import Journeys
import Vault

/// What the relay needs of the stores: the events of a project in the order in which they came, and who is who.
package protocol RelaySource: Sendable {
  /// How many commits there are; nil: there is no such project.
  func committed(in project: ProjectID) -> UInt64?
  func follow(_ project: ProjectID, selecting selection: TailSelection) -> any RelayTail
  func number(of pseudonym: Pseudonym, in project: ProjectID) -> SubjectNumber?
  /// The pseudonym that a subject has now, after merges; nil: there is no such subject.
  func pseudonym(of number: SubjectNumber, in project: ProjectID) -> Pseudonym?
  /// Changes whenever subjects are erased, or events discarded.
  func forgetting(in project: ProjectID) -> UInt64
  func isForgotten(_ pseudonym: Pseudonym, in project: ProjectID) -> Bool
  func pseudonyms(of vendor: String, in project: ProjectID) -> VendorPseudonymizer?
  /// Rows of people who do not exist, in the shape of those of a page, that this vendor alone is given: their events, without what only Sealane
  /// knows. Mostly none: each of so many canaries is as busy as people are.
  func canaries(_ count: Int, of vendor: String, in project: ProjectID, among page: [TailEvent]) -> [CanaryEvent]
  /// What nobody who is this far needs any more may go.
  func release(_ project: ProjectID, before commit: UInt64?)
}

/// One follower of one project. Used by one task at a time.
package protocol RelayTail: Sendable {
  func page(after position: TailPosition, limit: Int) async throws -> TailPage
}

/// An event of somebody who does not exist.
package struct CanaryEvent: Sendable, Hashable {
  package let id: Pseudonym
  package let name: String
  package let time: Timestamp
  package let insertID: String
  package let properties: [StoredProperty]

  package init(id: Pseudonym, name: String, time: Timestamp, insertID: String, properties: [StoredProperty]) {
    self.id = id
    self.name = name
    self.time = time
    self.insertID = insertID
    self.properties = properties
  }
}
