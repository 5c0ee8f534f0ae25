/// An event as it came over the wire, well-formed and judged by itself, but not yet past the gate.
///
/// Holds values in the clear: nothing but the gate may read `properties`, and nothing may log it.
package struct ReceivedEvent: Sendable {
  package var name: String
  /// The time that counts: as sent, or the time of receipt where the sent one lay in the future or was missing.
  package var time: Timestamp
  /// The time as sent; duplicates are recognised by it. Equal to `time` where none was sent.
  package var sentTime: Timestamp
  package var identity: ReceivedIdentity
  /// `$insert_id` as sent. Nil if none was sent: such an event is never a duplicate of anything.
  package var insertID: String?
  /// All properties but those that the fields of this type hold (`token`, `time`, `distinct_id`, `$device_id`, `$user_id`, `$insert_id`, `ip`).
  package var properties: [Property]
  /// The address to place the event on the map by; the gate forgets it. Nil where the sender forbade it.
  package var address: String?
  /// Whether a secret credential sent it (`/import`), not the public token.
  package var isVerified: Bool

  package init(
    name: String, time: Timestamp, sentTime: Timestamp, identity: ReceivedIdentity, insertID: String?, properties: [Property],
    address: String?, isVerified: Bool
  ) {
    self.name = name
    self.time = time
    self.sentTime = sentTime
    self.identity = identity
    self.insertID = insertID
    self.properties = properties
    self.address = address
    self.isVerified = isVerified
  }
}

/// The ids of an event as sent (Mixpanel, Simplified ID Merge).
///
/// The actor is the user if one is named, else `"$device:" + device`, else `distinctID`. Known-bad ids are nil here already, so that
/// an event with none at all counts in totals only.
package struct ReceivedIdentity: Sendable, Hashable {
  package var userID: String?
  package var deviceID: String?
  package var distinctID: String?

  package init(userID: String? = nil, deviceID: String? = nil, distinctID: String? = nil) {
    self.userID = userID
    self.deviceID = deviceID
    self.distinctID = distinctID
  }

  /// The id as sent under which the event counts before any merge; nil if the event has no actor.
  package var actor: String? { userID ?? device ?? distinctID }

  /// The device's id in the form in which anonymous events carry it.
  package var device: String? { deviceID.map { "$device:" + $0 } }

  /// The merge that this event asks for: the device's past belongs to the user. Nil if it names only one of the two.
  package var link: (device: String, user: String)? {
    guard let userID, let device else { return nil }
    return (device, userID)
  }
}

extension ReceivedEvent: Silent {
  package var description: String { "<received event>" }
}

extension ReceivedIdentity: Silent {
  package var description: String { "<received identity>" }
}
