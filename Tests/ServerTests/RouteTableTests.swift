import Access
import Events
import Foundation
import Journeys
import Outbound
import Server
import SoftAuthenticator
import Testing
import Vault

/// Every route of every door, asked by everybody who may knock: what is not in the table fails, and what the table does not allow is denied.
struct RouteTableTests {
  /// Where no description of the API has them: what the custodian alone calls, what SDKs ask at their start, and browsers before they send.
  private static func isInternal(_ route: String) -> Bool {
    route.contains(" /custodian/v1/") || route.hasPrefix("OPTIONS ")
      || ["/flags", "/decide", "/record", "/settings"].contains { route.hasSuffix($0) || route.contains("\($0)/") }
  }

  /// All but that of the trust pages, which are for everybody.
  private static let doors = Listeners.Door.allCases.filter { $0 != .trust }

  @Test func theDoorOfTheTrustPagesHasFilesAndTheQuestionAndNothingElse() async throws {
    try await TestServer.run { server in
      let routes = try Listeners(server.installation).routes(.trust)
      #expect(routes == ["GET /", "GET /{path}", "POST /ask"])
    }
  }

  @Test func everyRouteOfEveryDoorStandsInTheTable() async throws {
    try await TestServer.run { server in
      let rows = RouteRow.table(subject: "s_1").map(\.route)
      #expect(Set(rows).count == rows.count, "a route stands in the table twice")
      let listeners = Listeners(server.installation)
      let pages = listeners.pageRoutes
      let table = Set(rows)
      var answered: Set<String> = []
      for door in Self.doors {
        // The console's pages have a table of their own, with roles (ConsoleTests.RouteTableTests).
        let routes = try listeners.routes(door).subtracting(door == .console ? pages : [])
        #expect(routes.isSubset(of: table), "\(door): \(routes.subtracting(table).sorted())")
        answered.formUnion(routes)
      }
      #expect(table.subtracting(answered).isEmpty, "nobody answers \(table.subtracting(answered).sorted())")
      for row in RouteRow.table(subject: "s_1") where row.kind != .open {
        #expect(!row.allowed.isEmpty && row.allowed.count < Caller.allCases.count, "\(row.route): somebody may, and somebody may not")
      }
    }
  }

  @Test func theDescriptionIsTrueToTheRoutes() async throws {
    try await TestServer.run { server in
      let described = Self.described(try await server.send("GET", server.console + "/openapi.yaml").text)
      let listeners = Listeners(server.installation)
      let pages = listeners.pageRoutes
      var routes: Set<String> = []
      for door in Self.doors { routes.formUnion(try listeners.routes(door).subtracting(door == .console ? pages : [])) }
      routes = routes.filter { !Self.isInternal($0) || $0.contains("/api/v1/") }
      #expect(described == routes, "only described: \(described.subtracting(routes)); only routed: \(routes.subtracting(described))")
    }
  }

  @Test func everybodyGetsWhatTheTableSaysAndNothingElse() async throws {
    try await TestServer.run { try await Self.askEverybody($0) }
  }

  private static func askEverybody(_ server: TestServer) async throws {
    let credentials = try await Self.credentials(server)
    _ = try await server.importEvents("[\(server.event("Called", "ada", "r1"))]")
    let cohort = try await server.control.text(
      "POST", "/api/v1/cohorts", body: Array(#"{"name":"First","definition":{"did":{}}}"#.utf8))
    #expect(cohort.contains(#""id":1"#), "the table asks for this one")
    let subject = try await Self.subject(server)
    let listeners = Listeners(server.installation)
    let pages = listeners.pageRoutes
    for door in Self.doors {
      let routes = try listeners.routes(door).subtracting(door == .console ? pages : [])
      for row in RouteRow.table(subject: subject) where routes.contains(row.route) {
        for caller in Caller.allCases where (caller == .machine) == (door == .control) {
          let answer = try await ask(row, door, credentials[caller] ?? [], server)
          let expected = row.expected(caller)
          #expect(answer.status == expected, "\(door), \(row.route), \(caller): \(answer.status) \(answer.text.prefix(200))")
          guard expected == 401 || expected == 403 else { continue }
          #expect(answer.header("Sealane-Ledger-Index") == nil, "\(row.route), \(caller)")
          #expect(!answer.text.contains(subject), "\(row.route), \(caller)")
        }
      }
    }
  }

  private static func subject(_ server: TestServer) async throws -> String {
    let found = try await server.control.send("GET", "/api/v1/subjects")
    guard case .list(let subjects)? = found.json["subjects"], case .object(let first)? = subjects.first,
      case .string(let subject)? = first["subject"]
    else {
      Issue.record("nobody came: \(found.text)")
      return "s_0"
    }
    return subject
  }

  /// A program's credential opens no page of the console: whoever has no session is answered alike.
  @Test func noCredentialOfAProgramOpensAPage() async throws {
    try await TestServer.run { server in
      let credentials = try await Self.credentials(server)
      for route in Listeners(server.installation).pageRoutes.sorted() {
        let parts = route.split(separator: " ").map(String.init)
        let path = parts[1].replacing("{id}", with: "1").replacing("{index}", with: "0").replacing("{pseudonym}", with: "s_1")
        let stranger = try await server.send(parts[0], server.console + path, json: parts[0] == "POST" ? "{}" : nil)
        #expect(stranger.status < 500, "\(route): \(stranger.status)")
        for caller in [Caller.token, .bearer, .admin, .export, .custodian] {
          let answer = try await server.send(
            parts[0], server.console + path, headers: credentials[caller] ?? [], json: parts[0] == "POST" ? "{}" : nil)
          #expect(answer.status == stranger.status, "\(route), \(caller): \(answer.status), to a stranger \(stranger.status)")
        }
      }
    }
  }

  // MARK: Callers

  private static func credentials(_ server: TestServer) async throws -> [Caller: [(name: String, value: String)]] {
    let access = server.installation.access
    let project = server.made.project
    func account(_ scopes: Set<ServiceAccount.Scope>, in project: ProjectID, _ lifetime: Duration = .seconds(86_400)) async throws
      -> (name: String, value: String, username: String)
    {
      let made = try await access.createServiceAccount(
        ServiceAccountDraft(name: "Caller", scopes: scopes, lifetime: lifetime), project: project)
      let header = TestServer.basic(made.account.username, made.secret.text)
      return (header.name, header.value, made.account.username)
    }
    let every = Set(ServiceAccount.Scope.allCases)
    let other = try await access.createProject(name: "Other")
    var callers: [Caller: [(name: String, value: String)]] = [
      .nonsense: [TestServer.basic("sa_0000000000000000", "sls_nonsense")], .token: [TestServer.basic(project.token, "")],
      .bearer: [("Authorization", "Bearer \(project.token)")],
    ]
    for (caller, scope) in [(Caller.intake, ServiceAccount.Scope.intake), (.query, .query), (.export, .export), (.admin, .admin)] {
      let made = try await account([scope], in: project.id)
      callers[caller] = [(made.name, made.value)]
    }
    let foreign = try await account(every, in: other.id)
    callers[.foreign] = [(foreign.name, foreign.value)]
    let expired = try await account(every, in: project.id, .milliseconds(1))
    callers[.expired] = [(expired.name, expired.value)]
    let revoked = try await account(every, in: project.id)
    _ = try await access.revokeServiceAccount(revoked.username)
    callers[.revoked] = [(revoked.name, revoked.value)]
    callers[.person] = [("Cookie", "__Host-session=\(try await owner(server).cookie.text)")]
    let directory = DataDirectory.defaultCustodian(of: server.installation.configuration.data)
    let token = try String(contentsOf: directory.appendingPathComponent(CustodianDirectory.serverToken), encoding: .utf8)
    callers[.custodian] = [("Authorization", "Bearer \(token.trimmingCharacters(in: .whitespacesAndNewlines))")]
    return callers
  }

  private static func owner(_ server: TestServer) async throws -> NewSession {
    let staff = server.installation.staff
    var person = SoftPerson(origin: staff.origin)
    return try await person.enrol(link: String(server.made.setupURL.split(separator: "#")[1]), at: staff, name: "Ada Owner")
  }

  private static func ask(
    _ row: RouteRow, _ door: Listeners.Door, _ headers: [(name: String, value: String)], _ server: TestServer
  ) async throws -> OutboundResponse {
    let method = String(row.route.prefix { $0 != " " })
    let isJSON = row.body?.first.map { $0 == "{" || $0 == "[" } ?? false
    let headers = headers + (isJSON ? [("Content-Type", "application/json")] : [])
    let body = Array((row.body ?? "").utf8)
    if door == .control { return try await server.control.exchange(method, row.address, headers: headers, body: body) }
    let url = (door == .console ? server.console : server.intake) + row.address
    return try await server.client.send(OutboundRequest(method: method, url: url, headers: headers, body: body))
  }

  private static func described(_ text: String) -> Set<String> {
    var described: Set<String> = []
    var path = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("  /"), let colon = line.firstIndex(of: ":") { path = String(line[..<colon].dropFirst(2)) }
      for method in ["get", "post", "put", "patch", "delete"] where line.hasPrefix("    \(method):") {
        described.insert("\(method.uppercased()) \(path)")
      }
      if line.hasPrefix("components:") { break }
    }
    return described
  }
}
