import Events
import Foundation
import Journeys
import Notices
import Trust

/// What the company says of itself on its trust pages: `site.json` of docs/FORMATS.md, “Trust pages”. Read in full before it is kept, so that
/// pages can be made of it whenever somebody asks.
struct TrustSiteDocument: Sendable {
  struct Malformed: Error, Sendable, CustomStringConvertible {
    let reason: String
    var description: String { "What the company says of itself (site.json) cannot be used: \(reason)" }
  }

  let contact: String
  let advice: TrustContent.Advice
  let lures: [TrustContent.SeenLure]
  /// Where the pages' own origin takes questions; nil: nowhere.
  let questionPath: String?
  private let security: Security

  private struct Security: Sendable {
    var lists: [String: [String]] = [:]
    var expires: Timestamp?
  }

  private static let known = ["contact", "keys", "lures", "questions", "security"]
  private static let addresses = ["contacts", "encryption", "acknowledgments", "policy", "canonical"]
  private static let mostLures = 500
  /// RFC 9116, section 2.5.5: less than a year.
  private static let lifetime: Int64 = 180 * 86_400_000

  init(_ members: [String: JSONValue]) throws(Malformed) {
    try Self.expect(members, Self.known, "it")
    guard case .string(let contact)? = members["contact"], contact.contains("@"), contact.utf8.count <= 254,
      !contact.unicodeScalars.contains(where: { $0.value <= 0x20 })
    else { throw Malformed(reason: "“contact” is needed, an address for mail.") }
    self.contact = contact
    advice = try Self.advice(members["keys"])
    lures = try Self.lures(members["lures"])
    questionPath = try Self.questionPath(members["questions"])
    security = try Self.security(members["security"])
    // That it makes a security.txt.
    _ = try securityText(at: Timestamp(milliseconds: 0))
  }

  func securityText(at now: Timestamp) throws(Malformed) -> SecurityText {
    func list(_ name: String) -> [String] { security.lists[name] ?? [] }
    let contacts = list("contacts")
    do {
      return try SecurityText(
        contacts: contacts.isEmpty ? ["mailto:\(contact)"] : contacts,
        expires: security.expires ?? Timestamp(milliseconds: now.milliseconds + Self.lifetime), encryption: list("encryption"),
        acknowledgments: list("acknowledgments"), policy: list("policy"), canonical: list("canonical"))
    } catch { throw Malformed(reason: error.reason) }
  }

  // MARK: Its parts

  private static func expect(_ members: [String: JSONValue], _ known: [String], _ what: String) throws(Malformed) {
    if let unknown = members.keys.filter({ !known.contains($0) }).min() {
      let name = unknown.prefix(40).filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      throw Malformed(reason: "\(what) has “\(name)”, which is not known. Known are: \(known.joined(separator: ", ")).")
    }
  }

  private static func advice(_ value: JSONValue?) throws(Malformed) -> TrustContent.Advice {
    guard let value else { return TrustContent.Advice(rotatesKeys: false, why: [:]) }
    guard case .object(let members) = value, case .boolean(let rotates)? = members["rotate"] else {
      throw Malformed(reason: "“keys” is {\"rotate\": true or false, \"why\": {\"en\": \"…\", \"fr\": \"…\"}}.")
    }
    try expect(members, ["rotate", "why"], "“keys”")
    var why: [LetterLanguage: String] = [:]
    guard case .object(let texts) = members["why"] ?? .object([:]) else {
      throw Malformed(reason: "“why” of “keys” is {\"en\": \"…\", \"fr\": \"…\"}.")
    }
    for (name, text) in texts {
      guard let language = LetterLanguage(rawValue: name), case .string(let text) = text else {
        throw Malformed(reason: "“why” of “keys” has texts in en and fr; the pages are in these.")
      }
      why[language] = text
    }
    return TrustContent.Advice(rotatesKeys: rotates, why: why)
  }

  private static func lures(_ value: JSONValue?) throws(Malformed) -> [TrustContent.SeenLure] {
    guard let value else { return [] }
    guard case .list(let elements) = value, elements.count <= mostLures else {
      throw Malformed(reason: "“lures” is a list of \(mostLures) at most.")
    }
    return try elements.map { element throws(Malformed) in
      guard case .object(let members) = element, case .string(let kind)? = members["kind"],
        let kind = TrustContent.SeenLure.Kind(rawValue: kind), case .string(let text)? = members["text"], !text.isEmpty,
        case .number(let time)? = members["seen_at"], let time = Self.time(time), members.count == 3
      else {
        throw Malformed(
          reason: "each of “lures” is {\"kind\": \"domain\" or \"subject\", \"text\": \"…\", \"seen_at\": milliseconds since 1970}.")
      }
      return TrustContent.SeenLure(kind, text, seenAt: time)
    }
  }

  /// Until 2100: a calendar is asked about it.
  private static func time(_ milliseconds: Double) -> Timestamp? {
    Int64(exactly: milliseconds).flatMap { (0...4_102_444_800_000).contains($0) ? Timestamp(milliseconds: $0) : nil }
  }

  private static func questionPath(_ value: JSONValue?) throws(Malformed) -> String? {
    guard let value, value != .null else { return nil }
    guard case .object(let members) = value, members.count == 1, case .string(let path)? = members["path"] else {
      throw Malformed(reason: "“questions” is {\"path\": \"/ask\"}.")
    }
    guard TrustContent.Questions.isPath(path) else {
      throw Malformed(reason: "“path” of “questions” is one on the pages’ own origin, such as /ask.")
    }
    return path
  }

  private static func security(_ value: JSONValue?) throws(Malformed) -> Security {
    var security = Security()
    guard let value else { return security }
    guard case .object(let members) = value else {
      throw Malformed(reason: "“security” is an object with contacts, expires, encryption, acknowledgments, policy and canonical.")
    }
    try expect(members, addresses + ["expires"], "“security”")
    for name in addresses {
      guard let value = members[name] else { continue }
      guard case .list(let elements) = value, elements.count <= 100 else {
        throw Malformed(reason: "“\(name)” of “security” is a list of addresses.")
      }
      security.lists[name] = try elements.map { element throws(Malformed) in
        guard case .string(let text) = element else { throw Malformed(reason: "“\(name)” of “security” is a list of addresses.") }
        return text
      }
    }
    if let value = members["expires"] {
      guard case .number(let time) = value, let time = Self.time(time) else {
        throw Malformed(reason: "“expires” of “security” is a time, in milliseconds since 1970.")
      }
      security.expires = time
    }
    return security
  }
}
