import Access
import Events
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing

struct AlertRouteTests {
  @Test func alertsAreListedByPageAndChangedByTheOwnersCommandsAlone() async throws {
    try await TestServer.run { server in
      var ids: [Int64] = []
      for number in 0..<5 {
        let raised = await server.installation.alerts.raise(
          NewAlert(
            .unusualUse, project: ProjectID(1), sentence: "Number \(number).", details: ["n": .number(Int64(number))], sameAs: "\(number)"))
        ids.append(try #require(raised))
      }
      // A service account, whatever its scopes, has no business here.
      for (method, path) in [
        ("GET", "/api/v1/alerts"), ("GET", "/api/v1/alerts/1"), ("GET", "/api/v1/alert-channels"), ("POST", "/api/v1/alert-channels/test"),
      ] {
        #expect(try await server.send(method, server.console + path, headers: [server.credential]).status == 403, "\(path)")
        #expect(try await server.send(method, server.console + path).status == 401, "\(path)")
      }
      let change = server.console + "/api/v1/alerts/\(ids[0])/changes"
      #expect(try await server.send("POST", change, headers: [server.credential], json: #"{"state":"closed","note":"x"}"#).status == 403)

      let first = try await server.control.exchange("GET", "/api/v1/alerts?limit=2").json
      guard case .list(let page)? = first["alerts"], case .string(let next)? = first["next"] else {
        return #expect(Bool(false), "\(first)")
      }
      #expect(page.count == 2 && first["open"] == .number(5))
      let second = try await server.control.exchange("GET", "/api/v1/alerts?limit=10&cursor=\(next)").json
      guard case .list(let rest)? = second["alerts"] else { return #expect(Bool(false), "\(second)") }
      #expect(rest.count == 3 && second["next"] == .null)

      func post(_ id: Int64, _ body: String) async throws -> Int {
        try await server.control.exchange("POST", "/api/v1/alerts/\(id)/changes", body: Array(body.utf8)).status
      }
      for body in [
        "", "[]", "{}", #"{"state":"gone"}"#, #"{"state":"closed"}"#, #"{"state":"closed","note":1}"#,
        #"{"state":"closed","note":"x","more":1}"#,
      ] {
        #expect(try await post(ids[0], body) == 400, "\(body)")
      }
      #expect(try await post(ids[0], #"{"state":"acknowledged"}"#) == 200)
      #expect(try await post(ids[0], #"{"state":"acknowledged"}"#) == 409)
      #expect(try await post(999, #"{"state":"acknowledged"}"#) == 404)
      #expect(try await server.control.exchange("GET", "/api/v1/alerts?state=acknowledged").text.contains("Number 0."))
      for query in ["state=x", "kind=x", "cursor=x", "limit=0", "limit=1001", "misspelt=1"] {
        #expect(try await server.control.exchange("GET", "/api/v1/alerts?\(query)").status == 400, "\(query)")
      }
      #expect(try await server.control.exchange("POST", "/api/v1/alert-channels/none/enable").status == 404)
      #expect(try await server.control.exchange("POST", "/api/v1/alert-channels/test").json["channels"] == .list([]))
    }
  }

  @Test func canaryRoutesJudgeTheirInput() async throws {
    try await TestServer.run(canaries: true) { server in
      func post(_ body: String) async throws -> Int {
        try await server.send("POST", server.console + "/api/v1/canaries/hits", headers: [server.credential], json: body).status
      }
      let taken = try await post(#"{"hosts":["aaaaaaaaaaaaaaaa.example.net"]}"#)
      #expect(taken == 202)
      for body in [
        "{}", "[]", #"{"hosts":1}"#, #"{"hosts":[1]}"#, #"{"ids":["\#(String(repeating: "a", count: 301))"]}"#, #"{"other":[]}"#,
      ] {
        let refused = try await post(body)
        #expect(refused == 400, "\(body)")
      }
      let checked = try await server.control.exchange("POST", "/api/v1/canaries/check", body: Array(#"{"ids":["nothing"]}"#.utf8))
      #expect(checked.json["canaries"] == .list([]))
      let alerts = try await server.installation.access.alerts()
      #expect(alerts.isEmpty)
    }
  }

  @Test(
    "what may be a canary is found in text of any kind, and nothing else",
    arguments: [
      ("s_0123456789abcdef0123456789abcdef", 1), ("x0123456789abcdef0123456789abcdef", 1), ("0123456789abcdef0123456789abcdef0", 0),
      (#"{"id":"s_0123456789abcdef0123456789abcdef","b":"g_ffffffffffffffffffffffffffffffff"}"#, 2),
      ("0123456789ABCDEF0123456789ABCDEF", 0), ("", 0),
    ])
  func ids(text: String, count: Int) { #expect(CanaryScan.ids(in: text).count == count) }

  @Test(arguments: [
    ("https://fugeaxtmybh2prdg.example.net/x", ["fugeaxtmybh2prdg"]), ("FUGEAXTMYBH2PRDG.EXAMPLE.NET", ["fugeaxtmybh2prdg"]),
    ("fugeaxtmybh2prdg", []), ("afugeaxtmybh2prdg.example", []), ("fugeaxtmybh2prdg-.x", []),
    ("a.fugeaxtmybh2prdg.b", ["fugeaxtmybh2prdg"]), ("", []),
  ])
  func labels(text: String, found: [String]) { #expect(CanaryScan.labels(in: text) == found) }
}
