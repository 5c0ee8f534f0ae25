import Access
import Crypto
import Events
import Foundation
import HTTPTypes
import Ledger
import Logging
import Synchronization
import Vault

/// Who cosigns the ledger, how far, and what that allows. The custodian is the first witness; a policy names others.
///
/// As long as the custodian never announced a witness key and no policy asks for cosignatures, nothing is required. After that, rows about
/// subjects leave only while the entries that are not cosigned are younger than the setting `witness_patience`.
final class WitnessDesk: Sendable {
  private let access: ControlDatabase
  private let ledger: Ledger
  private let alerts: AlertDesk
  private let logger: Logger
  let policy: WitnessPolicy?
  private let patience: Duration?

  private struct State {
    /// The custodian's, once it is pinned.
    var custodian: NoteKey?
    /// The newest checkpoint of each, with all known cosignatures.
    var newest: [NoteKey: VerifiedCheckpoint] = [:]
    /// Why a witness of the policy does not cosign, by its name there.
    var refusals: [String: String] = [:]
  }
  private let state = Mutex(State())

  private static let principal = Principal(kind: .custodian, id: "custodian", credential: "server-token")
  private static let system = Principal(kind: .system, id: "server", credential: "start")
  /// What was in force at the last start, as it stands in the ledger.
  private static let setting = "witness_policy_in_force"

  init(
    access: ControlDatabase, ledger: Ledger, alerts: AlertDesk, policy: WitnessPolicy?, patience: Duration?, logger: Logger
  ) {
    self.alerts = alerts
    self.access = access
    self.ledger = ledger
    self.policy = policy
    self.patience = patience
    self.logger = logger
  }

  // MARK: At the start

  func restore() async throws {
    if let pinned = try await access.custodianKeys(.witness).first,
      let entry = try await ledger.entries(from: pinned.ledgerIndex, limit: 1).first, entry.kind == AdministrativeEntry.witnessPinnedKind,
      entry.facts["public_key"] == pinned.publicKey, let key = NoteKey(pinned.publicKey)
    {
      state.withLock { $0.custodian = key }
    }
    if let policy, !policy.logs.isEmpty, !policy.logs.contains(where: { $0.key == ledger.publicKey }) {
      logger.warning("The witness policy names logs, and this ledger's key is not among them", metadata: ["key": "\(ledger.publicKey)"])
    }
    try await enterPolicy()
    try await reload()
  }

  /// Who is asked for is power: a change is an entry. The first start with the settings as they come says nothing.
  private func enterPolicy() async throws {
    let seconds = patience.map { Int($0.components.seconds) } ?? 0
    let inForce = "\(policy?.digest ?? "none") \(seconds)"
    let known = try await access.setting(Self.setting) ?? "none 10"
    guard inForce != known else { return }
    try await ledger.record(.witnessPolicyChanged(policy: policy?.digest ?? "none", patienceSeconds: seconds), by: Self.system)
    try await access.setSetting(Self.setting, to: inForce)
  }

  /// Reads what is kept beside the ledger, and says how far it is witnessed.
  private func reload() async throws {
    let custodian = state.withLock { $0.custodian }
    let keys = [custodian].compactMap(\.self) + (policy?.witnesses.map(\.key) ?? [])
    var newest: [NoteKey: VerifiedCheckpoint] = [:]
    for checkpoint in try await ledger.cosigned(by: keys) {
      for witness in checkpoint.witnesses where checkpoint.size >= newest[witness]?.size ?? 0 { newest[witness] = checkpoint }
    }
    // Two at once may come here in another order than they read.
    state.withLock { $0.newest.merge(newest) { ($0.size, $0.witnesses.count) > ($1.size, $1.witnesses.count) ? $0 : $1 } }
    guard let size = witnessedSize else { return ledger.require(patience: nil) }
    ledger.require(patience: patience)
    ledger.noteWitnessed(size)
  }

  // MARK: How far

  var custodian: NoteKey? { state.withLock { $0.custodian } }

  /// Entries that are cosigned by all whose cosignature counts; nil where nobody's is asked for.
  private var witnessedSize: UInt64? {
    let state = state.withLock { $0 }
    var sizes: [UInt64] = []
    if let custodian = state.custodian { sizes.append(state.newest[custodian]?.size ?? 0) }
    if let policy, policy.needsWitnesses { sizes.append(policy.witnessedSize(state.newest.mapValues(\.size))) }
    return sizes.min()
  }

  func size(of witness: NoteKey) -> UInt64 { state.withLock { $0.newest[witness]?.size ?? 0 } }

  /// The newest checkpoint that whoever reads the log from outside is shown: one that enough have cosigned, else one that anybody has.
  func served() async throws -> VerifiedCheckpoint {
    let newest = Array(state.withLock { $0.newest }.values)
    let enough = newest.filter { policy?.isMet(by: $0.witnesses) ?? true }
    let best = (enough.isEmpty ? newest : enough).max { ($0.size, $0.witnesses.count) < ($1.size, $1.witnesses.count) }
    if let best { return best }
    return try await ledger.checkpoint()
  }

  /// What outside witnesses are sent: what the custodian cosigned, so that one note comes to carry all signatures.
  func candidate() async throws -> VerifiedCheckpoint {
    let (custodian, newest) = state.withLock { ($0.custodian, $0.newest) }
    if let custodian, let checkpoint = newest[custodian] { return checkpoint }
    return try await ledger.checkpoint()
  }

  /// What somebody should look at. Sentences without personal data.
  func warnings() -> [String] {
    var warnings: [String] = []
    let standing = ledger.standing()
    if !standing.isOpen, let waiting = standing.waiting {
      warnings.append(
        "nothing about single subjects is shown: no witness has cosigned the ledger's newest entries for \(waiting.components.seconds) s; start the custodian"
      )
    }
    for (name, reason) in state.withLock({ $0.refusals }).sorted(by: { $0.key < $1.key }) {
      warnings.append("the witness \(name) does not cosign the ledger: \(reason)")
    }
    return warnings
  }

  /// Notes why a witness does not cosign, nil once it does; the log says so once, and an alert where it contradicts this log.
  func note(_ refusal: String?, of name: String, contradicts: Bool = false) async {
    // Each time, and counted on one record while that stands: whoever closed it without putting the log right hears of it again.
    if let refusal, contradicts {
      await alerts.raise(
        NewAlert(
          .ledgerWitness,
          sentence:
            "The outside witness \(name) does not cosign the ledger. \(refusal) See docs/OPERATIONS.md, “An outside witness objects”.",
          details: ["witness": .text(name), "reason": .text(refusal)], sameAs: "witness/\(name)"))
    }
    let isNew = state.withLock { state in
      defer { state.refusals[name] = refusal }
      return state.refusals[name] != refusal
    }
    guard isNew else { return }
    if let refusal {
      logger.error("A witness does not cosign the ledger", metadata: ["witness": "\(name)", "reason": "\(refusal)"])
    } else {
      logger.notice("A witness cosigns the ledger again", metadata: ["witness": "\(name)"])
    }
  }

  /// Every half minute: that rows about subjects stopped because no witness cosigns. What the custodian objects to is an alert of its own.
  func tellStanding() async {
    let standing = ledger.standing()
    guard !standing.isOpen, ledger.alarm == nil, let waiting = standing.waiting else { return }
    await alerts.raise(
      NewAlert(
        .ledgerWitness,
        sentence:
          "No witness cosigns the ledger: nothing about single subjects is shown until one does. Start the custodian, or look at /readyz for others.",
        details: ["waiting_seconds": .number(waiting.components.seconds), "witnessed": .number(Int64(clamping: standing.witnessed))],
        sameAs: "standing"))
  }

  // MARK: What witnesses say

  /// Pins the key with which the custodian cosigns, on the word of its identity.
  func take(announcement text: String, pinned: CustodianIdentity?) async throws {
    let announcement: CustodianWitnessAnnouncement
    do { announcement = try CustodianWitnessAnnouncement(text: text) } catch {
      switch error {
      case .malformed: throw APIError.badRequest(error.description)
      case .badSignature: throw APIError(.forbidden, "forbidden", error.description)
      }
    }
    guard announcement.identity == pinned else {
      throw APIError(.forbidden, "forbidden", "This announcement is signed by another identity than the one pinned here.")
    }
    guard let key = NoteKey(announcement.key), key.kind == .cosignature else {
      throw APIError.badRequest("This announcement names no key of a witness (name+id+base64, type 0x04).")
    }
    guard key != custodian else { return }
    let fingerprint = Array(SHA256.hash(data: key.publicKey)).hexadecimal
    let receipt = try await ledger.record(
      .custodianWitnessPinned(fingerprint: fingerprint, publicKey: key.description), by: Self.principal)
    // A crash here leaves an entry without its row: the custodian announces the key again, which is entered again.
    try await access.pinCustodianKey(.witness, publicKey: key.description, fingerprint: fingerprint, ledgerIndex: receipt.index)
    state.withLock { $0.custodian = key }
    try await reload()
  }

  /// Takes a checkpoint that the custodian cosigned.
  func take(custodians note: String) async throws {
    guard let custodian else {
      throw APIError(.conflict, "conflict", "The custodian's witness key is not pinned here. Announce it, then send this again.")
    }
    try await take(note, by: custodian)
  }

  func take(_ note: String, by witness: NoteKey) async throws {
    _ = try await ledger.take(cosigned: note, by: witness)
    try await reload()
  }
}
