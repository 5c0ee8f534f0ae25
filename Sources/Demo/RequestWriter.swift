/// Gathers records into request bodies of at most 2,000.
struct RequestWriter: Sendable {
  private struct Pending: Sendable {
    var text = JSONText()
    var records = 0
  }

  private(set) var eventCount = 0
  private var events = Pending()
  private var profiles = Pending()
  private var groups = Pending()
  private var ready: [OrreryLabs.Request] = []

  mutating func event(_ name: String, _ properties: (inout JSONText) -> Void) {
    events.text.object { event in
      event.member("event", name)
      event.object("properties", properties)
    }
    events.text.newline()
    events.records += 1
    eventCount += 1
    if events.records == OrreryLabs.recordsPerRequest { flushEvents() }
  }

  mutating func profile(_ update: (inout JSONText) -> Void) {
    update(&profiles.text)
    profiles.records += 1
    if profiles.records == OrreryLabs.recordsPerRequest { flushProfiles() }
  }

  mutating func group(_ update: (inout JSONText) -> Void) {
    update(&groups.text)
    groups.records += 1
    if groups.records == OrreryLabs.recordsPerRequest { flushGroups() }
  }

  /// The oldest finished request, or nil.
  mutating func take() -> OrreryLabs.Request? { ready.isEmpty ? nil : ready.removeFirst() }

  mutating func flush() {
    flushEvents()
    flushProfiles()
    flushGroups()
  }

  mutating func flushGroups() { Self.move(&groups, to: &ready, endpoint: .groups) }
  private mutating func flushProfiles() { Self.move(&profiles, to: &ready, endpoint: .engage) }
  private mutating func flushEvents() { Self.move(&events, to: &ready, endpoint: .import) }

  private static func move(_ pending: inout Pending, to ready: inout [OrreryLabs.Request], endpoint: OrreryLabs.Endpoint) {
    guard pending.records > 0 else { return }
    let body = endpoint == .import ? pending.text.bytes : pending.text.asList()
    ready.append(OrreryLabs.Request(endpoint: endpoint, body: body, records: pending.records))
    pending = Pending()
  }
}
