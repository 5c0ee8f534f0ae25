import Events

/// A set of subjects or organizations that somebody gave a name, so that reports and other cohorts can ask for it by number.
package struct SavedCohort: Sendable, Hashable, Identifiable {
  package enum Kind: String, Sendable, Hashable {
    /// A rule: who belongs follows from the data.
    case dynamic
    /// A list, fixed when it was made.
    case `static`
  }

  /// A list of as many members as a cohort may have.
  package static let maximumDefinitionBytes = 4_194_304
  package static let maximumPerProject = 1_000

  package let id: Int64
  package let project: ProjectID
  package let name: String
  package let kind: Kind
  /// The cohort's JSON, as the query model wrote it; not interpreted here. Nil for a list where many are read: it may be long.
  package let definition: String?
  /// Of a list; nil for a rule.
  package let memberCount: Int?
  package let createdAt: Timestamp
  package let updatedAt: Timestamp
}

/// What is to be saved.
package struct CohortDraft: Sendable {
  package var name: String
  package var kind: SavedCohort.Kind
  package var definition: String
  package var memberCount: Int?
  package init(name: String, kind: SavedCohort.Kind, definition: String, memberCount: Int? = nil) {
    self.name = name
    self.kind = kind
    self.definition = definition
    self.memberCount = memberCount
  }
}
