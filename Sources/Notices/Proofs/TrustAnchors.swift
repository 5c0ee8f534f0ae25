internal import Crypto
internal import Foundation
package import Ledger

/// What somebody pins beforehand to check a company's messages: its keys and names, in a file that anybody may have. docs/FORMATS.md, “Trust anchors”.
package struct TrustAnchors: Sendable {
  package let organization: String
  /// From which its mail comes; their sub-domains count as its own.
  package let domains: [String]
  /// Words that stand for it, such as its product's name, in lower case.
  package let brands: [String]
  /// Of the ledger, the newest first, and of the custodian that signs what people are told.
  package let ledgerKeys: [NoteKey]
  package let noticeKeys: [NoteKey]
  /// Whose cosignatures are asked for.
  package let policy: WitnessPolicy?
  let policyText: String?
  /// To which questions whether somebody is affected are sealed: a point of P-256, uncompressed, 65 bytes. Nil where none are taken.
  package let questionKey: [UInt8]?

  package struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: String
    package var description: String { "This is not a file of trust anchors: \(reason)" }
  }

  package static let largest = 100_000

  package init(
    organization: String, domains: [String], brands: [String], ledgerKeys: [NoteKey], noticeKeys: [NoteKey], policy: String?,
    questionKey: [UInt8]? = nil
  ) throws(Malformed) {
    guard !organization.isEmpty, organization.utf8.count <= 200 else { throw Malformed(reason: "it names no organization.") }
    guard !ledgerKeys.isEmpty, ledgerKeys.allSatisfy({ $0.kind == .ed25519 }), ledgerKeys.count <= 100 else {
      throw Malformed(reason: "it has no key of a ledger.")
    }
    guard !noticeKeys.isEmpty, noticeKeys.allSatisfy({ $0.kind == .ed25519 }), noticeKeys.count <= 100 else {
      throw Malformed(reason: "it has no key that notices are signed with.")
    }
    guard domains.count <= 100, brands.count <= 100, (domains + brands).allSatisfy({ !$0.isEmpty && $0.utf8.count <= 253 }) else {
      throw Malformed(reason: "a domain or a brand is empty or too long, or there are too many.")
    }
    guard questionKey.map({ (try? P256.KeyAgreement.PublicKey(x963Representation: Data($0))) != nil }) ?? true else {
      throw Malformed(reason: "its key for questions is no point of P-256.")
    }
    self.organization = organization
    self.questionKey = questionKey
    self.domains = domains.map { $0.lowercased() }
    self.brands = brands.map { $0.lowercased() }
    self.ledgerKeys = ledgerKeys
    self.noticeKeys = noticeKeys
    policyText = policy
    do { self.policy = try policy.map { try WitnessPolicy(Array($0.utf8)) } } catch {
      throw Malformed(reason: "its policy cannot be read: \(error)")
    }
  }

  package init(json bytes: [UInt8]) throws(Malformed) {
    struct Body: Decodable {
      let v: Int
      let organization: String
      let domains: [String]
      let brands: [String]
      let ledger: [String]
      let notices: [String]
      let policy: String?
      let questions: Data?
    }
    guard bytes.count <= Self.largest, let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)), body.v == 1 else {
      throw Malformed(reason: "it is not JSON of version 1 with organization, domains, brands, ledger and notices.")
    }
    let (ledger, notices) = (body.ledger.compactMap { NoteKey($0) }, body.notices.compactMap { NoteKey($0) })
    guard ledger.count == body.ledger.count, notices.count == body.notices.count else { throw Malformed(reason: "a key of it is none.") }
    try self.init(
      organization: body.organization, domains: body.domains, brands: body.brands, ledgerKeys: ledger, noticeKeys: notices,
      policy: body.policy, questionKey: body.questions.map { [UInt8]($0) })
  }

  package var json: String {
    struct Body: Encodable {
      let v = 1
      let organization: String
      let domains: [String]
      let brands: [String]
      let ledger: [String]
      let notices: [String]
      let policy: String?
      let questions: Data?
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let body = Body(
      organization: organization, domains: domains, brands: brands, ledger: ledgerKeys.map(\.description),
      notices: noticeKeys.map(\.description), policy: policyText, questions: questionKey.map { Data($0) })
    return ((try? encoder.encode(body)).map { String(decoding: $0, as: UTF8.self) } ?? "") + "\n"
  }
}
