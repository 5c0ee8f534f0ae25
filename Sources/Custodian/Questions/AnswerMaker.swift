internal import Crypto
internal import CryptoExtras
internal import Events
internal import Foundation
internal import GRDB
internal import Ledger
internal import Logging
internal import Notices
internal import Synchronization
internal import Vault

/// Decides who gets an answer, writes the answers and commits to them. Whoever is in a statement is known, and so is whoever has a profile with this
/// address that a secret credential wrote; all others get silence.
struct AnswerMaker: Sendable {
  let store: CustodianStore
  let connection: ServerConnection
  let settings: AnswerSettings
  /// Of the sender's mail, for message ids.
  let domain: String
  let shelf: StatementShelf
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  /// Questions that are answered together: no more than the leaves of a batch.
  static let mostQuestions = AnswerBatch.padding
  static let pause: Int64 = 86_400_000
  private static let field = "$email"

  /// Makes one batch of what waits. Does nothing while nothing waits.
  func make() async throws {
    let waiting = try store.waitingQuestions(limit: Self.mostQuestions)
    guard !waiting.isEmpty else { return }
    let statements = try shelf.current(of: store)
    guard !statements.isEmpty else { return try store.finish(questions: waiting.map(\.digest)) }
    let now = clock()
    var asked: [Question] = []
    for question in waiting.compactMap(\.question) where !asked.contains(where: { $0.address == question.address }) {
      asked.append(question)
    }
    // The same number of tags each time, of whoever it is: nobody can tell by what is asked, or by the ledger's size, who is known or was answered.
    let known = try await known(asked.map(\.address.value))
    let dayAgo = Timestamp(milliseconds: now.milliseconds - Self.pause)
    var answers: [CustodianStore.MadeAnswer] = []
    var leaves: [[UInt8]] = []
    for (question, isKnown) in zip(asked, known) {
      // All of it is looked up whoever it is, before anything is decided.
      let findings = try statements.map { Answer.Finding($0.statement, isNamed: try $0.names(question.address)) }
      let wasAnswered = try store.wasAnswered(store.secrets.answeredKey(question.address.value), after: dayAgo)
      guard !wasAnswered, isKnown || findings.contains(where: \.isNamed) else { continue }
      let (answer, code) = answer(findings, to: question)
      let salt = Self.random(16)
      leaves.append(AnswerBatch.leaf(of: answer, salt: salt))
      answers.append(
        CustodianStore.MadeAnswer(
          key: store.secrets.answeredKey(question.address.value), messageID: "<\(Self.random(16).hexadecimal)@\(domain)>",
          record: AnswerRecord(
            address: question.address.value, kind: answer.kind, subject: answer.subject, body: answer.body, code: code, salt: Data(salt))))
    }
    // Entered with or without a single answer in it: the ledger says that questions came, and nothing else.
    let tree = SortedTree(AnswerBatch.padded(leaves))
    let batch = AnswerBatch(statements: statements.map(\.digest), madeAt: now, leaves: tree.size, root: try tree.root)
    let text = batch.text
    // A crash here leaves the questions as they were.
    try store.put(
      answers, leaves: Data(tree.leaves.joined()), note: text + "\n" + store.secrets.noticeSigner().line(for: text),
      digest: CommittedText.digest(of: text), of: waiting.map(\.digest), at: now)
    logger.notice("questions were looked at", metadata: ["questions": "\(waiting.count)"])
  }

  private func answer(_ findings: [Answer.Finding], to question: Question) -> (Answer, code: String) {
    func text(_ code: String) -> Answer {
      Answer(
        findings, about: question.address, organization: settings.organization, contact: settings.contact, code: code, in: question.language
      )
    }
    // The key is nobody's afterwards: the code is looked up, and not made again.
    let code = CheckCode.code(
      key: SymmetricKey(size: .bits256), caseNumber: findings.map(\.statement.caseNumber).joined(separator: ", "),
      recipient: question.address.value, text: text("").text)
    return (text(code), code)
  }

  private static func random(_ count: Int) -> [UInt8] { SymmetricKey(size: .init(bitCount: 8 * count)).withUnsafeBytes { Array($0) } }

  private func known(_ addresses: [String]) async throws -> [Bool] {
    var known = addresses.map { _ in false }
    for project in try store.projects() {
      // Without copies of the keys that tags are made with only those are known who are in a statement.
      guard let pseudonymizer = try? LookUpKeys.read(in: store.secrets.directory, project: project) else { return known }
      let tags = addresses.map { pseudonymizer.tag(field: Self.field, value: $0) }
      // Nobody's, and nobody sees that.
      let others = (tags.count..<max(tags.count, Self.mostQuestions)).map { _ in
        pseudonymizer.tag(field: Self.field, value: Self.random(32).hexadecimal)
      }
      let found = try await connection.known(tags + others, of: Self.field, in: project)
      for (place, isKnown) in zip(known.indices, found) where isKnown { known[place] = true }
    }
    return known
  }
}

/// Statements that answers are made of, read and sorted once: they do not change.
final class StatementShelf: Sendable {
  private let shelf = Mutex<[String: CurrentStatement]>([:])

  func current(of store: CustodianStore) throws -> [CurrentStatement] {
    let newest = try CurrentStatement.newest(of: store)
    shelf.withLock { shelf in shelf = shelf.filter { digest, _ in newest.contains { $0.digest == digest } } }
    return try newest.map { try statement($0, of: store) }
  }

  /// In this order.
  func statements(withDigests digests: [String], of store: CustodianStore) throws -> [CurrentStatement] {
    let all = try store.statements()
    return try digests.map { digest in
      guard let stored = all.first(where: { $0.digest == digest }) else { throw CustodianError.damagedStore("a statement is gone") }
      return try statement(stored, of: store)
    }
  }

  private func statement(_ stored: StoredStatement, of store: CustodianStore) throws -> CurrentStatement {
    if let digest = stored.digest, let kept = shelf.withLock({ $0[digest] }) { return kept }
    let made = try CurrentStatement(stored, of: store)
    shelf.withLock { $0[made.digest] = made }
    return made
  }
}

/// A statement that nothing took the place of, with what answers are made of.
struct CurrentStatement: Sendable {
  let digest: String
  let statement: Notices.Statement
  let committed: CommittedText
  private let key: Data
  private let tree: SortedTree

  /// Those in the ledger that are the newest of their incident; of the newest ten incidents, in the order of their cases.
  static func newest(of store: CustodianStore) throws -> [StoredStatement] {
    var newest: [String: StoredStatement] = [:]
    for stored in try store.statements() where stored.state == .witnessed {
      let incident = "\(stored.scope.project.rawValue)-\(stored.scope.incident)"
      if newest[incident].map({ $0.version < stored.version }) ?? true { newest[incident] = stored }
    }
    let kept = newest.values.sorted { ($0.updatedAt, $0.version) > ($1.updatedAt, $1.version) }.prefix(AnswerBatch.mostStatements)
    return kept.sorted { ($0.scope.project.rawValue, $0.scope.incident) < ($1.scope.project.rawValue, $1.scope.incident) }
  }

  init(_ stored: StoredStatement, of store: CustodianStore) throws {
    guard let statement = stored.statement, let committed = stored.committed, let digest = stored.digest,
      let (key, leaves) = try store.secretParts(of: stored.request)
    else { throw CustodianError.damagedStore("a statement lacks what it is made of") }
    (self.statement, self.committed, self.digest, self.key) = (statement, committed, digest, key)
    tree = SortedTree(MessageSender.leaves(leaves))
  }

  func names(_ name: StatementName) throws -> Bool {
    let key = try P384._VOPRF.PrivateKey(rawRepresentation: key)
    guard case .included = try tree.place(of: SortedTree.leaf(ofOutput: Array(try key.evaluate(Data(name.bytes))))) else { return false }
    return true
  }

  func proof(of name: StatementName) throws -> StatementProof {
    let reader = try StatementAnswerer(key: key, names: tree).reader(name)
    return StatementProof(statement: committed, name: name, blind: reader.blind, place: reader.place)
  }
}

extension CustodianStore {
  /// Whose record keys are held.
  func projects() throws -> [ProjectID] {
    try database.read { try Int64.fetchAll($0, sql: "SELECT DISTINCT project FROM epoch ORDER BY project").map { ProjectID($0) } }
  }
}
