import Crypto
import Foundation

/// Whom a checkpoint is believed from: logs, witnesses, and how many of them. C2SP tlog-policy.
package struct WitnessPolicy: Sendable, Hashable {
  /// What is wrong with the file, and in which line.
  package struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    package let line: Int
    package let reason: String
    package var description: String { line == 0 ? "The policy \(reason)" : "Line \(line) of the policy \(reason)" }
  }

  package struct Log: Sendable, Hashable {
    package let key: NoteKey
    package let url: String?
  }

  package struct Witness: Sendable, Hashable {
    /// Means something inside of the policy only.
    package let name: String
    package let key: NoteKey
    /// Its submission prefix (tlog-witness); nil where it cannot be asked from here.
    package let url: String?
  }

  private struct Group: Sendable, Hashable {
    let needed: Int
    let members: [String]
  }

  package static let maximumBytes = 65_536

  package private(set) var logs: [Log] = []
  package private(set) var witnesses: [Witness] = []
  private var groups: [String: Group] = [:]
  /// Nil: no cosignature is needed.
  private var quorum: String?
  /// SHA-256 of the file, hexadecimal.
  package let digest: String

  package init(_ bytes: [UInt8]) throws(Malformed) {
    guard bytes.count <= Self.maximumBytes else { throw Malformed(line: 0, reason: "is longer than \(Self.maximumBytes) bytes.") }
    guard bytes.allSatisfy({ $0 == 0x09 || $0 == 0x0A || $0 >= 0x20 && $0 != 0x7F }) else {
      throw Malformed(line: 0, reason: "holds a control character other than tab and line feed.")
    }
    digest = Hexadecimal.text(SHA256.hash(data: bytes))
    var hasQuorum = false
    for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let items = line.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self) }
      guard let word = items.first, !word.hasPrefix("#") else { continue }
      switch word {
      case "log": try addLog(items, number + 1)
      case "witness": try addWitness(items, number + 1)
      case "group": try addGroup(items, number + 1)
      case "quorum":
        guard !hasQuorum else { throw Malformed(line: number + 1, reason: "is a second quorum; there is exactly one.") }
        guard items.count == 2 else { throw Malformed(line: number + 1, reason: "must be: quorum NAME, or quorum none.") }
        guard items[1] == "none" || isDefined(items[1]) else {
          throw Malformed(line: number + 1, reason: "names \(Self.shown(items[1])), which no line before it defines.")
        }
        hasQuorum = true
        quorum = items[1] == "none" ? nil : items[1]
      default: throw Malformed(line: number + 1, reason: "begins with none of log, witness, group, quorum.")
      }
    }
    guard hasQuorum else { throw Malformed(line: 0, reason: "has no quorum line.") }
  }

  private mutating func addLog(_ items: [String], _ line: Int) throws(Malformed) {
    guard (2...3).contains(items.count) else { throw Malformed(line: line, reason: "must be: log KEY, perhaps with a URL.") }
    guard let key = NoteKey(items[1]), key.kind == .ed25519 else {
      throw Malformed(line: line, reason: "holds no Ed25519 key of a log (name+id+base64).")
    }
    guard !logs.contains(where: { $0.key.publicKey == key.publicKey }) else { throw Malformed(line: line, reason: "repeats a log.") }
    logs.append(Log(key: key, url: items.count == 3 ? items[2] : nil))
  }

  private mutating func addWitness(_ items: [String], _ line: Int) throws(Malformed) {
    guard (3...4).contains(items.count) else { throw Malformed(line: line, reason: "must be: witness NAME KEY, perhaps with a URL.") }
    try name(items[1], line)
    guard let key = NoteKey(items[2]), key.kind == .cosignature else {
      throw Malformed(line: line, reason: "holds no Ed25519 key of a witness (name+id+base64, type 0x04); other types are not known here.")
    }
    guard !witnesses.contains(where: { $0.key.publicKey == key.publicKey }) else {
      throw Malformed(line: line, reason: "repeats a witness.")
    }
    witnesses.append(Witness(name: items[1], key: key, url: items.count == 4 ? items[3] : nil))
  }

  private mutating func addGroup(_ items: [String], _ line: Int) throws(Malformed) {
    guard items.count >= 4 else { throw Malformed(line: line, reason: "must be: group NAME all|any|NUMBER MEMBER…") }
    try name(items[1], line)
    let members = Array(items[3...])
    for member in members {
      guard member != "none", isDefined(member) else {
        throw Malformed(line: line, reason: "names \(Self.shown(member)), which no line before it defines.")
      }
      guard !groups.values.contains(where: { $0.members.contains(member) }), members.count(where: { $0 == member }) == 1 else {
        throw Malformed(line: line, reason: "names \(Self.shown(member)), which is a member already.")
      }
    }
    let needed: Int
    switch items[2] {
    case "all": needed = members.count
    case "any": needed = 1
    default:
      guard let number = Int(items[2]), String(number) == items[2], (1...members.count).contains(number) else {
        throw Malformed(line: line, reason: "asks for \(Self.shown(items[2])) of \(members.count) members.")
      }
      needed = number
    }
    groups[items[1]] = Group(needed: needed, members: members)
  }

  private func name(_ name: String, _ line: Int) throws(Malformed) {
    guard name != "none", !isDefined(name) else {
      throw Malformed(line: line, reason: "defines \(Self.shown(name)), which is defined already.")
    }
  }

  private func isDefined(_ name: String) -> Bool { groups[name] != nil || witnesses.contains { $0.name == name } }

  /// A word of the file, short enough for a sentence.
  private static func shown(_ word: String) -> String { "“\(word.prefix(60))”" }

  /// Whether these have cosigned enough.
  package func isMet(by keys: Set<NoteKey>) -> Bool {
    guard let quorum else { return true }
    return isMet(quorum, by: Set(witnesses.filter { keys.contains($0.key) }.map(\.name)))
  }

  /// Ends: a group names only what was defined before it.
  private func isMet(_ name: String, by names: Set<String>) -> Bool {
    guard let group = groups[name] else { return names.contains(name) }
    return group.members.count { isMet($0, by: names) } >= group.needed
  }

  /// Whether any cosignature is asked for.
  package var needsWitnesses: Bool { quorum != nil }

  /// The largest size that enough of the witnesses have cosigned, each with that size or a larger one, which continues it; 0 if none.
  package func witnessedSize(_ sizes: [NoteKey: UInt64]) -> UInt64 {
    for size in Set(sizes.values).sorted(by: >) where isMet(by: Set(sizes.filter { $0.value >= size }.keys)) { return size }
    return 0
  }
}
