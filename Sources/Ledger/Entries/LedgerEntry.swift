import Events
import Foundation

/// One leaf of the log: what happened and when, without anybody's name, and a commitment to the rest.
package struct LedgerEntry: Sendable, Hashable {
  package let index: UInt64
  /// From the closed set of docs/FORMATS.md, such as `disclosure.subjects`.
  package let kind: String
  /// When it was entered; never before that of an earlier entry.
  package let time: Timestamp
  /// Nil where it is about the whole installation.
  package let project: ProjectID?
  /// SHA-256(salt ‖ canonical JSON of the details), 32 bytes.
  package let commitment: [UInt8]
  /// What anybody may read, such as a pinned key's fingerprint.
  package let facts: [String: String]

  package var isDisclosure: Bool { kind.hasPrefix("disclosure.") }

  init(index: UInt64, kind: String, time: Timestamp, project: ProjectID?, commitment: [UInt8], facts: [String: String]) {
    self.index = index
    self.kind = kind
    self.time = time
    self.project = project
    self.commitment = commitment
    self.facts = facts
  }

  /// The leaf's bytes; the index is its place and not part of it.
  package var bytes: [UInt8] {
    var members: [String: CanonicalJSON] = [
      "commitment": .string(Hexadecimal.text(commitment)), "kind": .string(kind), "time": .integer(time.milliseconds), "v": .integer(1),
    ]
    if let project { members["project"] = .integer(project.rawValue) }
    if !facts.isEmpty { members["facts"] = .object(facts.mapValues { .string($0) }) }
    return CanonicalJSON.object(members).bytes
  }

  /// Nil if the bytes are not an entry in its one form.
  package init?(index: UInt64, bytes: [UInt8]) {
    guard let json = CanonicalJSON(canonical: bytes), let members = json.object, json["v"]?.integer == 1, let kind = json["kind"]?.string,
      let time = json["time"]?.integer, let commitment = json["commitment"]?.string.flatMap({ Hexadecimal.bytes($0) }),
      commitment.count == 32,
      Set(members.keys).isSubset(of: ["commitment", "facts", "kind", "project", "time", "v"])
    else { return nil }
    var facts: [String: String] = [:]
    if let value = members["facts"] {
      guard let object = value.object, !object.isEmpty else { return nil }
      for (name, value) in object {
        guard let text = value.string else { return nil }
        facts[name] = text
      }
    }
    var project: ProjectID?
    if let value = members["project"] {
      guard let number = value.integer else { return nil }
      project = ProjectID(number)
    }
    self.init(index: index, kind: kind, time: Timestamp(milliseconds: time), project: project, commitment: commitment, facts: facts)
  }
}
