import Access
import Events
import Ledger

/// A project's grants, with what is wrong with each.
package struct GrantInventory: Sendable {
  package let grants: [VendorGrant]
  package let at: Timestamp
  private let found: [Int64: [VendorGrant.Finding]]

  /// - Parameter vendors: those of the same project.
  package init(_ grants: [VendorGrant], vendors: [Vendor], at now: Timestamp) {
    self.grants = grants
    at = now
    found = VendorGrant.findings(
      of: grants, declared: Set(vendors.map(\.id)), killed: Set(vendors.filter { $0.state == .killed }.map(\.id)), at: now)
  }

  package func findings(_ grant: VendorGrant) -> [VendorGrant.Finding] { found[grant.id] ?? [] }
  package func isRed(_ grant: VendorGrant) -> Bool { findings(grant).contains(where: \.isRed) }
  package var redCount: Int { grants.count(where: isRed) }

  /// Those in red first, of them those that live and should not; then those that live; then the dead.
  package var sorted: [VendorGrant] {
    func rank(_ grant: VendorGrant) -> Int {
      let findings = findings(grant)
      if let first = findings.first, first == .retiredButLive || first == .vendorKilledButLive { return 0 }
      if findings.contains(where: \.isRed) { return 1 }
      return grant.isLive(at: at) ? (findings.isEmpty ? 3 : 2) : 4
    }
    return grants.enumerated().map { (rank($1), $0, $1) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }
}

/// What taking in a list came to.
package struct GrantsTaken: Sendable {
  package let rows: Int
  package let changes: VendorGrantImport
  package let refused: Int
  /// The first of those that were refused.
  package let refusals: [(line: Int, reason: String)]
  package let receipt: LedgerReceipt

  package init(rows: Int, changes: VendorGrantImport, refused: Int, refusals: [(line: Int, reason: String)], receipt: LedgerReceipt) {
    self.rows = rows
    self.changes = changes
    self.refused = refused
    self.refusals = refusals
    self.receipt = receipt
  }
}

/// The inventory of ways in that vendors were given. Authorized by the page; entered in the ledger and done by these.
package struct GrantServices: Sendable {
  package var inventory: @Sendable (ProjectID) async throws -> GrantInventory
  /// Writes one down by hand, by the names that lists have too (docs/VENDORS.md), without marks between letters.
  package var record: @Sendable ([String: String], ProjectID, Principal) async throws -> (id: Int64, receipt: LedgerReceipt)
  package var take: @Sendable ([UInt8], ProjectID, Principal) async throws -> GrantsTaken
  package var change: @Sendable (VendorGrant, AdministrativeEntry.GrantAct, Principal) async throws -> LedgerReceipt

  package init(
    inventory: @escaping @Sendable (ProjectID) async throws -> GrantInventory,
    record: @escaping @Sendable ([String: String], ProjectID, Principal) async throws -> (id: Int64, receipt: LedgerReceipt),
    take: @escaping @Sendable ([UInt8], ProjectID, Principal) async throws -> GrantsTaken,
    change: @escaping @Sendable (VendorGrant, AdministrativeEntry.GrantAct, Principal) async throws -> LedgerReceipt
  ) {
    self.inventory = inventory
    self.record = record
    self.take = take
    self.change = change
  }
}

/// A host that the company's own site calls, and the vendor whose declaration names it.
package struct NamedThirdParty: Sendable {
  package let seen: ThirdParty
  /// Nil: nobody declared it.
  package let vendor: Vendor.ID?

  package init(seen: ThirdParty, vendor: Vendor.ID?) {
    self.seen = seen
    self.vendor = vendor
  }
}
