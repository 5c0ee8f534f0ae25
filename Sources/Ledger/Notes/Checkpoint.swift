import Foundation

/// Size and root of a log at one moment: C2SP tlog-checkpoint. Says nothing about who stands behind it; see `VerifiedCheckpoint`.
package struct Checkpoint: Sendable, Hashable {
  package let origin: String
  package let size: UInt64
  package let root: MerkleHash

  package init(origin: String, size: UInt64, root: MerkleHash) {
    self.origin = origin
    self.size = size
    self.root = root
  }

  /// Reads a note's text. Extension lines are accepted and ignored. Nil if it is malformed.
  package init?(text: String) {
    guard text.utf8.last == 0x0A else { return nil }
    let lines = text.utf8.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
    guard lines.count >= 3, !lines[0].isEmpty, let size = UInt64(lines[1]), String(size) == lines[1],
      let data = Data(base64Encoded: lines[2]), let root = MerkleHash(data), root.description == lines[2],
      !lines.dropFirst(3).contains("")
    else { return nil }
    self.init(origin: lines[0], size: size, root: root)
  }

  /// Three lines; what is signed.
  package var text: String { "\(origin)\n\(size)\n\(root)\n" }

  package func signed(by signer: NoteSigner) throws -> String { text + "\n" + (try signer.line(for: text)) }
}

/// A checkpoint that was read from a note and carries a valid signature of the log's own key. Nothing else makes one.
package struct VerifiedCheckpoint: Sendable, Hashable {
  package let checkpoint: Checkpoint
  /// The note, as it was read.
  package let note: String
  /// Witnesses, of those that were asked for, whose cosignature is on it and valid.
  package let witnesses: Set<NoteKey>

  /// - Throws: `SignedNote.Failure` where the note is malformed, not signed by `key`, or a known signature fails.
  package init(note: [UInt8], key: NoteKey, witnesses: [NoteKey] = []) throws(SignedNote.Failure) {
    let parsed = try SignedNote(note)
    let signers = try parsed.verify([key] + witnesses)
    guard signers.contains(key) else { throw .noKnownSignature }
    guard let checkpoint = Checkpoint(text: parsed.text) else { throw .malformed("its text is not a checkpoint (origin, size, root).") }
    guard checkpoint.origin == key.name else {
      throw .malformed("the checkpoint is of the log \(checkpoint.origin), the key is for \(key.name).")
    }
    self.checkpoint = checkpoint
    self.note = String(decoding: note, as: UTF8.self)
    self.witnesses = signers.subtracting([key])
  }

  package var size: UInt64 { checkpoint.size }
  package var root: MerkleHash { checkpoint.root }

  /// - Throws: `MerkleProof.Failure` where this checkpoint does not continue `older`.
  package func verify(continues older: VerifiedCheckpoint, proof: [[UInt8]]) throws(MerkleProof.Failure) {
    try MerkleProof.verifyConsistency(
      older: older.size, olderRoot: older.root.bytes, newer: size, newerRoot: root.bytes, proof: proof)
  }

  /// - Throws: `MerkleProof.Failure` where `entry` is not entry `index` of this checkpoint's log.
  package func verify(contains entry: [UInt8], at index: UInt64, proof: [[UInt8]]) throws(MerkleProof.Failure) {
    try MerkleProof.verifyInclusion(
      leaf: MerkleHash.leaf(entry).bytes, index: index, size: size, proof: proof, root: root.bytes)
  }
}
