import Events
import Foundation

/// Reads a ledger from its first entry to its last, and believes nothing but the public key, and the keys that it hands over to. Holds one
/// bundle at a time.
struct LedgerVerifier {
  /// The walk cannot go on: what follows would only repeat the same problem.
  private struct Stop: Error { let problem: String }

  let files: any LedgerFiles
  let publicKey: NoteKey
  /// Nil: commitments are not checked.
  let sealer: DetailSealer?
  /// One that was kept elsewhere: this log must continue it.
  let older: VerifiedCheckpoint?
  /// Whose cosignatures are looked for, and how many must be there; nil: those of the witnesses that the ledger pins, if there are any.
  let policy: WitnessPolicy?

  private var result = LedgerVerification()
  private var edge = TreeEdge()
  private var lastTime = Timestamp(milliseconds: .min)
  /// Entries whose details are marked as erased, and those that an entry says were.
  private var tombstones: Set<UInt64> = []
  private var announced: Set<UInt64> = []
  private var hasDetails = false
  private var chain = SigningChain()
  private var pinned: [NoteKey] = []
  /// What must be a beginning of this log: the roots by size, with words for where each comes from.
  private var beginnings: [UInt64: [(root: MerkleHash, source: String)]] = [:]

  init(files: any LedgerFiles, publicKey: NoteKey, sealer: DetailSealer?, older: VerifiedCheckpoint?, policy: WitnessPolicy? = nil) {
    self.policy = policy
    self.files = files
    self.publicKey = publicKey
    self.sealer = sealer
    self.older = older
  }

  mutating func verify() -> LedgerVerification {
    do {
      try walk()
    } catch let stop as Stop {
      result.note(stop.problem)
    } catch {
      result.note(String(describing: error))
    }
    return result
  }

  private mutating func walk() throws {
    // Before the checkpoint: a running server may have another one cosigned meanwhile.
    let cosigned = try CosignedFile.all(files)
    guard let note = try files.read(TileLog.checkpointPath) else { throw Stop(problem: "There is no checkpoint here.") }
    let (checkpoint, signer) = try verified(note)
    result.size = checkpoint.size
    result.root = checkpoint.root.description
    if let older, older.size > checkpoint.size {
      throw Stop(problem: "This log has \(checkpoint.size) entries, the checkpoint kept elsewhere \(older.size): entries were removed.")
    }
    if let older { beginnings[older.size] = [(older.root, "the checkpoint kept elsewhere")] }
    for (name, _, kept) in cosigned {
      guard kept.size <= checkpoint.size else {
        throw Stop(
          problem: "This log has \(checkpoint.size) entries, the checkpoint in cosigned/\(name) \(kept.size): entries were removed.")
      }
      beginnings[kept.size, default: []].append((kept.root, "the checkpoint in cosigned/\(name)"))
    }
    let reader = TileReader(files: files, size: checkpoint.size)
    hasDetails = try !files.names(in: "details").isEmpty
    result.areCommitmentsChecked = hasDetails && sealer != nil
    if sealer != nil, !hasDetails, checkpoint.size > 0 {
      result.note(
        "There are no details here at all, though their keys are: who deleted them deleted what the entries say. A copy for outsiders, which has none, is checked without keys."
      )
    }
    for bundle in 0..<((checkpoint.size + TilePath.width - 1) / TilePath.width) { try check(bundle: bundle, reader) }
    for (level, hashes) in edge.levels.enumerated() where !hashes.isEmpty {
      try compare(hashes, level: level, index: edge.size >> UInt64((level + 1) * TilePath.height), reader)
    }
    if edge.root != checkpoint.root {
      result.note("The entries do not have the checkpoint's root: expected \(checkpoint.root), computed \(edge.root).")
    }
    try check(cosigned)
    // What the journal holds is under no checkpoint yet.
    if let last = chain.successions.last, last.succession.next != signer {
      if last.succession.previous == signer {
        result.unfinishedSuccession = last.index
      } else {
        result.note("The checkpoint is signed by a key that handed the ledger over before; entry \(last.index) names the newest one.")
      }
    }
    try checkJournal()
    for index in tombstones.subtracting(announced).sorted() {
      result.note("The details of entry \(index) are marked as erased, but no entry says that they were.")
    }
    result.erasuresUnfinished = announced.subtracting(tombstones).count
    if !hasDetails { result.erasuresUnfinished = 0 }
  }

  /// The checkpoint under the key that is given, or under the last one that it hands over to.
  private func verified(_ note: [UInt8]) throws -> (VerifiedCheckpoint, signer: NoteKey) {
    do {
      return (try VerifiedCheckpoint(note: note, key: publicKey), publicKey)
    } catch SignedNote.Failure.noKnownSignature {
      let entries = try EntryScan(files).entries(ofKinds: [AdministrativeEntry.signingKeyRotatedKind])
      for key in SigningChain(entries).successors(of: publicKey).reversed() {
        if let checkpoint = try? VerifiedCheckpoint(note: note, key: key) { return (checkpoint, key) }
      }
      throw Stop(problem: "The checkpoint does not verify: \(SignedNote.Failure.noKnownSignature)")
    } catch {
      throw Stop(problem: "The checkpoint does not verify: \(error)")
    }
  }

  private mutating func check(bundle: UInt64, _ reader: TileReader) throws {
    let entries = try reader.entries(index: bundle)
    let leaves = try reader.hashes(level: 0, index: bundle)
    let details = try frames(of: bundle)
    for (position, bytes) in entries.enumerated() {
      let index = bundle * TilePath.width + UInt64(position)
      let leaf = MerkleHash.leaf(bytes)
      if leaf != leaves[position] {
        result.note("Entry \(index) does not fit its hash in \(TilePath.hashes(level: 0, index: bundle)): one of them was altered.")
      }
      let entry = try check(entry: bytes, at: index)
      if hasDetails { check(details[index], of: entry) }
      for tile in edge.append(leaf) { try compare(tile.hashes, level: tile.level, index: tile.index, reader) }
      for (root, source) in beginnings[edge.size] ?? [] where root != edge.root {
        result.note("The first \(edge.size) entries are not those of \(source): history was rewritten.")
      }
    }
    result.tiles += 1
  }

  private mutating func check(entry bytes: [UInt8], at index: UInt64) throws -> LedgerEntry {
    guard let entry = LedgerEntry(index: index, bytes: bytes) else {
      throw Stop(problem: "Entry \(index) is not an entry in its one form (docs/FORMATS.md, Ledger).")
    }
    if entry.time < lastTime { result.note("Entry \(index) is dated before the one before it.") }
    lastTime = max(lastTime, entry.time)
    result.entriesByKind[entry.kind, default: 0] += 1
    if entry.kind == AdministrativeEntry.signingKeyRotatedKind, !chain.take(entry) {
      result.note("Entry \(index) hands the ledger over to a signing key without the signatures of the one before it and of that one.")
    }
    if entry.kind == AdministrativeEntry.witnessPinnedKind, let key = entry.facts["public_key"].flatMap({ NoteKey($0) }) {
      pinned.append(key)
    }
    if entry.kind == "detail_erased", let erased = entry.facts["index"].flatMap({ UInt64($0) }) { announced.insert(erased) }
    return entry
  }

  /// The frames of a bundle by entry; those past the checkpoint belong to a publication that is under way.
  private func frames(of bundle: UInt64) throws -> [UInt64: DetailFile.Frame] {
    guard hasDetails, let bytes = try files.read(TilePath.details(index: bundle)) else { return [:] }
    return Dictionary(DetailFile(bytes, bundle: bundle).frames.map { ($0.index, $0) }, uniquingKeysWith: { $1 })
  }

  private mutating func check(_ frame: DetailFile.Frame?, of entry: LedgerEntry) {
    guard let frame else { return result.note("The details of entry \(entry.index) are missing.") }
    guard let sealed = frame.sealed else {
      result.detailsErased += 1
      tombstones.insert(entry.index)
      return
    }
    check(sealed, of: entry)
  }

  private mutating func check(_ sealed: [UInt8], of entry: LedgerEntry) {
    result.detailsPresent += 1
    guard let sealer else { return }
    do {
      _ = try sealer.open(sealed, commitment: entry.commitment)
    } catch .notOpened {
      result.note("The details of entry \(entry.index) do not open: they were altered, moved, or another key encrypted them.")
    } catch .commitmentDiffers {
      result.note("The details of entry \(entry.index) are not those that it commits to.")
    } catch {
      result.note("The details of entry \(entry.index) are malformed.")
    }
  }

  private mutating func compare(_ hashes: [MerkleHash], level: Int, index: UInt64, _ reader: TileReader) throws {
    let stored = try reader.hashes(level: level, index: index)
    if level > 0 { result.tiles += 1 }
    // At level 0 every leaf was compared by itself already, so that the entry could be named.
    if level > 0, let position = hashes.indices.first(where: { hashes[$0] != stored[$0] }) {
      result.note(
        "\(TilePath.hashes(level: level, index: index, width: UInt64(hashes.count))) hash \(position) is not the root of the tile below it."
      )
    }
  }

  /// The signatures of what witnesses cosigned; that the roots are those of this log was looked at on the way.
  private mutating func check(_ cosigned: [(name: String, note: SignedNote, checkpoint: Checkpoint)]) throws {
    let keys = policy?.witnesses.map(\.key) ?? pinned
    var sizes: [NoteKey: UInt64] = [:]
    let logs = chain.keys(with: publicKey)
    for (name, note, _) in cosigned {
      let bytes = Array(note.joined(with: []).utf8)
      do {
        let checkpoint = try VerifiedCheckpoint(note: bytes, logs: logs, witnesses: keys)
        for witness in checkpoint.witnesses { sizes[witness] = max(sizes[witness] ?? 0, checkpoint.size) }
        // Signatures by unknown keys are ignored, but one that is unknown by half was known whole.
        let strange = note.signatures.first { signature in
          let names = (keys + logs).filter { $0.name == signature.name }
          let isKnown = names.contains { $0.id == signature.keyID }
          return !isKnown && (!names.isEmpty || (keys + logs).contains { $0.id == signature.keyID })
        }
        if strange != nil || !note.signatures.contains(where: { Hexadecimal.text($0.idBytes) == name }) {
          result.note("The checkpoint in cosigned/\(name) carries a signature that was altered.")
        }
      } catch {
        result.note("The checkpoint in cosigned/\(name) does not verify: \(error)")
      }
    }
    // Files that no reader takes for notes were altered: whatever is written there is one.
    for name in try files.names(in: CosignedFile.directory).sorted()
    where CosignedFile.isName(name) && !cosigned.contains(where: { $0.name == name }) {
      result.note("cosigned/\(name) is not a checkpoint: it was altered.")
    }
    result.witnesses = Set(sizes.keys.map(\.name))
    result.witnessed = policy?.witnessedSize(sizes) ?? sizes.values.max() ?? 0
    if let policy, policy.needsWitnesses, result.witnessed == 0 {
      result.note("No checkpoint here is cosigned by as many witnesses as the policy asks for.")
    }
  }

  private mutating func checkJournal() throws {
    let journal = try files.read(JournalRecord.path) ?? []
    let (records, validLength) = try JournalRecord.read(journal, publishedSize: result.size)
    result.tornBytes = journal.count - validLength
    for record in records where record.first + UInt64(record.items.count) > result.size {
      guard record.first == result.size + result.waiting else {
        throw Stop(problem: "The journal continues at entry \(record.first), but the log has \(result.size + result.waiting) entries.")
      }
      for item in record.items {
        let entry = try check(entry: item.entry, at: result.size + result.waiting)
        check(item.details, of: entry)
        result.waiting += 1
      }
    }
  }
}

extension Ledger {
  /// The signing keys that the ledger in a directory says that it has had, in order, if `key` is one of them; else that key alone. Each of them
  /// signed that it precedes or follows the next to it, so that whoever believes one may believe what the others signed in their time.
  package static func signingKeys(directory: URL, with key: NoteKey) -> [NoteKey] {
    let entries = try? EntryScan(DiskFiles(reading: directory)).entries(ofKinds: [AdministrativeEntry.signingKeyRotatedKind])
    return SigningChain(entries ?? []).keys(with: key)
  }

  /// Reads everything: the checkpoint's signature, every entry, every tile of every level, the journal, and, where the key is given,
  /// every detail against its commitment.
  ///
  /// Works beside a running server and on a copy. Memory: one bundle and its details.
  /// - Parameters:
  ///   - keys: for the details' key; nil checks what an outsider can check.
  ///   - older: a checkpoint of this log that was kept elsewhere.
  ///   - policy: whose cosignatures are asked for; nil: those are looked at that the ledger itself pins.
  package static func verify(
    directory: URL, publicKey: NoteKey, keys: LedgerKeys? = nil, older: VerifiedCheckpoint? = nil, policy: WitnessPolicy? = nil
  ) -> LedgerVerification {
    verify(files: DiskFiles(reading: directory), publicKey: publicKey, keys: keys, older: older, policy: policy)
  }

  package static func verify(
    files: any LedgerFiles, publicKey: NoteKey, keys: LedgerKeys? = nil, older: VerifiedCheckpoint? = nil, policy: WitnessPolicy? = nil
  ) -> LedgerVerification {
    var attempts = 3
    while true {
      attempts -= 1
      let before = try? files.read(TileLog.checkpointPath)
      var verifier = LedgerVerifier(
        files: files, publicKey: publicKey, sealer: keys.map { DetailSealer(keys: $0.sets) }, older: older,
        policy: policy)
      let result = verifier.verify()
      // A running server may have published meanwhile and removed the partial tiles that were being read: look again.
      let after = try? files.read(TileLog.checkpointPath)
      if result.isSound || before == after || attempts == 0 { return result }
    }
  }
}
