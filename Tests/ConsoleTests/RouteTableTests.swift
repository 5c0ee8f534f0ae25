import Access
import Testing
import Web

/// Every route of the console with who may use it: none is forgotten, and what is not listed is denied.
struct RouteTableTests {
  /// For strangers: how one gets in. They say nothing about anything.
  static let open: Set<String> = [
    "GET /setup", "GET /join", "GET /sign-in", "POST /enrol/begin", "POST /enrol/finish", "POST /enrol/demo", "POST /sign-in/begin",
    "POST /sign-in/finish", "POST /session/renew",
  ]
  /// For whoever has a session and a proof; what they lead to is checked where it is done.
  static let signedIn: Set<String> = [
    "POST /confirm/begin", "POST /confirm/finish", "POST /passkeys/begin", "POST /passkeys/finish", "POST /sign-out",
  ]

  private static let everybody = Set(Role.allCases)
  private static let readers: Set<Role> = [.analyst, .privacyOfficer, .owner]
  private static let exporters: Set<Role> = [.analyst, .owner]
  private static let savers: Set<Role> = [.analyst, .developer, .admin, .owner]
  private static let settings: Set<Role> = [.developer, .privacyOfficer, .admin, .owner]
  private static let planners: Set<Role> = [.developer, .admin, .owner]
  private static let admins: Set<Role> = [.admin, .owner]
  private static let watchers: Set<Role> = [.privacyOfficer, .admin, .owner]

  private static let overseers: Set<Role> = [.developer, .privacyOfficer, .admin, .owner]

  static var table: [String: Set<Role>] {
    var table: [String: Set<Role>] = [
      "GET /": everybody, "GET /arrival": everybody, "GET /live": [.developer, .owner], "GET /live/rows": [.developer, .owner],
      "POST /reports": savers, "POST /reports/delete": savers, "GET /cohorts": everybody, "POST /cohorts": savers,
      "POST /cohorts/delete": savers, "GET /cohorts/build": everybody, "GET /cohorts/{id}": everybody, "GET /subjects": readers,
      "GET /subjects/{pseudonym}": readers, "GET /door": readers, "POST /door": readers, "POST /door/cohort": exporters,
      "GET /plan": settings, "GET /plan/event": settings, "GET /plan/profiles": settings, "POST /plan/decide": planners,
      "GET /plan/edit": settings, "POST /plan/edit": planners, "GET /plan.yaml": settings, "GET /settings": settings,
      "POST /settings/projects": [.owner],
      "POST /settings/project": admins, "POST /settings/accounts": admins, "GET /settings/accounts/rotate": admins,
      "POST /settings/accounts/agree": admins, "POST /settings/accounts/refuse": admins, "POST /settings/accounts/make": admins,
      "POST /staff/brought-in/end": watchers,
      "POST /settings/accounts/rotate": admins, "POST /settings/freezes/lift": admins, "GET /settings/accounts/revoke": admins,
      "POST /settings/accounts/revoke": admins, "GET /exports": exporters, "POST /exports": exporters, "POST /exports/agree": exporters,
      "POST /exports/refuse": exporters, "POST /exports/fetch": exporters, "GET /ledger": watchers, "GET /ledger/{index}": watchers,
      "GET /alerts": watchers, "GET /alerts/{id}": watchers, "POST /alerts/change": watchers, "GET /account": everybody,
      "POST /account/passkeys/remove": everybody, "POST /account/sessions/end": everybody,
      "POST /account/phished": everybody, "GET /staff": watchers, "POST /staff": admins, "GET /staff/{id}": watchers,
      "POST /staff/roles": admins, "POST /staff/link": admins, "POST /staff/sessions/end": watchers, "POST /staff/cut-off": watchers,
      "GET /vendors": overseers, "GET /vendors/{id}": overseers, "POST /vendors": watchers, "POST /vendors/agree": watchers,
      "POST /vendors/refuse": watchers, "POST /vendors/pause": watchers, "POST /vendors/resume": watchers,
      "GET /vendors/grants": overseers, "POST /vendors/grants": watchers, "POST /vendors/grants/import": watchers,
      "POST /vendors/grants/change": watchers, "GET /vendors/third-parties": overseers, "GET /vendors/{id}/deletion-request": overseers,
      "GET /vendors/{id}/kill": watchers, "POST /vendors/kill": watchers, "POST /staff/quota": [.owner], "POST /staff/remove": admins,
      "GET /incidents": watchers, "POST /incidents": watchers, "GET /incidents/new": watchers,
      "POST /incidents/rows": [.privacyOfficer, .owner],
      "POST /incidents/contain": watchers, "POST /incidents/scope": watchers, "POST /incidents/window": watchers,
      "POST /incidents/moment": watchers, "POST /incidents/watch": watchers, "POST /incidents/evidence": watchers,
      "POST /incidents/close": watchers, "POST /incidents/warn": watchers, "POST /incidents/report": watchers,
      "POST /incidents/warnings/withdraw": watchers,
      "GET /incidents/{id}/lures": watchers, "GET /incidents/{id}": watchers, "GET /incidents/{id}/people": watchers,
      "GET /incidents/{id}/organizations": [.privacyOfficer, .owner], "GET /incidents/{id}/watch": watchers,
      "GET /incidents/{id}/report": watchers,
      "POST /staff/recovery": admins, "POST /staff/recovery/agree": admins,
    ]
    for report in ["insights", "funnels", "retention", "flows", "lifecycle", "stickiness", "sessions"] {
      for ending in ["", ".csv", ".json"] { table["GET /\(report)\(ending)"] = everybody }
    }
    return table
  }

  /// Values for the parts of an address that vary, and what a handler needs to come to its check.
  private static func address(_ route: String) -> String {
    let path = String(route.split(separator: " ")[1])
    return switch path {
    case "/subjects/{pseudonym}": "/subjects/s_00000000000000000000000000000003"
    case "/cohorts/{id}": "/cohorts/1"
    case "/staff/{id}": "/staff/st_0000000000000000"
    case "/ledger/{index}": "/ledger/0"
    case "/alerts/{id}": "/alerts/1"
    case "/vendors/{id}": "/vendors/tallymark"
    case "/vendors/{id}/kill": "/vendors/tallymark/kill"
    case "/vendors/{id}/deletion-request": "/vendors/tallymark/deletion-request"
    case let path where path.hasPrefix("/incidents/{id}"): path.replacing("{id}", with: "9")
    default: path
    }
  }

  @Test func everyRouteStandsInTheTable() async throws {
    let site = try await Site()
    let routes = Set(site.routes.filter { !$0.contains("/assets/") && !$0.hasPrefix("HEAD ") })
    let known = Self.open.union(Self.signedIn).union(Self.table.keys)
    #expect(routes.subtracting(known).isEmpty && known.subtracting(routes).isEmpty, "\(routes.symmetricDifference(known).sorted())")
    for (route, roles) in Self.table { #expect(roles.contains(.owner), "\(route): an owner may everything") }
  }

  @Test("each role may what the table says and nothing else", arguments: Role.allCases)
  func roles(role: Role) async throws {
    let site = try await Site(role: role)
    // The one that ends the session comes last.
    for (route, roles) in Self.table.sorted(by: {
      ($0.key == "POST /account/phished" ? 1 : 0, $0.key) < ($1.key == "POST /account/phished" ? 1 : 0, $1.key)
    }) {
      let address = Self.address(route)
      let status =
        route.hasPrefix("GET")
        ? try await site.get(address).status : try await site.post(address, [.init("to", "x"), .init("role", "viewer")]).status
      if roles.contains(role) {
        #expect(status != 403 && status != 401 && status < 500, "\(role) at \(route): \(status)")
      } else {
        #expect(status == 403, "\(role) at \(route): \(status)")
      }
    }
  }

  @Test func withoutASessionOnlyTheWayInIsOpen() async throws {
    let site = try await Site()
    for route in Self.table.keys {
      let address = Self.address(route)
      let status =
        route.hasPrefix("GET") ? try await site.get(address, cookie: "").status : try await site.post(address, [], cookie: "").status
      #expect(status == 401, "\(route): \(status)")
    }
    for route in Self.signedIn where route != "POST /sign-out" {
      #expect(try await site.post(Self.address(route), [], cookie: "").status >= 400, "\(route)")
    }
  }
}
