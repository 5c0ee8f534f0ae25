import Access
import Console
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

  func inventory(of project: ProjectID) async throws(AccessError) -> GrantInventory {
    let grants = try await access.vendorGrants(of: project)
    return GrantInventory(grants, vendors: try await access.vendors(of: project), at: clock())
  }

  /// What somebody writes down by hand.
  ///
  /// - Parameter texts: by names as `GrantRow.plain` makes them.
  /// - Throws: `AccessError` `invalid`, a sentence for whoever wrote it.
  func draft(_ texts: [String: String]) throws(AccessError) -> VendorGrantDraft {
    let draft: VendorGrantDraft
    do throws(GrantRow.Fault) { draft = try GrantRow(texts).draft(at: clock(), isStrict: true) } catch {
      throw AccessError(.invalid, error.reason.prefix(1).uppercased() + error.reason.dropFirst() + ".")
    }
    if let said = texts["vendor"], !said.isEmpty, draft.vendor?.rawValue != said {
      throw AccessError(.invalid, "“vendor” is a vendor's id: lower-case letters, digits and -, at most 40 of them.")
    }
    return draft
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

  /// Raises an alert a vendor where grants live that should not, once a day while that stands: the company does not use them any more, or the
  /// vendor's kill switch was pulled.
  func tell() async throws(AccessError) {
    let due = try await access.grantsToTell()
    let groups = Dictionary(grouping: due) { grant in "\(grant.project)/\(grant.draft.vendor?.rawValue ?? "")" }
    for (_, grants) in groups.sorted(by: { $0.key < $1.key }) {
      guard let first = grants.first else { continue }
      let whose = first.draft.vendor.map { "the vendor \($0)" } ?? "no declared vendor"
      let many = grants.count == 1 ? "A grant of \(whose) is" : "\(grants.count) grants of \(whose) are"
      // What nobody retired is here since its vendor is killed.
      let isOfKilled = grants.contains { $0.draft.retiredAt == nil }
      var details: [String: Alert.Value] = [
        "count": .number(Int64(grants.count)), "grants": .text(grants.prefix(20).map { String($0.id) }.joined(separator: " ")),
      ]
      if let vendor = first.draft.vendor { details["vendor"] = .text(vendor.rawValue) }
      await alerts.raise(
        NewAlert(
          .grantStillLive, project: first.project,
          sentence: isOfKilled
            ? "\(many) not revoked though its kill switch was pulled: whoever has the key is let in. Revoke it at its issuer."
            : "\(many) not used by the company any more and not revoked: whoever has the key is let in. Revoke it at its issuer.",
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
