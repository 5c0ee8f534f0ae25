package import Events
internal import Ledger
internal import Synchronization
internal import Vault

/// What the custodian says of itself: counts, times and its key's fingerprint; nothing of anybody.
package final class CustodianStatus: Sendable {
  package struct Report: Sendable, Codable, Equatable {
    package struct Key: Sendable, Codable, Equatable {
      package let id: String
      package let state: String
    }

    package let server: String
    /// Whether the last round reached the server.
    package let isReached: Bool
    /// Milliseconds since 1970; nil if there was none since the start.
    package let lastRound: Int64?
    package let lastDelivery: Int64?
    package let identity: String
    package let fingerprint: String?
    package let keys: [Key]
    package let projects: [ProjectInventory]
    /// Alarms that nobody has settled, and the last of them.
    package let alarms: Int
    package let lastAlarm: String?
    package let settledAlarms: Int
    /// Wrapped keys that settled alarms were about: what they sealed stays shut.
    package let setAside: Int
    /// Entries of the server's ledger that are cosigned here, and when the last of them were; nil before the first.
    package let cosigned: UInt64?
    package let lastCosigned: Int64?

    private enum CodingKeys: String, CodingKey {
      case server
      case isReached = "server_reached"
      case lastRound = "last_round"
      case lastDelivery = "last_delivery"
      case identity, fingerprint, keys, projects, alarms
      case lastAlarm = "last_alarm"
      case settledAlarms = "settled_alarms"
      case setAside = "set_aside"
      case cosigned = "cosigned_entries"
      case lastCosigned = "last_cosigned"
    }
  }

  private struct Progress {
    var lastRound: Timestamp?
    var isReached = false
  }

  private let store: CustodianStore
  private let server: String
  private let clock: @Sendable () -> Timestamp
  private let progress = Mutex(Progress())

  package init(store: CustodianStore, server: String, clock: @escaping @Sendable () -> Timestamp) {
    self.store = store
    self.server = server
    self.clock = clock
  }

  func reached(at time: Timestamp, isSound: Bool) {
    progress.withLock {
      $0.lastRound = time
      $0.isReached = true
    }
  }

  func failed() { progress.withLock { $0.isReached = false } }

  /// Of the key that the server seals to.
  package func fingerprint() -> String? {
    (try? store.hpkeKeys())?.last { $0.state == .current }?.announcement.key.fingerprint
  }

  package func report() throws -> Report {
    let progress = progress.withLock { $0 }
    let alarms = try store.alarms(.standing)
    let witnessed = try store.witnessed()
    return Report(
      server: server, isReached: progress.isReached, lastRound: progress.lastRound?.milliseconds,
      lastDelivery: try store.time(of: .lastDelivery)?.milliseconds, identity: try store.secrets.identity.fingerprint,
      fingerprint: fingerprint(),
      keys: try store.hpkeKeys().map { Report.Key(id: Keyring.hexadecimal($0.id), state: $0.state.rawValue) },
      projects: try store.inventory(), alarms: alarms.count, lastAlarm: alarms.first?.fault.sentence,
      settledAlarms: try store.alarms(.settled).count, setAside: try store.setAside().values.reduce(0, +),
      cosigned: witnessed?.checkpoint.size, lastCosigned: witnessed?.cosignedAt.milliseconds)
  }
}
