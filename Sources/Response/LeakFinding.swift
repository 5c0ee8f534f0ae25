import Access
import Events
import Ledger

/// What rows that turned up somewhere say of where they come from.
package struct LeakFinding: Sendable, Hashable {
  /// One way in which they may have got out, with what speaks for it.
  package struct Suspect: Sendable, Hashable {
    package enum Evidence: String, Sendable, Hashable, CaseIterable {
      /// Synthetic subjects that nobody else was given: there is no other way.
      case canaries
      /// Pseudonyms that nobody else was given.
      case pseudonyms
      /// Was shown these people; others may have been as well.
      case shown
    }

    package let source: Incident.Source
    package let evidence: Evidence
    /// Canaries, pseudonyms or people.
    package let count: Int

    package init(_ source: Incident.Source, _ evidence: Evidence, _ count: Int) {
      self.source = source
      self.evidence = evidence
      self.count = count
    }

    /// Whether it can have come from there alone.
    package var isCertain: Bool { evidence != .shown }
  }

  /// Ids that were looked at, each once.
  package let ids: Int
  /// People here whom some of them name, under whatever pseudonym; canaries are nobody.
  package let people: Int
  /// The most telling first.
  package let suspects: [Suspect]
  /// Of `people`, who does not belong to the newest scope of the incident that was named: then the scope is too narrow.
  package let outside: Int?

  package init(ids: Int, people: Int, suspects: [Suspect], outside: Int?) {
    self.ids = ids
    self.people = people
    self.outside = outside
    self.suspects = suspects.sorted { left, right in
      let order = Suspect.Evidence.allCases
      let (one, other) = (order.firstIndex(of: left.evidence) ?? 0, order.firstIndex(of: right.evidence) ?? 0)
      return one != other ? one < other : (left.count, right.source.id) > (right.count, left.source.id)
    }
  }

  /// Where it comes from, if that can be said: one source with evidence that nobody else can have left, or the only one that was shown all of
  /// them.
  package var source: Incident.Source? {
    let certain = Set(suspects.filter(\.isCertain).map(\.source))
    if !certain.isEmpty { return certain.count == 1 ? certain.first : nil }
    let whole = suspects.filter { $0.count == people && people > 0 }
    return whole.count == 1 ? whole.first?.source : nil
  }
}
