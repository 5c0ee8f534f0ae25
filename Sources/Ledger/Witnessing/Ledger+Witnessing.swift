import Synchronization

/// What is asked of witnesses before subjects are shown.
struct Witnessing: Sendable {
  var tail: UnwitnessedTail
  /// How old the oldest entry may be that no witness has cosigned; nil: no witness is asked for.
  var patience: Duration?
  /// Why nothing about subjects is shown whatever the tail's age.
  var alarm: String?
  /// How often that was asked in vain.
  var refusals = 0
}

/// Where a ledger stands with its witnesses.
package struct WitnessStanding: Sendable, Hashable {
  /// Entries that are cosigned by as many as are asked for.
  package let witnessed: UInt64
  /// How long the oldest entry behind those waits; nil where none does.
  package let waiting: Duration?
  /// Nil while no witness is asked for.
  package let patience: Duration?
  /// Whether rows about subjects may leave.
  package let isOpen: Bool
  /// How often they were asked for in vain since the start.
  package let refusals: Int
}

extension Ledger {
  /// From now on subjects are shown only while the entries that no witness has cosigned are younger than this. Nil: whatever their age.
  package func require(patience: Duration?) { witnessing.withLock { $0.patience = patience } }

  /// The first `size` entries are cosigned by as many as are asked for.
  package func noteWitnessed(_ size: UInt64) { witnessing.withLock { $0.tail.witnessed(size) } }

  /// A witness says that this log contradicts what it cosigned: nothing about subjects is shown until it is taken back, by nil.
  package func noteAlarm(_ sentence: String?) { witnessing.withLock { $0.alarm = sentence } }

  package var alarm: String? { witnessing.withLock { $0.alarm } }

  package func standing(now: ContinuousClock.Instant = .now) -> WitnessStanding {
    witnessing.withLock { state in
      let waiting = state.tail.since.map { now - $0 }
      let isLate = state.patience.map { patience in waiting.map { $0 > patience } ?? false } ?? false
      return WitnessStanding(
        witnessed: state.tail.witnessed, waiting: waiting, patience: state.patience, isOpen: state.alarm == nil && !isLate,
        refusals: state.refusals)
    }
  }

  func checkWitnessed() throws(LedgerError) {
    guard standing().isOpen else {
      witnessing.withLock { $0.refusals += 1 }
      throw unwitnessed()
    }
  }

  private func unwitnessed() -> LedgerError {
    if let alarm { return LedgerError(.unwitnessed, alarm) }
    let seconds = standing().waiting?.components.seconds ?? 0
    return LedgerError(
      .unwitnessed,
      "The ledger's newest entries have waited for a witness for \(seconds) s, and nothing about single subjects is shown until one has "
        + "cosigned them: start the custodian (sealane-custodian serve) if it does not run, look at /readyz for others, or see "
        + "docs/OPERATIONS.md, “No witness”.")
  }

  /// Keeps a checkpoint of this log that `witness` cosigned, as the newest of it. One that is older than what it cosigned before changes
  /// nothing. Gives back the newest.
  ///
  /// - Throws: `refused` where a signature does not hold, or where it is not a checkpoint of this log.
  package func take(cosigned note: String, by witness: NoteKey) async throws(LedgerError) -> Checkpoint {
    let bytes = Array(note.utf8)
    let parsed: SignedNote
    let checkpoint: VerifiedCheckpoint
    do {
      parsed = try SignedNote(bytes)
      checkpoint = try await verified(bytes, witness)
    } catch {
      throw LedgerError(.refused, "\(error)")
    }
    guard checkpoint.witnesses.contains(witness) else { throw LedgerError(.refused, "\(witness.name) has not cosigned this checkpoint.") }
    return try await onQueue { log throws(LedgerError) in
      guard checkpoint.size > 0, checkpoint.size <= log.published.size else {
        throw LedgerError(
          .refused, "This checkpoint is of \(checkpoint.size) entries; the one published here is of \(log.published.size).")
      }
      let reader = TileReader(files: log.files, size: log.published.size)
      let root = try reader.root(of: 0..<checkpoint.size)
      guard root == checkpoint.root else {
        throw LedgerError(.refused, "The first \(checkpoint.size) entries here have the root \(root), not \(checkpoint.root).")
      }
      var signatures: [SignedNote.Signature] = []
      for (name, kept, old) in try CosignedFile.all(log.files) {
        // A newer one is kept, unless it is of a state that this directory was set back from.
        if name == witness.idText, old.size > checkpoint.size, old.size <= log.published.size, try reader.root(of: 0..<old.size) == old.root
        {
          return old
        }
        if kept.text == parsed.text { signatures += kept.signatures }
      }
      try log.files.makeDirectory(CosignedFile.directory)
      // The signatures that came now are the newest of their keys.
      let joined = SignedNote(text: parsed.text, signatures: signatures).joined(with: parsed.signatures)
      try log.files.replace(CosignedFile.path(witness), with: Array(joined.utf8))
      return checkpoint.checkpoint
    }
  }

  /// Under the key in force, or one before it: a checkpoint may be on its way while the key changes.
  private func verified(_ note: [UInt8], _ witness: NoteKey) async throws -> VerifiedCheckpoint {
    do {
      return try VerifiedCheckpoint(note: note, key: publicKey, witnesses: [witness])
    } catch SignedNote.Failure.noKnownSignature {
      for key in try await signingChain().keys(with: publicKey) {
        if let found = try? VerifiedCheckpoint(note: note, key: key, witnesses: [witness]) { return found }
      }
      throw SignedNote.Failure.noKnownSignature
    }
  }

  /// The newest checkpoint of each of these witnesses that is kept here and is one of this log, with the cosignatures of those.
  package func cosigned(by witnesses: [NoteKey]) async throws(LedgerError) -> [VerifiedCheckpoint] {
    guard !witnesses.isEmpty else { return [] }
    let kept = try await onQueue { log throws(LedgerError) in
      let reader = TileReader(files: log.files, size: log.published.size)
      var found: [SignedNote] = []
      for (_, note, checkpoint) in try CosignedFile.all(log.files) where checkpoint.size > 0 && checkpoint.size <= log.published.size {
        // What an older state of this directory left behind is of no log any more.
        if try reader.root(of: 0..<checkpoint.size) == checkpoint.root { found.append(note) }
      }
      return found
    }
    var keys = [publicKey]
    if kept.contains(where: { (try? $0.verify(keys)) == nil }) {
      keys = try await signingChain().keys(with: publicKey)
    }
    return kept.compactMap { note in
      keys.lazy.compactMap { key in
        try? VerifiedCheckpoint(note: Array(note.joined(with: []).utf8), key: key, witnesses: witnesses)
      }.first { !$0.witnesses.isEmpty }
    }
  }
}
