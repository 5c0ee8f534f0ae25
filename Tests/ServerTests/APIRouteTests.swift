import Access
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing

struct APIRouteTests {
  static let query = #"{"report":"insights","range":{"from":"2026-09-01","to":"2026-09-30"},"series":[{"event":null,"measure":"unique"}]}"#

  @Test func everyAnswerStandsInTheLedgerBeforeItLeaves() async throws {
    try await TestServer.run { server in
      let events = (0..<30).map { server.event("Called", "user-\($0 % 10)", "q\($0)") }.joined(separator: ",")
      #expect(try await server.importEvents("[\(events)]").status == 200)
      let before = try await server.installation.ledger.count()
      let report = try await server.send("POST", server.console + "/api/v1/query", headers: [server.credential], json: Self.query)
      #expect(report.status == 200 && report.text.contains(#""overall":10"#), "\(report.text)")
      #expect(report.header("Sealane-Ledger-Index") == String(before))
      #expect(report.header("Server-Timing")?.contains("engine;dur=") == true)

      let export = try await server.send(
        "GET", server.console + "/api/2.0/export?from_date=2026-09-01&to_date=2026-09-30", headers: [server.credential])
      let lines = export.text.split(separator: "\n")
      #expect(lines.count == 30 && lines.allSatisfy { $0.contains(#""distinct_id":"s_"#) } && !export.text.contains("user-"))
      #expect(try await server.installation.ledger.count() == before + 2)

      let entries = try await server.control.send("GET", "/api/v1/ledger/entries?from=\(before)&limit=2")
      let text = String(decoding: entries.body, as: UTF8.self)
      #expect(text.contains("api.query") && text.contains("api.export") && text.contains(server.made.account.account.username))
    }
  }

  @Test func credentialsAndScopesDecide() async throws {
    try await TestServer.run { server in
      let url = server.console + "/api/v1/query"
      #expect(try await server.send("POST", url, json: Self.query).status == 401)
      let wrong = TestServer.basic(server.made.account.account.username, "sls_wrong")
      #expect(try await server.send("POST", url, headers: [wrong], json: Self.query).status == 401)
      let made = try await server.control.send(
        "POST", "/api/v1/service-accounts", headers: [("Content-Type", "application/json")],
        body: Array(#"{"name":"sender","scopes":["intake"]}"#.utf8))
      guard case .string(let username)? = made.json["username"], case .string(let secret)? = made.json["secret"] else {
        Issue.record("no account: \(made.text)")
        return
      }
      let sender = TestServer.basic(username, secret)
      #expect(try await server.send("POST", url, headers: [sender], json: Self.query).status == 403)
      #expect(try await server.send("GET", server.console + "/api/v1/ledger/entries", headers: [server.credential]).status == 403)
      _ = try await server.control.send("DELETE", "/api/v1/service-accounts/\(username)")
      #expect(try await server.send("POST", url, headers: [sender], json: Self.query).status == 401)
    }
  }

  @Test func errorsAreSentencesInJSON() async throws {
    try await TestServer.run { server in
      for (method, path, body, status) in [
        ("POST", "/api/v1/query", #"{"report":"nonsense"}"#, 400), ("GET", "/api/v1/nothing", nil, 404),
        ("GET", "/api/v1/subjects/s_0", nil, 400), ("GET", "/api/2.0/export", nil, 400), ("GET", "/api/v1/catalog?misspelt=1", nil, 400),
        ("GET", "/api/v1/catalog?project_id=99", nil, 403),
      ] as [(String, String, String?, Int)] {
        let answer = try await server.send(method, server.console + path, headers: [server.credential], json: body)
        #expect(answer.status == status, "\(path): \(answer.text)")
        guard case .string? = answer.json["error"], case .string(let message)? = answer.json["message"] else {
          Issue.record("\(path) answers \(answer.text)")
          continue
        }
        #expect(message.hasSuffix("."), "\(message)")
      }
    }
  }

  @Test func subjectsTimelinesAndDoorsComeInPages() async throws {
    try await TestServer.run { server in
      let events = (0..<30).map { server.event("Called", "user-\($0 % 3)", "p\($0)", at: 1_790_000_000 + Int64($0)) }.joined(separator: ",")
      #expect(try await server.importEvents("[\(events)]").status == 200)
      let door = #"{"query":\#(Self.query),"cell":{"report":"insights","series":0}}"#
      let first = try await server.send("POST", server.console + "/api/v1/door?limit=2", headers: [server.credential], json: door)
      guard case .list(let page)? = first.json["subjects"], case .string(let next)? = first.json["next"],
        case .string(let subject)? = page.first
      else {
        Issue.record("\(first.text)")
        return
      }
      #expect(page.count == 2 && first.json["count"] == 3)
      let rest = try await server.send(
        "POST", server.console + "/api/v1/door?limit=2&cursor=\(next)", headers: [server.credential], json: door)
      #expect(rest.json["next"] == .null)
      let timeline = try await server.send(
        "GET", server.console + "/api/v1/subjects/\(subject)/timeline?limit=4", headers: [server.credential])
      guard case .list(let shown)? = timeline.json["events"], case .string? = timeline.json["next"] else {
        Issue.record("\(timeline.text)")
        return
      }
      #expect(shown.count == 4)
    }
  }

  @Test func operatorsSeeHowItIs() async throws {
    try await TestServer.run { server in
      #expect(try await server.send("GET", server.console + "/readyz").status == 200)
      _ = try await server.importEvents("[\(server.event("Called", "ada", "o1"))]")
      let metrics = try await server.send("GET", server.console + "/metrics").text
      #expect(metrics.contains(#"sealane_store_events_total{outcome="accepted"} 1"#) && metrics.contains("sealane_gate_values_total"))
      #expect(!metrics.contains("ada"))
      func bytes(_ gauge: String) throws -> Int {
        let line = try #require(metrics.split(separator: "\n").first { $0.hasPrefix(gauge + " ") })
        return try #require(Int(line.dropFirst(gauge.count + 1)))
      }
      for part in ["memtables", "fingerprints", "identities"] {
        #expect(try bytes(#"sealane_store_memory_bytes{project="1",part="\#(part)"}"#) > 0)
      }
      #expect(try bytes(#"sealane_allocator_bytes{state="used"}"#) > 1 << 20)
    }
  }
}
