import Access
import Foundation
import Journeys
import Outbound
import Server
import Testing

struct IntakeRouteTests {
  @Test func mixpanelsAnswersToTheLetter() async throws {
    try await TestServer.run { server in
      let token = server.made.project.token
      let event = #"[{"event":"Signed Up","properties":{"token":"\#(token)","distinct_id":"ada","$insert_id":"a1"}}]"#
      for path in ["/track", "/track/"] {
        let answer = try await server.send("POST", server.intake + path, json: event)
        #expect(answer.status == 200 && answer.text == "1" && answer.header("Content-Type") == "text/plain")
      }
      let verbose = try await server.send("POST", server.intake + "/track?verbose=1", json: event)
      #expect(verbose.json == ["error": .null, "status": 1])
      let encoded = Data(event.utf8).base64EncodedString().addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      #expect(try await server.send("GET", server.intake + "/track?data=\(encoded)").text == "1")
      #expect(try await server.send("POST", server.intake + "/track", json: "nonsense").text == "0")
      let stranger = event.replacing(token, with: "00000000000000000000000000000000")
      #expect(try await server.send("POST", server.intake + "/track", json: stranger).text == "1")
      #expect(try await server.send("GET", server.intake + "/flags/?token=x").text == #"{"flags":{}}"#)
      let catalog = try await server.send("GET", server.console + "/api/v1/catalog", headers: [server.credential])
      #expect(catalog.json["event_count"] == 1, "four of one insert id are one, the stranger's is none")
    }
  }

  @Test func importNamesWhatItRefusesAndKeepsTheRest() async throws {
    try await TestServer.run { server in
      let good = server.event("Called", "ada", "c1")
      let answer = try await server.importEvents(#"[\#(good),{"event":7}]"#)
      #expect(answer.status == 400 && answer.json["num_records_imported"] == 1)
      #expect(try await server.importEvents("[\(good)]").status == 200)
      #expect(try await server.send("POST", server.intake + "/import", json: "[\(good)]").status == 401)
      let wrong = TestServer.basic(server.made.account.account.username, "sls_wrong")
      #expect(try await server.send("POST", server.intake + "/import", headers: [wrong], json: "[\(good)]").status == 401)
      let byToken = TestServer.basic(server.made.project.token, "")
      #expect(try await server.send("POST", server.intake + "/import", headers: [byToken], json: "[\(good)]").text == "1")
    }
  }

  @Test func browsersMaySendFromAnyPage() async throws {
    try await TestServer.run { server in
      let origin = (name: "Origin", value: "https://app.example")
      let preflight = try await server.send("OPTIONS", server.intake + "/track/", headers: [origin])
      #expect(preflight.status == 204 && preflight.header("Access-Control-Allow-Origin") == "https://app.example")
      let answer = try await server.send("POST", server.intake + "/track", headers: [origin], json: "[]")
      #expect(answer.header("Access-Control-Allow-Origin") == "https://app.example")
      #expect(answer.header("Access-Control-Allow-Credentials") == "true" && answer.header("Set-Cookie") == nil)
    }
  }

  @Test func loadBeyondTheBoundsIsShedAtOnce() async throws {
    var limits = ServerLimits()
    limits.requestBytes = 40
    limits.eventsPerSecond = 1
    try await TestServer.run(limits: limits) { server in
      let long = try await server.send("POST", server.intake + "/track", json: "[" + String(repeating: " ", count: 50) + "]")
      #expect(long.status == 503 && long.header("Retry-After") != nil)
      #expect(try await server.send("POST", server.intake + "/track", json: "[]").status == 200, "the room is free again")
    }
    limits.requestBytes = 1 << 20
    try await TestServer.run(limits: limits) { server in
      let many = (0..<20).map { server.event("Called", "ada", "m\($0)") }.joined(separator: ",")
      #expect(try await server.importEvents("[\(many)]").status == 200)
      let refused = try await server.importEvents("[\(many)]")
      #expect(refused.status == 429 && (refused.header("Retry-After").flatMap { Int($0) } ?? 0) > 0)
    }
  }
}
