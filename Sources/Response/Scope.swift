import Events
import Ledger

/// Who is affected by an incident, as it was known at one moment: a version that never changes. A later one supersedes it.
///
/// Subjects are canonical as of `merges`. Everybody is in one of three: affected, not to be excluded, not affected.
package struct Scope: Sendable, Hashable {
  /// What a host held by itself, beyond what left through the interfaces: everybody who had arrived by the end of the window.
  package struct Holdings: Sendable, Hashable {
    /// Which host: from a closed set such as `server`, `custodian`, `backup`.
    package let host: String
    package let fields: [String]

    package init(host: String, fields: [String]) {
      self.host = host
      self.fields = Set(fields).sorted()
    }
  }

  package struct Field: Sendable, Hashable {
    package let name: String
    /// By place in `affected`.
    let subjects: OrdinalBits
    package let count: Int
  }

  package struct Organization: Sendable, Hashable {
    package let number: SubjectNumber
    package let members: Int
    package let affected: Int
    package let cannotBeExcluded: Int
  }

  package enum Status: String, Sendable, Hashable, CaseIterable {
    case affected
    case cannotBeExcluded = "cannot_be_excluded"
    case notAffected = "not_affected"
  }

  /// From 1 on.
  package let version: Int
  /// The digest of the version before; nil for the first.
  package let supersedes: String?
  package let question: ExposureQuestion
  package let holdings: Holdings?
  /// Entries of the ledger that were looked at.
  package let ledgerSize: UInt64
  /// Merges that were decided by then.
  package let merges: UInt64
  /// Those that show somebody who is affected; ascending.
  package let entries: [UInt64]
  package let first: Timestamp?
  package let last: Timestamp?
  package let rows: Int
  /// Of the entries, those by which the custodian opened identities.
  package let openings: Int
  /// Exactly the numbers that the ledger's entries show, before they are resolved: the ledger alone proves them.
  package let shown: ExposedSubjects
  package let affected: NumberSet
  /// Of those, who has been erased and is known to no store any more.
  package let affectedErased: Int
  package let cannotBeExcluded: NumberSet
  package let notAffectedCount: Int
  /// By name.
  package let fields: [Field]
  package let untold: [ExposureAnswer.Untold]
  /// By group key: organizations that somebody affected, or not to be excluded, belongs to; by number.
  package let organizations: [String: [Organization]]
  /// What could have been collected at all.
  package let plans: [ExposureIndex.PlanInForce]

  package func status(of canonical: SubjectNumber) -> Status {
    if affected.contains(canonical.rawValue) { return .affected }
    return cannotBeExcluded.contains(canonical.rawValue) ? .cannotBeExcluded : .notAffected
  }

  /// The fields of a canonical subject that were shown; empty for whoever is not affected.
  package func fields(of canonical: SubjectNumber) -> [String] {
    guard let place = affected.place(of: canonical.rawValue) else { return [] }
    return fields.filter { $0.subjects.contains(UInt32(place)) }.map(\.name)
  }

  /// Whose value of a field was shown.
  package func subjects(with field: Field) -> NumberSet {
    NumberSet(ascending: affected.numbers.enumerated().filter { field.subjects.contains(UInt32($0.offset)) }.map(\.element))
  }
}

extension ExposedSubjects: Hashable {
  package func hash(into hasher: inout Hasher) { hasher.combine(count) }
}
