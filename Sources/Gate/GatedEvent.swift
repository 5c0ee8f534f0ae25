package import Events
package import Vault

/// An event that passed the gate: every value in it was kept, coarsened, pseudonymized or sealed on purpose.
///
/// Only the gate can make one, as it alone makes `GatedRows`, so whatever takes either (the store, a relay) cannot be handed raw input.
package struct GatedEvent: Sendable {
  package let name: String
  package let time: Timestamp
  /// The id under which it counts before any merge. Nil: it counts in totals only.
  package let actor: GatedIdentity?
  /// The merge that it asks for: first durable arrival decides (Mixpanel, Simplified ID Merge).
  package let link: Link?
  /// Nil if it had no `$insert_id`: never a duplicate of anything.
  package let duplicateKeys: DuplicateKeys?
  /// Organizations that the event names, one entry for each (group key, id); the property of that name holds the pseudonyms too.
  package let groups: [Group]
  package let properties: [StoredProperty]
  /// What was done to each value, in the order of arrival: for the live view, never stored.
  package let decisions: [Decision]

  package struct Link: Sendable {
    package let device: GatedIdentity
    package let user: GatedIdentity
  }

  package struct Group: Sendable {
    package let key: String
    package let identity: GatedIdentity
  }
}

/// A pseudonym and, at first sight of the id, the id as sent, sealed, so that the custodian can name it.
package struct GatedIdentity: Sendable {
  package let pseudonym: Pseudonym
  package let sealedID: SealedValue?
}

/// A keyed fingerprint of (id as sent, event name, insert id, UTC day of the sent time). Two events that agree in it are one (the first
/// durable arrival wins); whoever agrees in the second agrees in the day, so that none is needed for the second.
package struct DuplicateKeys: Sendable, Hashable {
  package let day: Pseudonym
  /// Days since 1970-01-01 of the sent time, UTC.
  package let dayNumber: Int32
}

/// A profile operation that passed the gate.
package struct GatedProfileUpdate: Sendable {
  package enum Target: Sendable {
    case subject(GatedIdentity)
    case group(key: String, GatedIdentity)
  }

  package let target: Target
  package let operation: ProfileOperation<StoredValue>
  package let time: Timestamp
  package let ignoresTime: Bool
  package let isVerified: Bool
  package let decisions: [Decision]
}

/// What came out of the gate for one request, with the wrapped keys that its sealed values need: both become durable together.
package struct GatedBatch: Sendable {
  /// All events.
  package let rows: GatedRows
  /// The last of them one by one, as many as were asked for.
  package let events: [GatedEvent]
  package let profileUpdates: [GatedProfileUpdate]
  package let wrappedKeys: [WrappedKey]
  /// What of the profile updates may be written in the clear later, once they are durable.
  package internal(set) var derivatives: [WaitingDerivative] = []
}

/// What the gate did to one value. The words are those that the console shows.
package struct Decision: Sendable, Hashable {
  package enum Treatment: String, Sendable, Hashable, Codable, CaseIterable {
    case kept, coarsened, pseudonymized, sealed, dropped, refused
  }

  /// The property's name as sent, cut to 255 bytes; it may come from a stranger.
  package let property: String
  package let treatment: Treatment
  /// The step that decided and why, from a closed set of words: safe as a metric label.
  package let reason: String

  package init(property: String, treatment: Treatment, reason: String) {
    self.property = property
    self.treatment = treatment
    self.reason = reason
  }
}
