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
  private let shelf: StatementShelf
  private let maker: AnswerMaker
  private let interval: Duration
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger

  /// Questions that wait here; more stay at the server.
  private static let mostWaiting = 4_096
  /// Pages that are taken before those are looked at.
  private static let mostPages = 16
  /// Minutes until the next attempt, by how many there were; about 16 hours in all.
  private static let pauses: [Int64] = [1, 5, 15, 60, 180, 360, 360]
  private static let mostTroublesInARow = 3
  /// For how long it is known that a question came, that an answer was given, and its code.
  private static let kept: Int64 = 400 * 86_400_000

  /// - Parameter notices: by whose relay answers leave, at one pace with letters.
  package init(_ approvals: Approvals, answers: AnswerSettings, beside notices: NoticeWorker, interval: Duration) {
    store = approvals.store
    connection = approvals.connection
    witness = approvals.witness
    clock = approvals.clock
    logger = approvals.logger
    self.interval = interval
    transport = notices.transport
    shelf = StatementShelf()
    maker = AnswerMaker(
      store: store, connection: connection, settings: answers, domain: transport.domain, shelf: shelf, clock: clock, logger: logger)
  }

  package func run() async throws {
    try store.giveUpInterruptedAnswers()
    // Beside each other: a relay that stalls keeps no question at the server.
    await WorkRounds(what: "answers", interval: interval, longest: .seconds(60), logger: logger).run(questionRound, answerRound)
  }

  /// Both, one after the other.
  package func round() async throws {
    try await questionRound()
    try await answerRound()
  }

  /// Takes what was asked, and fixes what is answered.
  @Sendable private func questionRound() async throws {
    try store.expireAnswers(before: Timestamp(milliseconds: clock().milliseconds - Self.kept))
    try await take()
    repeat {
      let open = try store.openAnswerBatches().filter { $0.state == .made }
      if open.isEmpty { try await maker.make() }
      for batch in try store.openAnswerBatches() where batch.state == .made { try await commit(batch) }
    } while try !Task.isCancelled && store.waitingQuestionCount() > 0
  }

  /// Sends what is due. One batch that fails keeps no other waiting; the first failure is thrown behind all of them.
  @Sendable private func answerRound() async throws {
    var first: (any Error)?
    for batch in try store.openAnswerBatches() where batch.state == .sending {
      do { try await send(batch) } catch is CancellationError { throw CancellationError() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  private func take() async throws {
    let key = try store.secrets.questionKey()
    for _ in 0..<Self.mostPages where try store.waitingQuestionCount() < Self.mostWaiting {
      let page = try await connection.questions(limit: AnswerMaker.mostQuestions)
      guard let last = page.last else { return }
      let opened = page.compactMap { sealed in
        Question(sealed: [UInt8](sealed.question), privateKey: key).map { ([UInt8](sealed.question), $0) }
      }
      try store.take(opened, at: clock())
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
    guard try store.hasDueAnswer(of: batch.digest, at: clock()) else { return try store.finishAnswerBatch(batch.digest) }
    let tree = SortedTree(MessageSender.leaves(batch.leaves))
    let statements = try shelf.statements(withDigests: made.statements, of: store)
    var troubles = 0
    while !Task.isCancelled, troubles < Self.mostTroublesInARow, let answer = try store.takeDueAnswer(of: batch.digest, at: clock()) {
      await transport.turn()
      let end = await deliver(answer, committed, tree, statements)
      if case .again = end { troubles += 1 } else { troubles = 0 }
      try store.note(end, of: answer)
    }
    try store.finishAnswerBatch(batch.digest)
  }

  private func deliver(
    _ stored: StoredAnswer, _ committed: CommittedText, _ tree: SortedTree, _ statements: [CurrentStatement]
  ) async -> CustodianStore.AnswerEnd {
    let mail: LetterMail
    do { mail = try self.mail(stored, committed, tree, statements) } catch {
      // Nothing that holds an address is logged.
      logger.error("an answer could not be written", metadata: ["message": "\(stored.messageID)", "reason": "\(type(of: error))"])
      return .undelivered
    }
    let outcome: MailOutcome
    do { outcome = try await transport.deliver(mail, to: stored.record.address) } catch {
      logger.error("an answer could not be handed over", metadata: ["message": "\(stored.messageID)", "reason": "\(type(of: error))"])
      return again(stored)
    }
    switch outcome {
    case .accepted: return .sent
    // At most one a day: what may have been delivered does not go again. Whoever misses it asks again.
    case .answerLost: return .givenUp
    // Asked a second time: some relays refuse everybody while something is set wrong.
    case .refused: return stored.attempts == 0 ? again(stored) : .undelivered
    case .notTaken: return again(stored)
    }
  }

  private func again(_ stored: StoredAnswer) -> CustodianStore.AnswerEnd {
    guard stored.attempts < Self.pauses.count else { return .undelivered }
    return .again(due: Timestamp(milliseconds: clock().milliseconds + Self.pauses[stored.attempts] * transport.pause))
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
