package import Events

/// What is stored of an event since some time.
package struct EventStatistics: Sendable, Hashable {
  /// So many profiles are looked at.
  package static let mostProfiles = 200_000

  package var count: Int
  /// By name.
  package var properties: [PropertyStatistics]
  package init(count: Int, properties: [PropertyStatistics]) {
    self.count = count
    self.properties = properties
  }
}

/// What is stored of a property.
package struct PropertyStatistics: Sendable, Hashable {
  /// So many different values are told apart; of more it is known that there are more.
  package static let mostDistinct = 10_000

  package var name: String
  /// Events or profiles that have it.
  package var count: Int
  package var distinct: Int
  /// The most frequent values, the first the most frequent one.
  package var samples: [StoredValue]
  package var kinds: Set<Kind>

  /// Of profiles: how many have a value of a kind, in the layer that counts.
  package var profiles: [Written: Int]

  package enum Kind: String, Sendable, Hashable, CaseIterable { case text, number, boolean, list, object, pseudonym, sealed }

  /// Which value a profile has.
  package struct Written: Sendable, Hashable {
    /// Nil: null.
    package var kind: Kind?
    /// Whether a secret credential wrote it.
    package var isVerified: Bool
    package init(_ kind: Kind?, isVerified: Bool) {
      self.kind = kind
      self.isVerified = isVerified
    }
  }

  package var isDistinctBounded: Bool { distinct >= Self.mostDistinct }

  package init(
    name: String, count: Int, distinct: Int, samples: [StoredValue], kinds: Set<Kind>, profiles: [Written: Int] = [:]
  ) {
    self.profiles = profiles
    self.kinds = kinds
    self.name = name
    self.count = count
    self.distinct = distinct
    self.samples = samples
  }
}

/// Events that are held, for whoever decides about them.
package struct HeldEvents: Sendable, Hashable {
  package var name: String
  package var count: Int
  /// Of the oldest and of the newest one.
  package var first: Timestamp
  package var last: Timestamp
  package init(name: String, count: Int, first: Timestamp, last: Timestamp) {
    self.name = name
    self.count = count
    self.first = first
    self.last = last
  }
}
