package import Events
internal import Ledger
package import Notices

/// What the trust pages say. Nothing in it is about a person; everything in it may be read by anybody.
package struct TrustContent: Sendable {
  package let anchors: TrustAnchors
  /// The oldest first; `statements/1.json` is the first of them.
  package let statements: [PublishedStatement]
  /// What people are told, with the places open that are not the same for everybody.
  package let letters: [LetterTemplate]
  package let advice: Advice
  /// An address for mail, which stands on the pages as text and as a link for mail programs.
  package let contact: String
  package let securityText: SecurityText
  package let lures: [SeenLure]
  /// Nil: the pages say whom to ask instead.
  package let questions: Questions?
  /// The newest cosigned checkpoint of the ledger, as a note.
  package let checkpoint: String?
  package let madeAt: Timestamp

  package init(
    anchors: TrustAnchors, statements: [PublishedStatement], letters: [LetterTemplate], advice: Advice, contact: String,
    securityText: SecurityText, lures: [SeenLure], questions: Questions?, checkpoint: String?, madeAt: Timestamp
  ) throws(Malformed) {
    guard contact.contains("@"), contact.utf8.count <= 254, !contact.unicodeScalars.contains(where: { $0.value <= 0x20 }) else {
      throw Malformed(reason: "the contact is an address for mail.")
    }
    self.anchors = anchors
    self.statements = statements
    self.letters = letters
    self.advice = advice
    self.contact = contact
    self.securityText = securityText
    self.lures = lures
    self.questions = questions
    self.checkpoint = checkpoint
    self.madeAt = madeAt
  }

  package struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: String
    package var description: String { "The trust pages cannot be made: \(reason)" }

    package init(reason: String) { self.reason = reason }
  }

  /// Whether customers should replace their keys, and why or why not, in the words of whoever decided it.
  package struct Advice: Sendable, Hashable {
    package let rotatesKeys: Bool
    package let why: [LetterLanguage: String]

    package init(rotatesKeys: Bool, why: [LetterLanguage: String]) {
      self.rotatesKeys = rotatesKeys
      self.why = why
    }

    func why(in language: LetterLanguage) -> String? { why[language] ?? why[.en] }
  }

  /// What was seen of those who pretend to be the company.
  package struct SeenLure: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
      /// A domain that looks like ours.
      case domain
      /// The subject of a message.
      case subject
    }

    package let kind: Kind
    package let text: String
    package let seenAt: Timestamp

    package init(_ kind: Kind, _ text: String, seenAt: Timestamp) {
      self.kind = kind
      self.text = text
      self.seenAt = seenAt
    }
  }

  /// Where and to whom questions go. docs/FORMATS.md, “Trust pages”.
  package struct Questions: Sendable, Hashable {
    /// The custodian's key: a point of P-256, uncompressed, 65 bytes.
    package let key: [UInt8]
    /// On the same origin, such as `/ask`; or relative to the page's root, such as `ask`.
    package let path: String

    package static func isPath(_ path: String) -> Bool {
      let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'<>\\?#:".utf8.contains($0) }
      return !path.isEmpty && isPlain && !path.hasPrefix("//") && path.utf8.count <= 200
    }

    package init(key: [UInt8], path: String) throws(Malformed) {
      guard key.count == 65, key[0] == 4 else { throw Malformed(reason: "the key for questions is no uncompressed point of P-256.") }
      guard Self.isPath(path) else {
        throw Malformed(reason: "the path for questions is one on the pages' own origin, such as /ask.")
      }
      self.key = key
      self.path = path
    }
  }
}

/// A statement that verifies by the anchors of the pages that it stands on.
package struct PublishedStatement: Sendable {
  package let committed: CommittedText
  package let statement: Statement
  /// SHA-256 of the statement's text, hexadecimal.
  package let digest: String
  /// Entries under the checkpoint that it is proven by.
  package let ledgerSize: UInt64

  /// - Throws: what does not hold: what customers could not verify is not published.
  package init(_ committed: CommittedText, by anchors: TrustAnchors) throws {
    let verified = try committed.verify(.statement, by: anchors)
    guard let statement = Statement(text: verified.text) else { throw StatementProof.Failure.notAStatement }
    self.committed = committed
    self.statement = statement
    digest = verified.digest
    ledgerSize = verified.checkpoint.size
  }
}
