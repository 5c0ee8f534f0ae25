import Events

/// One version of a project's tracking plan.
package struct TrackingPlanVersion: Sendable, Hashable {
  package let project: ProjectID
  /// From 1 on; the highest is in force.
  package let version: Int
  /// SHA-256 of the canonical form, hexadecimal.
  package let digest: String
  /// The plan in its one form (docs/FORMATS.md).
  package let canonical: String
  /// As it was given, comments and all.
  package let source: String
  /// The entry of the ledger that announces it.
  package let ledgerIndex: Int64
  package let createdAt: Timestamp

  package init(
    project: ProjectID, version: Int, digest: String, canonical: String, source: String, ledgerIndex: Int64, createdAt: Timestamp
  ) {
    self.project = project
    self.version = version
    self.digest = digest
    self.canonical = canonical
    self.source = source
    self.ledgerIndex = ledgerIndex
    self.createdAt = createdAt
  }
}
