import Events

/// A query that somebody gave a name.
package struct SavedReport: Sendable, Hashable, Identifiable {
  package static let maximumQueryBytes = 200_000

  package let id: Int64
  package let project: ProjectID
  package let name: String
  /// The query's JSON, as the query model wrote it; not interpreted here.
  package let query: String
  package let createdAt: Timestamp
  package let updatedAt: Timestamp
}
