internal import Crypto
internal import Events
internal import Foundation
internal import Ledger
internal import Notices
internal import Vault

/// Writes what each recipient reads: the text that approvers agreed to, with this recipient's own places filled in. The same at any time.
struct LetterWriter: Sendable {
  let store: CustodianStore
  let statement: [UInt8]
  let caseNumber: String
  let letters: [LetterKind: LetterTemplate]
  private let secret: SymmetricKey

  /// More people than this are said in a number: a letter must stay one that is read.
  static let mostPeople = 500

  init(store: CustodianStore, dispatch: StoredDispatch, statement: Statement, secret: Data) throws {
    self.store = store
    self.statement = dispatch.statement
    caseNumber = statement.caseNumber
    letters = try store.letters(of: dispatch.request, dispatch.order)
    self.secret = SymmetricKey(data: secret)
  }

  /// A preview of what one recipient would read, without a code.
  init(store: CustodianStore, statement: StoredStatement, letters: [LetterKind: LetterTemplate]) {
    self.store = store
    self.statement = statement.request
    caseNumber = statement.statement?.caseNumber ?? ""
    self.letters = letters
    secret = SymmetricKey(size: .bits256)
  }

  struct Written {
    let letter: Letter
    let code: String
    let salt: [UInt8]
    var leaf: [UInt8] { Dispatch.leaf(of: letter, salt: salt) }
  }

  func write(_ audience: Audience, _ key: Data, _ record: RecipientRecord) throws -> Written {
    let kind = LetterKind(audience, LetterLanguage(locale: record.locale))
    guard let template = letters[kind] else { throw CustodianError.damagedStore("there is no letter of the kind \(kind.text)") }
    var places: [LetterTemplate.OwnPlace: String] = [.checkCode: ""]
    switch audience {
    case .person: places[.fields] = FieldNames.text(record.fields.map { Self.line($0) }, in: kind.language)
    case .administrator, .contact:
      places[.organization] = Self.line(record.organizationName ?? "")
      places[.people] = try people(of: record.organization ?? "", in: kind.language)
    }
    let code = CheckCode.code(
      key: derived("check code"), caseNumber: caseNumber, recipient: record.address, text: template.letter(places).text)
    places[.checkCode] = code
    return Written(letter: template.letter(places), code: code, salt: value("salt", audience, key))
  }

  func messageID(_ audience: Audience, _ key: Data, domain: String) -> String {
    "<\(value("message id", audience, key).hexadecimal)@\(domain)>"
  }

  private func derived(_ label: String) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, salt: [UInt8](), info: Array("sealane dispatch \(label) v1".utf8), outputByteCount: 32)
  }

  /// 16 bytes for one message.
  private func value(_ label: String, _ audience: Audience, _ key: Data) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array("\(audience.rawValue)\n".utf8) + key, using: derived(label)).prefix(16))
  }

  private func people(of organization: String, in language: LetterLanguage) throws -> String {
    let (people, count) = try store.people(of: organization, in: statement, limit: Self.mostPeople)
    var lines = people.map { "- \(Self.line($0.label)): \(FieldNames.list($0.fields.map { Self.line($0) }, in: language))" }.sorted()
    if count > people.count {
      let rest = count - people.count
      lines.append(language == .fr ? "- et \(rest) autres personnes" : "- and \(rest) more people")
    }
    return lines.joined(separator: "\n")
  }

  /// What others wrote, in one line of a letter.
  private static func line(_ text: String) -> String {
    let shown = text.unicodeScalars.map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: " "
      default: Character(scalar)
      }
    }
    let line = String(String(shown).prefix(300))
    // Nobody's name makes a link of ours.
    return LetterCheck.link(in: line) == nil ? line : line.replacing(".", with: " . ").replacing("://", with: ": //")
  }
}
