/// What a team says about its events: which there are, which properties they have, and what may rest of each. docs/PLAN.md is its manual.
///
/// A plan comes on top of the gate's own steps and takes away more, never less: `keep` means that the plan has no objection.
package struct TrackingPlan: Sendable, Hashable {
  /// What a value is, as JSON has it.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case string, number, boolean, list, object
    /// A text or number that says when.
    case time
  }

  package enum Treatment: Sendable, Hashable {
    case keep
    case coarsen(Coarsening)
    case pseudonymize
    /// On profiles for the custodian; on events dropped.
    case seal
    case drop
    /// As `drop`; it should not have been sent.
    case refuse
  }

  package enum Coarsening: Sendable, Hashable {
    /// Origin and a template of the path.
    case url
    /// The hour that a time lies in.
    case hour
    /// The greatest of these edges that is not above the number; the lowest for all below. Ascending.
    case bucket([Int64])
    /// City, region and country of an address.
    case place
    /// Names of browser and operating system.
    case userAgent
  }

  /// What a field of a profile counts for. It counts only where a secret credential wrote it.
  package enum Weight: String, Sendable, Hashable, CaseIterable {
    /// It says who somebody is.
    case identity
    /// It says what somebody may do or belongs to. From the public token it is not stored at all.
    case authority
  }

  /// What becomes of events and properties that the plan does not know.
  package enum Unknown: String, Sendable, Hashable, CaseIterable {
    /// Stored, counted, and listed for whoever keeps the plan.
    case accept
    /// Listed, and in no answer until somebody decides: events are stored and held, properties left out.
    case quarantine
    /// Left out as something that should not have been sent.
    case refuse
  }

  package struct Property: Sendable, Hashable {
    /// Nil: any.
    package var kind: Kind?
    package var treatment: Treatment
    package var owner: String?
    package var description: String?
    /// Of a profile's field.
    package var weight: Weight?
    /// Of a sealed field of people.
    package var derivative: Derivative?

    package init(
      _ treatment: Treatment = .keep, kind: Kind? = nil, owner: String? = nil, description: String? = nil, weight: Weight? = nil,
      derivative: Derivative? = nil
    ) {
      self.kind = kind
      self.treatment = treatment
      self.owner = owner
      self.description = description
      self.weight = weight
      self.derivative = derivative
    }
  }

  package struct Event: Sendable, Hashable {
    package enum Treatment: String, Sendable, Hashable, CaseIterable { case keep, drop, refuse }

    package var treatment: Treatment
    package var owner: String?
    package var description: String?
    package var properties: [String: Property]
    /// For how many days its events are kept; nil: as long as all of the project.
    package var keepDays: Int?

    package init(
      _ treatment: Treatment = .keep, owner: String? = nil, description: String? = nil, properties: [String: Property] = [:],
      keepDays: Int? = nil
    ) {
      self.keepDays = keepDays
      self.treatment = treatment
      self.owner = owner
      self.description = description
      self.properties = properties
    }
  }

  /// The name under which the properties of all events stand.
  package static let everyEventName = "*"

  package var unknownEvents: Unknown
  package var unknownProperties: Unknown
  /// Of all events, those included that the plan does not know. What an event says of a property itself goes before.
  package var everyEvent: [String: Property]
  package var events: [String: Event]
  /// Profiles of people.
  package var people: [String: Property]
  /// Profiles of organizations.
  package var groups: [String: Property]

  package init(
    unknownEvents: Unknown = .accept, unknownProperties: Unknown = .accept, everyEvent: [String: Property] = [:],
    events: [String: Event] = [:], people: [String: Property] = [:], groups: [String: Property] = [:]
  ) {
    self.unknownEvents = unknownEvents
    self.unknownProperties = unknownProperties
    self.everyEvent = everyEvent
    self.events = events
    self.people = people
    self.groups = groups
  }

  /// What the plan says of a property of an event; nil: it does not know it.
  package func property(_ name: String, of event: String) -> Property? {
    events[event]?.properties[name] ?? everyEvent[name] ?? (ReservedNames.isProperty(name) ? Property() : nil)
  }

  /// Whether nobody may see events of a name until somebody decides. Where unknown ones are refused, those that came before stay held.
  package func holds(_ event: String) -> Bool { unknownEvents != .accept && !knows(event: event) }

  /// The longest name of an event or property, in bytes.
  package static let longestName = 255

  /// Whether a plan can speak of something of this name: no control characters, nothing that breaks a line, none of YAML's own words.
  package static func canName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= longestName && name.unicodeScalars.allSatisfy(isReadable) && name != "<<"
      && name != everyEventName
  }

  /// Nothing that breaks a line or steers, and nothing that Unicode has no character for.
  package static func isReadable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: false
    default: true
    }
  }

  /// Whether the plan knows an event, as its own or as one of the SDKs'.
  package func knows(event: String) -> Bool { events[event] != nil || ReservedNames.isEvent(event) }
}

extension TrackingPlan.Treatment {
  /// The word of docs/PLAN.md.
  package var word: String {
    switch self {
    case .keep: "keep"
    case .coarsen: "coarsen"
    case .pseudonymize: "pseudonymize"
    case .seal: "seal"
    case .drop: "drop"
    case .refuse: "refuse"
    }
  }
}

extension TrackingPlan.Coarsening {
  package var word: String {
    switch self {
    case .url: "url"
    case .hour: "hour"
    case .bucket: "bucket"
    case .place: "place"
    case .userAgent: "user_agent"
    }
  }
}
