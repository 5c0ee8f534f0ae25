internal import Crypto
package import Events
internal import Foundation
internal import Ledger
package import Notices

extension CustodianRequest {
  /// A version of an incident's scope that a statement is to be made of.
  package struct ScopeToState: Sendable, Hashable {
    package let project: ProjectID
    package let incident: Int64
    /// What the staff calls it; for those who read.
    package let title: String
    package let version: Int
    /// SHA-256 of the scope's canonical form, hexadecimal.
    package let digest: String
    package let affected: Int

    package init(project: ProjectID, incident: Int64, title: String, version: Int, digest: String, affected: Int) {
      self.project = project
      self.incident = incident
      self.title = title
      self.version = version
      self.digest = digest
      self.affected = affected
    }
  }

  /// Letters to the people of a statement: which texts, and how many of each.
  package struct LettersToSend: Sendable, Hashable {
    package let project: ProjectID
    package let incident: Int64
    package let title: String
    /// SHA-256 of the statement's text, hexadecimal, and its root in base64.
    package let statement: String
    package let root: String
    /// By kind of letter, SHA-256 of the text with the recipients' own places open, hexadecimal.
    package let texts: [LetterKind: String]
    package let recipients: [LetterKind: Int]
    /// Whether they go out by mail, or are written to files.
    package let mode: NoticeMode

    package init(
      project: ProjectID, incident: Int64, title: String, statement: String, root: String, texts: [LetterKind: String],
      recipients: [LetterKind: Int], mode: NoticeMode
    ) {
      self.project = project
      self.incident = incident
      self.title = title
      self.statement = statement
      self.root = root
      self.texts = texts
      self.recipients = recipients
      self.mode = mode
    }

    package var count: Int { recipients.values.reduce(0, +) }
  }

  package static let longestTitle = 300

  // MARK: Their canonical form

  static func members(of scope: ScopeToState) -> [String: CanonicalJSON] {
    [
      "project": .integer(scope.project.rawValue), "incident": .integer(scope.incident), "title": .string(scope.title),
      "scope_version": .integer(Int64(scope.version)), "scope": .string(scope.digest), "affected": .integer(Int64(scope.affected)),
    ]
  }

  static func members(of letters: LettersToSend) -> [String: CanonicalJSON] {
    [
      "project": .integer(letters.project.rawValue), "incident": .integer(letters.incident), "title": .string(letters.title),
      "statement": .string(letters.statement), "root": .string(letters.root), "mode": .string(letters.mode.rawValue),
      "texts": .object(Dictionary(uniqueKeysWithValues: letters.texts.map { ($0.key.text, .string($0.value)) })),
      "recipients": .object(Dictionary(uniqueKeysWithValues: letters.recipients.map { ($0.key.text, .integer(Int64($0.value))) })),
    ]
  }

  static func scope(of value: CanonicalJSON) -> ScopeToState? {
    guard let project = value["project"]?.integer, let incident = value["incident"]?.integer, let title = value["title"]?.string,
      let version = value["scope_version"]?.integer, let digest = value["scope"]?.string, let affected = value["affected"]?.integer
    else { return nil }
    return ScopeToState(
      project: ProjectID(project), incident: incident, title: title, version: Int(version), digest: digest, affected: Int(affected))
  }

  static func letters(of value: CanonicalJSON) -> LettersToSend? {
    guard let project = value["project"]?.integer, let incident = value["incident"]?.integer, let title = value["title"]?.string,
      let statement = value["statement"]?.string, let root = value["root"]?.string,
      let mode = value["mode"]?.string.flatMap({ NoticeMode(rawValue: $0) }), let texts = value["texts"]?.object,
      let recipients = value["recipients"]?.object
    else { return nil }
    var digests: [LetterKind: String] = [:]
    for (name, digest) in texts {
      guard let kind = LetterKind(text: name), let digest = digest.string else { return nil }
      digests[kind] = digest
    }
    var counts: [LetterKind: Int] = [:]
    for (name, count) in recipients {
      guard let kind = LetterKind(text: name), let count = count.integer else { return nil }
      counts[kind] = Int(count)
    }
    return LettersToSend(
      project: ProjectID(project), incident: incident, title: title, statement: statement, root: root, texts: digests, recipients: counts,
      mode: mode)
  }

  private static func isDigest(_ text: String) -> Bool { Hexadecimal.bytes(text)?.count == 32 }

  static func check(_ scope: ScopeToState) throws(ApprovalError) {
    guard scope.project.rawValue > 0, scope.incident > 0, scope.version > 0, scope.affected >= 0, isDigest(scope.digest),
      PlainText.isShown(scope.title, limit: longestTitle)
    else { throw .badInput("Choose an incident that is scoped.") }
  }

  static func check(_ letters: LettersToSend) throws(ApprovalError) {
    guard letters.project.rawValue > 0, letters.incident > 0, isDigest(letters.statement),
      MerkleHash(Data(base64Encoded: letters.root) ?? Data())?.description == letters.root,
      PlainText.isShown(letters.title, limit: longestTitle)
    else { throw .badInput("Choose a statement that is in the ledger.") }
    guard letters.texts.values.allSatisfy(isDigest), letters.recipients.values.allSatisfy({ $0 > 0 }), letters.count > 0,
      Set(letters.recipients.keys) == Set(letters.texts.keys)
    else { throw .badInput("There is nobody to write to, or a letter has no text.") }
  }
}

package enum NoticeMode: String, Sendable, Hashable, CaseIterable {
  /// Handed to the company's relay.
  case smtp
  /// Written to files, for a trial: nobody gets anything.
  case files
}
