/// What a witness of a log goes by: a checkpoint is cosigned only if it continues the one that was cosigned before. C2SP tlog-witness.
package enum WitnessRule {
  /// Why a checkpoint is not cosigned. Each names sizes and roots, so that whoever reads it can look for both.
  package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// Fewer entries than were cosigned: the log was set back.
    case shrunk(from: Checkpoint, to: Checkpoint)
    /// As many or more entries, but other ones: there are two histories.
    case forked(from: Checkpoint, to: Checkpoint, proof: MerkleProof.Failure)
    /// Another log than the one that is witnessed.
    case foreign(origin: String, expected: String)

    package var description: String {
      switch self {
      case .shrunk(let old, let new):
        "The ledger shrank from \(old.size) entries (root \(old.root)) to \(new.size) (root \(new.root)): it was set back to an earlier state."
      case .forked(let old, let new, _) where old.size == new.size:
        "The ledger has two histories of \(old.size) entries: root \(old.root) was cosigned here, root \(new.root) is shown now."
      case .forked(let old, let new, let proof):
        "The ledger of \(new.size) entries (root \(new.root)) does not continue the \(old.size) cosigned here (root \(old.root)): \(proof)"
      case .foreign(let origin, let expected):
        "The server shows a log named \(origin); the one that is witnessed here is \(expected)."
      }
    }
  }

  /// Passes where `new` may be cosigned after `old`, which is nil where nothing was cosigned yet.
  ///
  /// - Parameter proof: of consistency from `old` to `new`, as it was sent.
  package static func judge(_ new: Checkpoint, after old: Checkpoint?, proof: [[UInt8]]) throws(Refusal) {
    guard let old else { return }
    guard new.origin == old.origin else { throw .foreign(origin: new.origin, expected: old.origin) }
    guard new.size >= old.size else { throw .shrunk(from: old, to: new) }
    do {
      try MerkleProof.verifyConsistency(
        older: old.size, olderRoot: old.root.bytes, newer: new.size, newerRoot: new.root.bytes, proof: proof)
    } catch {
      throw .forked(from: old, to: new, proof: error)
    }
  }
}
