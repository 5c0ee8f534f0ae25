import Access
import Events
import Foundation
import Ledger
import Notices

extension InboxDesk {
  private static let longestSubject = 200

  /// Has the trust pages warn of a domain or a subject, from the next time on that they are published.
  ///
  /// - Throws: `AccessError` `invalid` for what should not be published, `inUse` where it is already, or the incident is closed.
  package func warn(
    _ kind: TrustWarning.Kind, _ text: String, of incident: Incident, by principal: Principal
  ) async throws -> (warning: TrustWarning, receipt: LedgerReceipt) {
    let text = try await checked(kind, text)
    let known = try await control.trustWarnings(of: incident.id)
    guard !known.contains(where: { $0.kind == kind && $0.text == text }) else {
      throw AccessError(.inUse, "The trust pages warn of this already.")
    }
    guard known.count < ControlDatabase.mostWarnings else {
      throw AccessError(.invalid, "There are \(ControlDatabase.mostWarnings) warnings of this incident already: withdraw some.")
    }
    let seenAt = try await seen(kind, text, of: incident)
    let receipt = try await incidents.step(
      incident.id, .warned, "\(kind.rawValue) \(text)", ["kind": kind.rawValue, "text": text], by: principal, change: { _ in })
    // A crash here leaves a step of a warning that is not there: whoever looks sees that the pages lack it, and warns again.
    try await control.addWarning(kind, text, seenAt: seenAt, incident: incident.id, entry: receipt.index)
    guard let warning = try await control.trustWarnings(of: incident.id).last(where: { $0.kind == kind && $0.text == text }) else {
      throw AccessError(.unavailable, "The warning could not be read back.")
    }
    return (warning, receipt)
  }

  /// Takes a warning back, of a closed incident too: the pages do not have it any more when they are published next.
  package func withdraw(_ id: Int64, of incident: Incident, by principal: Principal) async throws -> LedgerReceipt {
    guard let warning = try await control.trustWarnings(of: incident.id).first(where: { $0.id == id }) else {
      throw AccessError(.notFound, "There is no such warning.")
    }
    let facts = ["kind": warning.kind.rawValue, "text": warning.text]
    guard incident.state != .closed else {
      return try await control.turns.take {
        let receipt = try await ledger.record(.incident(incident.project, incident.id, act: .warningWithdrawn, facts: facts), by: principal)
        try await control.removeWarning(id)
        return receipt
      }
    }
    return try await incidents.step(
      incident.id, .warningWithdrawn, "\(warning.kind.rawValue) \(warning.text)", facts, by: principal, change: { _ in },
      then: { try await self.control.removeWarning(id) })
  }

  /// As it is published: anybody will read it.
  private func checked(_ kind: TrustWarning.Kind, _ text: String) async throws -> String {
    let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !text.isEmpty else { throw AccessError(.invalid, "Say of which \(kind.rawValue) customers are warned.") }
    guard !text.unicodeScalars.contains(where: Self.isHidden) else {
      throw AccessError(.invalid, "The \(kind.rawValue) has characters that do not show, or turn the direction of others.")
    }
    switch kind {
    case .domain:
      guard let domain = LureDomain(text) else {
        throw AccessError(.invalid, "A domain is written as orrery-billing.example, without https:// and without a path.")
      }
      guard !domain.isOwn(by: try await anchors()) else {
        throw AccessError(.invalid, "\(domain.text) is your own domain: customers would be warned of you.")
      }
      guard !domain.isOfMany else {
        throw AccessError(
          .invalid,
          "\(domain.text) is a domain that many honest people use: customers would be warned of them. Warn of the name in front of it.")
      }
      return domain.text
    case .subject:
      guard text.count <= Self.longestSubject else {
        throw AccessError(.invalid, "A subject has \(Self.longestSubject) characters at most.")
      }
      guard try await !ownSubjects().contains(where: { $0.matches(text) }) else {
        throw AccessError(.invalid, "Letters of your own have this subject: customers would be warned of them.")
      }
      guard !["[name]", "[redacted]", "[id]", "[email]", "[phone]", "[ip]", "[number]", "[secret]"].contains(where: text.contains) else {
        throw AccessError(.invalid, "The subject holds a word for something that was masked: put another in its place, or leave it out.")
      }
      guard mask(text) == text else {
        throw AccessError(
          .invalid, "The subject holds what may identify somebody, such as an address or a number. As it may be published: \(mask(text))")
      }
      return text
    }
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// When reports saw it last; now where none did.
  private func seen(_ kind: TrustWarning.Kind, _ text: String, of incident: Incident) async throws -> Timestamp {
    let lures = try await control.inbox(of: incident.id).lures
    let all = lures.compactMap(Self.shape).filter { shape in
      switch kind {
      case .domain: shape.traces.hosts.contains(text) || shape.traces.imitations.contains { $0.domain == text }
      case .subject: shape.traces.subject == text
      }
    }
    return all.map(\.last).max() ?? clock()
  }
}
