import Crypto
import Events
import Foundation
import Ledger
import Notices
import TestSupport
import Testing

struct AnswerProofTests {
  let it: NoticeBench

  init() throws { it = try NoticeBench() }

  /// What is given here is wrong.
  private func proof(
    _ address: String, named: Bool, says: Bool? = nil, statements: [String]? = nil, proofs: [StatementProof]? = nil
  ) throws -> AnswerProof {
    let name = try #require(StatementName(.email, address))
    let reader = try it.reader(name)
    let answer = Answer(
      [Answer.Finding(it.statement, isNamed: says ?? named)], about: name, organization: "Orrery Labs", contact: "our support",
      code: "7K3QV-0MX2B", in: .en)
    let salt = [UInt8](repeating: 9, count: 16)
    let tree = SortedTree(AnswerBatch.padded([AnswerBatch.leaf(of: answer, salt: salt)]))
    let batch = AnswerBatch(
      statements: statements ?? [CommittedText.digest(of: it.statement.text)], madeAt: Timestamp(milliseconds: 1_763_400_300_000),
      leaves: tree.size, root: try tree.root)
    let stated = StatementProof(statement: it.committedStatement, name: name, blind: reader.blind, place: reader.place)
    return AnswerProof(
      batch: try NoticeBench.commit(batch.text, .answers, it.log, it.witness, it.signer), answer: answer, checkCode: "7K3QV-0MX2B",
      salt: salt,
      place: try tree.place(of: AnswerBatch.leaf(of: answer, salt: salt)), statements: proofs ?? [stated])
  }

  @Test(arguments: [("person-3@brightfen.example", true), ("nobody@brightfen.example", false)])
  func anAnswerSaysWhatItsProofsSay(address: String, isNamed: Bool) throws {
    let proof = try proof(address, named: isNamed)
    #expect(ProofFile(ProofFile.answer(proof).json) == .answer(proof))
    let verified = try proof.verify(by: it.anchors)
    #expect(verified.findings.map(\.isIncluded) == [isNamed] && verified.name.value == address)
    #expect(verified.batch.leaves == 256 && verified.answer.isAffected == isNamed)
    #expect(verified.answer.body.contains(isNamed ? "is among those" : "is not among those"))
    // Signed by the company, and yet the other way round.
    #expect(throws: AnswerProof.Failure.saysOtherwise) { try self.proof(address, named: isNamed, says: !isNamed).verify(by: it.anchors) }
  }

  @Test func anAnswerIsAboutTheStatementsOfItsBatch() throws {
    let address = "nobody@brightfen.example"
    #expect(throws: AnswerProof.Failure.otherStatements) { try proof(address, named: false, proofs: []).verify(by: it.anchors) }
    let other = String(repeating: "ab", count: 32)
    #expect(throws: AnswerProof.Failure.otherStatements) { try proof(address, named: false, statements: [other]).verify(by: it.anchors) }
    let digest = CommittedText.digest(of: it.statement.text)
    #expect(throws: AnswerProof.Failure.otherStatements) {
      try proof(address, named: false, statements: [digest, digest]).verify(by: it.anchors)
    }
    // Nobody else's answer, though it says the same.
    let elsewhere = try self.proof("someone@brightfen.example", named: false)
    #expect(throws: AnswerProof.Failure.saysOtherwise) {
      try self.proof(address, named: false, proofs: elsewhere.statements).verify(by: it.anchors)
    }
    let name = try #require(StatementName(.email, "person-1@brightfen.example"))
    let reader = try it.reader(name)
    let stranger = StatementProof(statement: it.committedStatement, name: name, blind: reader.blind, place: reader.place)
    #expect(throws: AnswerProof.Failure.saysOtherwise) { try proof(address, named: false, proofs: [stranger]).verify(by: it.anchors) }
  }

  @Test func alteredAnswersAreNone() throws {
    let proof = try proof("nobody@brightfen.example", named: false)
    let bytes = ProofFile.answer(proof).json
    var random = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      var altered = bytes
      altered[Int.random(in: altered.indices, using: &random)] ^= UInt8(1 << Int.random(in: 0..<7, using: &random))
      guard case .answer(let read)? = ProofFile(altered), let verified = try? read.verify(by: it.anchors) else { continue }
      #expect(verified.answer == proof.answer && verified.name == proof.statements.first?.name)
    }
  }

  @Test func batchesAreReadInTheirOneFormAlone() throws {
    let batch = AnswerBatch(
      statements: [String(repeating: "ab", count: 32)], madeAt: Timestamp(milliseconds: 1), leaves: 64, root: .emptyTree)
    #expect(AnswerBatch(text: batch.text) == batch)
    for text in [
      "", "{}\n", String(batch.text.dropLast()), batch.text.replacing("answers\"", with: "answer\""),
      batch.text.replacing("\"v\":1", with: "\"v\":2"),
      batch.text.replacing("[\"" + String(repeating: "ab", count: 32) + "\"]", with: "[]"), batch.text.replacing(":64", with: ": 64"),
    ] { #expect(AnswerBatch(text: text) == nil, "\(text)") }
    #expect(AnswerBatch.padded([]).count == 256 && AnswerBatch.padded([[UInt8](repeating: 0, count: 32)]).count == 256)
    #expect(AnswerBatch.padded((0..<257).map { _ in [UInt8](repeating: 1, count: 32) }).count == 512)
  }

  @Test(arguments: LetterLanguage.allCases) func answersHaveNothingThatALureHas(language: LetterLanguage) throws {
    for isNamed in [true, false] {
      let answer = try Answer(
        [Answer.Finding(it.statement, isNamed: isNamed)], about: #require(StatementName(.email, "ada@brightfen.example")),
        organization: "Orrery Labs", contact: "security@orrery.example",
        code: "7K3QV-0MX2B",
        in: language)
      #expect(LetterCheck.link(in: answer.text) == nil && !answer.subject.contains(where: \.isNewline))
      #expect(answer.body.contains("7K3QV-0MX2B") && answer.body.contains("1-7") && answer.body.contains("2025-11-17"))
      // It names what lures speak of, and asks for nothing.
      #expect(Set(LureSigns.of(text: answer.text).map(\.kind)) == [.billing, .quota, .suspiciousLogin])
    }
  }

  @Test func questionsAreOpenedByTheirKeyAlone() throws {
    let key = P256.KeyAgreement.PrivateKey()
    let question = Question(address: try #require(StatementName(.email, "Ada@Brightfen.example")), language: .fr)
    let sealed = try #require(try question.sealed(for: key.publicKey))
    #expect(sealed.count == Question.sealedSize && Question(sealed: sealed, privateKey: key) == question)
    #expect(Question(sealed: sealed, privateKey: P256.KeyAgreement.PrivateKey()) == nil)
    #expect(try question.sealed(for: key.publicKey) != sealed)
    var random = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      var altered = sealed
      altered[Int.random(in: altered.indices, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      #expect(Question(sealed: altered, privateKey: key) == nil)
      let size = Int.random(in: 0..<700, using: &random)
      #expect(Question(sealed: (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }, privateKey: key) == nil)
    }
    let long = Question(address: try #require(StatementName(.email, String(repeating: "a", count: 500) + "@x.example")), language: .en)
    #expect(try long.sealed(for: key.publicKey) == nil)
  }
}
