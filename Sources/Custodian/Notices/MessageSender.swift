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

  /// Minutes until the next attempt, by how many there were.
  private static let pauses: [Int64] = [1, 5, 15, 60, 180, 360]
  /// About five days; a relay that never answers is somebody's to look at long before.
  static let mostAttempts = 24
  private static let batch = 50

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

  /// Sends what is due until nothing is. Returns whether all messages are over.
  func send(_ stored: StoredDispatch) async throws -> Bool {
    let work = try work(stored)
    var limiter = RateLimiter(perMinute: transport.messagesPerMinute)
    while !Task.isCancelled {
      let due = try store.takeDue(of: stored.request, limit: min(Self.batch, transport.connections * 4), at: clock())
      if due.isEmpty { break }
      var troubled = 0
      await withTaskGroup(of: Bool.self) { group in
        var rest = due[...]
        func next() async {
          guard let message = rest.popFirst() else { return }
          await limiter.wait()
          group.addTask { await deliver(message, work) }
        }
        for _ in 0..<transport.connections { await next() }
        for await isTroubled in group {
          troubled += isTroubled ? 1 : 0
          await next()
        }
      }
      // The relay takes nothing from anybody: going on would only wear out everybody's attempts.
      if troubled == due.count { break }
    }
    let counts = try store.messageCounts(of: stored.request)
    guard counts.states[.waiting, default: 0] == 0, counts.states[.sending, default: 0] == 0 else { return false }
    try store.finish(dispatch: stored, at: clock())
    logger.notice("all letters of a dispatch are over", metadata: ["sent": "\(counts.states[.sent, default: 0])"])
    return true
  }

  /// Returns whether the relay took nothing for a reason that is not this message's.
  private func deliver(_ message: StoredMessage, _ work: Work) async -> Bool {
    do {
      guard let record = try store.recipient(of: work.stored.statement, message.audience, message.key) else {
        try store.note(.refused, of: message, in: work.stored, reason: "whom it goes to was erased", at: clock())
        return false
      }
      let outcome = try await transport.deliver(try mail(message, record, work), to: record.address)
      switch outcome {
      case .accepted: try store.note(.sent, of: message, in: work.stored, at: clock())
      case .refused(let reason): try store.note(.refused, of: message, in: work.stored, reason: reason, at: clock())
      case .notTaken(let reason): return try again(message, work, isCopy: false, reason)
      case .answerLost(let reason): return try again(message, work, isCopy: true, reason)
      }
    } catch {
      // Nothing that holds an address is logged.
      logger.error("a message could not be sent", metadata: ["message": "\(message.messageID)", "reason": "\(type(of: error))"])
      return (try? again(message, work, isCopy: false, "it could not be written")) ?? true
    }
    return false
  }

  private func again(_ message: StoredMessage, _ work: Work, isCopy: Bool, _ reason: String) throws -> Bool {
    let now = clock()
    let isLast = message.attempts + 1 >= Self.mostAttempts
    let minutes = Self.pauses[min(message.attempts, Self.pauses.count - 1)]
    try store.note(
      isLast ? .refused : .waiting, of: message, in: work.stored, isCopy: isCopy, reason: reason,
      due: Timestamp(milliseconds: now.milliseconds + minutes * transport.pause), at: now)
    return true
  }

  private func mail(_ message: StoredMessage, _ record: RecipientRecord, _ work: Work) throws -> LetterMail {
    let written = try work.writer.write(message.audience, message.key, record)
    let place = try work.letters.place(of: written.leaf)
    guard case .included = place, written.code == message.code else {
      throw CustodianError.damagedStore("a letter is not the one that was committed to")
    }
    let proof = NoticeProof(
      dispatch: work.dispatch, statement: work.statement, letter: written.letter, checkCode: written.code, salt: written.salt, place: place,
      reader: message.audience == .person ? try reader(record.address, work) : nil)
    return LetterMail(
      from: transport.from.address, fromName: transport.from.name, to: record.address, messageID: message.messageID, date: clock(),
      letter: written.letter, proof: ProofFile.notice(proof).json, copies: message.copies)
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

/// Lets so many a minute pass, evenly.
private struct RateLimiter {
  private let gap: Duration
  private var next = ContinuousClock.now

  init(perMinute: Int) { gap = .seconds(60) / max(1, perMinute) }

  mutating func wait() async {
    let now = ContinuousClock.now
    if next > now { try? await Task.sleep(until: next) }
    next = max(next, now) + gap
  }
}
