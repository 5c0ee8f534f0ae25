import Access
import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Synchronization
import Vault

/// The server's side of what the custodian asks and says: its key of the day, its alarms. docs/FORMATS.md, "Custodian and server over HTTP".
final class CustodianDesk: Sendable {
  private let directory: DataDirectory
  private let access: ControlDatabase
  private let ledger: Ledger
  private let projects: OpenProjects
  private let clock: @Sendable () -> Timestamp
  private struct State {
    var announcement: CustodianKeyAnnouncement
    var seenAlarms: Set<String> = []
    var isStopped = false
  }
  private let state: Mutex<State>

  init(
    directory: DataDirectory, access: ControlDatabase, ledger: Ledger, projects: OpenProjects, clock: @escaping @Sendable () -> Timestamp
  ) throws {
    self.directory = directory
    self.access = access
    self.ledger = ledger
    self.projects = projects
    self.clock = clock
    guard let text = try? String(contentsOf: directory.custodianKey, encoding: .utf8) else {
      throw ConfigurationError(
        "\(directory.custodianKey.path) is missing: without the custodian's public key nothing can be sealed. Restore it.")
    }
    do { state = Mutex(State(announcement: try CustodianKeyAnnouncement(text: text))) } catch {
      throw ConfigurationError("\(directory.custodianKey.path) cannot be used: \(error) Restore it, and find out who changed it.")
    }
  }

  var key: CustodianPublicKey { state.withLock { $0.announcement.key } }
  var announcement: CustodianKeyAnnouncement { state.withLock { $0.announcement } }
  var isSealing: Bool { !state.withLock { $0.isStopped } }

  private static let principal = Principal(kind: .custodian, id: "custodian", credential: "server-token")

  /// After a start: the key in force must be of the identity that is pinned, and an alarm that nobody settled still stops sealing.
  func restoreAlarms() async throws {
    if let pinned = try await access.custodianKeys(.identity).first, pinned.fingerprint != announcement.identity.fingerprint {
      stop("the custodian's key file names another identity than the one pinned in the ledger")
      return
    }
    if let alarm = try await access.custodianAlarms().first(where: { $0.settledAt == nil }) {
      stop("alarm of the custodian: \(alarm.code)")
    }
  }

  /// Takes another key of the pinned custodian into force: file and ledger entry first, then the sealers.
  func adopt(_ text: String) async throws -> Timestamp {
    let new: CustodianKeyAnnouncement
    do { new = try CustodianKeyAnnouncement(text: text) } catch {
      switch error {
      case .malformed: throw APIError.badRequest(error.description)
      case .badSignature: throw APIError(.forbidden, "forbidden", error.description)
      }
    }
    let current = announcement
    if new.text == current.text { return Timestamp(milliseconds: current.madeAt) }
    guard new.identity == current.identity else {
      throw APIError(.forbidden, "forbidden", "This announcement is signed by another identity than the one pinned here.")
    }
    guard new.previous == current.key.id, new.madeAt > current.madeAt else {
      throw APIError(
        .conflict, "conflict", "This announcement does not follow the one in force. Ask for that with GET, then announce again.")
    }
    let publicKey = Self.hexadecimal(new.key.bytes)
    let receipt = try await ledger.record(.custodianKeyRotated(fingerprint: new.key.fingerprint, publicKey: publicKey), by: Self.principal)
    try SecretFile.replace(directory.custodianKey, bytes: Array(new.text.utf8))
    try await access.pinCustodianKey(.sealing, publicKey: publicKey, fingerprint: new.key.fingerprint, ledgerIndex: receipt.index)
    state.withLock { $0.announcement = new }
    for project in projects.all { project.sealer.adopt(new.key) }
    return clock()
  }

  /// Stops sealing everywhere, then enters the alarm. The same alarm again changes nothing.
  func raise(id: String, kind: String) async throws {
    stop("alarm of the custodian: \(kind)")
    guard state.withLock({ !$0.seenAlarms.contains(id) }) else { return }
    _ = try await ledger.record(.custodianAlarm(code: kind), by: Self.principal)
    _ = try await access.raiseCustodianAlarm(code: kind)
    state.withLock { _ = $0.seenAlarms.insert(id) }
  }

  private func stop(_ reason: String) {
    state.withLock { $0.isStopped = true }
    for project in projects.all { project.sealer.stop(reason: reason) }
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
