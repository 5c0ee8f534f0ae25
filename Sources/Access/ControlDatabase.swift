import Events
import Foundation
import GRDB
import Ledger
import Synchronization

/// Projects, service accounts, sessions, settings and what is known of the custodian: `DIR/control.sqlite`.
///
/// One process has it open. What every request needs (projects by token, service accounts) is answered from memory, which every change
/// updates before it returns. Of customers it holds pseudonyms in saved lists and of erased subjects, and of secrets only hashes.
package final class ControlDatabase: Sendable {
  let pool: DatabasePool
  let clock: @Sendable () -> Timestamp
  let cache: Mutex<ControlCache>
  /// What people do to accounts and to each other, one after the other.
  package let turns = Turns()

  private init(pool: DatabasePool, clock: @escaping @Sendable () -> Timestamp, cache: ControlCache) {
    self.pool = pool
    self.clock = clock
    self.cache = Mutex(cache)
  }

  /// Opens the database, makes it if there is none, and migrates it.
  package static func open(at file: URL, clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock) throws(AccessError)
    -> ControlDatabase
  {
    do {
      var configuration = Configuration()
      configuration.foreignKeysEnabled = true
      configuration.label = "sealane.control"
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { database in
        // A revoked key or an ended session must stay so after a power cut: WAL's default would only promise consistency.
        try database.execute(sql: "PRAGMA synchronous = FULL")
      }
      // Made before SQLite makes it, so that it and the files beside it are closed to other users from the start.
      if !FileManager.default.fileExists(atPath: file.path),
        !FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
      {
        throw AccessError(.unavailable, "The control database \(file.path) cannot be made: is the directory there, and may it be written?")
      }
      let pool = try DatabasePool(path: file.path, configuration: configuration)
      guard try pool.read({ try !ControlSchema.migrator.hasBeenSuperseded($0) }) else {
        throw AccessError(.unavailable, "\(file.path) was written by a newer version of Sealane. Use that version, or a newer one.")
      }
      try ControlSchema.migrator.migrate(pool)
      let cache = try pool.read { try ControlCache(reading: $0) }
      return ControlDatabase(pool: pool, clock: clock, cache: cache)
    } catch let error as AccessError {
      throw error
    } catch {
      throw AccessError(.unavailable, "The control database \(file.path) cannot be opened: \(error)")
    }
  }

  package func close() throws(AccessError) {
    do {
      try pool.close()
    } catch {
      throw AccessError(.unavailable, "The control database cannot be closed: \(error)")
    }
  }

  func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(AccessError) -> Value {
    do {
      return try await pool.read(work)
    } catch {
      throw Self.failure(error)
    }
  }

  /// One transaction.
  func write<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(AccessError) -> Value {
    do {
      return try await pool.write(work)
    } catch {
      throw Self.failure(error)
    }
  }

  /// One transaction.
  ///
  /// - Parameter undone: whether it is taken back at its end: to learn whether it would pass before it is entered.
  func write<Value: Sendable>(undone: Bool, _ work: @escaping @Sendable (Database) throws -> Value) async throws(AccessError) -> Value {
    guard undone else { return try await write(work) }
    return try await write { database in
      var value: Value?
      try database.inSavepoint {
        value = try work(database)
        return .rollback
      }
      guard let value else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
      return value
    }
  }

  private static func failure(_ error: any Error) -> AccessError {
    if let error = error as? AccessError { return error }
    // GRDB's own description shows statement arguments; the code and SQLite's message do not.
    if let error = error as? DatabaseError {
      return AccessError(.unavailable, "The control database failed: \(error.extendedResultCode), \(error.message ?? "no message").")
    }
    return AccessError(.unavailable, "The control database failed: \(type(of: error)).")
  }
}

/// What is answered from memory.
struct ControlCache: Sendable {
  struct Account: Sendable {
    var account: ServiceAccount
    let digest: SecretDigest
    /// Those before the newest, in their order: the newest is number `replaced.count`.
    let replaced: [SecretDigest]
  }

  var projects: [ProjectID: Project] = [:]
  var projectsByToken: [String: ProjectID] = [:]
  var accounts: [String: Account] = [:]
  var staffQuota = Quota.staff
  /// When each session was last used, by public id: finer than what is written.
  var sessionsSeen: [String: Timestamp] = [:]
  /// By what they are about; nil: the whole installation.
  var openAlerts: [ProjectID?: Int] = [:]

  init(reading database: Database) throws {
    for row in try Row.fetchAll(database, sql: "SELECT project_id, count(*) AS open FROM alert WHERE state = 'open' GROUP BY project_id") {
      openAlerts[(row["project_id"] as Int64?).map { ProjectID($0) }] = row["open"]
    }
    let staffQuota = try String.fetchOne(
      database, sql: "SELECT value FROM setting WHERE name = ?", arguments: [ControlDatabase.staffQuotaSetting])
    // One that cannot be read lets nothing out, rather than the default.
    if let staffQuota { self.staffQuota = Quota(text: staffQuota) ?? Quota(rows: 0, subjects: 0, bytes: 0) }
    for project in try Project.all(database) { insert(project) }
    for account in try Account.all(database) { accounts[account.account.username] = account }
  }

  mutating func insert(_ project: Project) {
    projects[project.id] = project
    projectsByToken[project.token] = project.id
  }
}
