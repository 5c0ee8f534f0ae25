internal import Crypto
package import Events
internal import Foundation
package import Ledger

/// What the people of a statement are told, fixed before the first of them is: the text of each letter as two people approved it, and the root over
/// what every single recipient reads. docs/FORMATS.md, “Dispatch”.
package struct Dispatch: Sendable, Hashable {
  package let project: ProjectID
  package let incident: Int64
  /// SHA-256 of the statement's text, hexadecimal.
  package let statement: String
  /// By kind of letter, SHA-256 of subject, an empty line and body, with the recipients' own places open; hexadecimal.
  package let texts: [LetterKind: String]
  package let madeAt: Timestamp
  /// Messages, and the root of the sorted tree over what commits to each.
  package let messages: UInt64
  package let root: MerkleHash
  /// SHA-256 of the custodian's request that two approved, hexadecimal.
  package let request: String

  package init(
    project: ProjectID, incident: Int64, statement: String, texts: [LetterKind: String], madeAt: Timestamp, messages: UInt64,
    root: MerkleHash, request: String
  ) {
    self.project = project
    self.incident = incident
    self.statement = statement
    self.texts = texts
    self.madeAt = madeAt
    self.messages = messages
    self.root = root
    self.request = request
  }

  static let kind = "dispatch"

  package var text: String {
    let members: [String: CanonicalJSON] = [
      "v": .integer(1), "kind": .string(Self.kind), "project": .integer(project.rawValue), "incident": .integer(incident),
      "statement": .string(statement), "made_at": .integer(madeAt.milliseconds), "messages": .integer(Int64(clamping: messages)),
      "root": .string(root.description), "request": .string(request),
      "texts": .object(Dictionary(uniqueKeysWithValues: texts.map { ($0.key.text, .string($0.value)) })),
    ]
    return String(decoding: CanonicalJSON.object(members).bytes, as: UTF8.self) + "\n"
  }

  /// Nil for what is no dispatch in its one form.
  package init?(text: String) {
    guard text.utf8.last == 0x0A, let json = CanonicalJSON(canonical: Array(text.utf8.dropLast())), json["v"]?.integer == 1,
      json["kind"]?.string == Self.kind, let project = json["project"]?.integer, let incident = json["incident"]?.integer,
      let statement = json["statement"]?.string, let madeAt = json["made_at"]?.integer,
      let messages = json["messages"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let root = json["root"]?.string.flatMap({ Data(base64Encoded: $0) }).flatMap({ MerkleHash($0) }),
      let request = json["request"]?.string, let object = json["texts"]?.object, Hexadecimal.bytes(statement)?.count == 32
    else { return nil }
    var texts: [LetterKind: String] = [:]
    for (name, digest) in object {
      guard let kind = LetterKind(text: name), let digest = digest.string else { return nil }
      texts[kind] = digest
    }
    self.init(
      project: ProjectID(project), incident: incident, statement: statement, texts: texts, madeAt: Timestamp(milliseconds: madeAt),
      messages: messages, root: root, request: request)
    guard self.text == text else { return nil }
  }

  /// What commits to one letter: SHA-256 over a random salt, the letter's kind and its text, so that the tree says nothing about a letter to whoever has
  /// not its salt.
  ///
  /// - Parameter salt: 16 bytes.
  package static func leaf(of letter: Letter, salt: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: salt + Array("\(letter.kind.text)\n\(letter.text)".utf8)))
  }

  /// SHA-256 of a template's text, hexadecimal.
  package static func digest(of template: LetterTemplate) -> String {
    Hexadecimal.text(SHA256.hash(data: Array("\(template.subject)\n\n\(template.body)".utf8)))
  }
}
