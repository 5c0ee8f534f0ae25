import Access
import Events
import Foundation
import Ledger
import Logging
import Relay

/// What is done to the inventory of grants, by commands and programs alike: authorized before, entered and done here.
package struct GrantDesk: Sendable {
  let access: ControlDatabase
  let ledger: Ledger
  let alerts: AlertDesk
  let clock: @Sendable () -> Timestamp

  /// A project's grants, with what is wrong with each.
  struct Inventory: Sendable {
    let grants: [VendorGrant]
    let findings: [Int64: [VendorGrant.Finding]]
    let at: Timestamp
  }

  func inventory(of project: ProjectID) async throws(AccessError) -> Inventory {
    let grants = try await access.vendorGrants(of: project)
    let declared = Set(try await access.vendors(of: project).map(\.id))
    let now = clock()
    return Inventory(grants: grants, findings: VendorGrant.findings(of: grants, declared: declared, at: now), at: now)
  }

  func record(_ draft: VendorGrantDraft, in project: ProjectID, by principal: Principal) async throws -> (id: Int64, receipt: LedgerReceipt)
  {
    try await access.turns.take {
      let id = try await access.record(draft, in: project, undone: true)
      // A crash behind the entry leaves one of a grant that is not there: it is written down again, under the same number.
      let receipt = try await ledger.record(.vendorGrantRecorded(project, grant: id, vendor: draft.vendor?.rawValue), by: principal)
      return (try await access.record(draft, in: project), receipt)
    }
  }

  func take(_ list: GrantList, in project: ProjectID, by principal: Principal) async throws -> (VendorGrantImport, LedgerReceipt) {
    let done = try await access.turns.take {
      let plan = try await access.importGrants(list.grants, in: project, undone: true)
      let receipt = try await ledger.record(
        .vendorGrantsImported(
          project, new: plan.new, changed: plan.changed, unchanged: plan.unchanged, refused: list.refusedCount), by: principal)
      return (try await access.importGrants(list.grants, in: project), receipt)
    }
    try await tell()
    return done
  }

  func change(_ grant: VendorGrant, _ act: AdministrativeEntry.GrantAct, by principal: Principal) async throws -> LedgerReceipt {
    let receipt = try await access.turns.take {
      try await perform(act, on: grant.id, undone: true)
      let receipt = try await ledger.record(
        .vendorGrantChanged(grant.project, grant: grant.id, vendor: grant.draft.vendor?.rawValue, act: act), by: principal)
      try await perform(act, on: grant.id, undone: false)
      return receipt
    }
    try await tell()
    return receipt
  }

  private func perform(_ act: AdministrativeEntry.GrantAct, on id: Int64, undone: Bool) async throws(AccessError) {
    switch act {
    case .retired: try await access.retireGrant(id, undone: undone)
    case .revoked: try await access.revokeGrant(id, undone: undone)
    }
  }

  /// Raises an alert a vendor where grants are retired and live, once a day while that stands.
  func tell() async throws(AccessError) {
    let due = try await access.grantsToTell()
    let groups = Dictionary(grouping: due) { grant in "\(grant.project)/\(grant.draft.vendor?.rawValue ?? "")" }
    for (_, grants) in groups.sorted(by: { $0.key < $1.key }) {
      guard let first = grants.first else { continue }
      let whose = first.draft.vendor.map { "the vendor \($0)" } ?? "no declared vendor"
      let many = grants.count == 1 ? "A grant of \(whose) is" : "\(grants.count) grants of \(whose) are"
      var details: [String: Alert.Value] = [
        "count": .number(Int64(grants.count)), "grants": .text(grants.prefix(20).map { String($0.id) }.joined(separator: " ")),
      ]
      if let vendor = first.draft.vendor { details["vendor"] = .text(vendor.rawValue) }
      await alerts.raise(
        NewAlert(
          .grantStillLive, project: first.project,
          sentence: "\(many) not used by the company any more and not revoked: whoever has the key is let in. Revoke it at its issuer.",
          details: details, sameAs: "grants/\(first.draft.vendor?.rawValue ?? "")"))
    }
    if !due.isEmpty { try await access.noteTold(due) }
  }
}

extension Installation {
  package var grants: GrantDesk { GrantDesk(access: access, ledger: ledger, alerts: alerts, clock: clock) }

  /// Every half minute.
  func keepGrants() async {
    do { try await grants.tell() } catch {
      logger.error("Vendors' grants cannot be looked through; it is tried again", metadata: ["error": "\(error.message)"])
    }
  }
}
