package import Events
internal import Foundation
internal import Ledger
package import Logging
internal import Vault

/// The custodian as the first witness of the server's ledger: it cosigns a checkpoint only if that continues the one it cosigned before, and
/// raises an alarm where it does not. C2SP tlog-witness, but it asks instead of being asked.
///
/// The first key that a server shows is believed; from then on only one that this key hands over to, by an entry of the ledger that both
/// signed.
package struct Witness: Sendable {
  /// Why an entry is not taken as witnessed. What went wrong at the server or on the way is a `CustodianError`.
  package enum Failure: Error, Sendable, CustomStringConvertible {
    /// An alarm was raised about it.
    case refused(ParcelFault)
    case notThere(String)
    /// Others cosigned in between, again and again.
    case busy

    package var description: String {
      switch self {
      case .refused(let fault): fault.sentence
      case .notThere(let what): what
      case .busy: "the ledger is being cosigned by another custodian of this directory."
      }
    }
  }

  let store: CustodianStore
  let connection: ServerConnection
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  package init(store: CustodianStore, connection: ServerConnection, logger: Logger, clock: @escaping @Sendable () -> Timestamp) {
    self.store = store
    self.connection = connection
    self.clock = clock
    self.logger = logger
  }

  private static let attempts = 4

  private var bell: AlarmBell { AlarmBell(store: store, connection: connection, clock: clock, logger: logger) }

  /// Cosigns the newest checkpoint, if there is a new one. Returns whether it may be cosigned; if not, an alarm is raised.
  package func round() async throws -> Bool {
    do {
      _ = try await cosign(covering: nil)
      return true
    } catch Failure.refused { return false }
  }

  /// Cosigns a checkpoint that covers entry `index`, and verifies that this entry is the opening that `request` asked for.
  ///
  /// - Throws: `Failure` where it is not.
  func confirm(opening request: [UInt8], of project: ProjectID, at index: UInt64) async throws {
    try await confirm(at: index) { entry in
      entry.kind == "identities_opened" && entry.project == project && entry.facts["request"] == request.hexadecimal
    }
  }

  /// Cosigns a checkpoint that covers entry `index`, and verifies that this entry is the one that was asked for.
  ///
  /// - Throws: `Failure` where it is not.
  func confirm(at index: UInt64, _ isIt: (LedgerEntry) -> Bool) async throws {
    guard let (checkpoint, shown) = try await cosign(covering: index), let inclusion = shown.inclusion, checkpoint.size > index else {
      throw Failure.notThere("the server shows no checkpoint that covers the ledger's entry \(index).")
    }
    do { try checkpoint.verify(contains: inclusion.entry, at: index, proof: inclusion.proof) } catch {
      throw Failure.notThere("the ledger's entry \(index) is not in the checkpoint that was cosigned: \(error)")
    }
    guard let entry = LedgerEntry(index: index, bytes: inclusion.entry), isIt(entry) else {
      throw Failure.notThere("the ledger's entry \(index) is not the one that was asked for.")
    }
  }

  /// Nil where the ledger is empty still.
  private func cosign(covering entry: UInt64?) async throws -> (VerifiedCheckpoint, ServerConnection.ShownCheckpoint)? {
    let signer = try store.secrets.witness()
    for _ in 0..<Self.attempts {
      let last = try store.witnessed()
      let shown = try await connection.checkpoint(from: last?.checkpoint.size ?? 0, key: last?.logKey, entry: entry)
      if shown.witness != signer.key.description { try await connection.announce(try store.secrets.announceWitness()) }
      if !shown.isAlarmed, let standing = try store.alarms(.standing).first(where: { $0.fault.kind.isOfLedger && $0.sentAt != nil }) {
        // The server lost it: it was restored to a time before it.
        try await bell.send(standing)
      }
      let key: NoteKey
      let checkpoint: VerifiedCheckpoint
      do throws(ParcelFault) {
        (key, checkpoint) = try judge(shown, after: last)
      } catch {
        // Somebody else cosigned since this was asked for: what looks set back may be merely old.
        guard try store.witnessed()?.checkpoint == last?.checkpoint else { continue }
        if let refused = try? VerifiedCheckpoint(note: shown.note, key: shown.key), refused.size > 0 {
          try store.keep(refused: refused, key: shown.key, at: clock())
        }
        try await bell.raise(error)
        throw Failure.refused(error)
      }
      guard checkpoint.size > 0 else { return nil }
      if checkpoint.checkpoint != last?.checkpoint || key != last?.logKey || last?.refused != nil {
        guard try store.cosign(checkpoint, key: key, after: last?.checkpoint, at: clock()) else { continue }
      }
      // Durable: from here on nothing else is cosigned but what continues this.
      if shown.cosigned < checkpoint.size {
        let line = try signer.line(for: checkpoint.checkpoint.text, time: UInt64(clamping: clock().milliseconds / 1000))
        try await connection.send(cosigned: String(decoding: shown.note, as: UTF8.self) + line)
      }
      return (checkpoint, shown)
    }
    throw Failure.busy
  }

  /// The key in force and the checkpoint under it, if it may be cosigned.
  private func judge(
    _ shown: ServerConnection.ShownCheckpoint, after last: WitnessedLedger?
  ) throws(ParcelFault) -> (NoteKey, VerifiedCheckpoint) {
    var key = last?.logKey ?? shown.key
    for succession in shown.successions where succession.previous == key { key = succession.next }
    let checkpoint: VerifiedCheckpoint
    do {
      checkpoint = try VerifiedCheckpoint(note: shown.note, key: key)
      // An extension line would be cosigned without having been looked at.
      guard try SignedNote(shown.note).text == checkpoint.checkpoint.text else {
        throw SignedNote.Failure.malformed("its checkpoint has extension lines.")
      }
    } catch {
      throw ParcelFault(
        .foreignLedger,
        sentence: Self.sentence("The server's checkpoint is not one of the ledger with the key \(key.idText) that is known here: \(error)"))
    }
    do {
      try WitnessRule.judge(checkpoint.checkpoint, after: last?.checkpoint, proof: shown.proof)
    } catch {
      let kind: ParcelFault.Kind =
        switch error {
        case .shrunk: .shrunkLedger
        case .forked: .forkedLedger
        case .foreign: .foreignLedger
        }
      throw ParcelFault(kind, sentence: Self.sentence(error.description))
    }
    return (key, checkpoint)
  }

  /// As long as an alarm's may be: names that the server wrote stand in it.
  private static func sentence(_ text: String) -> String {
    text.utf8.count <= 900 ? text : String(decoding: text.utf8.prefix(900), as: UTF8.self)
  }
}
