internal import Foundation
internal import Ledger

/// Proofs as files: JSON, binary values in base64. docs/FORMATS.md, “Proof of a notice”.
package enum ProofFile: Sendable, Hashable {
  case notice(NoticeProof)
  case statement(StatementProof)
  case answer(AnswerProof)

  package static let largest = 1 << 20
  /// The attachment's name in a notice.
  package static let name = "sealane-proof.json"

  /// Nil for what is none.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count <= Self.largest, let body = try? JSONDecoder().decode(ProofBody.self, from: Data(bytes)), body.v == 1 else {
      return nil
    }
    switch body.kind {
    case "statement_proof":
      guard let proof = ProofBody.Stated(statement: body.statement, reader: body.reader)?.proof else { return nil }
      self = .statement(proof)
    case "answer_proof":
      guard let batch = body.answers?.text, let letter = body.letter, letter.salt.count == 16, let place = letter.place.value,
        let answer = Answer(kind: letter.kind, subject: letter.subject, body: letter.body), let stated = body.statements,
        stated.count <= AnswerBatch.mostStatements
      else { return nil }
      let proofs = stated.compactMap(\.proof)
      guard proofs.count == stated.count else { return nil }
      self = .answer(
        AnswerProof(batch: batch, answer: answer, checkCode: letter.code, salt: [UInt8](letter.salt), place: place, statements: proofs))
    case "notice_proof":
      guard let statement = body.statement?.text, let dispatch = body.dispatch?.text, let letter = body.letter,
        let kind = LetterKind(text: letter.kind), letter.salt.count == 16,
        let place = letter.place.value
      else { return nil }
      var reader: NoticeProof.Reader?
      if let body = body.reader {
        guard let value = body.value else { return nil }
        reader = value
      }
      self = .notice(
        NoticeProof(
          dispatch: dispatch, statement: statement, letter: Letter(kind: kind, subject: letter.subject, body: letter.body),
          checkCode: letter.code, salt: [UInt8](letter.salt), place: place, reader: reader))
    default: return nil
    }
  }

  package var json: [UInt8] {
    let body: ProofBody
    switch self {
    case .statement(let proof):
      let stated = ProofBody.Stated(proof)
      body = ProofBody(kind: "statement_proof", statement: stated.statement, reader: stated.reader)
    case .answer(let proof):
      body = ProofBody(
        kind: "answer_proof", answers: .init(proof.batch),
        letter: .init(
          kind: proof.answer.kind, subject: proof.answer.subject, body: proof.answer.body, code: proof.checkCode,
          salt: Data(proof.salt), place: .init(proof.place)), statements: proof.statements.map { .init($0) })
    case .notice(let proof):
      body = ProofBody(
        kind: "notice_proof", statement: .init(proof.statement), dispatch: .init(proof.dispatch),
        letter: .init(
          kind: proof.letter.kind.text, subject: proof.letter.subject, body: proof.letter.body, code: proof.checkCode,
          salt: Data(proof.salt), place: .init(proof.place)), reader: proof.reader.map { .init($0) })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return (try? encoder.encode(body)).map { [UInt8]($0) + [0x0A] } ?? []
  }
}

private struct ProofBody: Codable {
  struct Committed: Codable {
    let note: String
    /// A tlog-proof.
    let ledger: String

    init(_ committed: CommittedText) {
      note = committed.note
      ledger = committed.ledger.text
    }

    var text: CommittedText? { (try? LedgerProof(text: ledger)).map { CommittedText(note: note, ledger: $0) } }
  }

  struct Leaf: Codable {
    let index: UInt64
    let value: Data
    let path: [Data]

    init(_ leaf: TreePlace.Leaf) {
      index = leaf.index
      value = Data(leaf.value)
      path = leaf.path.map { Data($0) }
    }

    var leaf: TreePlace.Leaf? {
      guard value.count == 32, path.count <= 64 else { return nil }
      return TreePlace.Leaf(index: index, value: [UInt8](value), path: path.map { [UInt8]($0) })
    }
  }

  struct Place: Codable {
    let included: Leaf?
    let before: Leaf?
    let after: Leaf?

    init(_ place: TreePlace) {
      switch place {
      case .included(let leaf): (included, before, after) = (Leaf(leaf), nil, nil)
      case .absent(let before, let after): (included, self.before, self.after) = (nil, before.map { Leaf($0) }, after.map { Leaf($0) })
      }
    }

    var value: TreePlace? {
      if let included {
        guard before == nil, after == nil else { return nil }
        return included.leaf.map { .included($0) }
      }
      let (left, right) = (before?.leaf, after?.leaf)
      guard (left == nil) == (before == nil), (right == nil) == (after == nil) else { return nil }
      return .absent(before: left, after: right)
    }
  }

  struct Reader: Codable {
    let name: String
    let blind: Data
    let place: Place

    init(_ reader: NoticeProof.Reader) {
      name = "\(reader.name.kind.rawValue):\(reader.name.value)"
      blind = Data(reader.blind.bytes)
      place = Place(reader.place)
    }

    var value: NoticeProof.Reader? {
      let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, let kind = StatementName.Kind(rawValue: parts[0]), let name = StatementName(kind, parts[1]),
        name.value.utf8.elementsEqual(parts[1].utf8),
        let blind = BlindProof(bytes: [UInt8](blind)), let place = place.value
      else { return nil }
      return NoticeProof.Reader(name: name, blind: blind, place: place)
    }
  }

  struct SentLetter: Codable {
    let kind: String
    let subject: String
    let body: String
    let code: String
    let salt: Data
    let place: Place
  }

  struct Stated: Codable {
    let statement: Committed
    let reader: Reader

    init?(statement: Committed?, reader: Reader?) {
      guard let statement, let reader else { return nil }
      (self.statement, self.reader) = (statement, reader)
    }

    init(_ proof: StatementProof) {
      statement = .init(proof.statement)
      reader = .init(NoticeProof.Reader(name: proof.name, blind: proof.blind, place: proof.place))
    }

    var proof: StatementProof? {
      guard let text = statement.text, let reader = reader.value else { return nil }
      return StatementProof(statement: text, name: reader.name, blind: reader.blind, place: reader.place)
    }
  }

  var v = 1
  let kind: String
  var statement: Committed?
  var dispatch: Committed?
  var answers: Committed?
  var letter: SentLetter?
  var reader: Reader?
  var statements: [Stated]?
}
