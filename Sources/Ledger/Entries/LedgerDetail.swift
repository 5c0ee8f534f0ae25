import Crypto
import Events
import Foundation

/// Who was shown what: the part of an entry that is encrypted beside the log and can be erased.
package struct LedgerDetail: Sendable, Hashable {
  package internal(set) var principal: Principal
  package internal(set) var purpose: String
  package internal(set) var fields: [String]
  package internal(set) var queryDigest: String?
  package internal(set) var dataVersion: UInt64?
  package internal(set) var groupSizes: [Int]?
  package internal(set) var rows: Int?
  /// Exactly the subjects shown. Showing them is itself a disclosure.
  package internal(set) var subjects: SubjectSet?
  /// Of an administrative act: username, scopes, session.
  package internal(set) var facts: [String: String] = [:]

  init(principal: Principal, purpose: String, fields: [String]) {
    self.principal = principal
    self.purpose = purpose
    self.fields = fields
  }

  /// The JSON that the commitment is over. The subject set stands in it by its SHA-256.
  func json(roaring: [UInt8]?) -> [UInt8] {
    var members: [String: CanonicalJSON] = [
      "principal": .object([
        "credential": .string(principal.credential), "id": .string(principal.id), "kind": .string(principal.kind.rawValue),
      ]),
      "purpose": .string(purpose),
      "fields": .list(fields.map { .string($0) }),
    ]
    members["query_digest"] = queryDigest.map { .string($0) }
    // A string: it may pass 2^53.
    members["data_version"] = dataVersion.map { .string(String($0)) }
    members["group_sizes"] = groupSizes.map { .list($0.map { .integer(Int64($0)) }) }
    members["rows"] = rows.map { .integer(Int64($0)) }
    if !facts.isEmpty { members["facts"] = .object(facts.mapValues { .string($0) }) }
    if let roaring, let subjects {
      members["subjects"] = .object([
        "count": .integer(Int64(subjects.numbers.count)), "sha256": .string(Hexadecimal.text(SHA256.hash(data: roaring))),
      ])
    }
    return CanonicalJSON.object(members).bytes
  }

  /// Nil if the JSON is not that of a detail, or the set is not the one that it names.
  init?(json bytes: [UInt8], roaring: [UInt8]) {
    guard let json = CanonicalJSON(canonical: bytes), let kind = json["principal"]?["kind"]?.string.flatMap(Principal.Kind.init(rawValue:)),
      let id = json["principal"]?["id"]?.string, let credential = json["principal"]?["credential"]?.string,
      let purpose = json["purpose"]?.string, let fields = json["fields"]?.list
    else { return nil }
    self.init(principal: Principal(kind: kind, id: id, credential: credential), purpose: purpose, fields: fields.compactMap(\.string))
    queryDigest = json["query_digest"]?.string
    dataVersion = json["data_version"]?.string.flatMap { UInt64($0) }
    groupSizes = json["group_sizes"]?.list?.compactMap { $0.integer.map { Int($0) } }
    rows = json["rows"]?.integer.map { Int($0) }
    facts = json["facts"]?.object?.compactMapValues(\.string) ?? [:]
    if let named = json["subjects"] {
      guard named["sha256"]?.string == Hexadecimal.text(SHA256.hash(data: roaring)), let set = SubjectSet(roaring: roaring),
        named["count"]?.integer == Int64(set.numbers.count)
      else { return nil }
      subjects = set
    } else if !roaring.isEmpty {
      return nil
    }
  }
}
