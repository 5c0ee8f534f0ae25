import Foundation

/// That an entry stands in the log, for whoever has nothing but the public keys: C2SP tlog-proof, version 1.
///
/// Its `extra` is the entry itself, so that the proof is about something that can be read. It is believed for no other reason than that the
/// proof leads from it to the checkpoint's root.
package struct LedgerProof: Sendable, Hashable {
  package struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: String
    package var description: String { "This is not a proof of a ledger's entry (c2sp.org/tlog-proof@v1): \(reason)" }
  }

  private static let title = "c2sp.org/tlog-proof@v1"
  private static let longest = 1_000_000
  private static let mostHashes = 64

  package let index: UInt64
  package let entry: [UInt8]
  /// From the leaf's sibling up; 32 bytes each, where the proof is to hold.
  package let hashes: [[UInt8]]
  /// The checkpoint as it was signed, cosignatures included.
  package let note: String

  package init(index: UInt64, entry: [UInt8], hashes: [MerkleHash], note: String) {
    self.index = index
    self.entry = entry
    self.hashes = hashes.map(\.bytes)
    self.note = note
  }

  package init(text: String) throws(Malformed) {
    guard text.utf8.count <= Self.longest else { throw Malformed(reason: "it is too long.") }
    // The first empty line divides; the checkpoint has one of its own.
    let bytes = Array(text.utf8)
    guard let division = bytes.indices.dropFirst().first(where: { bytes[$0] == 0x0A && bytes[$0 - 1] == 0x0A }) else {
      throw Malformed(reason: "there is no empty line before the checkpoint.")
    }
    var lines = bytes[..<division].dropLast().split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }[...]
    guard lines.popFirst() == Self.title else { throw Malformed(reason: "its first line is another one.") }
    guard let extra = lines.first, extra.hasPrefix("extra "), let entry = Self.bytes(extra.dropFirst(6)) else {
      throw Malformed(reason: "its second line does not hold the entry (extra and base64).")
    }
    lines.removeFirst()
    guard let line = lines.popFirst(), line.hasPrefix("index "), let index = UInt64(line.dropFirst(6)), line == "index \(index)" else {
      throw Malformed(reason: "it has no line with the entry's number.")
    }
    guard lines.count <= Self.mostHashes else { throw Malformed(reason: "it has more hashes than any tree is high.") }
    self.hashes = try lines.map { line throws(Malformed) in
      guard let hash = Self.bytes(line[...]) else { throw Malformed(reason: "a line of it is no base64.") }
      return hash
    }
    self.index = index
    self.entry = entry
    note = String(decoding: bytes[(division + 1)...], as: UTF8.self)
  }

  /// Base64 in its one spelling.
  private static func bytes(_ text: Substring) -> [UInt8]? {
    guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
    return [UInt8](data)
  }

  package var text: String {
    let extra = Data(entry).base64EncodedString()
    let lines = hashes.map { Data($0).base64EncodedString() + "\n" }.joined()
    return "\(Self.title)\nextra \(extra)\nindex \(index)\n\(lines)\n\(note)"
  }

  /// What a proof shows once it is verified.
  package struct Verified: Sendable, Hashable {
    package let entry: LedgerEntry
    package let checkpoint: VerifiedCheckpoint
  }

  /// - Parameters:
  ///   - logs: whose signature is believed, one of them.
  ///   - policy: how many cosignatures are asked for; nil: none.
  /// - Throws: `SignedNote.Failure`, `MerkleProof.Failure`, or `Malformed`; each says what does not hold.
  package func verify(logs: [NoteKey], policy: WitnessPolicy?) throws -> Verified {
    let checkpoint = try VerifiedCheckpoint(note: Array(note.utf8), logs: logs, witnesses: policy?.witnesses.map(\.key) ?? [])
    if let policy, !policy.isMet(by: checkpoint.witnesses) {
      throw Malformed(reason: "its checkpoint is cosigned by \(checkpoint.witnesses.count) of the policy's witnesses, which is too few.")
    }
    try checkpoint.verify(contains: entry, at: index, proof: hashes)
    guard let entry = LedgerEntry(index: index, bytes: entry) else { throw Malformed(reason: "what it is about is no entry of a ledger.") }
    return Verified(entry: entry, checkpoint: checkpoint)
  }
}

extension VerifiedCheckpoint {
  /// Under any one of several logs' keys.
  package init(note: [UInt8], logs: [NoteKey], witnesses: [NoteKey] = []) throws(SignedNote.Failure) {
    var failure: SignedNote.Failure?
    for key in logs {
      do throws(SignedNote.Failure) {
        self = try VerifiedCheckpoint(note: note, key: key, witnesses: witnesses)
        return
      } catch {
        // That a known signature fails says more than that another one is not there.
        if failure == nil || error != .noKnownSignature { failure = error }
      }
    }
    throw failure ?? .noKnownSignature
  }
}

extension Ledger {
  /// The proof that entry `index` stands in a directory's ledger: under the checkpoint over it that most witnesses cosigned, the newest of
  /// those, or else under the published one. Reads files only, also beside a running server.
  package static func proof(of index: UInt64, directory: URL) throws(LedgerError) -> LedgerProof {
    try proof(of: index, files: DiskFiles(reading: directory))
  }

  package static func proof(of index: UInt64, files: any LedgerFiles) throws(LedgerError) -> LedgerProof {
    var attempts = 3
    while true {
      attempts -= 1
      do {
        return try LedgerProof(of: index, in: files)
      } catch {
        // A running server may have published meanwhile and removed the partial tiles that were being read.
        if error.code != .damaged || attempts == 0 { throw error }
      }
    }
  }
}

extension LedgerProof {
  fileprivate init(of index: UInt64, in files: any LedgerFiles) throws(LedgerError) {
    guard let note = try files.read(TileLog.checkpointPath), let text = (try? SignedNote(note))?.text,
      let published = Checkpoint(text: text)
    else { throw LedgerError(.damaged, "There is no checkpoint here.") }
    guard index < published.size else {
      throw LedgerError(.refused, "The checkpoint covers \(published.size) entries, the first of them 0; there is no proof of \(index).")
    }
    let cosigned = try CosignedFile.all(files).filter { $0.checkpoint.size > index && $0.checkpoint.size <= published.size }
    // The most witnesses, then the newest.
    let best = cosigned.max { ($0.note.signatures.count, $0.checkpoint.size) < ($1.note.signatures.count, $1.checkpoint.size) }
    let size = best?.checkpoint.size ?? published.size
    let reader = TileReader(files: files, size: published.size)
    let entries = try reader.entries(index: index / TilePath.width)
    self.init(
      index: index, entry: entries[Int(index % TilePath.width)], hashes: try reader.inclusionProof(of: index, in: size),
      note: best?.note.joined(with: []) ?? String(decoding: note, as: UTF8.self))
  }
}
