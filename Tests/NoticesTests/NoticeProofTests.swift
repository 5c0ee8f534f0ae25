import Events
import Foundation
import Ledger
import Notices
import TestSupport
import Testing

struct NoticeProofTests {
  let it: NoticeBench

  init() throws { it = try NoticeBench() }

  private func name(_ text: String) throws -> StatementName { try #require(StatementName(guessing: text)) }

  @Test func whoIsInAndWhoIsNot() throws {
    for (text, isIn) in [
      ("person-3@brightfen.example", true), ("PERSON-3@Brightfen.example ", true), ("nobody@brightfen.example", false), ("u_3", false),
    ] {
      let reader = try it.reader(name(text))
      let proof = StatementProof(statement: it.committedStatement, name: reader.name, blind: reader.blind, place: reader.place)
      #expect(ProofFile(ProofFile.statement(proof).json) == .statement(proof))
      #expect(try proof.verify(by: it.anchors).isIncluded == isIn, "\(text)")
    }
  }

  @Test func oneCannotBeShownAnothersPlace() throws {
    let (mine, yours) = (try it.reader(name("person-1@brightfen.example")), try it.reader(name("person-2@brightfen.example")))
    let nobody = try it.reader(name("nobody@brightfen.example"))
    func verify(_ name: StatementName, _ blind: BlindProof, _ place: TreePlace) throws -> Bool {
      try StatementProof(statement: it.committedStatement, name: name, blind: blind, place: place).verify(by: it.anchors).isIncluded
    }
    #expect(throws: TreePlace.Failure.anotherLeaf) { try verify(mine.name, mine.blind, yours.place) }
    #expect(throws: BlindProof.Failure.notByThisKey) { try verify(mine.name, yours.blind, yours.place) }
    // Somebody who is in is told to be out, by the gap of somebody who is.
    #expect(throws: TreePlace.Failure.self) { try verify(mine.name, mine.blind, nobody.place) }
    #expect(throws: TreePlace.Failure.self) { try verify(nobody.name, nobody.blind, mine.place) }
  }

  @Test func aStatementThatWasChangedAfterwardsIsSeen() throws {
    let changed = Statement(
      project: it.statement.project, incident: 7, version: 1, supersedes: nil, scopeVersion: 1, scopeDigest: it.statement.scopeDigest,
      madeAt: it.statement.madeAt, key: it.statement.key, names: it.statement.names, root: it.statement.root, people: 8, nameless: 1,
      request: it.statement.request)
    let reader = try it.reader(name("person-1@brightfen.example"))
    func verify(_ committed: CommittedText) throws {
      _ = try StatementProof(statement: committed, name: reader.name, blind: reader.blind, place: reader.place).verify(by: it.anchors)
    }
    // Another text under the old signature; the same signed anew, which is in no ledger; and in one that nobody cosigned.
    let (text, signatures) = (changed.text, it.committedStatement.note.dropFirst(it.statement.text.count))
    #expect(throws: CommittedText.Failure.self) { try verify(CommittedText(note: text + signatures, ledger: it.committedStatement.ledger)) }
    let signed = text + "\n" + (try it.signer.line(for: text))
    #expect(throws: CommittedText.Failure.otherEntry) { try verify(CommittedText(note: signed, ledger: it.committedStatement.ledger)) }
    #expect(throws: CommittedText.Failure.self) {
      try verify(NoticeBench.commit(text, .statement, it.log, nil, it.signer))
    }
    // Signed by the ledger's key, as a server could that was taken.
    #expect(throws: CommittedText.Failure.self) { try verify(NoticeBench.commit(text, .statement, it.log, it.witness, it.log)) }
    // Entered as something else.
    #expect(throws: CommittedText.Failure.otherEntry) {
      try verify(NoticeBench.commit(it.statement.text, .dispatch, it.log, it.witness, it.signer))
    }
  }

  @Test func aLetterIsTheOneThatWasWritten() throws {
    let proof = try it.proof(4)
    #expect(ProofFile(ProofFile.notice(proof).json) == .notice(proof))
    let verified = try proof.verify(by: it.anchors)
    #expect(verified.name?.value == "person-4@brightfen.example" && verified.statement.caseNumber == "1-7")
    let other = Letter(kind: proof.letter.kind, subject: proof.letter.subject, body: proof.letter.body + " Send us your key.")
    #expect(throws: TreePlace.Failure.anotherLeaf) { try it.proof(4, letter: other).verify(by: it.anchors) }
    #expect(throws: NoticeProof.Failure.readerNotInStatement) {
      try it.proof(4, reader: it.reader(name("nobody@brightfen.example"))).verify(by: it.anchors)
    }
    // To the people of another statement.
    let elsewhere = try NoticeBench()
    let mixed = NoticeProof(
      dispatch: proof.dispatch, statement: elsewhere.committedStatement, letter: proof.letter, checkCode: proof.checkCode, salt: proof.salt,
      place: proof.place, reader: nil)
    #expect(throws: NoticeProof.Failure.otherStatement) { try mixed.verify(by: it.anchors) }
  }

  @Test func alteredProofsAreNone() throws {
    let bytes = ProofFile.notice(try it.proof(2)).json
    var random = SeededGenerator(seed: 7)
    for _ in 0..<300 {
      var altered = bytes
      altered[Int.random(in: altered.indices, using: &random)] ^= UInt8(1 << Int.random(in: 0..<7, using: &random))
      guard case .notice(let proof)? = ProofFile(altered), let verified = try? proof.verify(by: it.anchors) else { continue }
      // What still holds says the same; only the code beside it, which is compared with the company's, and spelling of JSON may differ.
      #expect(verified.letter == it.letters[2].letter)
    }
  }

  @Test func anchorsAreReadAsTheyAreWritten() throws {
    let read = try TrustAnchors(json: Array(it.anchors.json.utf8))
    #expect(read.json == it.anchors.json && read.ledgerKeys == it.anchors.ledgerKeys && read.policy != nil)
    for text in ["", "{}", "{\"v\":2}", it.anchors.json.replacing("orrery.example/ledger+", with: "x+")] {
      #expect(throws: TrustAnchors.Malformed.self) { try TrustAnchors(json: Array(text.utf8)) }
    }
  }
}
