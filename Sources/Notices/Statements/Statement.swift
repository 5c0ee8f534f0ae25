internal import Crypto
package import Events
internal import Foundation
package import Ledger

/// Whom an incident affects, fixed so that each person can check it and nobody else learns anything: the root of a sorted Merkle tree over
/// VOPRF outputs of addresses and account ids, with the key that they were made under. docs/FORMATS.md, “Statement”.
///
/// It proves what the company committed to, not what a thief took.
package struct Statement: Sendable, Hashable {
  /// The incident's number in the project of the installation; `caseNumber` is how people write it.
  package let project: ProjectID
  package let incident: Int64
  /// From 1 on, within the incident.
  package let version: Int
  /// SHA-256 of the statement before, hexadecimal; nil for the first.
  package let supersedes: String?
  /// The version of the scope that it is made from, and that version's digest, hexadecimal.
  package let scopeVersion: Int
  package let scopeDigest: String
  package let madeAt: Timestamp
  /// The public half of the statement's own key: a compressed point of P-384, 49 bytes.
  package let key: [UInt8]
  /// Leaves: addresses and ids.
  package let names: UInt64
  package let root: MerkleHash
  /// Affected people of whom there is at least one name, and of whom there is none: those are in the scope and in no tree.
  package let people: Int
  package let nameless: Int
  /// SHA-256 of the custodian's request that two approved, hexadecimal.
  package let request: String

  package init(
    project: ProjectID, incident: Int64, version: Int, supersedes: String?, scopeVersion: Int, scopeDigest: String, madeAt: Timestamp,
    key: [UInt8], names: UInt64, root: MerkleHash, people: Int, nameless: Int, request: String
  ) {
    self.project = project
    self.incident = incident
    self.version = version
    self.supersedes = supersedes
    self.scopeVersion = scopeVersion
    self.scopeDigest = scopeDigest
    self.madeAt = madeAt
    self.key = key
    self.names = names
    self.root = root
    self.people = people
    self.nameless = nameless
    self.request = request
  }

  /// What people write and say: project and incident, such as `1-7`.
  package var caseNumber: String { "\(project.rawValue)-\(incident)" }

  static let kind = "statement"

  package var text: String {
    var members: [String: CanonicalJSON] = [
      "v": .integer(1), "kind": .string(Self.kind), "project": .integer(project.rawValue), "incident": .integer(incident),
      "version": .integer(Int64(version)), "scope_version": .integer(Int64(scopeVersion)), "scope": .string(scopeDigest),
      "made_at": .integer(madeAt.milliseconds), "key": .string(Data(key).base64EncodedString()), "names": .integer(Int64(clamping: names)),
      "root": .string(root.description), "people": .integer(Int64(people)), "nameless": .integer(Int64(nameless)),
      "request": .string(request),
    ]
    members["supersedes"] = supersedes.map { .string($0) }
    return String(decoding: CanonicalJSON.object(members).bytes, as: UTF8.self) + "\n"
  }

  /// Nil for what is no statement in its one form.
  package init?(text: String) {
    guard text.utf8.last == 0x0A, let json = CanonicalJSON(canonical: Array(text.utf8.dropLast())), json["v"]?.integer == 1,
      json["kind"]?.string == Self.kind, let project = json["project"]?.integer, let incident = json["incident"]?.integer,
      let version = json["version"]?.integer, let scopeVersion = json["scope_version"]?.integer, let scope = json["scope"]?.string,
      let madeAt = json["made_at"]?.integer, let key = json["key"]?.string.flatMap({ Data(base64Encoded: $0) }),
      let names = json["names"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let root = json["root"]?.string.flatMap({ Data(base64Encoded: $0) }).flatMap({ MerkleHash($0) }),
      let people = json["people"]?.integer, let nameless = json["nameless"]?.integer, let request = json["request"]?.string,
      Hexadecimal.bytes(scope)?.count == 32, Hexadecimal.bytes(request)?.count == 32, key.count == P384Arithmetic.pointSize
    else { return nil }
    self.init(
      project: ProjectID(project), incident: incident, version: Int(version), supersedes: json["supersedes"]?.string,
      scopeVersion: Int(scopeVersion), scopeDigest: scope, madeAt: Timestamp(milliseconds: madeAt), key: [UInt8](key), names: names,
      root: root, people: Int(people), nameless: Int(nameless), request: request)
    guard self.text == text else { return nil }
  }
}
