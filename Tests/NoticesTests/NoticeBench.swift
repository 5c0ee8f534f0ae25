import Crypto
import CryptoExtras
import Events
import Foundation
import Ledger
import Notices

/// A company with a ledger, a custodian that signs, people who are affected, and letters to them: everything that a proof is made of.
struct NoticeBench {
  static let people = (0..<9).map { "person-\($0)@brightfen.example" }

  let log: NoteSigner
  let witness: NoteSigner
  let signer: NoteSigner
  let key = P384._VOPRF.PrivateKey(compactRepresentable: false)
  let anchors: TrustAnchors
  let names: SortedTree
  let statement: Statement
  let committedStatement: CommittedText
  let dispatch: Dispatch
  let committedDispatch: CommittedText
  let letters: [(letter: Letter, salt: [UInt8])]
  let lettersTree: SortedTree

  init() throws {
    func seed(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
    struct NoKey: Error {}
    guard let log = NoteSigner(name: "orrery.example/ledger", seed: seed("log")),
      let witness = NoteSigner(name: "sealane.local/custodian", kind: .cosignature, seed: seed("witness")),
      let signer = NoteSigner(name: "sealane.local/notices", seed: seed("notices"))
    else { throw NoKey() }
    (self.log, self.witness, self.signer) = (log, witness, signer)
    anchors = try TrustAnchors(
      organization: "Orrery Labs", domains: ["orrery.example"], brands: ["orrery"], ledgerKeys: [log.key], noticeKeys: [signer.key],
      policy: "log \(log.key)\nwitness custodian \(witness.key)\nquorum custodian\n")
    let key = key
    names = SortedTree(
      try Self.people.map { SortedTree.leaf(ofOutput: Array(try key.evaluate(Data("email:\($0)".utf8)))) })
    statement = Statement(
      project: ProjectID(1), incident: 7, version: 1, supersedes: nil, scopeVersion: 1, scopeDigest: String(repeating: "ab", count: 32),
      madeAt: Timestamp(milliseconds: 1_763_400_000_000), key: Array(key.publicKey.oprfRepresentation), names: names.size,
      root: try names.root, people: Self.people.count, nameless: 0, request: String(repeating: "cd", count: 32))
    committedStatement = try Self.commit(statement.text, .statement, log, witness, signer)
    var letters: [(letter: Letter, salt: [UInt8])] = []
    let template = try LetterTests.filled(LetterKind(.person, .en))
    for number in Self.people.indices {
      let letter = template.letter([.fields: "- city\n- plan", .checkCode: "0000\(number)-00000"])
      letters.append((letter, [UInt8](repeating: UInt8(number), count: 16)))
    }
    self.letters = letters
    lettersTree = SortedTree(letters.map { Dispatch.leaf(of: $0.letter, salt: $0.salt) })
    dispatch = Dispatch(
      project: ProjectID(1), incident: 7, statement: CommittedText.digest(of: statement.text),
      texts: [template.kind: Dispatch.digest(of: template)], madeAt: Timestamp(milliseconds: 1_763_400_100_000),
      messages: lettersTree.size, root: try lettersTree.root, request: String(repeating: "ef", count: 32))
    committedDispatch = try Self.commit(dispatch.text, .dispatch, log, witness, signer)
  }

  /// In a ledger of five entries, the third of which is this.
  static func commit(
    _ text: String, _ kind: CommittedText.Kind, _ log: NoteSigner, _ witness: NoteSigner?, _ signer: NoteSigner
  ) throws -> CommittedText {
    let entry = Array(
      "{\"commitment\":\"\(String(repeating: "ab", count: 32))\",\"facts\":{\"digest\":\"\(CommittedText.digest(of: text))\",\"request\":\"\(String(repeating: "0", count: 64))\"},\"kind\":\"\(kind.entryKind)\",\"project\":1,\"time\":1763400000000,\"v\":1}"
        .utf8)
    let entries = [Array("a".utf8), Array("b".utf8), entry, Array("c".utf8), Array("d".utf8)]
    let hashes = entries.map { MerkleHash.leaf($0) }
    let checkpoint = Checkpoint(origin: log.key.name, size: 5, root: MerkleTree.root(of: hashes))
    var note = try checkpoint.signed(by: log)
    if let witness { note += try witness.line(for: checkpoint.text, time: 1_763_400_001) }
    let path = [hashes[3], .node(hashes[0], hashes[1]), hashes[4]]
    return CommittedText(
      note: text + "\n" + (try signer.line(for: text)), ledger: LedgerProof(index: 2, entry: entry, hashes: path, note: note))
  }

  func reader(_ name: StatementName) throws -> NoticeProof.Reader {
    let blind = try BlindProofTests.proof(of: name.bytes, by: key)
    let leaf = SortedTree.leaf(ofOutput: Array(try key.evaluate(Data(name.bytes))))
    return NoticeProof.Reader(name: name, blind: blind, place: try names.place(of: leaf))
  }

  func proof(_ number: Int, letter: Letter? = nil, reader: NoticeProof.Reader? = nil) throws -> NoticeProof {
    let (written, salt) = letters[number]
    guard let name = StatementName(.email, Self.people[number]) else { throw CocoaError(.coderInvalidValue) }
    return NoticeProof(
      dispatch: committedDispatch, statement: committedStatement, letter: letter ?? written, checkCode: "0000\(number)-00000", salt: salt,
      place: try lettersTree.place(of: Dispatch.leaf(of: written, salt: salt)), reader: try reader ?? self.reader(name))
  }

  func mail(_ number: Int, body: String? = nil, from: String = "security@orrery.example", to: String? = nil) throws -> LetterMail {
    let proof = try proof(number)
    return LetterMail(
      from: from, fromName: "Orrery Labs Security", to: to ?? Self.people[number], messageID: "<m\(number)@orrery.example>",
      date: Timestamp(milliseconds: 1_763_400_200_000), subject: proof.letter.subject, body: body ?? proof.letter.body,
      language: .en, proof: ProofFile.notice(proof).json, copies: 0)
  }
}
