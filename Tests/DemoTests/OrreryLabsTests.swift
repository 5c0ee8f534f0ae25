import Demo
import Events
import Foundation
import Testing

struct OrreryLabsTests {
  static let until = Timestamp(milliseconds: 1_795_000_000_000)

  private func requests(events: Int, seed: UInt64 = 1) -> [OrreryLabs.Request] {
    Array(OrreryLabs(OrreryLabs.Options(seed: seed, events: events, until: Self.until)))
  }

  @Test func theSameSeedGivesTheSameBytes() {
    #expect(requests(events: 5_000).map(\.body) == requests(events: 5_000).map(\.body))
    #expect(requests(events: 5_000).map(\.body) != requests(events: 5_000, seed: 2).map(\.body))
  }

  @Test func everyRequestIsWithinTheIntakesLimits() {
    for request in requests(events: 20_000) {
      #expect((1...2_000).contains(request.records))
      #expect(request.body.count < 8_000_000)
    }
  }

  @Test func everyRecordIsAnEventInsideThePeriod() throws {
    var events = 0
    var names: [String: Int] = [:]
    var users: Set<String> = []
    for request in requests(events: 20_000) where request.endpoint == .import {
      let lines = request.body.split(separator: UInt8(ascii: "\n"))
      #expect(lines.count == request.records)
      for line in lines {
        let record = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        let properties = try #require(record["properties"] as? [String: Any])
        let time = try #require(properties["time"] as? Int64)
        #expect(time <= Self.until.milliseconds && time >= Self.until.milliseconds - 90 * 86_400_000)
        #expect((properties["$insert_id"] as? String)?.isEmpty == false)
        names[try #require(record["event"] as? String), default: 0] += 1
        if let user = properties["$user_id"] as? String { users.insert(user) }
        events += 1
      }
    }
    #expect(events >= 20_000 && events < 21_000)
    for step in ["Signed Up", "E-mail Verified", "API Key Created", "First API Call", "Plan Upgraded"] {
      #expect(names[step, default: 0] > 0, "nobody did \(step)")
    }
    #expect(users.count > 200 && users.count < 2_000, "\(users.count) people for 20,000 events")
  }

  @Test func profilesAndOrganizationsAreArrays() throws {
    for request in requests(events: 5_000) where request.endpoint != .import {
      let records = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [[String: Any]])
      #expect(records.count == request.records)
    }
  }
}
