import Foundation
import Journeys
import Ledger
import Vault

/// `sealane ledger verify`.
package struct LedgerCheck: Sendable {
  private let directory: DataDirectory
  private let keys: KeyDirectory?
  private let publicKey: String?

  /// - Parameters:
  ///   - keys: with the keys at hand, the commitments of all details are checked too.
  ///   - publicKey: a key of this ledger that was kept elsewhere, the one in force or one before it; nil: that of `ledger.pub`, which lies
  ///     beside the ledger and can be replaced with it.
  package init(_ directory: DataDirectory, keys: KeyDirectory?, publicKey: String? = nil) {
    self.directory = directory
    self.keys = keys
    self.publicKey = publicKey
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
    if let index = result.unfinishedSuccession { text += " " + Self.unfinished(index) }
    var members: [String: JSONValue] = [
      "sound": .boolean(result.isSound), "size": .number(Double(result.size)), "root": .string(result.root),
      "problems": .number(Double(result.problemCount)), "details_checked": .boolean(result.areCommitmentsChecked),
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
    return Ledger.verify(directory: directory.ledger, publicKey: key, keys: secrets, older: checkpoint)
  }

  private func trusted() throws -> NoteKey {
    if let publicKey {
      guard let key = NoteKey(publicKey.trimmingCharacters(in: .whitespacesAndNewlines)), key.kind == .ed25519 else {
        throw ConfigurationError("--public-key is not a ledger's public key, such as init prints as ledger_public_key.")
      }
      return key
    }
    guard let text = try? String(contentsOf: directory.ledgerPublicKey, encoding: .utf8),
      let key = NoteKey(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { throw ConfigurationError("\(directory.ledgerPublicKey.path) is missing or holds no key; init printed it as ledger_public_key.") }
    return key
  }

  /// Signed by the key that was in force then, which the ledger names.
  private func older(_ note: String, _ key: NoteKey) throws -> VerifiedCheckpoint {
    let keys = [key] + Ledger.signingKeys(directory: directory.ledger, with: key).filter { $0 != key }
    var failure: SignedNote.Failure?
    for key in keys {
      do throws(SignedNote.Failure) { return try VerifiedCheckpoint(note: Array(note.utf8), key: key) } catch { failure = failure ?? error }
    }
    throw failure ?? .noKnownSignature
  }
}
