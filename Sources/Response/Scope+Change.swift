import Events
import Ledger

/// How a version differs from the one that it supersedes: who is told now, and who is told that it was not so.
package struct ScopeChange: Sendable, Hashable {
  package let newlyAffected: NumberSet
  /// Nobody of these is affected any more; they may be among those who cannot be excluded.
  package let noLongerAffected: NumberSet
  package let newlyUncertain: NumberSet
  package let noLongerUncertain: NumberSet
  /// Who was and is affected, by more fields than before.
  package let moreFields: NumberSet

  package var isEmpty: Bool {
    newlyAffected.isEmpty && noLongerAffected.isEmpty && newlyUncertain.isEmpty && noLongerUncertain.isEmpty && moreFields.isEmpty
  }
}

extension Scope {
  /// Compares with an earlier version, whose subjects may have been merged since: `moment` says who they are now.
  ///
  /// - Parameter then: who was affected by the earlier version as it was entered; nil where that is erased: then `older`, which is made of
  ///   what the ledger still knows, says it.
  package func change(from older: Scope, affectedThen then: NumberSet? = nil, at moment: any SubjectsMoment) -> ScopeChange {
    func now(_ set: NumberSet) -> NumberSet { NumberSet(moment.canonical(of: set.numbers)) }
    let (before, after) = (now(then ?? older.affected), now(affected))
    // Merged with somebody who is affected, a subject is: that is no doubt any more.
    let (doubtBefore, doubtAfter) = (now(older.cannotBeExcluded).subtracting(before), now(cannotBeExcluded).subtracting(after))
    var more: [UInt32] = []
    for field in fields {
      let earlier = older.fields.first { $0.name == field.name }.map { now(older.subjects(with: $0)) } ?? NumberSet([])
      more += now(subjects(with: field)).numbers.filter { before.contains($0) && !earlier.contains($0) }
    }
    return ScopeChange(
      newlyAffected: after.subtracting(before), noLongerAffected: before.subtracting(after),
      newlyUncertain: doubtAfter.subtracting(doubtBefore).subtracting(before),
      noLongerUncertain: doubtBefore.subtracting(doubtAfter).subtracting(after), moreFields: NumberSet(more))
  }
}
