internal import Events
internal import Foundation
internal import Ledger
package import Notices

extension TrustContent {
  private struct Body: Decodable {
    struct Committed: Decodable {
      let note: String
      let ledger: String
    }
    struct SentLetter: Decodable {
      let kind: String
      let subject: String
      let body: String
    }
    struct Keys: Decodable {
      let rotate: Bool
      let why: [String: String]
    }
    struct Lure: Decodable {
      let kind: SeenLure.Kind
      let text: String
      let seenAt: Int64
    }
    struct Asking: Decodable {
      let path: String
    }
    struct Security: Decodable {
      let contacts: [String]
      let expires: Int64
      let encryption: [String]?
      let acknowledgments: [String]?
      let policy: [String]?
      let canonical: [String]?
    }

    let v: Int
    let statements: [Committed]
    let letters: [SentLetter]
    let keys: Keys
    let contact: String
    let security: Security
    let lures: [Lure]
    let questions: Asking?
    let checkpoint: String?
    let madeAt: Int64
  }

  /// Reads a file of content, with the anchors that stand in another. docs/FORMATS.md, “Trust pages”.
  ///
  /// - Throws: `Malformed`, or what does not hold about a statement.
  package init(json bytes: [UInt8], anchors: TrustAnchors) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let body = try? decoder.decode(Body.self, from: Data(bytes)), body.v == 1 else {
      throw Malformed(reason: "the content is not JSON of version 1 with statements, letters, keys, contact, security, lures and made_at.")
    }
    let statements = try body.statements.map { part in
      guard let ledger = try? LedgerProof(text: part.ledger) else { throw Malformed(reason: "a statement's ledger proof is none.") }
      return try PublishedStatement(CommittedText(note: part.note, ledger: ledger), by: anchors)
    }
    let letters = try body.letters.map { letter in
      guard let kind = LetterKind(text: letter.kind) else { throw Malformed(reason: "there is no such kind of letter.") }
      return LetterTemplate(kind, subject: letter.subject, body: letter.body)
    }
    var why: [LetterLanguage: String] = [:]
    for (language, text) in body.keys.why {
      guard let language = LetterLanguage(rawValue: language) else { throw Malformed(reason: "the pages are in en and fr.") }
      why[language] = text
    }
    try self.init(
      anchors: anchors, statements: statements, letters: letters, advice: Advice(rotatesKeys: body.keys.rotate, why: why),
      contact: body.contact,
      securityText: SecurityText(
        contacts: body.security.contacts, expires: Timestamp(milliseconds: body.security.expires),
        encryption: body.security.encryption ?? [],
        acknowledgments: body.security.acknowledgments ?? [], policy: body.security.policy ?? [], canonical: body.security.canonical ?? []),
      lures: body.lures.map { SeenLure($0.kind, $0.text, seenAt: Timestamp(milliseconds: $0.seenAt)) },
      questions: body.questions.map { asking in
        guard let key = anchors.questionKey else {
          throw Malformed(reason: "the trust anchors have no key for questions: turn answers on at the custodian, write them anew.")
        }
        return try Questions(key: key, path: asking.path)
      }, checkpoint: body.checkpoint,
      madeAt: Timestamp(milliseconds: body.madeAt))
  }
}
