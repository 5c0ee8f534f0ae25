import Access
import Foundation
import Gate
import Journeys
import Ledger
import Outbound
import Server
import Testing

/// What a plan would do to profiles otherwise than the one in force.
struct PlanComparisonTests {
  private static let plan = """
    plan: 1
    unknown: {events: accept, properties: quarantine}
    people:
      $email: {treatment: seal, field: identity}
      role: {type: string, field: authority}
      seats: {type: number}
      region: drop
      reference: seal
    groups:
      tier: pseudonymize
      unused: drop

    """

  private static func write(_ server: TestServer) async throws {
    let people =
      #"[{"$distinct_id":"u1","$set":{"$email":"ann@probe.example","role":"admin","seats":3,"region":"eu","reference":"inv seven"}},"#
      + #"{"$distinct_id":"u2","$set":{"role":"reader","seats":"many","$email":"bob@probe.example"}}]"#
    #expect(try await server.send("POST", server.intake + "/engage", headers: [server.credential], json: people).status == 200)
    // With the public token: the second layer, and nothing where a secret credential has spoken.
    let token = server.made.project.token
    let strangers =
      #"[{"$token":"\#(token)","$distinct_id":"u3","$set":{"role":"owner","stray":true}},"#
      + #"{"$token":"\#(token)","$distinct_id":"u1","$set":{"role":"owner"}}]"#
    #expect(try await server.send("POST", server.intake + "/engage", json: strangers).status == 200)
    let groups = #"[{"$group_key":"org_id","$group_id":"o1","$set":{"tier":"gold","note":null,"labels":["a"]}}]"#
    #expect(try await server.send("POST", server.intake + "/groups", headers: [server.credential], json: groups).status == 200)
  }

  private static func difference(_ server: TestServer, _ plan: String) async throws -> PlanDifference {
    try await PlanComparison(client: server.control, project: nil, days: 1).run(try PlanReader.plan(yaml: plan))
  }

  @Test("profiles whose properties a plan would treat otherwise are counted by property, layer and kind")
  func profiles() async throws {
    try await TestServer.run { server in
      try await Self.write(server)
      let first = try await Self.difference(server, Self.plan)
      #expect(
        first.description == """
          Of 0 events of the last day, 3 profiles of people and 1 of groups, as they are stored:
            1  people / reference: stored → sealed
            1  people / region: stored → dropped
            1  people / role: stored → dropped
            1  people / seats: stored → dropped
            1  people / stray: stored → dropped
            1  groups / labels: stored → dropped
            1  groups / note: stored → dropped
            1  groups / tier: stored → pseudonymized
          What was not stored is not counted: under the plan in force nobody can tell any more what it was.
          """)
      #expect(
        first.json.contains(#"{"after":"sealed","before":"stored","count":1,"event":null,"property":"reference","section":"people"}"#))
      #expect(first.json.contains(#""people":{"more":false,"profiles":3}"#), "\(first.json)")

      let set = try await server.control.exchange("PUT", "/api/v1/plan", body: Array(Self.plan.utf8))
      #expect(set.status == 200, "\(set.text)")
      #expect(
        try await Self.difference(server, Self.plan).description
          == "Of 0 events of the last day, 3 profiles of people and 1 of groups, nothing would be treated otherwise.")
      // What the gate seals by itself is sealed under `keep` and `pseudonymize` too, and gone under `drop`.
      let others = try await Self.difference(
        server, Self.plan.replacing("$email: {treatment: seal, field: identity}", with: "$email: {treatment: drop}"))
      #expect(others.description.contains("\n  2  people / $email: sealed → dropped\nWhat"), "\(others)")
      let accepting = try await Self.difference(server, "plan: 1\npeople: {role: refuse, $email: keep}\n")
      for line in ["1  people / role: dropped → refused", "2  people / role: stored → refused", "1  people / stray: dropped → stored"] {
        #expect(accepting.description.contains("\n  \(line)\n"), "\(accepting)")
      }
    }
  }

  @Test("the names of profiles' properties leave after their entry, without a value, to whoever may see the plan")
  func route() async throws {
    try await TestServer.run { server in
      try await Self.write(server)
      #expect(try await server.send("GET", server.console + "/api/v1/plan/profiles").status == 401)
      #expect(try await server.send("GET", server.console + "/api/v1/plan/profiles", headers: [server.credential]).status == 403)
      let before = try await server.installation.ledger.count()
      let answer = try await server.control.exchange("GET", "/api/v1/plan/profiles")
      let entry = try #require(try await server.installation.ledger.entries(from: before, limit: 1).first)
      #expect(answer.status == 200 && entry.kind == "disclosure.catalog")
      for value in ["ann", "admin", "owner", "eu\"", "seven", "many", "gold"] { #expect(!answer.text.contains(value), "\(answer.text)") }
      let role =
        #"{"count":3,"name":"role","values":[{"count":2,"kind":"text","layer":"verified"},{"count":1,"kind":"text","layer":"unverified"}]}"#
      #expect(answer.text.contains(role), "\(answer.text)")
      #expect(answer.text.contains(#"{"count":2,"name":"$email","values":[{"count":2,"kind":"sealed","layer":"verified"}]}"#))
      #expect(answer.text.contains(#"{"count":1,"name":"note","values":[{"count":1,"kind":null,"layer":"verified"}]}"#))
      #expect(try await server.control.exchange("GET", "/api/v1/plan/profiles?event=x").status == 400)
    }
  }
}
