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
  let erasuresPerDay: Int

  package static let defaultErasuresPerDay = 500

  private var bell: AlarmBell { AlarmBell(store: store, connection: connection, clock: clock, logger: logger) }

  package init(
    store: CustodianStore, keyring: Keyring, connection: ServerConnection, limit: Int = 4096,
    erasuresPerDay: Int = Courier.defaultErasuresPerDay, logger: Logger, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.keyring = keyring
    self.connection = connection
    self.clock = clock
    self.logger = logger
    self.limit = limit
    self.erasuresPerDay = erasuresPerDay
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
    for alarm in try store.alarms(.unsent) { try await bell.send(alarm) }
    // Before the key in force is looked at: a settlement is what puts a swapped one right.
    for alarm in try store.alarms(.unsentSettlements) { try await sendSettlement(alarm) }
    let inForce = try await keyInForce()
    if inForce.isSealing, let standing = try store.alarms(.standing).first(where: { !$0.fault.kind.isOfLedger }) {
      // Nobody here settled it: the server lost its own entry, or somebody took it out.
      logger.critical("the server seals although an alarm stands; it is told again", metadata: ["alarm": "\(standing.id)"])
      try await connection.send(standing)
    }
    if let fault = inForce.fault {
      try await bell.raise(fault)
      outcome.fault = fault
      return outcome
    }
    // Asked for before the keys: what was sealed of an erased subject before its erasure is fetched below, and then destroyed with the rest.
    let orders = try await orders()
    while true {
      let askedAt = clock()
      let bundle = try await connection.parcels(limit: limit)
      do {
        let parcels = try judge(bundle)
        let settled = try store.alarms(.settled)
        let opened = try parcels.map { try open($0, settled: settled) }
        // Durable from here on.
        let stored = try store.store(opened, settled: settled, at: clock())
        outcome.stored += stored
        if !parcels.isEmpty {
          try await acknowledge(parcels)
          logger.info("stored record keys", metadata: ["new": "\(stored)", "parcels": "\(parcels.count)"])
        }
        try store.note(.lastDelivery, at: clock())
        if parcels.reduce(0, { $0 + $1.keys.count }) < limit {
          try keyring.destroyReplaced(named: Set(parcels.map(\.epoch.recipientKeyID)), askedAt: askedAt, now: clock(), logger: logger)
          if try await erase(orders), orders.areAll { try store.note(.erasuresKnown, at: clock()) }
          return outcome
        }
      } catch let fault as ParcelFault {
        try await bell.raise(fault)
        outcome.fault = fault
        return outcome
      }
    }
  }

  /// The erasures that the server has no receipt of; of a custodian that is new or was restored, all that there ever were.
  private func orders() async throws -> Orders {
    do {
      if try store.time(of: .erasuresKnown) != nil {
        return Orders(list: try await connection.erasures(after: nil), lackReceipts: true)
      }
      var orders: [ErasureOrder] = []
      while orders.count < Self.ordersAtATime {
        let page = try await connection.erasures(after: orders.last?.entry ?? 0)
        guard let last = page.last, last.entry > orders.last?.entry ?? 0 else { return Orders(list: orders, areAll: true) }
        orders += page
      }
      return Orders(list: orders)
    } catch let error as CustodianError {
      // Keys are fetched all the same.
      logger.error("the server's erasures cannot be read", metadata: ["reason": "\(error)"])
      return Orders(list: [])
    }
  }

  private struct Orders {
    let list: [ErasureOrder]
    /// All that there ever were.
    var areAll = false
    /// The server has no receipt of any.
    var lackReceipts = false
  }

  private static let ordersAtATime = 50_000

  /// Destroys keys, of as many subjects a day as are allowed: whoever took the server must not be able to destroy them all at once. Then tells
  /// the server. Returns whether all orders were carried out.
  private func erase(_ orders: Orders) async throws -> Bool {
    let day = Timestamp(milliseconds: clock().milliseconds - 86_400_000)
    var left = max(0, erasuresPerDay - (try store.destroyedSubjects(since: day)))
    var areAllDone = true
    for order in orders.list {
      do {
        let (lost, isDone) = try store.carryOut(order, at: clock(), limit: left, resends: orders.lackReceipts)
        left -= lost
        if lost > 0 { logger.notice("destroyed the keys of an erased subject", metadata: ["entry": "\(order.entry)", "ids": "\(lost)"]) }
        if !isDone { areAllDone = false }
      } catch let error as ErasureReceiptError {
        logger.error("an erasure is ordered that is none", metadata: ["entry": "\(order.entry)", "reason": "\(error)"])
      }
    }
    if !areAllDone { try reportBacklog(orders.list.count) }
    for (commitment, receipt) in try store.unsentReceipts() {
      do {
        if !(try await connection.send(receipt: receipt)) { logger.warning("the server does not know an erasure any more") }
      } catch CustodianError.unexpectedAnswer(let request, let status, let sentence) where (400..<500).contains(status) {
        logger.error("the server refuses a receipt", metadata: ["request": "\(request)", "status": "\(status)", "reason": "\(sentence)"])
      }
      // Ordered again, it is sent again.
      try store.markReceiptSent(commitment, at: clock())
    }
    return areAllDone
  }

  /// Once an hour.
  private func reportBacklog(_ ordered: Int) throws {
    let now = clock()
    if let last = try store.time(of: .lastBacklog), now.milliseconds - last.milliseconds < 3_600_000 { return }
    try store.note(.lastBacklog, at: now)
    logger.error(
      "erasures of more subjects are ordered than one day allows; the others wait",
      metadata: ["orders": "\(ordered)", "subjects_a_day": "\(erasuresPerDay)"])
  }

  /// Has the server enter what approvers changed among themselves. Done already and shown here whether the server answers or not; the same may be
  /// entered twice after a crash.
  package func enterChanges() async throws {
    for change in try store.unentered() {
      let entry = try await connection.enter(change)
      try store.markEntered(change.request.digest, ledgerEntry: entry)
      logger.info(
        "a change of approvers is in the ledger", metadata: ["request": "\(change.request.digest.hexadecimal)", "entry": "\(entry)"])
    }
  }

  private func judge(_ bundle: [UInt8]) throws(ParcelFault) -> [Parcel] {
    do { return try ParcelCodec.decode(bundle: bundle) } catch {
      throw ParcelFault(.malformed, sentence: error.description)
    }
  }

  /// Opens a parcel. What a settled alarm was about is no fault any more: those keys are set aside, the others taken.
  private func open(_ parcel: Parcel, settled: [Alarm]) throws -> JudgedParcel {
    func alarm(about fault: ParcelFault) throws(ParcelFault) -> Alarm {
      guard let alarm = settled.first(where: { $0.fault.isSame(as: fault) }) else { throw fault }
      return alarm
    }
    func allRefused(_ fault: ParcelFault) throws -> JudgedParcel {
      JudgedParcel(parcel: parcel, keys: [], refused: parcel.keys.map { ($0.sequence, $0.ciphertext) }, alarm: try alarm(about: fault))
    }
    switch try keyring.privateKey(parcel.epoch.recipientKeyID) {
    case .held(let key):
      var found: Alarm?
      let keys = try ParcelOpener.open(parcel, with: key) { fault throws(ParcelFault) in found = try alarm(about: fault) }
      let taken = Set(keys.map(\.sequence))
      let refused = found == nil ? [] : parcel.keys.filter { !taken.contains($0.sequence) }.map { ($0.sequence, $0.ciphertext) }
      return JudgedParcel(parcel: parcel, keys: keys, refused: refused, alarm: found)
    case .destroyed:
      // A server that was restored from a backup may offer what was stored long ago: that is no loss and no alarm.
      if let known = try store.heldAlready(parcel) { return JudgedParcel(parcel: parcel, keys: known) }
      return try allRefused(
        ParcelFault(
          .retiredRecipient, parcel, "A parcel is sealed to a key of this custodian that was destroyed: what it sealed stays shut."))
    case .unknown:
      return try allRefused(
        ParcelFault(
          .unknownRecipient, parcel, "A parcel is sealed to a key that was never this custodian's: the server's copy was swapped."))
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

  /// Tells the server that an alarm is settled and which key of ours to seal to. Signed afresh each time: the key may have changed.
  private func sendSettlement(_ alarm: Alarm) async throws {
    guard let settlement = alarm.settlement else { return }
    guard let current = try store.hpkeKeys().last(where: { $0.state == .current })?.announcement else {
      throw CustodianError.damagedStore("no HPKE key is current")
    }
    let signed = try store.secrets.settle(alarm, reason: settlement.reason, key: current.key, at: settlement.settledAt)
    let outcome = try await connection.send(signed, announcement: current)
    try store.markSettlementSent(alarm, at: clock())
    logger.notice(
      outcome == .taken ? "the server knows that an alarm is settled" : "an alarm is settled of which the server knows nothing",
      metadata: ["alarm": "\(alarm.id)"])
  }
}
