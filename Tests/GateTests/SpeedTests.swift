import Events
import Gate
import Glibc
import Testing

/// The gate's cost for an ordinary event of 17 properties, ids hashed but nothing sealed. The figure is printed and
/// not judged, because other work may share the machine.
struct SpeedTests {
  @Test("an event of 17 properties costs microseconds, under a plan too", arguments: [false, true])
  func ordinaryEvent(isPlanned: Bool) {
    // As most plans are: nearly everything kept, a link and a number coarsened.
    let declared: [String: TrackingPlan.Property] = [
      "plan": .init(kind: .string), "model": .init(kind: .string), "input_tokens": .init(kind: .number),
      "output_tokens": .init(kind: .number),
      "latency_ms": .init(.coarsen(.bucket([0, 100, 1000])), kind: .number), "status": .init(kind: .string),
      "endpoint": .init(.coarsen(.url), kind: .string),
    ]
    let plan = TrackingPlan(events: ["API Call": .init(properties: declared)])
    let fixture = GateFixture(plan: isPlanned ? plan : nil, isKnown: { _ in true })
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
    var best = Int64.max
    for _ in 0..<20 {
      let start = Self.processorNanoseconds()
      let batch = fixture.gate.pass(events: events, profileUpdates: [])
      best = min(best, Self.processorNanoseconds() - start)
      #expect(batch.events.count == events.count)
    }
    let perEvent = Double(best) / Double(events.count)
    let what = isPlanned ? "gate under a plan" : "gate"
    print("\(what): \(perEvent) ns an event of \(properties.count) properties, 200 ids in a batch of \(events.count)")
  }

  /// Time that this thread computed: other work on the machine counts less than on a wall clock.
  private static func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
