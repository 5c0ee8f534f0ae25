import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing

struct CohortRouteTests {
  /// As the server's operating-system user, who may change cohorts.
  private static func change(_ server: TestServer, _ method: String, _ path: String, _ body: String = "") async throws -> OutboundResponse {
    try await server.control.exchange(
      method, "/api/v1/cohorts" + path, headers: body.isEmpty ? [] : [("Content-Type", "application/json")], body: Array(body.utf8))
  }

  private static func number(_ answer: OutboundResponse) throws -> Int {
    guard case .number(let id)? = answer.json["id"] else { throw CommandError("no id: \(answer.text)") }
    return Int(id)
  }

  private static func size(_ server: TestServer, _ cohort: String) async throws -> OutboundResponse {
    try await server.send(
      "POST", server.console + "/api/v1/query", headers: [server.credential], json: #"{"report":"cohort","cohort":\#(cohort)}"#)
  }

  private static let callers = #"{"did":{"event":"Called","at_least":2}}"#

  @Test func cohortsAreSavedAskedChangedAndDeleted() async throws {
    try await TestServer.run { server in
      let events = (0..<15).map { server.event("Called", "user-\($0 % 10)", "c\($0)") }.joined(separator: ",")
      #expect(try await server.importEvents("[\(events)]").status == 200)
      let made = try await Self.change(server, "POST", "", #"{"name":"Callers","definition":\#(Self.callers)}"#)
      #expect(made.status == 201, "\(made.text)")
      let id = try Self.number(made)
      let before = try await server.installation.ledger.count()
      let size = try await Self.size(server, #"{"saved":\#(id)}"#)
      #expect(size.status == 200 && size.text.contains(#""size":5"#), "\(size.text)")
      // The ledger's digest is that of what was really asked.
      let resolved = try Query(json: Array(#"{"report":"cohort","cohort":\#(Self.callers)}"#.utf8))
      let entries = try await server.control.send("GET", "/api/v1/ledger/entries?from=\(before)&limit=1")
      #expect(String(decoding: entries.body, as: UTF8.self).contains(Disclosure.digest(ofQuery: Data(resolved.canonicalJSON.utf8))))

      let outer = try Self.number(
        try await Self.change(server, "POST", "", #"{"name":"Others","definition":{"not":{"saved":\#(id)}}}"#))
      #expect(try await Self.size(server, #"{"saved":\#(outer)}"#).text.contains(#""size":5"#))
      let circle = try await Self.change(server, "PUT", "/\(id)", #"{"name":"Callers","definition":{"not":{"saved":\#(outer)}}}"#)
      #expect(circle.status == 400 && circle.text.contains("circle"), "\(circle.text)")
      let inUse = try await Self.change(server, "DELETE", "/\(id)")
      #expect(inUse.status == 409 && inUse.text.contains("in_use") && inUse.text.contains("the cohort “Others”"), "\(inUse.text)")
      let changed = try await Self.change(server, "PUT", "/\(id)", #"{"name":"All","definition":{"did":{"event":"Called"}}}"#)
      #expect(changed.status == 200)
      #expect(try await Self.size(server, #"{"saved":\#(outer)}"#).text.contains(#""size":0"#), "the outer one follows")
      #expect(try await Self.change(server, "DELETE", "/\(outer)").status == 200)
      #expect(try await Self.change(server, "DELETE", "/\(id)").status == 200)
      let gone = try await Self.size(server, #"{"saved":\#(id)}"#)
      #expect(gone.status == 400 && gone.text.contains("There is no saved cohort \(id)"), "\(gone.text)")
    }
  }

  @Test func cohortsComeInPagesAndListsWithoutTheirMembers() async throws {
    try await TestServer.run { server in
      _ = try await server.importEvents("[\(server.event("Called", "ada", "l1"))]")
      let door = try await server.send(
        "POST", server.console + "/api/v1/door", headers: [server.credential],
        json: #"{"query":\#(APIRouteTests.query),"cell":{"report":"insights","series":0}}"#)
      guard case .list(let subjects)? = door.json["subjects"], case .string(let ada)? = subjects.first else {
        Issue.record("\(door.text)")
        return
      }
      let list = try Self.number(
        try await Self.change(server, "POST", "", #"{"name":"List","definition":{"members":["\#(ada)"]}}"#))
      for name in ["A", "B"] {
        _ = try await Self.change(server, "POST", "", #"{"name":"\#(name)","definition":\#(Self.callers)}"#)
      }
      let path = server.console + "/api/v1/cohorts"
      let first = try await server.send("GET", path + "?limit=2", headers: [server.credential])
      #expect(first.status == 200 && first.text.contains(#""kind":"static""#) && first.text.contains(#""member_count":1"#))
      #expect(!first.text.contains(ada) && first.header("Sealane-Ledger-Index") != nil)
      guard case .string(let next)? = first.json["next"] else {
        Issue.record("\(first.text)")
        return
      }
      let rest = try await server.send("GET", path + "?limit=2&cursor=\(next)", headers: [server.credential])
      #expect(rest.json["next"] == .null && rest.text.contains(#""name":"B""#) && !rest.text.contains(#""name":"A""#))
      let one = try await server.send("GET", path + "/\(list)", headers: [server.credential])
      #expect(one.status == 200 && !one.text.contains(ada) && !one.text.contains("definition"))
      #expect(try await Self.size(server, #"{"saved":\#(list)}"#).text.contains(#""size":1"#))
      let inside = try await Self.size(server, #"{"all":[{"saved":\#(list)},\#(Self.callers)]}"#)
      #expect(inside.text.contains(#""size":0"#))
      #expect(try await server.send("GET", path + "/99", headers: [server.credential]).status == 404)
    }
  }

  @Test func onlyTheOwnerChangesCohorts() async throws {
    try await TestServer.run { server in
      let body = #"{"name":"A","definition":\#(Self.callers)}"#
      let path = server.console + "/api/v1/cohorts"
      #expect(try await server.send("POST", path, headers: [server.credential], json: body).status == 403)
      #expect(try await server.send("POST", path, json: body).status == 401)
      #expect(try await server.send("DELETE", path + "/1", headers: [server.credential]).status == 403)
      for (body, words) in [
        (#"{"name":"A"}"#, "definition"), (#"{"name":7,"definition":{"did":{}}}"#, "name"),
        (#"{"name":"A","definition":{}}"#, "definition"),
        (#"{"name":"A","definition":{"saved":4}}"#, "no saved cohort 4"), (#"{"name":"A","definition":{"did":{}},"kind":"x"}"#, "kind"),
      ] {
        let answer = try await Self.change(server, "POST", "", body)
        #expect(answer.status == 400 && answer.text.contains(words), "\(body): \(answer.text)")
      }
    }
  }

  @Test func organizationsAreShownAsSuch() async throws {
    try await TestServer.run { server in
      let events = (0..<6).map {
        #"{"event":"Called","properties":{"time":1790000000,"distinct_id":"user-\#($0)","$insert_id":"g\#($0)","org_id":"org-\#($0 % 2)"}}"#
      }
      #expect(try await server.importEvents("[\(events.joined(separator: ","))]").status == 200)
      let query = String(APIRouteTests.query.dropLast()) + #","level":{"group":"org_id"}}"#
      let door = try await server.send(
        "POST", server.console + "/api/v1/door", headers: [server.credential],
        json: #"{"query":\#(query),"cell":{"report":"insights","series":0}}"#)
      guard case .list(let found)? = door.json["subjects"] else {
        Issue.record("\(door.text)")
        return
      }
      #expect(found.count == 2 && !door.text.contains("s_") && door.text.contains("g_"))
    }
  }
}
