import Access
import Events
import Ledger

extension Scope {
  /// ENISA's arithmetic for what was exposed, as an aid.
  ///
  /// What left through Sealane is behaviour (DPC 2) under pseudonyms that only the company can resolve, with identities sealed (EI 0.25). Where
  /// the custodian opened identities by the same credential, they count as known (EI 1). Keys without data say nothing by themselves.
  package func severity(isMalicious: Bool = true) -> Severity {
    let isKeysAlone = holdings?.host == Incident.Source.Host.custodian.rawValue && entries.isEmpty
    return Severity(
      category: isKeysAlone ? .simple : .behavioural, identification: openings > 0 ? .maximum : .negligible, confidentiality: .whole,
      isMalicious: isMalicious, people: affected.count, isUnintelligible: isKeysAlone)
  }

  /// The same people, had names and addresses stood beside the rows, as in an ordinary analytics product.
  package func severityWithNames(isMalicious: Bool = true) -> Severity {
    Severity(
      category: .behavioural, identification: .maximum, confidentiality: .whole, isMalicious: isMalicious, people: affected.count)
  }
}
