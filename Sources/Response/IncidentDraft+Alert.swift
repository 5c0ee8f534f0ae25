import Access
import Events
import Ledger

extension IncidentDraft {
  /// What an alert would be as an incident. Nil for one that tells of nothing lost hold of by itself: a channel that takes no message, say.
  package init?(_ alert: Alert) {
    guard let source = Self.source(alert) else { return nil }
    let about = alert.kind == .canaryUsed ? "" : ": \(source.id)"
    self.init(
      title: String("\(alert.kind.title)\(about)".prefix(150)), source: source, moments: [.firstSignal: alert.raisedAt], alert: alert.id)
  }

  /// Of the kinds that may be one.
  static let kinds: [Alert.Kind] = [
    .canaryUsed, .phished, .clonedPasskey, .credentialFrozen, .revokedCredentialUsed, .unusualUse, .differencing, .vendorKilled,
    .grantStillLive, .ledgerWitness, .custodianAlarm,
  ]

  private static func source(_ alert: Alert) -> Incident.Source? {
    func text(_ name: String) -> String? { if case .text(let text)? = alert.details[name] { text } else { nil } }
    switch alert.kind {
    case .canaryUsed:
      if let vendor = text("vendor") { return .vendor(vendor) }
      if let export = text("export") { return .export(export) }
      return credential(alert)
    case .phished, .clonedPasskey: return alert.about.flatMap { $0.kind == Principal.Kind.staff.rawValue ? .person($0.id) : nil }
    // Somebody froze it and knows why; containing a server's host does so to everybody.
    case .credentialFrozen where text("quota") == "by hand": return nil
    case .credentialFrozen, .revokedCredentialUsed, .unusualUse, .differencing: return credential(alert)
    case .vendorKilled, .grantStillLive: return (text("vendor") ?? alert.about?.id).map { .vendor($0) }
    // Who rewrites the ledger, or swaps the custodian's keys, has the server.
    case .ledgerWitness, .custodianAlarm: return .host(.server)
    case .ledgerUnwritable, .powerGranted, .deliveryFailed, .eventsLost, .vendorFailed, .vendorEventsLost, .undeclaredThirdParty, .flood,
      .unknown:
      return nil
    }
  }

  private static func credential(_ alert: Alert) -> Incident.Source? {
    guard let about = alert.about else { return nil }
    switch Principal.Kind(rawValue: about.kind) {
    case .serviceAccount: return .credential(about.id)
    case .staff: return about.credential.hasPrefix("ses_") ? .credential(about.credential) : .person(about.id)
    default: return nil
    }
  }
}
