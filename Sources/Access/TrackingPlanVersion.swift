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
}
