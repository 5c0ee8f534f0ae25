import Access
import Events
import Foundation
import Gate
import Journeys
import Ledger
import Outbound
import SegmentStore
import Server
import Testing

struct PlanRouteTests {
  private static func put(_ server: TestServer, _ plan: String) async throws -> OutboundResponse {
    try await server.control.exchange("PUT", "/api/v1/plan", headers: [("Content-Type", "application/yaml")], body: Array(plan.utf8))
  }

  private static func unplanned(_ event: String, _ property: String) -> JSONValue {
    ["events": .list([["name": .string(event), "count": 1]]), "properties": .list([["name": .string(property), "count": 1]])]
  }

  private static func rows(_ server: TestServer) async throws -> [[String: JSONValue]] {
    let answer = try await server.send(
      "GET", server.console + "/api/2.0/export?from_date=2026-01-01&to_date=2030-01-01", headers: [server.credential])
    return answer.text.split(separator: "\n").compactMap { line in
      guard case .object(let event)? = try? JSONValue(parsing: line.utf8), case .object(let properties)? = event["properties"]
      else { return nil }
      return properties.merging(["event": event["event"] ?? .null]) { $1 }
    }
  }

  @Test func aPlanIsInForceAtOnceAndInTheLedger() async throws {
    try await TestServer.run { server in
      let empty = try await server.control.exchange("GET", "/api/v1/plan")
      #expect(empty.status == 200 && empty.json["version"] == .null && empty.json["plan"] == .null, "\(empty.text)")
      _ = try await server.importEvents("[\(server.event("Called", "u1", "a"))]")
      let plan = "plan: 1\nunknown: quarantine\nevents:\n  Called: {properties: {plan: pseudonymize}}\n  Noise: drop\n"
      let before = try await server.installation.ledger.count()
      let set = try await Self.put(server, plan)
      #expect(set.status == 200 && set.json["version"] == .number(1) && set.json["changed"] == .boolean(true), "\(set.text)")
      guard case .string(let digest)? = set.json["digest"] else { throw CommandError("no digest") }
      let entries = try await server.installation.ledger.entries(from: before, limit: 1)
      #expect(entries[0].kind == "tracking_plan_changed" && entries[0].facts == ["version": "1", "digest": digest])
      #expect(entries[0].project == server.installation.projects.all[0].id)
      let sent = ["Called", "Noise", "New"].map { server.event($0, "u1", "after-\($0)") }
      _ = try await server.importEvents("[\(sent.joined(separator: ","))]")
      let rows = try await Self.rows(server)
      #expect(rows.compactMap { $0["event"] } == [.string("Called"), .string("Called")])
      let treated = rows.map { if case .string(let text)? = $0["plan"] { text.hasPrefix("s_") } else { false } }
      #expect(treated.count { $0 } == 1 && rows.contains { $0["plan"] == .string("pro") })
      let shown = try await server.control.exchange("GET", "/api/v1/plan")
      #expect(shown.json["plan"] == .string(plan) && shown.json["current"] == .number(1))
      #expect(shown.json["ledger_index"] == .number(Double(before)))
      #expect(shown.json["unplanned"] == Self.unplanned("New", "plan"), "\(shown.text)")

      // The same again is no new version, however it is written.
      let same = try await Self.put(server, "# comment\n" + plan)
      #expect(same.json["version"] == .number(1) && same.json["changed"] == .boolean(false))
      guard case .list(let held)? = shown.json["held"], case .object(let one)? = held.first else { throw CommandError("nothing is held") }
      #expect(held.count == 1 && one["name"] == .string("New") && one["count"] == .number(1))
      let next = try await Self.put(server, "plan: 1\nevents:\n  Called: {properties: {plan: drop}}\n  New:\n")
      #expect(try await Self.rows(server).map { $0["event"] }.contains(.string("New")), "what was held shows once the plan knows it")
      #expect(next.json["version"] == .number(2), "\(next.text)")
      #expect(try await server.control.exchange("GET", "/api/v1/plan?version=1").json["digest"] == .string(digest))
      #expect(try await server.control.exchange("GET", "/api/v1/plan?version=9").status == 404)
      _ = try await server.importEvents("[\(server.event("Called", "u1", "e"))]")
      #expect(try await Self.rows(server).contains { $0["plan"] == nil })
      // Other settings leave it in force.
      _ = try await server.control.exchange(
        "PATCH", "/api/v1/settings", headers: [("Content-Type", "application/json")], body: Array(#"{"group_keys":["team"]}"#.utf8))
      _ = try await server.importEvents("[\(server.event("Called", "u1", "f"))]")
      #expect(try await Self.rows(server).count { $0["plan"] == nil } == 2)
    }
  }

  @Test func quarantineHidesNothingThatWasSeenBefore() async throws {
    try await TestServer.run { server in
      _ = try await server.importEvents("[\(server.event("Old", "u1", "a"))]")
      #expect(try await Self.put(server, "plan: 1\nunknown: quarantine\n").status == 200)
      _ = try await server.importEvents("[\(server.event("Old", "u1", "b")),\(server.event("New", "u1", "c"))]")
      #expect(try await Self.rows(server).compactMap { $0["event"] } == [.string("Old")])
      let store = server.installation.projects.all[0].store
      #expect(try await store.heldEvents().map(\.name) == ["New"])
      // What is not wanted is dropped; what is kept for some days has its rule.
      #expect(try await Self.put(server, "plan: 1\nunknown: quarantine\nevents:\n  New: drop\n  Old: {keep_days: 3000}\n").status == 200)
      #expect(try await store.heldEvents().isEmpty)
      #expect(store.eventDays == ["Old": 3000])
      _ = try await server.importEvents("[\(server.event("Old", "u1", "d"))]")
      #expect(try await Self.rows(server).count == 2)
      #expect(try await Self.put(server, "plan: 1\nevents:\n  Old:\n").status == 200)
      #expect(store.eventDays.isEmpty)
    }
  }

  @Test func aPlanThatIsNotGoodChangesNothing() async throws {
    try await TestServer.run { server in
      let before = try await server.installation.ledger.count()
      let wrong = try await Self.put(server, "plan: 1\nevents:\n  A: {properties: {x: wrong}}\n")
      #expect(wrong.status == 400 && wrong.text.contains("invalid_plan"), "\(wrong.text)")
      #expect(wrong.text.contains("line 3, events / A / properties / x"))
      #expect(try await Self.put(server, "plan: 1\nevents: \u{0}").status == 400)
      let large = try await Self.put(server, "plan: 1\n#" + String(repeating: "x", count: 1 << 20))
      #expect(large.status == 413)
      #expect(try await server.installation.ledger.count() == before)
      let stranger = try await server.send("PUT", server.console + "/api/v1/plan", headers: [server.credential], json: "plan: 1")
      #expect(stranger.status == 403)
    }
  }

  @Test func aPlanOutlivesTheServer() async throws {
    try await TestServer.inDirectory { root in
      let made = try await Initialization(data: root).run()
      let configuration = try ServerConfiguration(Settings(flags: [.data: root.path], environment: [:], file: nil))
      _ = made
      for round in 0..<2 {
        let answer = try await ControlSession.run(configuration) { client in
          if round == 0 {
            _ = try await client.send("PUT", "/api/v1/plan", body: Array("plan: 1\nevents: {A: {properties: {x: drop}}}\n".utf8))
          }
          return try await client.send("GET", "/api/v1/plan")
        }
        #expect(answer.json["current"] == .number(1), "round \(round): \(answer.text)")
      }
    }
  }

  @Test("a plan is proposed from what came, is a good one, and differs from it in nothing but links")
  func inference() async throws {
    try await TestServer.run { server in
      let time = Int64(Date().timeIntervalSince1970) - 3600
      let events = (0..<6).map { number in
        let own = #""time":\#(time),"distinct_id":"u","$insert_id":"i\#(number)""#
        let rest = #""n":\#(number),"page_url":"https://x.example/a/\#(number)","flag":true"#
        return #"{"event":"\#(number % 2 == 0 ? "A: b" : "yes")","properties":{\#(own),\#(rest)}}"#
      }
      _ = try await server.importEvents("[\(events.joined(separator: ","))]")
      let text = try await PlanInference(client: server.control, project: nil).run()
      let plan = try PlanReader.plan(yaml: text)
      #expect(plan.everyEvent["n"]?.kind == .number && plan.everyEvent["flag"]?.kind == .boolean, "\(text)")
      #expect(plan.events.keys.sorted() == ["A: b", "yes"] && plan.everyEvent["page_url"]?.treatment == .coarsen(.url))
      let difference = try await PlanComparison(client: server.control, project: nil, days: 7).run(plan)
      #expect(difference.description.contains("3  yes / page_url: stored → coarsened to url"), "\(difference)")
      #expect(difference.json.contains(#""events":6"#), "\(difference.json)")
      #expect(difference.json.components(separatedBy: #""after""#).count == 3)
      #expect(try await Self.put(server, text).status == 200)
      let none = try await PlanComparison(client: server.control, project: nil, days: 1).run(plan)
      #expect(none.description == "Of 6 events of the last day, 0 profiles of people and 0 of groups, nothing would be treated otherwise.")
      let drop = try PlanReader.plan(yaml: "plan: 1\nunknown: refuse\nevents: {yes: {properties: {n: drop}}}\n")
      let dropped = try await PlanComparison(client: server.control, project: nil, days: 1).run(drop)
      #expect(dropped.description.contains("3  A: b (whole events): stored → refused"), "\(dropped)")
      #expect(dropped.description.contains("3  yes / n: stored → dropped"))
      #expect(dropped.description.contains("3  yes / page_url: coarsened to url → refused"), "\(dropped)")
    }
  }
}
