internal import Crypto
internal import Foundation
package import Ledger

/// A text that the custodian signed and that stands in the witnessed ledger: whoever shows it cannot have shown somebody else another one.
package struct CommittedText: Sendable, Hashable {
  /// The text as a signed note of the custodian's notice key.
  package let note: String
  /// That an entry with the text's digest is in the ledger.
  package let ledger: LedgerProof

  package init(note: String, ledger: LedgerProof) {
    self.note = note
    self.ledger = ledger
  }

  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not signed by the company's custodian, or altered after it was.
    case notSigned(String)
    /// The ledger's proof does not hold.
    case notInLedger(String)
    /// The entry that is proven is about something else.
    case otherEntry

    package var description: String {
      switch self {
      case .notSigned(let why): "It is not signed by the company’s key that you pinned. \(why)"
      case .notInLedger(let why): "It is not in the ledger that you pinned. \(why)"
      case .otherEntry: "The entry of the ledger that is shown is not the one of this text."
      }
    }
  }

  /// What is committed to.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Whom an incident affects.
    case statement
    /// What each of them is told.
    case dispatch
    /// What was answered to those who asked.
    case answers

    /// Of the ledger's entry.
    package var entryKind: String {
      switch self {
      case .statement: AdministrativeEntry.kind(of: .statement)
      case .dispatch: AdministrativeEntry.kind(of: .dispatch)
      case .answers: AdministrativeEntry.answersKind
      }
    }
  }

  package struct Verified: Sendable, Hashable {
    package let text: String
    /// SHA-256, hexadecimal.
    package let digest: String
    package let entry: LedgerEntry
    package let checkpoint: VerifiedCheckpoint
  }

  package static func digest(of text: String) -> String { Hexadecimal.text(SHA256.hash(data: Array(text.utf8))) }

  /// - Throws: `Failure`.
  package func verify(_ kind: Kind, by anchors: TrustAnchors) throws(Failure) -> Verified {
    let text: String
    do throws(SignedNote.Failure) {
      let parsed = try SignedNote(Array(note.utf8))
      _ = try parsed.verify(anchors.noticeKeys)
      text = parsed.text
    } catch { throw .notSigned(error.description) }
    let proven: LedgerProof.Verified
    do { proven = try ledger.verify(logs: anchors.ledgerKeys, policy: anchors.policy) } catch { throw .notInLedger("\(error)") }
    let digest = Self.digest(of: text)
    guard proven.entry.kind == kind.entryKind, proven.entry.facts["digest"] == digest else { throw .otherEntry }
    return Verified(text: text, digest: digest, entry: proven.entry, checkpoint: proven.checkpoint)
  }
}
