package import Events

/// An event as the store takes it: a `GatedEvent` without what is not stored.
package struct StoredRow: Sendable {
  package var name: String
  package var time: Timestamp
  package var actor: StoredIdentity?
  package var link: Link?
  package var duplicateKey: DuplicateKey?
  /// Organizations that get a number of their own.
  package var groups: [StoredIdentity]
  package var properties: [StoredProperty]

  package struct Link: Sendable {
    package var device: StoredIdentity
    package var user: StoredIdentity
    package init(device: StoredIdentity, user: StoredIdentity) {
      self.device = device
      self.user = user
    }
  }

  /// What duplicates are recognised by: 64 bits of the keyed fingerprint of (id as sent, name, insert id, UTC day of the sent time), kept
  /// for ever under that day.
  ///
  /// A.21 item 2 knows two rules, the same second for ever and the same UTC day. Both follow from this one key: who agrees in the second
  /// agrees in the day, and a day's keys are never forgotten. With ten million events in a day the chance that any of them is taken for
  /// another is below 3 in a million.
  package struct DuplicateKey: Sendable, Hashable {
    package var day: Int32
    package var fingerprint: UInt64
    package init(day: Int32, fingerprint: UInt64) {
      self.day = day
      self.fingerprint = fingerprint
    }
  }

  package init(
    name: String, time: Timestamp, actor: StoredIdentity?, link: Link? = nil, duplicateKey: DuplicateKey? = nil,
    groups: [StoredIdentity] = [], properties: [StoredProperty] = []
  ) {
    self.name = name
    self.time = time
    self.actor = actor
    self.link = link
    self.duplicateKey = duplicateKey
    self.groups = groups
    self.properties = properties
  }
}

/// A pseudonym and, the first time, the id as sent, sealed.
package struct StoredIdentity: Sendable, Hashable {
  package var pseudonym: Pseudonym
  package var sealedID: SealedValue?
  package var isGroup: Bool
  package init(_ pseudonym: Pseudonym, sealedID: SealedValue? = nil, isGroup: Bool = false) {
    self.pseudonym = pseudonym
    self.sealedID = sealedID
    self.isGroup = isGroup
  }
}

/// A profile operation as the store takes it.
package struct StoredUpdate: Sendable {
  package var target: StoredIdentity
  package var operation: ProfileOperation<StoredValue>
  package var time: Timestamp
  package var ignoresTime: Bool
  package var isVerified: Bool
  package init(
    target: StoredIdentity, operation: ProfileOperation<StoredValue>, time: Timestamp, ignoresTime: Bool = false, isVerified: Bool
  ) {
    self.target = target
    self.operation = operation
    self.time = time
    self.ignoresTime = ignoresTime
    self.isVerified = isVerified
  }
}
