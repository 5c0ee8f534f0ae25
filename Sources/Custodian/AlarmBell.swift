internal import Events
internal import Logging

/// Raises alarms: entered durably, said loudly, and told to the server.
struct AlarmBell: Sendable {
  let store: CustodianStore
  let connection: ServerConnection
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  /// The same trouble again while its alarm stands says nothing new.
  func raise(_ fault: ParcelFault) async throws {
    if try store.alarms(.standing).contains(where: { $0.fault.isSame(as: fault) && $0.sentAt != nil }) { return }
    let metadata: Logger.Metadata = [
      "kind": "\(fault.kind.rawValue)", "sentence": "\(fault.sentence)", "project": "\(fault.project?.description ?? "-")",
      "recipient": "\(fault.recipient.map { Keyring.hexadecimal($0) } ?? "-")",
    ]
    if fault.kind.isOfLedger {
      logger.critical(
        "ALARM: the ledger is not cosigned any more, and the server is told to show nothing about subjects", metadata: metadata)
    } else {
      logger.critical("ALARM: nothing of this bundle was stored, and the server is told to stop sealing", metadata: metadata)
    }
    try store.enter(fault, at: clock())
    for alarm in try store.alarms(.unsent) { try await send(alarm) }
  }

  func send(_ alarm: Alarm) async throws {
    try await connection.send(alarm)
    try store.markSent(alarm, at: clock())
  }
}
