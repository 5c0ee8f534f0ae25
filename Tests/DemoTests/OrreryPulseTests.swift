import Demo
import Events
import Foundation
import Testing

struct OrreryPulseTests {
  private let options = OrreryLabs.Options(events: 20_000, until: OrreryLabsTests.until)

  @Test func thePeopleOfTheLoadedPeriodGoOnOneEventAtATime() throws {
    var loaded: Set<String> = []
    for request in OrreryLabs(options) where request.endpoint == .import {
      for line in request.body.split(separator: UInt8(ascii: "\n")) {
        let record = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        let properties = try #require(record["properties"] as? [String: Any])
        if let user = properties["$user_id"] as? String { loaded.insert(user) }
      }
    }
    var pulse = OrreryPulse(options, seed: 3)
    var known = 0
    for step in 1...200 {
      let now = Timestamp(milliseconds: OrreryLabsTests.until.milliseconds + Int64(step) * 2_000)
      let next = pulse.next(at: now)
      let request = try #require(next)
      #expect(request.endpoint == .import && request.records == 1)
      let record = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
      let properties = try #require(record["properties"] as? [String: Any])
      #expect(properties["time"] as? Int64 == now.milliseconds)
      let user = try #require(properties["$user_id"] as? String)
      known += loaded.contains(user) ? 1 : 0
    }
    #expect(known > 100, "only \(known) of 200 events are of people who were there before")
  }
}
