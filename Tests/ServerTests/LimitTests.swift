import Events
import Server
import Testing

struct LimitTests {
  @Test func whatLeavesMakesRoom() {
    let admission = Admission(requests: 2, bytes: 100)
    let first = admission.enter()
    var second = admission.enter()
    #expect(admission.enter() != nil, "whose body is still to come takes no place")
    #expect(first?.start() == true && second?.start() == true && admission.enter() == nil)
    #expect(first?.take(60) == true && second?.take(60) == false)
    second = nil
    #expect(admission.enter() != nil)
    withExtendedLifetime(first) { #expect(admission.inFlight.bytes == 60) }
  }

  @Test func aBucketFillsWithTime() {
    let meter = RateMeter(recordsPerSecond: 10, now: 0)
    #expect(meter.take(100, now: 0) == nil)
    #expect(meter.take(20, now: 0)?.retryAfterSeconds == 2)
    #expect(meter.take(20, now: 2000) == nil)
    #expect(meter.take(1, now: 1000) != nil, "a clock that was set back fills nothing")
    #expect(RateMeter(recordsPerSecond: 1, now: 0).take(2000, now: 0) == nil, "a full bucket lets one large request through")
  }

  @Test func namesCannotGrowWithoutEnd() {
    func event(_ name: String, _ properties: String...) -> ReceivedEvent {
      let time = Timestamp(milliseconds: 0)
      return ReceivedEvent(
        name: name, time: time, sentTime: time, identity: ReceivedIdentity(), insertID: nil,
        properties: properties.map { Property($0, .null) }, address: nil, isVerified: false)
    }
    let caps = NameCaps(events: ["known"], properties: ["a"], eventLimit: 2, propertyLimit: 2)
    var events = ReceivedEvents([event("known", "a", "b"), event("new", "c", "a"), event("newer", "a"), event("new", "a")])
    let capped = caps.apply(to: &events)
    #expect(capped == (1, 1))
    #expect(events.all.map(\.name) == ["known", "new", "new"])
    #expect(events.all.map { $0.properties.map(\.name) } == [["a", "b"], ["a"], ["a"]])
  }
}
