import Access
import Events
import Ledger

extension Scope {
  /// ENISA's arithmetic for what was exposed, as an aid.
  ///
  /// What left through Sealane is behaviour (DPC 2) under pseudonyms that only the company can resolve, with identities sealed (EI 0.25). Where
  /// the custodian opened identities by the same credential, they count as known (EI 1). A field that tells people apart by what others know
  /// too, and a host with the pseudonym key, make it 0.5 (docs/EXPOSURE.md). Keys without data say nothing by themselves.
  package func severity(isMalicious: Bool = true) -> Severity {
    let isKeysAlone = holdings?.host == Incident.Source.Host.custodian.rawValue
    let tells = BlastRadius.identifiability(of: fields.map(\.name), hidden: Set(organizations.keys)) != .pseudonymous
    let isLinkable = tells || holdings?.host == Incident.Source.Host.server.rawValue
    let identification: Severity.Identification = openings > 0 ? .maximum : isLinkable && !isKeysAlone ? .limited : .negligible
    return Severity(
      category: isKeysAlone ? .simple : .behavioural, identification: identification, confidentiality: .whole,
      isMalicious: isMalicious, people: affected.count, isUnintelligible: isKeysAlone)
  }

  /// The same people, had names and addresses stood beside the rows, as in an ordinary analytics product.
  package func severityWithNames(isMalicious: Bool = true) -> Severity {
    Severity(
      category: .behavioural, identification: .maximum, confidentiality: .whole, isMalicious: isMalicious, people: affected.count)
  }
}
