import Events
import Ledger

/// Something that somebody should look at: what was found, about which credential, and what people did about it.
///
/// It names credentials and accounts by their public ids, never a person, a subject or a secret.
package struct Alert: Sendable, Hashable, Identifiable {
  package let id: Int64
  package let kind: Kind
  package let severity: Severity
  /// Nil where it is about the whole installation.
  package let project: ProjectID?
  /// Who or what it is about, as far as that is known.
  package let about: About?
  /// For people: what was found. Written by Sealane, never by whoever caused it.
  package let sentence: String
  package let details: [String: Value]
  package let state: State
  /// How often the same was found while this stood.
  package let count: Int
  package let raisedAt: Timestamp
  package let lastAt: Timestamp
  /// The ledger's entry of its beginning; nil until that is written.
  package let ledgerIndex: UInt64?

  /// A closed set; the words stand in the database, in messages and in docs/FORMATS.md.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A credential reached a quota and answers nothing more.
    case credentialFrozen = "credential_frozen"
    case revokedCredentialUsed = "revoked_credential_used"
    /// A synthetic subject, host or key that only one recipient was given turned up.
    case canaryUsed = "canary_used"
    /// Somebody of the staff said: I was phished.
    case phished
    /// A passkey's counter went backwards: there may be a copy of it.
    case clonedPasskey = "cloned_passkey"
    /// A witness saw a fork or a roll-back of the ledger, or none cosigns.
    case ledgerWitness = "ledger_witness"
    case ledgerUnwritable = "ledger_unwritable"
    /// Somebody got a role, or a program an account, with power over others or over rows in bulk.
    case powerGranted = "power_granted"
    /// New network, new client, off hours, enumeration, first export.
    case unusualUse = "unusual_use"
    /// Queries of one credential that differ by fewer than k subjects.
    case differencing
    case custodianAlarm = "custodian_alarm"
    /// A channel took no message until its time was over, or asked not to be sent any.
    case deliveryFailed = "delivery_failed"
    /// Security events were left out on the way to a channel.
    case eventsLost = "events_lost"
    /// A vendor takes no events, for a while or for good.
    case vendorFailed = "vendor_failed"
    /// Events that a vendor never got: it refused them, or was behind for too long.
    case vendorEventsLost = "vendor_events_lost"
    /// Somebody pulled a vendor's kill switch.
    case vendorKilled = "vendor_killed"
    /// A vendor's way in that the company does not use any more, and that works still.
    case grantStillLive = "grant_still_live"
    /// The company's own site calls hosts that no vendor's declaration names.
    case undeclaredThirdParty = "undeclared_third_party"
    /// More alerts of one kind came than are kept one by one.
    case flood
    /// Written by another version.
    case unknown

    package var title: String {
      switch self {
      case .credentialFrozen: "A credential was frozen"
      case .revokedCredentialUsed: "A revoked credential was used"
      case .canaryUsed: "A canary was used"
      case .phished: "Somebody was phished"
      case .clonedPasskey: "A passkey may have been copied"
      case .ledgerWitness: "The ledger's witness objects"
      case .ledgerUnwritable: "The ledger cannot be written"
      case .powerGranted: "Power was given to somebody"
      case .unusualUse: "Unusual use of a credential"
      case .differencing: "Queries that single people out"
      case .custodianAlarm: "The custodian raised an alarm"
      case .deliveryFailed: "A channel does not take messages"
      case .eventsLost: "Security events were left out"
      case .vendorFailed: "A vendor takes no events"
      case .vendorEventsLost: "Events did not reach a vendor"
      case .vendorKilled: "A vendor's kill switch was pulled"
      case .grantStillLive: "A retired grant is still live"
      case .undeclaredThirdParty: "The site calls undeclared third parties"
      case .flood: "Many alerts of one kind"
      case .unknown: "An alert of another version"
      }
    }

    package var severity: Severity {
      switch self {
      case .canaryUsed, .phished, .ledgerWitness: .critical
      case .credentialFrozen, .revokedCredentialUsed, .clonedPasskey, .ledgerUnwritable, .custodianAlarm, .flood, .vendorKilled,
        .grantStillLive:
        .high
      case .vendorFailed, .vendorEventsLost, .powerGranted, .unusualUse, .differencing, .deliveryFailed, .eventsLost,
        .undeclaredThirdParty, .unknown:
        .medium
      }
    }
  }

  package enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
    case low, medium, high, critical

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    private var rank: Int {
      switch self {
      case .low: 0
      case .medium: 1
      case .high: 2
      case .critical: 3
      }
    }
  }

  package enum State: String, Sendable, Hashable, CaseIterable {
    /// Nobody has said anything of it.
    case open
    /// Somebody looks at it.
    case acknowledged
    /// Done with. The same found again is another alert.
    case closed
  }

  /// By public ids.
  package struct About: Sendable, Hashable {
    /// A word of `Principal.Kind`.
    package let kind: String
    package let id: String
    package let credential: String

    package init(kind: String, id: String, credential: String) {
      self.kind = kind
      self.id = id
      self.credential = credential
    }

    package init(_ principal: Principal) {
      self.init(kind: principal.kind.rawValue, id: principal.id, credential: principal.credential)
    }
  }

  package enum Value: Sendable, Hashable, Codable {
    case text(String)
    case number(Int64)

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int64.self) { self = .number(number) } else { self = .text(try container.decode(String.self)) }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      }
    }
  }

  /// One step of an alert's history.
  package struct Change: Sendable, Hashable {
    package let at: Timestamp
    package let by: About
    package let from: State
    package let to: State
    /// What whoever did it wrote; stays here and in the console, no message has it.
    package let note: String
    package let ledgerIndex: UInt64?
  }
}

/// What a room that finds something says of it. Never fails: what is too long is cut.
package struct NewAlert: Sendable, Hashable {
  package static let maximumSentence = 500
  package static let maximumDetails = 20
  package static let maximumText = 200

  package let kind: Alert.Kind
  package let severity: Alert.Severity
  package let project: ProjectID?
  package let about: Alert.About?
  package let sentence: String
  package let details: [String: Alert.Value]
  /// What makes two alerts of a kind the same one: the credential where nothing else is said.
  package let sameAs: String
  /// Whether, while one stands, the words and details found last take the place of those before, for a day after the last time.
  package let isRenewed: Bool

  /// - Parameters:
  ///   - sentence: ours, without anything personal; ids of credentials may stand in it.
  ///   - sameAs: alerts of one kind and project with equal words here are counted on one record while that stands.
  package init(
    _ kind: Alert.Kind, severity: Alert.Severity? = nil, project: ProjectID? = nil, about: Alert.About? = nil, sentence: String,
    details: [String: Alert.Value] = [:], sameAs: String? = nil, isRenewed: Bool = false
  ) {
    self.isRenewed = isRenewed
    self.kind = kind
    self.severity = severity ?? kind.severity
    self.project = project
    self.about = about
    self.sentence = Self.oneLine(sentence, Self.maximumSentence)
    let kept = details.sorted { $0.key < $1.key }.prefix(Self.maximumDetails).map { name, value in
      if case .text(let text) = value { (name, Alert.Value.text(Self.oneLine(text, Self.maximumText))) } else { (name, value) }
    }
    self.details = Dictionary(kept, uniquingKeysWith: { first, _ in first })
    self.sameAs = sameAs ?? about.map { "\($0.kind)/\($0.id)/\($0.credential)" } ?? ""
  }

  package init(
    _ kind: Alert.Kind, of principal: Principal, project: ProjectID? = nil, sentence: String, details: [String: Alert.Value] = [:]
  ) {
    self.init(kind, project: project, about: Alert.About(principal), sentence: sentence, details: details)
  }

  /// Without line ends and control characters, which would make lines of their own in mail and logs.
  private static func oneLine(_ text: String, _ most: Int) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(most) {
      line.append(scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : scalar)
    }
    return String(line)
  }
}
