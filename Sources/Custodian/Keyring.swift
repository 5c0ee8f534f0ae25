package import Events
internal import Foundation
package import Logging
internal import Synchronization
package import Vault

/// The custodian's HPKE private keys: files while they live, and their daily change.
///
/// A key is `announced` (made, durable), `current` (the server confirmed it), `replaced`, `leaving` and `destroyed`. A key is
/// outstanding while it is announced or current, for `overlap` after it was replaced, and from then until a fetch shows that the server
/// holds nothing that is sealed to it.
package final class Keyring: Sendable {
  package enum Lookup: Sendable {
    case held(SecretKey)
    case destroyed
    case unknown
  }

  /// How long a key is announced before the next one.
  package static let defaultLifetime: Duration = .seconds(86_400)
  /// How long a replaced key is kept at least: an epoch's hour, and another for batches on their way to disk.
  package static let defaultOverlap: Duration = .seconds(7_200)

  private let store: CustodianStore
  private let lifetime: Int64
  private let overlap: Int64
  /// Guards the cache of private keys that were read.
  private let cache = Mutex<[UInt64: SecretKey]>([:])
  private let inForceAtServer = Mutex<UInt64?>(nil)

  /// Takes up the directory as it is: enters the first key, finishes a destruction that was interrupted, removes a key pair that was
  /// made but never entered.
  package init(
    store: CustodianStore, lifetime: Duration = Keyring.defaultLifetime, overlap: Duration = Keyring.defaultOverlap, now: Timestamp
  ) throws {
    self.store = store
    self.lifetime = lifetime.milliseconds
    self.overlap = overlap.milliseconds
    let directory = store.secrets.directory
    var records = try store.hpkeKeys()
    if records.isEmpty {
      try store.enter(store.secrets.firstAnnouncement(), state: .current)
      records = try store.hpkeKeys()
    }
    for record in records where record.state == .leaving { try Self.destroy(record.id, store: store, now: now) }
    for record in records where [.announced, .current].contains(record.state) {
      let file = directory.appendingPathComponent(CustodianDirectory.privateKey(id: record.id))
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw CustodianError.missingPrivateKey(id: Self.hexadecimal(record.id))
      }
    }
    let known = Set(records.map { CustodianDirectory.privateKey(id: $0.id) })
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
    where name.hasPrefix("hpke-") && name.hasSuffix(".key") && !known.contains(name) {
      try SecretFile.destroy(directory.appendingPathComponent(name))
    }
  }

  package func privateKey(_ id: UInt64) throws -> Lookup {
    if let key = cache.withLock({ $0[id] }) { return .held(key) }
    guard let record = try store.hpkeKeys().first(where: { $0.id == id }) else { return .unknown }
    if [.destroyed, .leaving].contains(record.state) { return .destroyed }
    let file = store.secrets.directory.appendingPathComponent(CustodianDirectory.privateKey(id: id))
    let key = try SecretKey(reading: file)
    cache.withLock { $0[id] = key }
    return .held(key)
  }

  /// What the server says it seals to; it is of our identity.
  func note(inForce id: UInt64) throws { inForceAtServer.withLock { $0 = id } }

  /// Makes a key pair when the current one is old enough, and announces whatever the server does not seal to yet. Called after each
  /// round; the same announcement may go out twice.
  package func rotate(over connection: ServerConnection, now: Timestamp, logger: Logger) async throws {
    let records = try store.hpkeKeys()
    guard let current = records.last(where: { $0.state == .current }) else { throw CustodianError.damagedStore("no HPKE key is current") }
    var pending = records.last { $0.state == .announced }?.announcement
    let inForce = inForceAtServer.withLock { $0 }
    if pending == nil, now.milliseconds >= current.announcement.madeAt + lifetime {
      let key = try CustodianDirectory.makeKeyPair(in: store.secrets.directory)
      // A crash here leaves a key pair that nobody knows; the next start removes it.
      let made = try store.secrets.announce(key, previous: inForce ?? current.id, at: later(now, than: current))
      try store.enter(made, state: .announced)
      pending = made
    } else if pending == nil, let inForce, inForce != current.id {
      // The server went back to an earlier state (a backup was restored): tell it again, as the successor of what it has.
      pending = try store.secrets.announce(current.announcement.key, previous: inForce, at: now)
      if let pending { try store.enter(pending, state: .current) }
    } else if let old = pending, let inForce, inForce != old.key.id, old.previous != inForce {
      pending = try store.secrets.announce(old.key, previous: inForce, at: now)
      if let pending { try store.enter(pending, state: .announced) }
    }
    guard let pending else { return }
    switch try await connection.announce(pending) {
    case .adopted:
      try store.confirm(pending.key.id, at: now)
      inForceAtServer.withLock { $0 = pending.key.id }
      logger.info("the server seals to a new key", metadata: ["key": "\(Self.hexadecimal(pending.key.id))"])
    case .refused(let sentence):
      logger.error(
        "the server refused the announcement of a key",
        metadata: ["key": "\(Self.hexadecimal(pending.key.id))", "answer": "\(sentence)"])
    }
  }

  /// Destroys the private keys for which nothing is outstanding. `named` are the recipients in a complete bundle asked for at `askedAt`
  /// of which everything is stored.
  package func destroyReplaced(named: Set<UInt64>, askedAt: Timestamp, now: Timestamp, logger: Logger) throws {
    let inForce = inForceAtServer.withLock { $0 }
    for record in try store.hpkeKeys() where record.state == .replaced && !named.contains(record.id) && record.id != inForce {
      guard let replacedAt = record.replacedAt, askedAt.milliseconds >= replacedAt.milliseconds + overlap else { continue }
      try store.setState(.leaving, of: record.id, at: now)
      cache.withLock { $0[record.id] = nil }
      try Self.destroy(record.id, store: store, now: now)
      logger.info("destroyed a private key", metadata: ["key": "\(Self.hexadecimal(record.id))"])
    }
  }

  private static func destroy(_ id: UInt64, store: CustodianStore, now: Timestamp) throws {
    try SecretFile.destroy(store.secrets.directory.appendingPathComponent(CustodianDirectory.privateKey(id: id)))
    try store.setState(.destroyed, of: id, at: now)
  }

  /// Announcements must be younger than the one before, even after the clock was set back.
  private func later(_ now: Timestamp, than record: HPKEKeyRecord) -> Timestamp {
    Timestamp(milliseconds: max(now.milliseconds, record.announcement.madeAt + 1))
  }

  static func hexadecimal(_ id: UInt64) -> String { Array(CustodianStore.bytes(id)).hexadecimal }
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
