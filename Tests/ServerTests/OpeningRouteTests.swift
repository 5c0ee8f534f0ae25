import Events
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing

/// `POST /custodian/v1/openings`: sealed values for the custodian alone, after the ledger's entry.
struct OpeningRouteTests {
  static let digest = String(repeating: "ab", count: 32)

  private func body(_ subjects: [String], _ fields: [String] = ["$id", "$email", "plan"], request: String = digest) -> String {
    let members: JSONValue = [
      "project": .number(1), "request": .string(request), "requester": .string(String(repeating: "0a", count: 16)),
      "approvers": .list([.string(String(repeating: "0b", count: 16)), .string(String(repeating: "0c", count: 16))]),
      "subjects": .list(subjects.map { .string($0) }), "fields": .list(fields.map { .string($0) }),
    ]
    return members.text
  }

  @Test func `a change of approvers is entered on the custodian's word`() async throws {
    try await TestServer.run { server in
      let token = try String(
        contentsOf: server.installation.configuration.data.deletingLastPathComponent().appendingPathComponent(
          "data.custodian/server.token"),
        encoding: .utf8
      ).trimmingCharacters(in: .newlines)
      let bearer = ("Authorization", "Bearer \(token)")
      let url = server.console + "/custodian/v1/changes"
      func body(act: String = "remove", request: String = Self.digest, requester: String = String(repeating: "0a", count: 16)) -> String {
        let members: JSONValue = [
          "act": .string(act), "request": .string(request), "requester": .string(requester),
          "approvers": .list([.string(String(repeating: "0b", count: 16)), .string(String(repeating: "0c", count: 16))]),
        ]
        return members.text
      }
      let before = try await server.installation.ledger.count()
      #expect(try await server.send("POST", url, json: body()).status == 401)
      #expect(try await server.send("POST", url, headers: [server.credential], json: body()).status == 401)
      for bad in ["{}", "[]", body(act: "open"), body(request: "x"), body(requester: "Ada")] {
        #expect(try await server.send("POST", url, headers: [bearer], json: bad).status == 400, "\(bad)")
      }
      #expect(try await server.installation.ledger.count() == before)
      for act in ["admit", "daily_limit", "passkey", "remove"] {
        let number = try await server.installation.ledger.count()
        let answer = try await server.send("POST", url, headers: [bearer], json: body(act: act))
        #expect(answer.status == 200 && answer.json["entry"] == .number(Double(number)))
        let entry = try #require(try await server.installation.ledger.entries(from: number, limit: 1).first)
        #expect(entry.kind == "approvers_changed" && entry.facts == ["act": act, "request": Self.digest])
        let record = try #require(try await server.installation.ledger.records(from: number, limit: 1).first)
        guard case .present(let detail) = record.detail else {
          Issue.record("no details")
          return
        }
        #expect(detail.principal.kind == .custodian && detail.facts["approvers"]?.split(separator: " ").count == 2)
      }
    }
  }

  @Test func `sealed values leave after their entry, and nothing that is in the clear`() async throws {
    try await TestServer.run { server in
      #expect(
        try await server.importEvents("[\(server.event("Called", "opening-user", "o1")),\(server.event("Called", "other-user", "o2"))]")
          .status == 200)
      let profile = #"[{"$distinct_id":"opening-user","$set":{"$email":"opening@probe.example","plan":"pro"}}]"#
      #expect(try await server.send("POST", server.intake + "/engage", headers: [server.credential], json: profile).status == 200)
      let export = try await server.send(
        "GET", server.console + "/api/2.0/export?from_date=2026-09-01&to_date=2026-09-30", headers: [server.credential])
      let subjects = export.text.split(separator: "\n").compactMap { line -> String? in
        guard let start = line.range(of: #""distinct_id":""#)?.upperBound else { return nil }
        return String(line[start...].prefix(34))
      }
      #expect(subjects.count == 2)
      let token = try String(
        contentsOf: server.installation.configuration.data.deletingLastPathComponent().appendingPathComponent(
          "data.custodian/server.token"),
        encoding: .utf8
      ).trimmingCharacters(in: .newlines)
      let bearer = ("Authorization", "Bearer \(token)")
      let url = server.console + "/custodian/v1/openings"

      let before = try await server.installation.ledger.count()
      #expect(try await server.send("POST", url, json: body(subjects)).status == 401)
      #expect(try await server.send("POST", url, headers: [server.credential], json: body(subjects)).status == 401)
      let nobody = "s_" + String(repeating: "0", count: 32)
      #expect(try await server.send("POST", url, headers: [bearer], json: body(subjects + [nobody])).status == 404)
      for bad in ["{}", "[]", body([]), body(subjects, []), body(subjects, request: "x"), body(["opening-user"])] {
        let status = try await server.send("POST", url, headers: [bearer], json: bad).status
        #expect(status == 400 || status == 404, "\(bad)")
      }
      #expect(try await server.installation.ledger.count() == before, "a refused opening enters nothing")

      let answer = try await server.send("POST", url, headers: [bearer], json: body(subjects))
      #expect(answer.status == 200, "\(answer.text)")
      guard case .list(let values)? = answer.json["values"] else {
        Issue.record("no values")
        return
      }
      // Both ids and the e-mail address; the plan is in the clear and no business of an opening.
      #expect(values.count == 3 && !answer.text.contains("plan") && !answer.text.contains("opening@"))
      #expect(answer.json["entry"] == .number(Double(before)))
      let entry = try #require(try await server.installation.ledger.entries(from: before, limit: 1).first)
      #expect(entry.kind == "identities_opened" && entry.facts == ["request": Self.digest])
      let record = try #require(try await server.installation.ledger.records(from: before, limit: 1).first)
      guard case .present(let detail) = record.detail else {
        Issue.record("no details")
        return
      }
      #expect(detail.subjects?.numbers.count == 2 && detail.principal.kind == .custodian && detail.fields == ["$id", "$email", "plan"])
    }
  }
}
