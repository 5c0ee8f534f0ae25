internal import Events
internal import Foundation
internal import Ledger
internal import Logging
internal import Notices
internal import Outbound
internal import ServiceLifecycle
internal import Vault

/// Takes questions from the server, answers those whom the company knows, by mail to the address that was asked about, and nobody else: at most once
/// in 24 hours. docs/FORMATS.md, “Question” and “Answers”.
package struct AnswerWorker: Service {
  private let store: CustodianStore
  private let connection: ServerConnection
  private let witness: Witness
  private let transport: any NoticeTransport
  private let maker: AnswerMaker
  private let interval: Duration
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger

  /// Questions that wait here; more stay at the server.
  private static let mostWaiting = 1_000
  private static let mostAttempts = 6
  /// For how long it is known that an answer was given, and its code.
  private static let kept: Int64 = 30 * 86_400_000

  package init(
    _ approvals: Approvals, answers: AnswerSettings, mail: MailSettings?, mailPause: Int64 = 60_000, interval: Duration
  ) throws {
    store = approvals.store
    connection = approvals.connection
    witness = approvals.witness
    clock = approvals.clock
    logger = approvals.logger
    self.interval = interval
    transport = try NoticeWorker.transport(mail, in: approvals.store.secrets.directory, pause: mailPause)
    maker = AnswerMaker(
      store: store, connection: connection, settings: answers, domain: transport.domain, clock: clock, logger: logger)
  }

  package func run() async throws {
    try store.giveUpInterruptedAnswers()
    await cancelWhenGracefulShutdown {
      var failures = 0
      while !Task.isCancelled {
        do {
          try await round()
          failures = 0
        } catch is CancellationError {
          return
        } catch {
          failures += 1
          if failures % 20 == 1 { logger.warning("answers wait", metadata: ["reason": "\(error)", "failures": "\(failures)"]) }
        }
        do { try await Task.sleep(for: min(interval * (1 << min(failures, 4)), max(interval, .seconds(60)))) } catch { return }
      }
    }
  }

  package func round() async throws {
    try store.expireAnswers(before: Timestamp(milliseconds: clock().milliseconds - Self.kept))
    try await take()
    if try store.openAnswerBatches().allSatisfy({ $0.state != .made }) { try await maker.make() }
    for batch in try store.openAnswerBatches() where batch.state == .made { try await commit(batch) }
    for batch in try store.openAnswerBatches() where batch.state == .sending { try await send(batch) }
  }

  private func take() async throws {
    let key = try store.secrets.questionKey()
    while try store.waitingQuestionCount() < Self.mostWaiting {
      let page = try await connection.questions(limit: AnswerMaker.mostQuestions)
      guard let last = page.last else { return }
      try store.take(
        page.map { ([UInt8]($0.question), Question(sealed: [UInt8]($0.question), privateKey: key)) }, at: clock())
      // A crash here takes the same again, which counts once.
      try await connection.tookQuestions(through: last.id)
      if page.count < AnswerMaker.mostQuestions { return }
    }
  }

  private func commit(_ batch: StoredAnswerBatch) async throws {
    let committer = NoticeCommitter(store: store, connection: connection, witness: witness)
    let (entry, proof) = try await committer.commit(answers: batch.digest)
    try store.witnessed(answers: batch.digest, entry: entry, proof: proof)
  }

  private func send(_ batch: StoredAnswerBatch) async throws {
    guard let text = batch.proof, let ledger = try? LedgerProof(text: text) else {
      throw CustodianError.damagedStore("answers lack what proves them")
    }
    let committed = CommittedText(note: batch.note, ledger: ledger)
    guard let signed = try? SignedNote(Array(batch.note.utf8)), let made = AnswerBatch(text: signed.text) else {
      throw CustodianError.damagedStore("answers cannot be read")
    }
    let tree = SortedTree(MessageSender.leaves(batch.leaves))
    var statements: [CurrentStatement]?
    var limiter = RateLimiter(perMinute: transport.messagesPerMinute)
    while !Task.isCancelled, let answer = try store.takeDueAnswer(of: batch.digest, at: clock()) {
      if statements == nil { statements = try store.statements(withDigests: made.statements) }
      await limiter.wait()
      try store.note(await deliver(answer, committed, tree, statements ?? []), of: answer)
    }
    try store.finishAnswerBatch(batch.digest)
  }

  private func deliver(
    _ stored: StoredAnswer, _ committed: CommittedText, _ tree: SortedTree, _ statements: [CurrentStatement]
  ) async -> CustodianStore.AnswerEnd {
    let outcome: MailOutcome
    do {
      let mail = try mail(stored, committed, tree, statements)
      outcome = try await transport.deliver(mail, to: stored.record.address)
    } catch {
      // Nothing that holds an address is logged.
      logger.error("an answer could not be sent", metadata: ["message": "\(stored.messageID)", "reason": "\(type(of: error))"])
      return .givenUp
    }
    switch outcome {
    case .accepted: return .sent
    // At most one a day: what may have been delivered does not go again. Whoever misses it asks again.
    case .refused, .answerLost: return .givenUp
    case .notTaken:
      guard stored.attempts + 1 < Self.mostAttempts else { return .givenUp }
      return .again(due: Timestamp(milliseconds: clock().milliseconds + (5 << stored.attempts) * transport.pause))
    }
  }

  private func mail(
    _ stored: StoredAnswer, _ committed: CommittedText, _ tree: SortedTree, _ statements: [CurrentStatement]
  ) throws -> LetterMail {
    let record = stored.record
    guard let answer = record.answer, let name = StatementName(.email, record.address) else {
      throw CustodianError.damagedStore("an answer cannot be read")
    }
    let place = try tree.place(of: AnswerBatch.leaf(of: answer, salt: [UInt8](record.salt)))
    guard case .included = place else { throw CustodianError.damagedStore("an answer is not the one that was committed to") }
    let proof = AnswerProof(
      batch: committed, answer: answer, checkCode: record.code, salt: [UInt8](record.salt), place: place,
      statements: try statements.map { try $0.proof(of: name) })
    return LetterMail(
      from: transport.from.address, fromName: transport.from.name, to: record.address, messageID: stored.messageID, date: clock(),
      subject: answer.subject, body: answer.body, language: answer.language, proof: ProofFile.answer(proof).json, copies: 0)
  }
}

extension CustodianStore {
  /// In this order.
  func statements(withDigests digests: [String]) throws -> [CurrentStatement] {
    let all = try statements()
    return try digests.map { digest in
      guard let stored = all.first(where: { $0.digest == digest }) else { throw CustodianError.damagedStore("a statement is gone") }
      return try CurrentStatement(stored, of: self)
    }
  }
}
