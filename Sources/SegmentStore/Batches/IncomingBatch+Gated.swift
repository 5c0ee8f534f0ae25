internal import Events
package import Gate

extension IncomingBatch {
  /// Takes over what passed the gate. Decisions are not stored.
  package init(_ batch: GatedBatch) {
    self.init()
    take(batch.rows)
    if !batch.profileUpdates.isEmpty { indexIdentities() }
    for update in batch.profileUpdates {
      let target =
        switch update.target {
        case .subject(let identity): StoredIdentity(identity.pseudonym, sealedID: identity.sealedID)
        case .group(_, let identity): StoredIdentity(identity.pseudonym, sealedID: identity.sealedID, isGroup: true)
        }
      add(
        StoredUpdate(
          target: target, operation: update.operation, time: update.time, ignoresTime: update.ignoresTime, isVerified: update.isVerified))
    }
    for key in batch.wrappedKeys { add(key) }
  }

  private mutating func take(_ rows: GatedRows) {
    identities = rows.identities.map { StoredIdentity($0.identity.pseudonym, sealedID: $0.identity.sealedID, isGroup: $0.isGroup) }
    names = rows.names
    rowNames = rows.rowNames
    times = rows.times
    actors = rows.actors
    duplicateKeys = rows.duplicateKeys.map { key in key.map { StoredRow.DuplicateKey(day: $0.dayNumber, fingerprint: $0.day.high) } }
    links = rows.links.map { Link(row: $0.row, device: $0.device, user: $0.user) }
    columns = rows.columns.compactMap { column in column.rows.isEmpty ? nil : BatchColumn(column) }
  }
}

extension IncomingBatch.BatchColumn {
  fileprivate init(_ column: GatedRows.Column) {
    self.init(name: column.name)
    rows = column.rows
    codes = column.codes
    var numbers: [UInt32] = []
    numbers.reserveCapacity(column.values.count)
    var isSame = true
    for value in column.values {
      let number = dictionary.code { $0.value(value) }
      isSame = isSame && Int(number) == numbers.count
      numbers.append(number)
    }
    // Values that the gate did not know to be equal.
    if !isSame { for index in codes.indices { codes[index] = numbers[Int(codes[index])] } }
  }
}
