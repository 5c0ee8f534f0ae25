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

/// From an approved scope to letters, and what a server that lies, or somebody who writes to the custodian's database, gets: nobody is sent anything.
struct NoticeTests {
  private let it: ApprovalBench

  init() throws { it = try ApprovalBench() }

  private var draft: LetterDraft {
    let values = Dictionary(uniqueKeysWithValues: LetterTemplate.CommonPlace.allCases.map { ($0, "something plain") })
    return LetterDraft(values: [.en: values, .fr: values])
  }

  private func letters(_ statement: [UInt8]) throws -> CustodianRequest {
    let request = try it.approvals.writeLetters(
      draft, of: statement, mode: .files, purpose: "To tell those who are affected", by: it.approver("Ada"))
    for name in ["Ada", "Bea", "Cleo"] { try it.sign(request, as: name) }
    return request
  }

  private func begin(_ request: CustodianRequest) throws {
    _ = try it.approvals.beginNotices(request.digest, by: it.approver("Ada"), ticket: it.ticket(request))
  }

  /// Messages that were written to files.
  private func files() throws -> [[UInt8]] {
    let folder = it.bench.directory.appendingPathComponent("notices")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map {
      [UInt8](try Data(contentsOf: $0))
    }
  }

  private func anchors() throws -> TrustAnchors {
    try CustodianTrust.anchors(directory: it.bench.directory, organization: "Orrery Labs", domains: ["localhost"], brands: ["orrery"])
  }

  @Test func `those who are affected are told, once, with proofs that hold`() async throws {
    let statement = try await it.statement()
    let stored = try #require(try it.store.statement(statement))
    #expect(stored.state == .witnessed && stored.statement?.people == 3 && stored.statement?.names == 3 && stored.unreachable == 0)
    #expect(try it.store.recipients(of: statement) == [LetterKind(.person, .en): 2, LetterKind(.person, .fr): 1])
    try begin(letters(statement))
    try await it.worker().round()
    let messages = try files()
    #expect(messages.count == 3)
    let judge = MessageJudge(try anchors(), now: it.clock.read())
    var addresses: Set<String> = []
    for message in messages {
      let address = try #require(MailMessage(message).addresses("to").first?.address)
      addresses.insert(address)
      let verdict = await judge.judge(message, reader: StatementName(.email, address))
      #expect(verdict.word == .genuine && verdict.caseNumber == "7-1", "\(verdict.reasons.map(\.sentence))")
      #expect(await judge.judge(message, reader: StatementName(.email, "mallory@intruder.example")).word == .altered)
      #expect(try it.store.message(code: verdict.checkCode ?? "")?.message.state == .sent)
    }
    #expect(addresses == ["dora@orrery.example", "emil@orrery.example", "fay@orrery.example"])
    #expect(it.bench.server.state.withLock { $0.notices.progress.last?["sent"] } == 3)
    // Nothing of it stays here but counts and codes.
    try await it.worker().round()
    #expect(try files().count == 3)
    #expect(try NoticeReport.of(it.bench.directory).statements.first?.letters?.sent == 3)
    let bytes = try Data(contentsOf: it.bench.directory.appendingPathComponent("custodian.sqlite"))
    #expect(bytes.firstRange(of: Data("dora@orrery.example".utf8)) == nil)
  }

  @Test func `files tell nobody, and a later statement takes the place of an earlier`() async throws {
    let people = try await it.affected(["dora", "emil", "fay", "gus", "hal"])
    let incident = it.bench.server.addIncident(Array(people.prefix(3)))
    let first = try await it.statement(incident)
    let written = try letters(first)
    try begin(written)
    try await it.worker().round()
    it.bench.server.widen(incident, by: Array(people.suffix(2)))
    let waiting = try letters(first)
    let second = try await it.statement(incident)
    let made = try #require(try it.store.statement(second)?.statement)
    let older = try it.store.statement(first)?.digest
    #expect(made.version == 2 && made.supersedes == older && made.people == 5)
    #expect(try it.store.recipients(of: second).values.reduce(0, +) == 5)
    #expect(throws: ApprovalError.badInput("A later statement took this one's place. Write to its people.")) { try letters(first) }
    #expect(throws: ApprovalError.badInput("A later statement took this one's place. Write to its people.")) { try begin(waiting) }
    try begin(letters(second))
    try await it.worker().round()
    let addresses = try files().map { MailMessage($0).addresses("to").first?.address ?? "" }
    #expect(addresses.count == 8 && Set(addresses).count == 5)
  }

  @Test(
    "another set than the approved one is not stated",
    arguments: ["less", "more", "other", "twice", "disordered"])
  func theServerHandsOverOthers(lie: String) async throws {
    let people = try await it.affected(["dora", "emil", "fay", "mallory"])
    let incident = it.bench.server.addIncident(Array(people.prefix(3)))
    let request = try await it.approvedScope(incident)
    var stranger = people[3]
    stranger.number = 99
    var renumbered = stranger
    renumbered.number = people[2].number
    let handed: [FakeServer.AffectedPerson] =
      switch lie {
      case "less": Array(people.prefix(2))
      case "more": Array(people.prefix(3)) + [stranger]
      case "other": Array(people.prefix(2)) + [stranger]
      case "twice": [people[0], people[0], people[1], people[2]]
      default: [people[2], people[1], people[0]]
      }
    it.bench.server.state.withLock {
      $0.notices.handedOver = handed
      $0.notices.pageSize = 10
    }
    try begin(request)
    try await it.worker().round()
    let stored = try #require(try it.store.statement(request.digest))
    #expect(stored.state == .failed && stored.failure != nil && stored.text == nil, "\(lie)")
    #expect(it.bench.server.state.withLock { $0.notices.commitments.isEmpty })
    #expect(throws: ApprovalError.self) { try letters(request.digest) }
  }

  @Test func `a value that was sealed for somebody else is nobody's address`() async throws {
    var people = try await it.affected(["dora", "mallory"])
    // Mallory's address under Dora's name: it does not open in her place.
    people[0].addresses = people[1].addresses
    let statement = try await it.statement(it.bench.server.addIncident([people[0]]))
    #expect(try it.store.recipients(of: statement) == [:])
    #expect(try it.store.statement(statement)?.unreachable == 1)
  }

  @Test func `what the public token wrote is nobody's address, though the server says it is verified`() async throws {
    var people = try await it.affected(["dora", "emil"], isVerified: false)
    // The first byte is authenticated: nobody makes the other layer's of it.
    people[1].addresses[0][0] = 2
    let statement = try await it.statement(it.bench.server.addIncident(people))
    #expect(try it.store.recipients(of: statement) == [:])
    #expect(try it.store.statement(statement)?.unreachable == 2)
  }

  @Test("of merged ids those that were shown are told; where none was, all", arguments: [true, false])
  func mergedIDs(isShown: Bool) async throws {
    let people = try await it.affected(["dora", "mallory"])
    var (dora, mallory) = (people[0], people[1])
    dora.shown = isShown
    mallory.shown = false
    dora.others = [mallory]
    let statement = try await it.statement(it.bench.server.addIncident([dora]))
    #expect(try it.store.statement(statement)?.statement?.names == 2, "each of them is in the statement")
    #expect(try it.store.recipients(of: statement).values.reduce(0, +) == (isShown ? 1 : 2))
    try begin(letters(statement))
    try await it.worker().round()
    let addresses = try files().map { MailMessage($0).addresses("to").first?.address ?? "" }.sorted()
    #expect(addresses == (isShown ? ["dora@orrery.example"] : ["dora@orrery.example", "mallory@orrery.example"]))
  }

  @Test func `nobody is told before the ledger has it`() async throws {
    let incident = it.bench.server.addIncident(try await it.affected(["dora"]))
    let request = try await it.approvedScope(incident)
    it.bench.server.state.withLock { $0.notices.forgedDigest = String(repeating: "ab", count: 32) }
    try begin(request)
    await #expect(throws: Witness.Failure.self) { try await it.worker().round() }
    #expect(try it.store.statement(request.digest)?.state == .made)
    #expect(throws: ApprovalError.self) { try letters(request.digest) }
    it.bench.server.state.withLock { $0.notices.forgedDigest = nil }
    try await it.worker().round()
    #expect(try it.store.statement(request.digest)?.state == .witnessed)
    // The same with letters.
    let asked = try letters(request.digest)
    it.bench.server.state.withLock { $0.notices.forgedDigest = String(repeating: "ab", count: 32) }
    try begin(asked)
    await #expect(throws: Witness.Failure.self) { try await it.worker().round() }
    #expect(try files().isEmpty)
  }

  @Test func `what was changed after approval is not sent`() async throws {
    let statement = try await it.statement()
    let request = try letters(statement)
    try write("UPDATE letter SET body = replace(body, 'something plain', 'send us your key')")
    #expect(throws: ApprovalError.changedBytes) { try begin(request) }
    // Changed in the moment between the ticket and the work.
    try write("UPDATE letter SET body = replace(body, 'send us your key', 'something plain')")
    try begin(request)
    try write("UPDATE letter SET subject = 'Urgent'")
    try await it.worker().round()
    let dispatch = try #require(try it.store.dispatch(request.digest))
    #expect(dispatch.state == .failed && dispatch.failure?.contains("A text is not the one that was approved") == true)
    #expect(try files().isEmpty)
  }

  @Test func `letters go once, however often somebody asks`() async throws {
    let statement = try await it.statement()
    let (first, second) = (try letters(statement), try letters(statement))
    try begin(first)
    #expect(throws: ApprovalError.self) { try begin(first) }
    let busy = ApprovalError.badInput(
      "Other letters about this incident are going out: wait until they are over, or people are told twice.")
    #expect(throws: busy) { try begin(second) }
    try await it.worker().round()
    try await it.worker().round()
    #expect(try files().count == 3)
    // The same scope is stated once.
    let again = it.bench.server.state.withLock { $0.notices.incidents.keys.max() } ?? 0
    await #expect(throws: ApprovalError.self) { _ = try await it.approvedScope(again) }
  }

  @Test("rows that somebody wrote into the database are no approval", arguments: ["statement", "dispatch", "signatures", "removed"])
  func whoeverWritesToTheDatabase(what: String) async throws {
    let names = try await it.affected(["dora"])
    let incident = it.bench.server.addIncident(names)
    if what == "statement" {
      // Written by somebody, signed by nobody.
      let request = try await it.approvals.writeStatement(
        project: it.bench.project, incident: incident, purpose: "To tell those who are affected", by: it.approver("Ada"))
      try write("UPDATE request SET state = 'done'")
      try write(
        "INSERT INTO statement (request, project, incident, state, updated_at) VALUES (x'\(request.digest.hexadecimal)', 7, 1, 'building', 1763400000000)"
      )
      try await it.worker().round()
      #expect(try it.store.statement(request.digest)?.state == .failed)
      #expect(it.bench.server.state.withLock { $0.notices.pages } == 0)
      return
    }
    let statement = try await it.statement(incident)
    let request = try it.approvals.writeLetters(
      draft, of: statement, mode: .files, purpose: "To tell those who are affected", by: it.approver("Ada"))
    if what != "dispatch" { for name in ["Ada", "Bea", "Cleo"] { try it.sign(request, as: name) } }
    if what == "signatures" { try write("UPDATE signature SET signature = x'00' WHERE act = 'approval'") }
    if what == "removed" { try write("UPDATE approver SET removed_at = 1 WHERE name = 'Bea'") }
    try write("UPDATE request SET state = 'done' WHERE digest = x'\(request.digest.hexadecimal)'")
    try write(
      "INSERT INTO dispatch (request, statement, state, updated_at) VALUES (x'\(request.digest.hexadecimal)', x'\(statement.hexadecimal)', 'preparing', 1763400000000)"
    )
    try await it.worker().round()
    #expect(try it.store.dispatch(request.digest)?.state == .failed)
    #expect(try files().isEmpty)
  }

  @Test func `a message's row cannot write headers`() async throws {
    let statement = try await it.statement()
    try begin(letters(statement))
    try write(
      "CREATE TRIGGER forged AFTER INSERT ON message BEGIN UPDATE message SET message_id = '<x>' || char(13, 10) || 'Bcc: m@x.example' WHERE key = NEW.key; END"
    )
    try await it.worker().round()
    #expect(try files().isEmpty)
  }

  @Test func `a template without what a notice must say is not asked for`() async throws {
    let statement = try await it.statement()
    var draft = draft
    let kind = LetterKind(.person, .en)
    let standard = try #require(LetterTemplate.standard[kind])
    draft.templates[kind] = LetterTemplate(
      kind, subject: standard.subject, body: standard.body.replacing("{{contact}}", with: "whom you like"))
    #expect(throws: ApprovalError.badInput("A template lacks {{contact}}, without which a notice is none.")) {
      try it.approvals.writeLetters(draft, of: statement, mode: .files, purpose: "To tell those who are affected", by: it.approver("Ada"))
    }
  }

  @Test func `without two others, or without the passkey, nothing begins`() async throws {
    let incident = it.bench.server.addIncident(try await it.affected(["dora"]))
    let request = try await it.approvals.writeStatement(
      project: it.bench.project, incident: incident, purpose: "To tell those who are affected", by: it.approver("Ada"))
    for name in ["Ada", "Bea"] { try it.sign(request, as: name) }
    #expect(throws: ApprovalError.notApproved) {
      try it.approvals.beginNotices(request.digest, by: it.approver("Ada"), ticket: [])
    }
    try it.sign(request, as: "Cleo")
    #expect(throws: ApprovalError.ceremonyOver) { try it.approvals.beginNotices(request.digest, by: it.approver("Ada"), ticket: [1]) }
    #expect(throws: ApprovalError.notTheRequester) {
      try it.approvals.beginNotices(request.digest, by: it.approver("Bea"), ticket: [])
    }
    // Approved by somebody who writes to the database.
    try write("UPDATE request SET state = 'approved'")
    try write("DELETE FROM signature WHERE act = 'approval'")
    #expect(throws: ApprovalError.self) {
      try it.approvals.beginNotices(request.digest, by: it.approver("Ada"), ticket: it.ticket(request))
    }
    try await it.worker().round()
    #expect(it.bench.server.state.withLock { $0.notices.pages } == 0)
  }

  @Test func `a letter with a link is not even asked for`() async throws {
    let statement = try await it.statement()
    var draft = draft
    draft.values[.en]?[.whatWeDid] = "See https://orrery.example/incident"
    #expect(throws: ApprovalError.self) {
      try it.approvals.writeLetters(draft, of: statement, mode: .files, purpose: "To tell those who are affected", by: it.approver("Ada"))
    }
  }

  private func write(_ sql: String) throws {
    let queue = try DatabaseQueue(path: it.bench.directory.appendingPathComponent("custodian.sqlite").path)
    try queue.write { try $0.execute(sql: sql) }
  }
}
