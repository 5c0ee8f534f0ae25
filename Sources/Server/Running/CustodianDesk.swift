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
  private let alerts: AlertDesk
  private let clock: @Sendable () -> Timestamp
  private struct State {
    var announcement: CustodianKeyAnnouncement
    var isStopped = false
    var stopReason = ""
  }
  private let state: Mutex<State>

  init(
    directory: DataDirectory, access: ControlDatabase, ledger: Ledger, projects: OpenProjects, alerts: AlertDesk,
    clock: @escaping @Sendable () -> Timestamp
  ) throws {
    self.directory = directory
    self.access = access
    self.ledger = ledger
    self.projects = projects
    self.alerts = alerts
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
  private static let system = Principal(kind: .system, id: "server", credential: "start")

  /// After a start: the key in force must be of the identity that is pinned, and an alarm that nobody settled still stops sealing.
  func restoreAlarms() async throws {
    let pinned = try await pinnedIdentity()
    if announcement.identity != pinned {
      stop(
        "custodian.pub names another custodian than the one pinned in the ledger; find out who changed it, put the right one back, restart")
      try await ledger.record(.sealingStopped(reason: "custodian.pub is not of the pinned identity"), by: Self.system)
      await alerts.raise(
        NewAlert(
          .custodianAlarm, severity: .critical,
          sentence: "custodian.pub names another custodian than the one pinned in the ledger: sealing stopped.",
          details: ["code": .text("other_identity")], sameAs: "other identity"))
    } else if let alarm = try await standing().parcels.first {
      stop(Self.reason(alarm.code))
    }
    ledger.noteAlarm(try await standing().ledger.first.map { Self.ledgerSentence($0.code) })
  }

  /// Alarms about the ledger itself: sealing goes on, and nothing about single subjects is shown.
  static let ledgerAlarms: Set<String> = ["shrunk_ledger", "forked_ledger", "foreign_ledger"]

  private func standing() async throws -> (parcels: [CustodianAlarm], ledger: [CustodianAlarm]) {
    let alarms = try await access.standingCustodianAlarms()
    return (alarms.filter { !Self.ledgerAlarms.contains($0.code) }, alarms.filter { Self.ledgerAlarms.contains($0.code) })
  }

  func hasLedgerAlarm() async throws -> Bool { try await !standing().ledger.isEmpty }

  private static func ledgerSentence(_ code: String) -> String {
    "The custodian does not cosign this ledger any more (\(code)), and nothing about single subjects is shown until that is settled there: "
      + "sealane-custodian alarms says what it saw; docs/OPERATIONS.md, “The custodian raised an alarm”, what to do."
  }

  /// The identity that the ledger pins; the control database only says where. Nil where the two do not agree.
  func pinnedIdentity() async throws -> CustodianIdentity? {
    guard let pinned = try await access.custodianKeys(.identity).first,
      let entry = try await ledger.entries(from: pinned.ledgerIndex, limit: 1).first,
      entry.kind == "custodian_identity_pinned", entry.facts["public_key"] == pinned.publicKey
    else { return nil }
    return [UInt8](hexadecimal: pinned.publicKey).flatMap { CustodianIdentity(bytes: $0) }
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
    try await take(new)
    return clock()
  }

  /// Ledger entry, file and row first, then the sealers.
  private func take(_ new: CustodianKeyAnnouncement) async throws {
    let publicKey = Self.hexadecimal(new.key.bytes)
    let receipt = try await ledger.record(.custodianKeyRotated(fingerprint: new.key.fingerprint, publicKey: publicKey), by: Self.principal)
    try SecretFile.replace(directory.custodianKey, bytes: Array(new.text.utf8))
    try await access.pinCustodianKey(.sealing, publicKey: publicKey, fingerprint: new.key.fingerprint, ledgerIndex: receipt.index)
    state.withLock { $0.announcement = new }
    for project in projects.all { project.sealer.adopt(new.key) }
  }

  /// Stops sealing everywhere, then enters the alarm. The same alarm again changes nothing.
  ///
  /// - Parameter sentence: of an alarm about the ledger: sizes and roots.
  func raise(id: String, kind: String, sentence: String? = nil) async throws {
    func halt() {
      if Self.ledgerAlarms.contains(kind) { ledger.noteAlarm(Self.ledgerSentence(kind)) } else { stop(Self.reason(kind)) }
    }
    if let known = try? await access.custodianAlarm(id, code: kind), known.alarm == id {
      if known.settledAt == nil { halt() }
      return
    }
    halt()
    _ = try await ledger.record(.custodianAlarm(code: kind, sentence: sentence), by: Self.principal)
    await alerts.raise(
      NewAlert(
        Self.ledgerAlarms.contains(kind) ? .ledgerWitness : .custodianAlarm, about: Alert.About(Self.principal),
        sentence: Self.ledgerAlarms.contains(kind)
          ? Self.ledgerSentence(kind)
          : "The custodian raised the alarm \(kind): sealing stopped, and identifiers are dropped until it is settled there.",
        details: ["alarm": .text(id), "code": .text(kind)], sameAs: "alarm/\(id)"))
    // A crash before this leaves an entry without its row: the custodian repeats the alarm, which is entered again and counted on its alert.
    _ = try await access.raiseCustodianAlarm(id, code: kind)
  }

  /// Takes the custodian's word that an alarm is settled, which nobody else can give: it is signed by the pinned identity. Sealing begins
  /// again, under a new epoch and to the key that the custodian names, once no other alarm stands.
  func settle(_ text: String, announcement announced: String) async throws {
    let settlement: CustodianSettlement
    let key: CustodianKeyAnnouncement
    do {
      settlement = try CustodianSettlement(text: text)
      key = try CustodianKeyAnnouncement(text: announced)
    } catch SettlementError.badSignature {
      throw APIError(.forbidden, "forbidden", SettlementError.badSignature.description)
    } catch AnnouncementError.badSignature {
      throw APIError(.forbidden, "forbidden", AnnouncementError.badSignature.description)
    } catch {
      throw APIError.badRequest("\(error)")
    }
    guard settlement.identity == (try await pinnedIdentity()), key.identity == settlement.identity else {
      throw APIError(.forbidden, "forbidden", "This settlement is signed by another identity than the one pinned here.")
    }
    guard key.key == settlement.key else {
      throw APIError.badRequest("The announcement beside this settlement is of another key than the one that it names.")
    }
    guard let alarm = try await access.custodianAlarm(settlement.alarm, code: settlement.kind) else {
      throw APIError.notFound("There is no such alarm here.")
    }
    guard alarm.settledAt == nil else { return }
    // Each step may be repeated: after a crash the custodian sends the same again.
    if key.text != announcement.text { try await take(key) }
    _ = try await ledger.record(.custodianAlarmSettled(code: alarm.code, reason: settlement.reason), by: Self.principal)
    _ = try await access.settleCustodianAlarm(alarm.id)
    let standing = try await standing()
    ledger.noteAlarm(standing.ledger.first.map { Self.ledgerSentence($0.code) })
    if let alarm = standing.parcels.first { return stop(Self.reason(alarm.code)) }
    if isSealing { return }
    _ = try await ledger.record(.sealingResumed(reason: "no alarm stands"), by: Self.principal)
    state.withLock { $0.isStopped = false }
    for project in projects.all { project.sealer.resume() }
  }

  /// Lets a project that came into being while the server runs seal as all others do, or not at all.
  func join(_ project: OpenProject) {
    // Under the lock: an alarm, or its settlement, at the same moment comes wholly before or finds the project.
    state.withLock { state in
      project.sealer.adopt(state.announcement.key)
      if state.isStopped { project.sealer.stop(reason: state.stopReason) }
    }
  }

  private static func reason(_ code: String) -> String {
    "alarm of the custodian (\(code)); settle it there: sealane-custodian alarms"
  }

  private func stop(_ reason: String) {
    state.withLock {
      $0.isStopped = true
      $0.stopReason = reason
    }
    for project in projects.all { project.sealer.stop(reason: reason) }
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
