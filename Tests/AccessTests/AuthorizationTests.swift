import Access
import Events
import Testing

struct AuthorizationTests {
  @Test("every action is allowed to exactly those who are listed here", arguments: Access.Action.allCases)
  func table(action: Access.Action) async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One")
    var holders: [String: Authenticated] = [
      "user": .operatingSystemUser(id: 1000), "token": .projectToken(of: project),
      "custodian": try #require(try await here.control.authenticateCustodian(token: try await here.control.issueCustodianToken().text)),
    ]
    for role in Role.allCases {
      let roles = role == .owner ? StaffRoles(isOwner: true) : StaffRoles(byProject: [project.id: [role]])
      holders[role.rawValue] = try await here.session(roles).who
    }
    for scope in ServiceAccount.Scope.allCases {
      let made = try await here.control.createServiceAccount(name: scope.rawValue, project: project.id, scopes: [scope])
      holders[scope == .admin ? "admin key" : scope.rawValue] = here.control.authenticate(
        username: made.account.username, secret: made.secret.text)
    }
    #expect(holders.count == 13)
    for (name, who) in holders {
      let isAllowed = (try? Access.authorize(who, action, in: project.id)) != nil
      #expect(isAllowed == Self.allowed[action, default: []].contains(name), "\(name) and \(action)")
    }
  }

  private static let everybody: Set<String> = ["viewer", "analyst", "developer", "privacy_officer", "admin", "owner"]

  static let allowed: [Access.Action: Set<String>] = [
    .sendEvents: ["user", "token", "intake"],
    .sendVerified: ["user", "intake"],
    .readCatalog: everybody.union(["user", "query", "export", "admin key"]),
    .readExposure: everybody.union(["user"]),
    .queryAggregates: everybody.union(["user", "query"]),
    .readSubjects: ["analyst", "privacy_officer", "owner", "user", "export"],
    .exportSubjects: ["analyst", "owner", "user", "export"],
    .readLive: ["developer", "owner"],
    .manageReports: ["analyst", "developer", "admin", "owner", "user"],
    .readSettings: ["admin key", "developer", "privacy_officer", "admin", "owner", "user"],
    .managePlan: ["admin key", "developer", "admin", "owner", "user"],
    .manageProjects: ["admin key", "admin", "owner", "user"],
    .createProjects: ["owner", "user"],
    .manageServiceAccounts: ["admin", "owner", "user"],
    .manageOwnAccess: everybody,
    .readStaff: ["privacy_officer", "admin", "owner", "user"],
    .manageStaff: ["admin", "owner", "user"],
    .manageOwners: ["owner", "user"],
    .manageSessions: ["privacy_officer", "admin", "owner", "user"],
    .cutOff: ["privacy_officer", "admin", "owner", "user"],
    .createSetupLinks: ["user"],
    .deleteSubjects: ["admin key", "privacy_officer", "owner", "user"],
    .writeBackups: ["user"], .rotateKeys: ["user"],
    .readLedger: ["privacy_officer", "admin", "owner", "user"],
    .eraseLedgerDetails: ["privacy_officer", "owner", "user"],
    .readStatus: ["admin key", "admin", "owner", "user"],
    .fetchKeyParcels: ["custodian"],
    .raiseCustodianAlarm: ["custodian"],
    .rotateCustodianKey: ["custodian"],
    .readAlerts: ["privacy_officer", "admin", "owner", "user"],
    .manageAlerts: ["privacy_officer", "admin", "owner", "user"],
    .readVendors: ["developer", "privacy_officer", "admin", "owner", "user"],
    .manageVendors: ["privacy_officer", "admin", "owner", "user"],
    .readIncidents: ["privacy_officer", "admin", "owner", "user"],
    .manageIncidents: ["privacy_officer", "admin", "owner", "user"],
    .killVendors: ["privacy_officer", "admin", "owner", "user"],
    .handInReports: ["user", "intake"],
  ]

  @Test func rolesAreAddedUpAndCountInTheirProjectAlone() async throws {
    let here = try Surroundings()
    let one = try await here.control.createProject(name: "One").id
    let two = try await here.control.createProject(name: "Two").id
    let who = try await here.session(StaffRoles(byProject: [one: [.developer, .privacyOfficer], two: [.viewer]])).who
    for action in [Access.Action.readLive, .deleteSubjects, .readLedger] {
      #expect(throws: Never.self) { try Access.authorize(who, action, in: one) }
      #expect(throws: Access.Denied.self) { try Access.authorize(who, action, in: two) }
      #expect(throws: Access.Denied.self) { try Access.authorize(who, action, in: nil) }
    }
    #expect(throws: Never.self) { try Access.authorize(who, .queryAggregates, in: two) }
    // Of no project's data, so that a role of any project counts.
    #expect(throws: Never.self) { try Access.authorize(who, .cutOff, in: nil) }
  }

  @Test func aChangedRoleCountsFromTheNextRequestOn() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let session = try await here.session(StaffRoles(byProject: [project: [.analyst]]))
    let cookie = try #require(try await here.control.renewSession(key: session.key)).cookie.text
    try await here.control.setRoles(StaffRoles(byProject: [project: [.viewer]]), of: session.session.staff)
    let now = try #require(try await here.control.session(cookie: cookie))
    #expect(throws: Access.Denied.self) { try Access.authorize(now.who, .readSubjects, in: project) }
  }

  @Test func aServiceAccountOfOneProjectIsNobodyInAnother() async throws {
    let here = try Surroundings()
    let one = try await here.control.createProject(name: "One").id
    let two = try await here.control.createProject(name: "Two").id
    let made = try await here.control.createServiceAccount(name: "all", project: one, scopes: [.intake, .query, .export])
    let who = try #require(here.control.authenticate(username: made.account.username, secret: made.secret.text))
    for action in Access.Action.allCases {
      #expect(throws: Access.Denied.self) { try Access.authorize(who, action, in: two) }
      #expect(throws: Access.Denied.self) { try Access.authorize(who, action, in: nil) }
    }
  }
}
