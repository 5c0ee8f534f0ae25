package import Events
internal import Foundation
package import Logging
internal import Vault

/// Brings record keys from the server into the store: fetches, test-opens everything, stores, acknowledges.
///
/// The order makes it safe to be killed anywhere: before the store's commit nothing has changed and the same keys come again; after it
/// and before the acknowledgement they come again and are recognised; the server deletes only what was acknowledged.
package struct Courier: Sendable {
  let store: CustodianStore
  let keyring: Keyring
  let connection: ServerConnection
  let clock: @Sendable () -> Timestamp
  let logger: Logger
  let limit: Int

  package init(
    store: CustodianStore, keyring: Keyring, connection: ServerConnection, limit: Int = 4096, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.keyring = keyring
    self.connection = connection
    self.clock = clock
    self.logger = logger
    self.limit = limit
  }

  /// What one round did.
  package struct Outcome: Sendable, Equatable {
    package var stored = 0
    /// Nil unless the round ended with an alarm.
    package var fault: ParcelFault?
  }

  /// Fetches until nothing is left. Throws where the server cannot be reached or its answers are out of contract.
  package func round() async throws -> Outcome {
    var outcome = Outcome()
    for alarm in try store.alarms(unsent: true) { try await send(alarm) }
    let inForce = try await keyInForce()
    if let fault = inForce.fault {
      try await raise(fault, isSealing: inForce.isSealing)
      outcome.fault = fault
      return outcome
    }
    while true {
      let askedAt = clock()
      let bundle = try await connection.parcels(limit: limit)
      do {
        let parcels = try judge(bundle)
        let opened = try parcels.map { (parcel: $0, keys: try open($0)) }
        // Durable from here on.
        let stored = try store.store(opened, at: clock())
        outcome.stored += stored
        if !parcels.isEmpty {
          try await acknowledge(parcels)
          logger.info("stored record keys", metadata: ["new": "\(stored)", "parcels": "\(parcels.count)"])
        }
        try store.note(.lastDelivery, at: clock())
        if parcels.reduce(0, { $0 + $1.keys.count }) < limit {
          try keyring.destroyReplaced(named: Set(parcels.map(\.epoch.recipientKeyID)), askedAt: askedAt, now: clock(), logger: logger)
          return outcome
        }
      } catch let fault as ParcelFault {
        try await raise(fault, isSealing: inForce.isSealing)
        outcome.fault = fault
        return outcome
      }
    }
  }

  private func judge(_ bundle: [UInt8]) throws(ParcelFault) -> [Parcel] {
    do { return try ParcelCodec.decode(bundle: bundle) } catch {
      throw ParcelFault(.malformed, sentence: error.description)
    }
  }

  private func open(_ parcel: Parcel) throws -> [OpenedKey] {
    switch try keyring.privateKey(parcel.epoch.recipientKeyID) {
    case .held(let key): return try ParcelOpener.open(parcel, with: key)
    case .destroyed:
      // A server that was restored from a backup may offer what was stored long ago: that is no loss and no alarm.
      if let known = try store.heldAlready(parcel) { return known }
      throw ParcelFault(
        .retiredRecipient, parcel, "A parcel is sealed to a key of this custodian that was destroyed: what it sealed stays shut.")
    case .unknown:
      throw ParcelFault(
        .unknownRecipient, parcel, "A parcel is sealed to a key that was never this custodian's: the server's copy was swapped.")
    }
  }

  private func acknowledge(_ parcels: [Parcel]) async throws {
    var through: [ProjectID: UInt64] = [:]
    for parcel in parcels {
      guard let last = parcel.keys.last?.cursor else { continue }
      through[parcel.project] = max(through[parcel.project] ?? 0, last)
    }
    if !through.isEmpty { try await connection.acknowledge(through) }
  }

  /// The server must seal to a key of ours.
  private func keyInForce() async throws -> (isSealing: Bool, fault: ParcelFault?) {
    do {
      let inForce = try await connection.keyInForce()
      guard try inForce.announcement.identity == store.secrets.identity else {
        return (
          inForce.isSealing,
          ParcelFault(
            .swappedKey, recipient: inForce.announcement.key.id, sentence: "The server seals to the key of another custodian identity.")
        )
      }
      try keyring.note(inForce: inForce.announcement.key.id)
      return (inForce.isSealing, nil)
    } catch let error as AnnouncementError {
      return (true, ParcelFault(.swappedKey, sentence: "The server's announcement of the custodian's key is not valid. \(error)"))
    }
  }

  /// Enters the alarm durably, says so loudly, and tells the server. The same fault again while sealing is stopped says nothing new.
  private func raise(_ fault: ParcelFault, isSealing: Bool) async throws {
    if !isSealing, try store.alarms().contains(where: { $0.fault == fault && $0.sentAt != nil }) { return }
    logger.critical(
      "ALARM: nothing of this bundle was stored, and the server is told to stop sealing",
      metadata: [
        "kind": "\(fault.kind.rawValue)", "sentence": "\(fault.sentence)", "project": "\(fault.project?.description ?? "-")",
        "recipient": "\(fault.recipient.map { Keyring.hexadecimal($0) } ?? "-")",
      ])
    try store.enter(fault, at: clock())
    for alarm in try store.alarms(unsent: true) { try await send(alarm) }
  }

  private func send(_ alarm: Alarm) async throws {
    try await connection.send(alarm)
    try store.markSent(alarm, at: clock())
  }
}
