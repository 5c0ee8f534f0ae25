import Events

/// What left for one vendor within a time, whatever it has deleted since. No sets are read for it.
package struct DeliveredFields: Sendable, Hashable {
  /// The fields that any delivery since the beginning of the time had.
  package let fields: Set<String>
  /// When the last one left, ever; nil: none did.
  package let last: Timestamp?
  /// False where the details of a delivery since then cannot be read: it may have been to any vendor, with any fields.
  package let isCertain: Bool

  package init(fields: Set<String>, last: Timestamp?, isCertain: Bool = true) {
    self.fields = fields
    self.last = last
    self.isCertain = isCertain
  }
}

extension ExposureIndex {
  package func delivered(to vendor: String, in project: ProjectID, since: Timestamp) async throws(LedgerError) -> DeliveredFields {
    try await catchUp()
    return await onQueue { state in
      let name = state.names.number(of: vendor)
      var lists: Set<UInt32> = []
      var last: Timestamp?
      var isCertain = true
      for row in state.rows where row.kind == .delivery && (row.project == nil || row.project == project) {
        guard row.state == .told else {
          if row.time >= since { isCertain = false }
          continue
        }
        guard row.principalKind == .vendor, row.principal == name else { continue }
        last = row.time
        if row.time >= since { lists.insert(row.fields) }
      }
      return DeliveredFields(fields: Set(lists.flatMap(state.fields.names(of:))), last: last, isCertain: isCertain)
    }
  }
}
