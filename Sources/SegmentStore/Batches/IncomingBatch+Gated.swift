internal import Events
package import Gate

extension IncomingBatch {
  /// Takes over what passed the gate. Decisions are not stored.
  package init(_ batch: GatedBatch) {
    self.init(expectedRows: batch.events.count)
    for event in batch.events { add(event) }
    addRest(of: batch)
  }

  package mutating func add(_ event: GatedEvent) {
    add(
      StoredRow(
        name: event.name, time: event.time, actor: event.actor.map { StoredIdentity($0.pseudonym, sealedID: $0.sealedID) },
        link: event.link.map {
          StoredRow.Link(
            device: StoredIdentity($0.device.pseudonym, sealedID: $0.device.sealedID),
            user: StoredIdentity($0.user.pseudonym, sealedID: $0.user.sealedID))
        },
        duplicateKey: event.duplicateKeys.map { StoredRow.DuplicateKey(day: $0.dayNumber, fingerprint: $0.day.high) },
        groups: event.groups.map { StoredIdentity($0.identity.pseudonym, sealedID: $0.identity.sealedID, isGroup: true) },
        properties: event.properties))
  }

  /// What of a batch is not its events: profiles, and the keys of everything that was sealed.
  package mutating func addRest(of batch: GatedBatch) {
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
}
