import Custodian
import Events
import Foundation
import Logging
import Synchronization
import Vault

/// A custodian's directory in a temporary place, its fake server, and a sealer of that server.
final class CustodianBench {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-custodian-\(UUID().uuidString)")
  let project = ProjectID(7)
  let pseudonyms = Pseudonymizer(key: SecretKey(), project: ProjectID(7))
  let clock = ManualClock()
  let server: FakeServer
  let sealer: Sealer
  private(set) var store: CustodianStore
  private(set) var keyring: Keyring

  init() throws {
    let created = try CustodianDirectory.create(at: directory, lookUpKeys: nil, madeAt: clock.read().milliseconds)
    server = FakeServer(created.announcement)
    sealer = Sealer(project: project, custodianKey: created.publicKey, pseudonymizer: pseudonyms, clock: clock.read)
    store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    keyring = try Keyring(store: store, now: clock.read())
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// As after a kill: everything in memory is gone.
  func restart() throws {
    store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    keyring = try Keyring(store: store, now: clock.read())
  }

  func courier(limit: Int = 4096, erasuresPerDay: Int = Courier.defaultErasuresPerDay) -> Courier {
    Courier(
      store: store, keyring: keyring, connection: server.connection, limit: limit, erasuresPerDay: erasuresPerDay,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: clock.read)
  }

  func rotate() async throws {
    try await keyring.rotate(
      over: server.connection, now: clock.read(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let key = server.state.withLock { $0.announcement.key }
    sealer.adopt(key)
  }

  /// Seals a value for each name and hands the keys to the server.
  func seal(_ names: [String], isVerified: Bool = true) throws -> [SealedValue] {
    try names.map { name in
      let (value, key) = try sealer.seal(
        "\(name)@orrery.example", subject: pseudonyms.subject(name), field: "$email", isVerified: isVerified)
      if let key {
        server.add([key], project: project)
        sealer.markDurable([key])
      }
      return value
    }
  }

  /// Carries out an order about one subject; returns whether it lost keys.
  func erase(_ name: String) throws -> Bool {
    let order = ErasureOrder(
      entry: 1, commitment: String(repeating: "0", count: 64), project: project, subjects: [pseudonyms.subject(name)])
    return try store.carryOut(order, at: clock.read(), limit: 10, resends: false).lost == 1
  }

  func open(_ value: SealedValue, of name: String) throws -> String {
    let subject = pseudonyms.subject(name)
    let keys = try store.recordKeys(project: project, subject: subject, epoch: SealedValueOpener.epoch(of: value.bytes))
    return try SealedValueOpener.open(value.bytes, project: project, subject: subject, field: "$email", recordKeys: keys)
  }
}

/// A wall clock that stands until it is told.
final class ManualClock: Sendable {
  private let now = Mutex<Int64>(1_763_400_000_000)
  var read: @Sendable () -> Timestamp { { Timestamp(milliseconds: self.now.withLock { $0 }) } }
  func advance(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}
