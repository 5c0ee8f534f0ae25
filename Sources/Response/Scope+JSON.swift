import Crypto
import Events
import Ledger

extension Scope {
  /// The scope in its one form (docs/FORMATS.md, “Scope”): what a version's digest is taken over. It names nobody.
  package var json: [UInt8] {
    var members: [String: CanonicalJSON] = [
      "v": .integer(1), "version": .integer(Int64(version)), "project": .integer(question.project.rawValue),
      "source": Self.json(question.source), "ledger_size": .integer(Int64(ledgerSize)), "merges": .integer(Int64(merges)),
      "entries": .object([
        "count": .integer(Int64(entries.count)), "sha256": .string(Self.digest(littleEndian: entries)),
      ]),
      "rows": .integer(Int64(rows)), "shown": Self.json(shown.set), "affected": Self.json(affected.set),
      "affected_erased": .integer(Int64(affectedErased)), "cannot_be_excluded": Self.json(cannotBeExcluded.set),
      "not_affected": .integer(Int64(notAffectedCount)),
      "fields": .list(
        fields.map { field in
          guard case .object(let set) = Self.json(subjects(with: field).set) else { return .string(field.name) }
          return .object(set.merging(["name": .string(field.name)]) { $1 })
        }),
      "untold": .object([
        "count": .integer(Int64(untold.count)),
        "sha256": .string(Self.digest(untold.map { "\($0.index) \($0.time.milliseconds) \($0.reason.rawValue)\n" }.joined().utf8)),
      ]),
      "organizations": .object(organizations.mapValues(Self.json)),
      "plans": .list(
        plans.map {
          .object(["version": .integer(Int64($0.version)), "digest": .string($0.digest), "entry": .integer(Int64($0.index))])
        }),
    ]
    members["supersedes"] = supersedes.map { .string($0) }
    members["from"] = question.from.map { .integer($0.milliseconds) }
    members["to"] = question.to.map { .integer($0.milliseconds) }
    members["first"] = first.map { .integer($0.milliseconds) }
    members["last"] = last.map { .integer($0.milliseconds) }
    members["holdings"] = holdings.map { .object(["host": .string($0.host), "fields": .list($0.fields.map { .string($0) })]) }
    return CanonicalJSON.object(members).bytes
  }

  /// SHA-256 of `json`, 64 hexadecimal digits.
  package var digest: String { Self.digest(json) }

  private static func json(_ source: ExposureQuestion.Source) -> CanonicalJSON {
    let (kind, id): (String, String?) =
      switch source {
      case .credential(let id): ("credential", id)
      case .person(let id): ("person", id)
      case .serviceAccount(let id): ("service_account", id)
      case .vendor(let id): ("vendor", id)
      case .export(.canaries(let id)): ("canaries", id)
      case .export(.request(let number)): ("request", String(number))
      case .export(.entry(let number)): ("entry", String(number))
      case .everything: ("everything", nil)
      case .nothing: ("nothing", nil)
      }
    var members: [String: CanonicalJSON] = ["kind": .string(kind)]
    members["id"] = id.map { .string($0) }
    return .object(members)
  }

  private static func json(_ set: SubjectSet) -> CanonicalJSON {
    .object(["count": .integer(Int64(set.numbers.count)), "sha256": .string(digest(set.roaring))])
  }

  private static func json(_ organizations: [Organization]) -> CanonicalJSON {
    .object([
      "affected": .integer(Int64(organizations.count { $0.affected > 0 })),
      "cannot_be_excluded": .integer(Int64(organizations.count { $0.affected == 0 })),
      "sha256": .string(
        digest(
          littleEndian: organizations.flatMap { [$0.number.rawValue, UInt32($0.affected), UInt32($0.cannotBeExcluded)] })),
    ])
  }

  private static func digest(_ bytes: some Sequence<UInt8>) -> String {
    SHA256.hash(data: Array(bytes)).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  private static func digest(littleEndian values: [some FixedWidthInteger]) -> String {
    digest(values.map(\.littleEndian).withUnsafeBytes { Array($0) })
  }
}
