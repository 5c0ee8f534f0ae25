import Access
import Events
import Journeys
import Ledger
import Relay
import Response

extension Installation {
  /// The letter that asks a killed vendor to delete everything.
  ///
  /// - Throws: `AccessError` `invalid` where its kill switch was not pulled, or no declaration of it reads.
  func deletionRequest(of vendor: Vendor, by day: CalendarDate? = nil) async throws -> DeletionRequest {
    guard vendor.state == .killed else {
      throw AccessError(
        .invalid, "Everything is asked back of a vendor whose kill switch was pulled; \(vendor.id) is \(vendor.state.rawValue).")
    }
    let versions = try await access.versions(of: vendor.id)
    guard let shown = versions.first(where: { $0.version == vendor.inForce }) ?? versions.first,
      let declaration = try? VendorDeclaration(yaml: shown.source)
    else { throw AccessError(.invalid, "The declaration of \(vendor.id) does not read, so that nobody knows whom to write to.") }
    let answer = try await exposure.answer(ExposureQuestion(.vendor(vendor.id.rawValue), in: vendor.project))
    let held =
      try await projects[vendor.project].map { StoreResolver(store: $0.store) }?.moment().people(among: answer.subjects.rawNumbers)
      ?? answer.subjects.rawNumbers
    let unconfirmed = try await access.unconfirmedVendorDeletions(of: vendor.id)
    return DeletionRequest(
      vendor: vendor, declaration: declaration,
      holding: DeletionRequest.Holding(
        people: Set(held).count, events: answer.rows, fields: answer.fields.keys.sorted(), first: answer.first, last: answer.last,
        isComplete: answer.untold.isEmpty), unconfirmed: unconfirmed, entry: try await entryAskingForAll(of: vendor),
      date: now(), by: day)
  }

  /// The kill switch's own entry: the one that names nobody, which means everything.
  private func entryAskingForAll(of vendor: Vendor) async throws -> UInt64? {
    var filter = LedgerFilter()
    (filter.kinds, filter.project) = (.acts, vendor.project)
    // Whatever comes before the switch is not looked at: the entry is behind it.
    filter.from = vendor.killedAt
    var (before, looked, found) = (UInt64?.none, 0, UInt64?.none)
    repeat {
      let page = try await ledger.search(filter, before: before, limit: 1_000)
      for record in page.records where record.entry.kind == "vendor_deletion_asked" {
        guard case .present(let detail) = record.detail, detail.facts["vendor"] == vendor.id.rawValue, detail.subjects == nil else {
          continue
        }
        found = record.entry.index
      }
      (before, looked) = (page.next, looked + page.looked)
    } while before != nil && looked < 500_000
    return found
  }
}
