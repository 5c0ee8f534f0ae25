import Events
import Testing

/// What has not passed the gate does not print: not in a log line, not in an error, not reflected.
struct SilenceTests {
  @Test("values, ids and records before the gate say what they are and nothing else")
  func printing() {
    let email = "ann@example.com"
    let property = Property("of " + email, .list([.string(email), .object([Property(email, .number(4711))])]))
    let identity = ReceivedIdentity(userID: email, deviceID: email, distinctID: email)
    let event = ReceivedEvent(
      name: email, time: Timestamp(milliseconds: 0), sentTime: Timestamp(milliseconds: 0), identity: identity, insertID: email,
      properties: [property], address: "203.0.113.9", isVerified: false)
    let operation = ProfileOperation<PropertyValue>.set([.init(email, .string(email))])
    let update = ReceivedProfileUpdate(
      target: .subject(email), operation: operation, time: Timestamp(milliseconds: 0), ignoresTime: false, address: "203.0.113.9",
      isVerified: false)
    let values: [any Sendable] = [
      property, property.value, identity, event, operation, ProfileOperation<PropertyValue>.unset([email]), update, update.target,
      ReceivedProfileUpdate.Target.group(key: email, id: email), [event], ["x": property],
    ]
    for value in values {
      var dumped = ""
      dump(value, to: &dumped)
      for text in [dumped, "\(value)", String(reflecting: value)] {
        #expect(!text.contains("ann") && !text.contains("4711") && !text.contains("203"), "\(type(of: value))")
      }
    }
  }
}
