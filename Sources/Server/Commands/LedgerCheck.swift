import Events
import Foundation
import Journeys
import Ledger
import Vault

/// `sealane ledger verify`.
package struct LedgerCheck: Sendable {
  /// The ledger's own directory.
  private let directory: URL
  /// Where its public key may stand.
  private let keyFiles: [URL]
  private let keys: KeyDirectory?
  private let publicKey: String?
  private let policy: WitnessPolicy?

  /// - Parameters:
  ///   - keys: with the keys at hand, the commitments of all details are checked too.
  ///   - publicKey: a key of this ledger that was kept elsewhere, the one in force or one before it; nil: that of `ledger.pub`, which lies
  ///     beside the ledger and can be replaced with it.
  ///   - policy: whose cosignatures are asked for; its `log` lines are believed where no public key is given.
  package init(_ directory: DataDirectory, keys: KeyDirectory?, publicKey: String? = nil, policy: WitnessPolicy? = nil) {
    self.init(directory.ledger, [directory.ledgerPublicKey], keys, publicKey, policy)
  }

  /// Of a copy: of a ledger's directory, or of a data directory with one in it. Nothing else is looked at.
  package init(copy: URL, keys: KeyDirectory?, publicKey: String? = nil, policy: WitnessPolicy? = nil) {
    let whole = DataDirectory(copy)
    let isWhole = FileManager.default.fileExists(atPath: whole.ledger.path)
    self.init(isWhole ? whole.ledger : copy, [whole.ledgerPublicKey], keys, publicKey, policy)
  }

  private init(_ directory: URL, _ keyFiles: [URL], _ keys: KeyDirectory?, _ publicKey: String?, _ policy: WitnessPolicy?) {
    self.directory = directory
    self.keyFiles = keyFiles
    self.keys = keys
    self.publicKey = publicKey
    self.policy = policy
  }

  package struct Outcome: Sendable {
    package let isSound: Bool
    package let text: String
    package let json: String
  }

  package func run(older: String?) throws -> Outcome {
    let result = try verify(older: older)
    var text =
      result.isSound
      ? "The ledger is sound: \(result.size) entries, root \(result.root)."
      : "The ledger is NOT sound: \(result.problemCount) problems. The first: \(result.firstProblem ?? "unknown")"
    if !result.areCommitmentsChecked { text += " Without its keys the details were not checked." }
    if result.isSound {
      text +=
        result.witnesses.isEmpty
        ? " No witness has cosigned it."
        : " \(result.witnessed) entries are cosigned\(policy == nil ? "" : " as the policy asks"), by \(result.witnesses.sorted().joined(separator: ", "))."
    }
    if result.waiting > 0 { text += " \(result.waiting) further entries wait in the journal for their checkpoint." }
    if result.tornBytes > 0 {
      text +=
        " The journal ends in \(result.tornBytes) bytes that are no whole record: a write that was cut off, or damage to the newest entries."
    }
    if let index = result.unfinishedSuccession { text += " " + Self.unfinished(index) }
    var members: [String: JSONValue] = [
      "sound": .boolean(result.isSound), "size": .number(Double(result.size)), "root": .string(result.root),
      "problems": .number(Double(result.problemCount)), "details_checked": .boolean(result.areCommitmentsChecked),
      "waiting": .number(Double(result.waiting)), "torn_bytes": .number(Double(result.tornBytes)),
      "witnessed": .number(Double(result.witnessed)), "witnesses": .list(result.witnesses.sorted().map { .string($0) }),
    ]
    members["first_problem"] = result.firstProblem.map { JSONValue.string($0) } ?? .null
    return Outcome(isSound: result.isSound, text: text, json: JSONValue.object(members).text)
  }

  static func unfinished(_ index: UInt64) -> String {
    "Entry \(index) hands it over to another signing key, whose checkpoint is not there yet: the next start of the server finishes that."
  }

  /// - Parameter older: a checkpoint that was kept elsewhere; the log must continue it.
  func verify(older: String?) throws -> LedgerVerification {
    let key = try trusted()
    let secrets = try keys.map { try LedgerKeys($0) }
    let checkpoint = try older.map { try self.older($0, key) }
    return Ledger.verify(directory: directory, publicKey: key, keys: secrets, older: checkpoint, policy: policy)
  }

  /// Verifies a proof of one entry (C2SP tlog-proof): the ledger itself is needed only for a key that followed the one that is given.
  package func run(proof text: String) throws -> Outcome {
    let given = try trustedLogs()
    let proof: LedgerProof
    do { proof = try LedgerProof(text: text) } catch { throw CommandError(error.description) }
    let logs = given.flatMap { key in [key] + Ledger.signingKeys(directory: directory, with: key).filter { $0 != key } }
    let problem: String
    do {
      let verified = try proof.verify(logs: logs, policy: policy)
      let names = verified.checkpoint.witnesses.map(\.name).sorted()
      let text =
        "The proof holds: entry \(proof.index), \(verified.entry.kind) of \(verified.entry.time.text), is in the ledger of \(verified.checkpoint.size) entries"
        + (names.isEmpty ? "." : ", cosigned by \(names.joined(separator: ", ")).")
      return Outcome(
        isSound: true, text: text,
        json: JSONValue.object([
          "sound": .boolean(true), "index": .number(Double(proof.index)), "kind": .string(verified.entry.kind),
          "time": .number(Double(verified.entry.time.milliseconds)), "size": .number(Double(verified.checkpoint.size)),
          "root": .string(verified.checkpoint.root.description), "witnesses": .list(names.map { .string($0) }),
          "facts": .object(verified.entry.facts.mapValues { .string($0) }),
        ]).text)
    } catch { problem = "\(error)" }
    return Outcome(
      isSound: false, text: "The proof does NOT hold: \(problem)",
      json: JSONValue.object(["sound": .boolean(false), "first_problem": .string(problem)]).text)
  }

  /// The proof that an entry stands in this ledger, as text.
  package func proof(of index: UInt64) throws -> String { try Ledger.proof(of: index, directory: directory).text }

  private func trustedLogs() throws -> [NoteKey] {
    if publicKey == nil, let logs = policy?.logs, !logs.isEmpty { return logs.map(\.key) }
    return [try trusted()]
  }

  private func trusted() throws -> NoteKey {
    if let publicKey {
      guard let key = NoteKey(publicKey.trimmingCharacters(in: .whitespacesAndNewlines)), key.kind == .ed25519 else {
        throw ConfigurationError("--public-key is not a ledger's public key, such as init prints as ledger_public_key.")
      }
      return key
    }
    // A policy names several logs where they are several ledgers: the one here is the one whose name its checkpoint has.
    if let logs = policy?.logs, !logs.isEmpty {
      let origin = (try? String(contentsOf: directory.appendingPathComponent("checkpoint"), encoding: .utf8))?.split(separator: "\n").first
      guard let log = logs.first(where: { $0.key.name == origin.map(String.init) }) else {
        throw ConfigurationError("The policy names no log with the name that the checkpoint in \(directory.path) has.")
      }
      return log.key
    }
    for file in keyFiles {
      guard let text = try? String(contentsOf: file, encoding: .utf8),
        let key = NoteKey(text.trimmingCharacters(in: .whitespacesAndNewlines))
      else { continue }
      return key
    }
    throw ConfigurationError(
      "\(keyFiles.map(\.path).joined(separator: " or ")) is missing or holds no key; init printed it as ledger_public_key. Give it with --public-key."
    )
  }

  /// Signed by the key that was in force then, which the ledger names.
  private func older(_ note: String, _ key: NoteKey) throws -> VerifiedCheckpoint {
    let keys = [key] + Ledger.signingKeys(directory: directory, with: key).filter { $0 != key }
    var failure: SignedNote.Failure?
    for key in keys {
      do throws(SignedNote.Failure) { return try VerifiedCheckpoint(note: Array(note.utf8), key: key) } catch { failure = failure ?? error }
    }
    throw failure ?? .noKnownSignature
  }
}
