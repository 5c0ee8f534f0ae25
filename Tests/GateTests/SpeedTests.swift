import Events
import Gate
import Testing

/// The gate's cost for an ordinary event of 17 properties, ids hashed but nothing sealed. The figure is printed; the bound is loose
/// because other work may share the machine.
struct SpeedTests {
  @Test("an event of 17 properties costs microseconds")
  func ordinaryEvent() {
    let fixture = GateFixture(isKnown: { _ in true })
    let properties = [
      Property("$os", .string("Mac OS X")), Property("$browser", .string("Chrome")), Property("$browser_version", .number(120)),
      Property("$current_url", .string("https://orrery.example/dashboard/usage")), Property("$screen_height", .number(1080)),
      Property("$screen_width", .number(1920)), Property("mp_lib", .string("web")), Property("$lib_version", .string("2.48.1")),
      Property("$referrer", .string("$direct")), Property("$referring_domain", .string("$direct")), Property("plan", .string("enterprise")),
      Property("model", .string("gpt-4o-mini-2024-07-18")), Property("input_tokens", .number(512)), Property("output_tokens", .number(128)),
      Property("latency_ms", .number(842.5)), Property("status", .string("ok")), Property("endpoint", .string("/v1/chat/completions")),
    ]
    let events = (0..<2000).map { number in
      GateFixture.event(
        "API Call", properties, identity: ReceivedIdentity(distinctID: "0b9f5a3e-7c1d-4e2f-9a8b-\(100_000_000_000 + number % 200)"))
    }
    var best = Duration.seconds(1)
    let clock = ContinuousClock()
    for _ in 0..<10 {
      best = min(best, clock.measure { #expect(fixture.gate.pass(events: events, profileUpdates: []).events.count == events.count) })
    }
    let perEvent = best / events.count
    print("gate: \(perEvent) an event of \(properties.count) properties")
    #expect(perEvent < .microseconds(20))
  }
}
