import Access
import Events
import Testing

struct AuthorizationTests {
  @Test("every action is allowed to exactly those who are listed here", arguments: Access.Action.allCases)
  func table(action: Access.Action) async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One")
    var holders: [String: Authenticated] = [
      "owner": try await here.control.useSetupLink(try await here.control.createSetupLink().token.text).session.who,
      "user": .operatingSystemUser(id: 1000), "token": .projectToken(of: project),
      "custodian": try #require(try await here.control.authenticateCustodian(token: try await here.control.issueCustodianToken().text)),
    ]
    for scope in ServiceAccount.Scope.allCases {
      let made = try await here.control.createServiceAccount(name: scope.rawValue, project: project.id, scopes: [scope])
      holders[scope.rawValue] = here.control.authenticate(username: made.account.username, secret: made.secret.text)
    }
    #expect(holders.count == 7)
    for (name, who) in holders {
      let isAllowed = (try? Access.authorize(who, action, in: project.id)) != nil
      #expect(isAllowed == Self.allowed[action, default: []].contains(name), "\(name) and \(action)")
    }
  }

  static let allowed: [Access.Action: Set<String>] = [
    .sendEvents: ["user", "token", "send"],
    .sendVerified: ["user", "send"],
    .readCatalog: ["owner", "user", "query", "export"],
    .queryAggregates: ["owner", "user", "query"],
    .readSubjects: ["owner", "user", "export"],
    .exportSubjects: ["owner", "user", "export"],
    .readLive: ["owner"],
    .manageReports: ["owner", "user"],
    .readSettings: ["owner", "user"],
    .manageProjects: ["owner", "user"],
    .manageServiceAccounts: ["owner", "user"],
    .manageSessions: ["owner", "user"],
    .createSetupLinks: ["user"],
    .deleteSubjects: ["owner", "user"],
    .writeBackups: ["user"], .rotateKeys: ["user"],
    .readLedger: ["owner", "user"],
    .eraseLedgerDetails: ["owner", "user"],
    .readStatus: ["owner", "user"],
    .fetchKeyParcels: ["custodian"],
    .raiseCustodianAlarm: ["custodian"],
    .rotateCustodianKey: ["custodian"],
    .readAlerts: ["owner", "user"],
    .manageAlerts: ["owner", "user"],
  ]

  @Test func aServiceAccountOfOneProjectIsNobodyInAnother() async throws {
    let here = try Surroundings()
    let one = try await here.control.createProject(name: "One").id
    let two = try await here.control.createProject(name: "Two").id
    let made = try await here.control.createServiceAccount(name: "all", project: one, scopes: [.send, .query, .export])
    let who = try #require(here.control.authenticate(username: made.account.username, secret: made.secret.text))
    for action in Access.Action.allCases {
      #expect(throws: Access.Denied.self) { try Access.authorize(who, action, in: two) }
      #expect(throws: Access.Denied.self) { try Access.authorize(who, action, in: nil) }
    }
  }
}
