internal import Crypto
internal import CryptoExtras
internal import Events
internal import Foundation
internal import Ledger
internal import Logging
internal import Notices
internal import Outbound
internal import Vault

/// Hands the letters of a dispatch to the company's relay, one after the other, as fast as it may.
///
/// A message is marked as being sent, durably, before it is handed over, and as sent after the server's word. A crash in between leaves one of which
/// nobody knows: it goes again, under the same Message-ID, with a header that says so. One that the server did not take is not marked.
struct MessageSender: Sendable {
  let store: CustodianStore
  let transport: any NoticeTransport
  let clock: @Sendable () -> Timestamp
  let logger: Logger
  /// Called now and then while messages leave.
  let onProgress: @Sendable () async -> Void

  init(
    store: CustodianStore, transport: any NoticeTransport, clock: @escaping @Sendable () -> Timestamp, logger: Logger,
    onProgress: @escaping @Sendable () async -> Void = {}
  ) {
    self.store = store
    self.transport = transport
    self.clock = clock
    self.logger = logger
    self.onProgress = onProgress
  }

  /// Minutes until the next attempt, by how many there were.
  private static let pauses: [Int64] = [1, 5, 15, 60, 180, 360]
  /// About five days; a relay that never answers is somebody's to look at long before.
  static let mostAttempts = 24
  /// An answer that is lost again and again: whoever it is has had the message, or never will.
  static let mostCopies = 3
  /// So many refusals in a row are the relay's, and no recipient's.
  static let mostRefusalsInARow = 20
  static let mostTroublesInARow = 3
  private static let progressInterval: Duration = .seconds(5)

  /// What all messages of a dispatch have in common.
  private struct Work: Sendable {
    let stored: StoredDispatch
    let writer: LetterWriter
    let dispatch: CommittedText
    let statement: CommittedText
    let letters: SortedTree
    let names: SortedTree
    let key: Data
  }

  private func work(_ stored: StoredDispatch) throws -> Work {
    guard let statement = try store.statement(stored.statement), let made = statement.statement, let told = statement.committed,
      let dispatch = stored.committed, let (secret, leaves) = try store.secretParts(ofDispatch: stored.request),
      let (key, names) = try store.secretParts(of: stored.statement)
    else { throw CustodianError.damagedStore("a dispatch lacks what it is made of") }
    return Work(
      stored: stored, writer: try LetterWriter(store: store, dispatch: stored, statement: made, secret: secret), dispatch: dispatch,
      statement: told, letters: SortedTree(Self.leaves(leaves)), names: SortedTree(Self.leaves(names)), key: key)
  }

  static func leaves(_ bytes: Data) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: 32).map { [UInt8](bytes[bytes.startIndex + $0..<bytes.startIndex + $0 + 32]) }
  }

  private enum Effect {
    case over
    case refused
    /// The relay took nothing, for a reason that is not this message's.
    case troubled
  }

  /// Sends what is due until nothing is. Returns whether all messages are over.
  func send(_ stored: StoredDispatch) async throws -> Bool {
    // Nothing else of it is on its way now: one worker has the directory.
    let recovered = try store.recoverMessages(of: stored.request, at: clock())
    if recovered > 0 {
      logger.warning("messages were on their way when sending ended; they go again, marked", metadata: ["messages": "\(recovered)"])
    }
    if let due = try store.messageCounts(of: stored.request).nextDue, due <= clock() { try await sendDue(work(stored)) }
    let counts = try store.messageCounts(of: stored.request)
    guard !Task.isCancelled, counts.states[.waiting, default: 0] == 0, counts.states[.sending, default: 0] == 0 else { return false }
    try store.finish(dispatch: stored, at: clock())
    logger.notice("all letters of a dispatch are over", metadata: ["sent": "\(counts.states[.sent, default: 0])"])
    return true
  }

  private func sendDue(_ work: Work) async throws {
    try await withThrowingTaskGroup(of: Effect.self) { group in
      var (running, refusedInARow, troubledInARow) = (0, 0, 0)
      var isStopped = false
      var progressAt = ContinuousClock.now
      while true {
        // One that stalls holds up no other; whoever waits still is not marked as being sent.
        while !isStopped, !Task.isCancelled, running < transport.connections,
          let message = try store.takeDue(of: work.stored.request, limit: 1, at: clock()).first
        {
          await transport.turn()
          group.addTask { await deliver(message, work) }
          running += 1
        }
        guard running > 0, let effect = try await group.next() else { return }
        running -= 1
        switch effect {
        case .over: (refusedInARow, troubledInARow) = (0, 0)
        case .refused: refusedInARow += 1
        case .troubled: troubledInARow += 1
        }
        if refusedInARow >= Self.mostRefusalsInARow, !isStopped {
          logger.error("the relay refuses one message after the other; sending pauses", metadata: ["refused": "\(refusedInARow)"])
          isStopped = true
        }
        // Going on would only wear out everybody's attempts.
        if troubledInARow >= max(transport.connections, Self.mostTroublesInARow) { isStopped = true }
        if ContinuousClock.now - progressAt > Self.progressInterval {
          await onProgress()
          progressAt = .now
        }
      }
    }
  }

  private func deliver(_ message: StoredMessage, _ work: Work) async -> Effect {
    let record: RecipientRecord
    let mail: LetterMail
    do {
      guard let found = try store.recipient(of: work.stored.statement, message.audience, message.key) else {
        try store.note(.refused, of: message, in: work.stored, reason: "whom it goes to was erased", at: clock())
        return .over
      }
      record = found
      mail = try self.mail(message, found, work)
    } catch {
      // Nothing that holds an address is logged.
      logger.error("a message could not be written", metadata: ["message": "\(message.messageID)", "reason": "\(type(of: error))"])
      return again(message, work, isCopy: false, "it could not be written")
    }
    let outcome: MailOutcome
    do { outcome = try await transport.deliver(mail, to: record.address) } catch {
      logger.error("a message could not be handed over", metadata: ["message": "\(message.messageID)", "reason": "\(type(of: error))"])
      return again(message, work, isCopy: false, "it could not be handed over")
    }
    switch outcome {
    case .accepted:
      // Where this cannot be written down, the message stays one of which nobody knows, and goes again as a copy.
      do { try store.note(.sent, of: message, in: work.stored, numbers: record.numbers, at: clock()) } catch {
        logger.error("a message that was taken could not be noted", metadata: ["message": "\(message.messageID)"])
      }
      return .over
    case .refused(let reason):
      // Asked a second time: some relays refuse everybody while something is set wrong.
      guard message.attempts > 0 else {
        _ = again(message, work, isCopy: false, reason, pauses: 5)
        return .refused
      }
      do { try store.note(.refused, of: message, in: work.stored, reason: reason, at: clock()) } catch { return .troubled }
      return .refused
    case .notTaken(let reason): return again(message, work, isCopy: false, reason)
    case .answerLost(let reason): return again(message, work, isCopy: true, reason)
    }
  }

  private func again(_ message: StoredMessage, _ work: Work, isCopy: Bool, _ reason: String, pauses: Int64? = nil) -> Effect {
    let now = clock()
    let isLast = message.attempts + 1 >= Self.mostAttempts || isCopy && message.copies + 1 >= Self.mostCopies
    let steps = pauses ?? Self.pauses[min(message.attempts, Self.pauses.count - 1)]
    do {
      try store.note(
        isLast ? .refused : .waiting, of: message, in: work.stored, isCopy: isCopy, reason: reason,
        due: Timestamp(milliseconds: now.milliseconds + steps * transport.pause), at: now)
    } catch { logger.error("what became of a message could not be noted", metadata: ["message": "\(message.messageID)"]) }
    return .troubled
  }

  private func mail(_ message: StoredMessage, _ record: RecipientRecord, _ work: Work) throws -> LetterMail {
    let written = try work.writer.write(message.audience, message.key, record)
    let place = try work.letters.place(of: written.leaf)
    // The row's own id would go into the headers: it is the one that was committed with the letter, or none.
    let messageID = work.writer.messageID(message.audience, message.key, domain: transport.domain)
    guard case .included = place, written.code == message.code, message.messageID == messageID else {
      throw CustodianError.damagedStore("a letter is not the one that was committed to")
    }
    let proof = NoticeProof(
      dispatch: work.dispatch, statement: work.statement, letter: written.letter, checkCode: written.code, salt: written.salt, place: place,
      reader: message.audience == .person ? try reader(record.address, work) : nil)
    return LetterMail(
      from: transport.from.address, fromName: transport.from.name, to: record.address, messageID: messageID, date: clock(),
      subject: written.letter.subject, body: written.letter.body, language: written.letter.kind.language,
      proof: ProofFile.notice(proof).json, copies: message.copies)
  }

  private func reader(_ address: String, _ work: Work) throws -> NoticeProof.Reader? {
    guard let name = StatementName(.email, address) else { return nil }
    return try StatementAnswerer(key: work.key, names: work.names).reader(name)
  }
}

/// Answers whether a name is in a statement, with what proves it to whoever asked.
struct StatementAnswerer: Sendable {
  let key: Data
  let names: SortedTree

  func reader(_ name: StatementName) throws -> NoticeProof.Reader {
    let key = try P384._VOPRF.PrivateKey(rawRepresentation: key)
    let blind = try BlindProof(of: name.bytes) { blinded in
      Array(try key.evaluate(P384._VOPRF.BlindedElement(oprfRepresentation: Data(blinded))).rawRepresentation)
    }
    let leaf = SortedTree.leaf(ofOutput: Array(try key.evaluate(Data(name.bytes))))
    return NoticeProof.Reader(name: name, blind: blind, place: try names.place(of: leaf))
  }
}
