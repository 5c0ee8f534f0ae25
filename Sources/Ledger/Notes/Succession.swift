import Foundation

/// The signed note by which a ledger's signing key hands over to the next one. It stands in the ledger (`ledger_signing_key_rotated`), so
/// that whoever knows any key of the chain comes to the others. docs/FORMATS.md, "Ledger".
///
/// A value of this type is signed by both keys: the old one says who follows, the new one that it follows.
package struct Succession: Sendable, Hashable {
  package let previous: NoteKey
  package let next: NoteKey
  /// Text and signatures, as it stands in the ledger.
  package let note: String

  private static let title = "sealane ledger succession v1"

  init(from previous: NoteSigner, to next: NoteSigner) throws(LedgerError) {
    guard previous.key != next.key, previous.key.name == next.key.name else {
      throw LedgerError(.refused, "A ledger's signing key can be followed by another one of the same ledger only.")
    }
    self.previous = previous.key
    self.next = next.key
    let text = "\(Self.title)\n\(previous.key)\n\(next.key)\n"
    do {
      note = text + "\n" + (try previous.line(for: text)) + (try next.line(for: text))
    } catch {
      throw LedgerError(.unwritable, "The succession of the ledger's signing key could not be signed.")
    }
  }

  /// Nil if it is malformed or one of the two signatures is missing or fails.
  package init?(note: String) {
    guard let parsed = try? SignedNote(Array(note.utf8)) else { return nil }
    let lines = parsed.text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 4, lines[0] == Self.title, lines[3].isEmpty, let previous = NoteKey(lines[1]), let next = NoteKey(lines[2]),
      previous.kind == .ed25519, next.kind == .ed25519, previous != next, previous.name == next.name,
      let signers = try? parsed.verify([previous, next]), signers == [previous, next]
    else { return nil }
    self.previous = previous
    self.next = next
    self.note = note
  }

  /// Of a ledger entry; nil where it is about something else, or is no valid succession.
  init?(_ entry: LedgerEntry) {
    guard entry.kind == AdministrativeEntry.signingKeyRotatedKind, let note = entry.facts["succession"] else { return nil }
    self.init(note: note)
  }
}

/// The signing keys that a ledger has had, in order, as its entries say.
package struct SigningChain: Sendable {
  /// Each with the number of its entry. Each hands over what the one before handed on.
  package private(set) var successions: [(index: UInt64, succession: Succession)] = []

  init() {}

  /// An entry that does not continue the chain is left out: `LedgerVerifier` names it.
  init(_ entries: [LedgerEntry]) { for entry in entries { _ = take(entry) } }

  /// Whether the entry, of the kind of successions, continues the chain.
  mutating func take(_ entry: LedgerEntry) -> Bool {
    guard let succession = Succession(entry), successions.last.map({ $0.succession.next == succession.previous }) ?? true else {
      return false
    }
    successions.append((entry.index, succession))
    return true
  }

  /// The keys that `key` hands over to, directly or not, in order.
  func successors(of key: NoteKey) -> [NoteKey] {
    guard let position = successions.firstIndex(where: { $0.succession.previous == key }) else { return [] }
    return successions[position...].map(\.succession.next)
  }

  /// All keys of the chain if `key` is one of them, else that key alone. Each signed that it precedes or follows the next to it.
  package func keys(with key: NoteKey) -> [NoteKey] {
    guard let first = successions.first else { return [key] }
    let all = [first.succession.previous] + successions.map(\.succession.next)
    return all.contains(key) ? all : [key]
  }
}
