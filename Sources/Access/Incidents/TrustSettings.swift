import Events

/// What the company's trust pages are made of besides what the ledger and the custodian say. docs/FORMATS.md, “Trust pages”.
package struct TrustSettings: Sendable, Hashable {
  /// The trust anchors, JSON.
  package let anchors: String
  /// What the company says of itself, JSON.
  package let site: String
  package let setAt: Timestamp
  package let entry: UInt64

  package init(anchors: String, site: String, setAt: Timestamp, entry: UInt64) {
    self.anchors = anchors
    self.site = site
    self.setAt = setAt
    self.entry = entry
  }
}

/// A lure that customers are warned of on the trust pages.
package struct TrustWarning: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable { case domain, subject }

  package let id: Int64
  package let project: ProjectID
  package let incident: Int64
  package let kind: Kind
  package let text: String
  /// When it was seen last, as far as reports say.
  package let seenAt: Timestamp
  package let madeAt: Timestamp
  package let entry: UInt64
}
