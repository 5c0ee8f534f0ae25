import Gate
import Server
import Testing

/// Which properties nobody who has the events can read, by what the tracking plan says.
struct HiddenPropertyTests {
  private typealias Property = TrackingPlan.Property

  @Test func whatIsSaidOfAllEventsHoldsForAll() {
    let plan = TrackingPlan(everyEvent: [
      "city": Property(.pseudonymize), "region": Property(.drop), "zip": Property(.seal), "age": Property(.refuse), "plan": Property(.keep),
      "at": Property(.coarsen(.hour)),
    ])
    #expect(plan.hiddenProperties == ["city", "region", "zip", "age"])
  }

  @Test func whatOneEventKeepsIsReadable() {
    let plan = TrackingPlan(
      everyEvent: ["city": Property(.pseudonymize)], events: ["Request": TrackingPlan.Event(properties: ["city": Property(.keep)])])
    #expect(plan.hiddenProperties.isEmpty)
  }

  @Test func whatIsSaidOfOneEventLeavesOthersOpen() {
    let events = ["Request": TrackingPlan.Event(properties: ["city": Property(.drop)])]
    #expect(TrackingPlan(events: events).hiddenProperties.isEmpty, "another event may have it in the clear")
    #expect(TrackingPlan(unknownProperties: .refuse, events: events).hiddenProperties == ["city"])
  }
}
