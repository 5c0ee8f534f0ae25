import Events
import Ledger

/// Something happened, or may have: what is known of it, and how far the company has come with it.
package struct Incident: Sendable, Hashable {
  /// In their order; one goes forward only, or is closed.
  package enum State: String, Sendable, Hashable, CaseIterable, Comparable {
    case suspected, contained, scoped, notified, closed

    package static func < (left: State, right: State) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// What was lost hold of.
  package enum Source: Sendable, Hashable {
    case vendor(String)
    /// A service account, or a session, by its public id.
    case credential(String)
    /// A person of the staff with all sessions.
    case person(String)
    /// By the canaries' mark of an export, the number of a wish, or an entry of the ledger.
    case export(String)
    case host(Host)

    package enum Host: String, Sendable, Hashable, CaseIterable { case server, custodian, backup }

    package var kind: String {
      switch self {
      case .vendor: "vendor"
      case .credential: "credential"
      case .person: "person"
      case .export: "export"
      case .host: "host"
      }
    }

    package var id: String {
      switch self {
      case .vendor(let id), .credential(let id), .person(let id), .export(let id): id
      case .host(let host): host.rawValue
      }
    }

    package init?(kind: String, id: String) {
      guard !id.isEmpty, id.utf8.count <= 100 else { return nil }
      switch kind {
      case "vendor": self = .vendor(id)
      case "credential": self = .credential(id)
      case "person": self = .person(id)
      case "export": self = .export(id)
      case "host":
        guard let host = Host(rawValue: id) else { return nil }
        self = .host(host)
      default: return nil
      }
    }
  }

  /// Times that the law tells apart; each is set once, by hand or by what happens, and may be corrected.
  package enum Moment: String, Sendable, Hashable, CaseIterable {
    case firstSignal = "first_signal"
    case investigationStarted = "investigation_started"
    /// Reasonable certainty that personal data was hit: what EDPB 9/2022 calls being aware.
    case certain
    case vendorToldUs = "vendor_told_us"
    case dataSetReceived = "data_set_received"
    /// DORA: the incident was classified as major.
    case classifiedMajor = "classified_major"
    case materialityDecided = "materiality_decided"
    case highRiskFound = "high_risk_found"
    case authorityTold = "authority_told"
    case peopleTold = "people_told"
  }

  package let id: Int64
  package let project: ProjectID
  package var title: String
  package let source: Source
  /// The window in which it was lost hold of; nil: open on that side.
  package var from: Timestamp?
  package var to: Timestamp?
  package var state: State
  package var moments: [Moment: Timestamp]
  package let openedAt: Timestamp
  /// The alert that it came from.
  package let alert: Int64?
  /// The newest scope: 0 before the first.
  package var scopeVersion: Int
}

/// One thing that was done about an incident.
package struct IncidentStep: Sendable, Hashable {
  package let id: Int64
  package let incident: Int64
  package let at: Timestamp
  package let by: Principal
  /// Such as `opened`, `contained`, `scoped`.
  package let act: String
  /// As people typed it, or what was done.
  package let note: String
  package let entry: UInt64
}

/// What was found out about who is affected, once.
package struct IncidentScope: Sendable, Hashable {
  package let incident: Int64
  /// From 1 on; each supersedes the one before.
  package let version: Int
  package let digest: String
  /// The canonical form that the digest is over.
  package let canonical: String
  package let madeAt: Timestamp
  package let entry: UInt64

  package init(incident: Int64, version: Int, digest: String, canonical: String, madeAt: Timestamp, entry: UInt64) {
    self.incident = incident
    self.version = version
    self.digest = digest
    self.canonical = canonical
    self.madeAt = madeAt
    self.entry = entry
  }
}
