import Crypto
import Custodian
import Events
import Foundation
import GRDB
import Ledger
import Notices
import Synchronization
import Testing
import Vault

/// Questions come sealed, and answers go to the address itself: to whoever is in a statement, or has a verified profile; once a day, and with proofs.
struct AnswerTests {
  private let it: ApprovalBench

  init() throws {
    it = try ApprovalBench()
    for name in [CustodianDirectory.pseudonymKey, CustodianDirectory.tagKey] {
      try SecretKey().write(to: it.bench.directory.appendingPathComponent(name))
    }
    try AnswerSettings(organization: "Orrery Labs", contact: "our support").write(in: it.bench.directory)
  }

  private func worker() throws -> AnswerWorker {
    let settings = try #require(try AnswerSettings.read(in: it.bench.directory))
    return AnswerWorker(it.approvals, answers: settings, beside: try it.worker(), interval: .seconds(1))
  }

  private func database() throws -> DatabaseQueue {
    try DatabaseQueue(path: it.bench.directory.appendingPathComponent("custodian.sqlite").path)
  }

  private func anchors() throws -> TrustAnchors {
    try CustodianTrust.anchors(directory: it.bench.directory, organization: "Orrery Labs", domains: ["localhost"], brands: ["orrery"])
  }

  /// Seals a question as the page does, and hands it to the server.
  @discardableResult
  private func ask(_ address: String, in language: LetterLanguage = .en) throws -> [UInt8] {
    let key = try P256.KeyAgreement.PublicKey(x963Representation: Data(#require(try anchors().questionKey)))
    let question = Question(address: try #require(StatementName(.email, address)), language: language)
    let sealed = try #require(try question.sealed(for: key))
    it.bench.server.state.withLock { $0.notices.questions.append(sealed) }
    return sealed
  }

  private func know(_ address: String) throws {
    let tag = try SealedValueTags(directory: it.bench.directory, project: it.bench.project).tag(field: "$email", value: address)
    it.bench.server.state.withLock { _ = $0.notices.knownTags.insert(String(tag.dropFirst(2))) }
  }

  /// Messages that were written to files, by address.
  private func mails() throws -> [String: [[UInt8]]] {
    let folder = it.bench.directory.appendingPathComponent("notices")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [:] }
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map {
      [UInt8](try Data(contentsOf: $0))
    }
    return Dictionary(grouping: files) { MailMessage($0).addresses("to").first?.address ?? "" }
  }

  @Test func `whoever asks is answered at the address, with proofs, or not at all`() async throws {
    _ = try await it.statement()
    try know("known@orrery.example")
    for (address, language) in [
      ("Dora@orrery.example", LetterLanguage.en), ("known@orrery.example", .fr), ("stranger@elsewhere.example", .en),
      // Twice in one round.
      ("dora@orrery.example", .en),
    ] { try ask(address, in: language) }
    try await worker().round()
    let mails = try mails()
    #expect(mails.mapValues(\.count) == ["dora@orrery.example": 1, "known@orrery.example": 1])
    let judge = MessageJudge(try anchors(), now: it.clock.read())
    for (address, isAffected) in [("dora@orrery.example", true), ("known@orrery.example", false)] {
      let mail = try #require(mails[address]?.first)
      let verdict = await judge.judge(mail, reader: StatementName(.email, address))
      #expect(verdict.word == .genuine && verdict.caseNumber == "7-1", "\(verdict.reasons.map(\.sentence))")
      #expect(await judge.judge(mail, reader: StatementName(.email, "mallory@intruder.example")).word == .altered)
      let file = try #require(MailMessage(mail).attachments.first.flatMap { ProofFile($0.decoded()) })
      guard case .answer(let proof) = file else { throw CocoaError(.coderInvalidValue) }
      let verified = try proof.verify(by: anchors())
      #expect(verified.answer.isAffected == isAffected && verified.findings.map(\.isIncluded) == [isAffected])
      #expect(verified.answer.language == (isAffected ? .en : .fr) && verified.batch.leaves == 256)
      #expect(try it.store.answer(code: verdict.checkCode ?? "")?.state == "sent")
    }
    // Nobody's address stays here.
    #expect(it.bench.server.state.withLock { $0.notices.askedTags == [256] && $0.notices.questions.isEmpty })
    let counts = try it.store.answerCounts(since: Timestamp(milliseconds: 0))
    #expect(counts.waiting == 0 && counts.answered == 2 && counts.givenUp == 0)
    for file in ["custodian.sqlite", "custodian.sqlite-wal"] {
      let bytes = try Data(contentsOf: it.bench.directory.appendingPathComponent(file))
      for text in ["dora@orrery.example", "known@orrery.example", "stranger@elsewhere.example"] {
        #expect(bytes.firstRange(of: Data(text.utf8)) == nil, "\(file)")
      }
    }
  }

  @Test func `an address is answered once in a day, and a question that comes again counts once`() async throws {
    _ = try await it.statement()
    let question = try ask("dora@orrery.example")
    try await worker().round()
    try ask("dora@orrery.example")
    it.bench.server.state.withLock { $0.notices.questions.append(question) }
    try await worker().round()
    #expect(try mails()["dora@orrery.example"]?.count == 1)
    it.clock.advance(86_400_001)
    // A server that shows an old question again has it answered no more.
    it.bench.server.state.withLock { $0.notices.questions.append(question) }
    try await worker().round()
    #expect(try mails()["dora@orrery.example"]?.count == 1)
    try ask("dora@orrery.example")
    try await worker().round()
    #expect(try mails()["dora@orrery.example"]?.count == 2)
  }

  @Test func `what the server and the ledger see is the same, whoever asks`() async throws {
    _ = try await it.statement()
    try know("known@orrery.example")
    var growth: Set<Int> = []
    for address in [
      "stranger@elsewhere.example", "stranger@elsewhere.example", "dora@orrery.example", "dora@orrery.example", "known@orrery.example",
      "known@orrery.example",
    ] {
      let before = it.bench.server.state.withLock { $0.ledger.entries.count }
      try ask(address)
      try await worker().round()
      growth.insert(it.bench.server.state.withLock { $0.ledger.entries.count } - before)
    }
    #expect(growth.count == 1, "\(growth)")
    // Once for each question, and always about as many.
    #expect(it.bench.server.state.withLock { $0.notices.askedTags } == Array(repeating: 256, count: 6))
    #expect(it.bench.server.state.withLock { Set($0.notices.answers).count } == 6)
    let batches = try await database().read { try Data.fetchAll($0, sql: "SELECT leaves FROM answer_batch") }
    for batch in batches {
      #expect(batch.count == 256 * 32)
    }
    #expect(try mails().mapValues(\.count) == ["dora@orrery.example": 1, "known@orrery.example": 1])
  }

  @Test func `an answer that was on its way when the process ended does not go again, and one that cannot be read holds up no other`()
    async throws
  {
    _ = try await it.statement()
    it.bench.server.state.withLock { $0.notices.forgedDigest = String(repeating: "a", count: 64) }
    for name in ["dora", "emil", "fay"] { try ask("\(name)@orrery.example") }
    await #expect(throws: (any Error).self) { try await worker().round() }
    it.bench.server.state.withLock { $0.notices.forgedDigest = nil }
    let keys = try await database().read { try Data.fetchAll($0, sql: "SELECT key FROM answer ORDER BY key") }
    try await database().write { database in
      try database.execute(sql: "UPDATE answer SET state = 'sending' WHERE key = ?", arguments: [keys[0]])
      try database.execute(sql: "UPDATE answer SET sealed = X'00' WHERE key = ?", arguments: [keys[1]])
    }
    try it.store.giveUpInterruptedAnswers()
    try await worker().round()
    #expect(try mails().count == 1)
    let counts = try it.store.answerCounts(since: Timestamp(milliseconds: 0))
    #expect(counts.answered == 1 && counts.givenUp == 2 && counts.waiting == 0)
  }

  @Test func `bytes that are no question are forgotten`() async throws {
    _ = try await it.statement()
    it.bench.server.state.withLock {
      $0.notices.questions = [[], [UInt8](repeating: 0, count: 593), [UInt8](repeating: 4, count: 700)]
    }
    try await worker().round()
    #expect(it.bench.server.state.withLock { $0.notices.questions.isEmpty && $0.notices.answers.isEmpty })
    #expect(try mails().isEmpty && it.store.answerCounts(since: Timestamp(milliseconds: 0)).waiting == 0)
  }

  @Test func `before there is a statement nobody is answered`() async throws {
    _ = try await it.approvals.witness.round()
    try know("known@orrery.example")
    try ask("known@orrery.example")
    try await worker().round()
    #expect(try mails().isEmpty && it.bench.server.state.withLock { $0.notices.answers.isEmpty && $0.notices.questions.isEmpty })
  }

  @Test func `a server that enters something else has nothing sent`() async throws {
    _ = try await it.statement()
    try ask("dora@orrery.example")
    it.bench.server.state.withLock { $0.notices.forgedDigest = String(repeating: "a", count: 64) }
    await #expect(throws: (any Error).self) { try await worker().round() }
    #expect(try mails().isEmpty)
    // Set right, the same answers go on.
    it.bench.server.state.withLock { $0.notices.forgedDigest = nil }
    try await worker().round()
    #expect(try mails()["dora@orrery.example"]?.count == 1)
  }

  @Test func `a crash at any request of the server answers everybody once, and nobody twice`() async throws {
    _ = try await it.statement()
    for step in 1...12 {
      for fault in [FakeServer.Fault.before, .after] {
        it.clock.advance(2 * 86_400_000)
        let before = try mails()["emil@orrery.example"]?.count ?? 0
        try ask("emil@orrery.example")
        it.bench.server.break(at: step, fault)
        for _ in 0..<3 { try? await worker().round() }
        #expect(try mails()["emil@orrery.example"]?.count == before + 1, "step \(step) \(fault)")
      }
    }
  }

  @Test func `settings are one line each, and the anchors have a key only where questions are taken`() throws {
    for (organization, contact) in [("", "x"), ("Orrery", "see https://orrery.example"), ("Orrery\nLabs", "x")] {
      #expect(throws: CustodianError.self) { try AnswerSettings(organization: organization, contact: contact) }
    }
    try AnswerSettings.remove(in: it.bench.directory)
    #expect(try AnswerSettings.read(in: it.bench.directory) == nil)
  }
}
