package import Events
package import Journeys

extension SegmentStore {
  /// The subject of an id, as of now; nil if the id has never arrived.
  package func reference(of pseudonym: Pseudonym) -> SubjectReference? {
    guard let number = identities.number(of: pseudonym) else { return nil }
    return SubjectReference(number: SubjectNumber(number), pseudonym: pseudonym)
  }

  /// Who has a number; nil if it was never given.
  package func reference(of number: SubjectNumber) -> SubjectReference? {
    identities.pseudonym(of: number.rawValue).map { SubjectReference(number: number, pseudonym: $0) }
  }

  /// The subject that an id counts as, as of now; nil if the id has never arrived.
  package func canonicalReference(of pseudonym: Pseudonym) -> SubjectReference? {
    guard let number = identities.number(of: pseudonym) else { return nil }
    let canonical = canonicalNow(number)
    return identities.pseudonym(of: canonical).map { SubjectReference(number: SubjectNumber(canonical), pseudonym: $0) }
  }
}
