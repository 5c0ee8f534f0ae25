/// Whoever may knock at the API and the intake, and what each is let in to: the table of `RouteTableTests`.
enum Caller: String, CaseIterable, Sendable {
  case nobody
  /// A secret that nobody has.
  case nonsense
  /// The project token, as Basic user name and as bearer: public, so that it proves nothing.
  case token, bearer
  /// Service accounts of the project with one scope each.
  case intake, query, export, admin
  /// One with every scope, of another project.
  case foreign
  /// With every scope, and of no use any more.
  case expired, revoked
  /// The cookie of an owner's session, which is for the console's pages alone.
  case person
  case custodian
  /// The operating-system user, by the control socket.
  case machine

  static let accounts: Set<Caller> = [.intake, .query, .export, .admin, .foreign]
}

/// One route: how it is asked, who may, and what they get. Everybody else gets 401, or 403 where they have shown who they are.
struct RouteRow: Sendable {
  enum Kind: Sendable { case api, intake, custodian, open }

  let route: String
  let kind: Kind
  let address: String
  let body: String?
  let allowed: Set<Caller>
  let status: Int

  init(_ route: String, _ kind: Kind, _ address: String, _ body: String?, _ allowed: Set<Caller>, _ status: Int) {
    (self.route, self.kind, self.address, self.body, self.allowed, self.status) = (route, kind, address, body, allowed, status)
  }

  init(_ route: String, _ kind: Kind, _ address: String, _ allowed: Set<Caller>, _ status: Int) {
    self.init(route, kind, address, nil, allowed, status)
  }

  func expected(_ caller: Caller) -> Int {
    if allowed.contains(caller) { return status }
    return kind == .api && Caller.accounts.contains(caller) ? 403 : 401
  }

  private static let everybody = Set(Caller.allCases)
  private static let machine: Set<Caller> = [.machine]
  private static let admins: Set<Caller> = [.admin, .machine]
  private static let askers: Set<Caller> = [.query, .machine]
  private static let readers: Set<Caller> = [.query, .export, .admin, .machine]
  private static let exporters: Set<Caller> = [.export, .machine]
  /// A wrong credential is refused where none would be needed; a cookie is none.
  private static let senders: Set<Caller> = [.nobody, .token, .person, .intake, .machine]
  private static let tracers: Set<Caller> = [.bearer, .intake, .machine]
  private static let custodians: Set<Caller> = [.custodian]

  private static let nobody = "s_00000000000000000000000000000000"
  private static let other = #"{"name":"Others","definition":{"did":{}}}"#
  private static let cohort = #"{"name":"Everybody","definition":{"did":{}}}"#

  /// - Parameter subject: of somebody who came.
  static func table(subject: String) -> [RouteRow] {
    let aggregate = APIRouteTests.query
    return [
      RouteRow("GET /healthz", .open, "/healthz", everybody, 200), RouteRow("GET /readyz", .open, "/readyz", everybody, 200),
      RouteRow("GET /openapi.yaml", .open, "/openapi.yaml", everybody, 200),
      RouteRow("GET /tlog/checkpoint", .open, "/tlog/checkpoint", everybody, 200),
      RouteRow("GET /tlog/tile/{path}", .open, "/tlog/tile/0/000.p/1", everybody, 200),
      RouteRow("GET /metrics", .open, "/metrics", everybody, 200),

      RouteRow("POST /api/v1/query", .api, "/api/v1/query?project_id=1", aggregate, askers, 200),
      RouteRow("GET /api/v1/catalog", .api, "/api/v1/catalog?project_id=1", readers, 200),
      RouteRow("GET /api/v1/values", .api, "/api/v1/values?project_id=1&property=plan", readers, 200),
      RouteRow("GET /api/v1/subjects", .api, "/api/v1/subjects?project_id=1", exporters, 200),
      RouteRow("GET /api/v1/subjects/{subject}", .api, "/api/v1/subjects/\(subject)?project_id=1", exporters, 200),
      RouteRow("GET /api/v1/subjects/{subject}/ids", .api, "/api/v1/subjects/\(subject)/ids?project_id=1", exporters, 200),
      RouteRow("GET /api/v1/subjects/{subject}/timeline", .api, "/api/v1/subjects/\(subject)/timeline?project_id=1", exporters, 200),
      RouteRow(
        "POST /api/v1/door", .api, "/api/v1/door?project_id=1", #"{"query":\#(aggregate),"cell":{"report":"insights","series":0}}"#,
        exporters, 200),
      RouteRow(
        "GET /api/2.0/export", .api, "/api/2.0/export?project_id=1&from_date=2026-09-01&to_date=2026-09-30", exporters, 200),

      RouteRow("POST /api/v1/cohorts", .api, "/api/v1/cohorts?project_id=1", cohort, machine, 201),
      RouteRow("GET /api/v1/cohorts", .api, "/api/v1/cohorts?project_id=1", askers, 200),
      RouteRow("GET /api/v1/cohorts/{id}", .api, "/api/v1/cohorts/1?project_id=1", askers, 200),
      RouteRow("PUT /api/v1/cohorts/{id}", .api, "/api/v1/cohorts/1?project_id=1", other, machine, 200),
      RouteRow("DELETE /api/v1/cohorts/{id}", .api, "/api/v1/cohorts/1?project_id=1", machine, 200),

      RouteRow("GET /api/v1/projects", .api, "/api/v1/projects", machine, 200),
      RouteRow("POST /api/v1/projects", .api, "/api/v1/projects", "{}", machine, 400),
      RouteRow("GET /api/v1/settings", .api, "/api/v1/settings?project_id=1", admins, 200),
      RouteRow("PATCH /api/v1/settings", .api, "/api/v1/settings?project_id=1", #"{"name":"Main"}"#, admins, 200),
      RouteRow("GET /api/v1/plan", .api, "/api/v1/plan?project_id=1", admins, 200),
      RouteRow("PUT /api/v1/plan", .api, "/api/v1/plan?project_id=1", "plan: 1\n", admins, 200),
      RouteRow("GET /api/v1/plan/profiles", .api, "/api/v1/plan/profiles?project_id=1", admins, 200),
      RouteRow("DELETE /api/v1/subjects/{subject}", .api, "/api/v1/subjects/\(nobody)?project_id=1", admins, 404),
      RouteRow("POST /api/v1/deletions", .api, "/api/v1/deletions?project_id=1", #"{"subjects":["\#(nobody)"]}"#, admins, 404),

      RouteRow("GET /api/v1/service-accounts", .api, "/api/v1/service-accounts?project_id=1", machine, 200),
      RouteRow("POST /api/v1/service-accounts", .api, "/api/v1/service-accounts?project_id=1", "{}", machine, 400),
      RouteRow(
        "POST /api/v1/service-accounts/{username}/rotation", .api, "/api/v1/service-accounts/sa_0000000000000000/rotation", "{}", machine,
        404),
      RouteRow("DELETE /api/v1/service-accounts/{username}", .api, "/api/v1/service-accounts/sa_0000000000000000", machine, 404),
      RouteRow("GET /api/v1/freezes", .api, "/api/v1/freezes", machine, 200),
      RouteRow("DELETE /api/v1/freezes/{id}", .api, "/api/v1/freezes/sa_0000000000000000", machine, 404),
      RouteRow("GET /api/v1/exposure", .api, "/api/v1/exposure?project_id=1", machine, 200),
      RouteRow("GET /api/v1/commitments", .api, "/api/v1/commitments?project_id=1", machine, 200),
      RouteRow("GET /api/v1/incidents", .api, "/api/v1/incidents?project_id=1", machine, 200),
      RouteRow("POST /api/v1/incidents", .api, "/api/v1/incidents?project_id=1", "{}", machine, 400),
      RouteRow("GET /api/v1/incidents/{id}", .api, "/api/v1/incidents/9", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/moments", .api, "/api/v1/incidents/9/moments", "{}", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/window", .api, "/api/v1/incidents/9/window", "{}", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/containment", .api, "/api/v1/incidents/9/containment", "", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/scopes", .api, "/api/v1/incidents/9/scopes", "", machine, 404),
      RouteRow("GET /api/v1/incidents/{id}/report", .api, "/api/v1/incidents/9/report", machine, 404),
      RouteRow("GET /api/v1/incidents/{id}/evidence", .api, "/api/v1/incidents/9/evidence", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/watch", .api, "/api/v1/incidents/9/watch", "", machine, 404),
      RouteRow("GET /api/v1/incidents/{id}/subjects", .api, "/api/v1/incidents/9/subjects", machine, 404),
      RouteRow(
        "GET /api/v1/incidents/{id}/subjects/{pseudonym}", .api, "/api/v1/incidents/9/subjects/s_00000000000000000000000000000003", machine,
        404),
      RouteRow("GET /api/v1/incidents/{id}/organizations", .api, "/api/v1/incidents/9/organizations", machine, 404),
      RouteRow("POST /api/v1/leaks", .api, "/api/v1/leaks?project_id=1", "[]", machine, 400),
      RouteRow("POST /api/v1/incidents/{id}/closing", .api, "/api/v1/incidents/9/closing", "{}", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/reports", .api, "/api/v1/incidents/9/reports", "x", [.intake, .foreign, .machine], 404),
      RouteRow("GET /api/v1/incidents/{id}/campaigns", .api, "/api/v1/incidents/9/campaigns", machine, 404),
      RouteRow("POST /api/v1/incidents/{id}/warnings", .api, "/api/v1/incidents/9/warnings", "{}", machine, 404),
      RouteRow("DELETE /api/v1/incidents/{id}/warnings/{warning}", .api, "/api/v1/incidents/9/warnings/1", machine, 404),
      RouteRow("GET /api/v1/trust", .api, "/api/v1/trust", machine, 200),
      RouteRow("PUT /api/v1/trust", .api, "/api/v1/trust", "{}", machine, 400),
      RouteRow("GET /api/v1/trust/pages", .api, "/api/v1/trust/pages", machine, 409),
      RouteRow("GET /api/v1/vendors", .api, "/api/v1/vendors?project_id=1", machine, 200),
      RouteRow("POST /api/v1/vendors", .api, "/api/v1/vendors?project_id=1", "vendor: x", machine, 400),
      RouteRow("GET /api/v1/vendors/{id}", .api, "/api/v1/vendors/nobody", machine, 404),
      RouteRow("GET /api/v1/vendors/{id}/simulation", .api, "/api/v1/vendors/nobody/simulation", machine, 404),
      RouteRow(
        "POST /api/v1/vendors/{id}/versions/{version}/approval", .api, "/api/v1/vendors/nobody/versions/1/approval", "", machine, 404),
      RouteRow("POST /api/v1/vendors/{id}/versions/{version}/refusal", .api, "/api/v1/vendors/nobody/versions/1/refusal", "", machine, 404),
      RouteRow("POST /api/v1/vendors/{id}/pause", .api, "/api/v1/vendors/nobody/pause", "", machine, 404),
      RouteRow("POST /api/v1/vendors/{id}/resumption", .api, "/api/v1/vendors/nobody/resumption", "", machine, 404),
      RouteRow("POST /api/v1/vendors/{id}/kill", .api, "/api/v1/vendors/nobody/kill", "", machine, 404),
      RouteRow("GET /api/v1/vendors/{id}/dead-letters", .api, "/api/v1/vendors/nobody/dead-letters", machine, 404),
      RouteRow("GET /api/v1/vendors/{id}/deletion-request", .api, "/api/v1/vendors/nobody/deletion-request", machine, 404),
      RouteRow("GET /api/v1/vendors/{id}/deletions", .api, "/api/v1/vendors/nobody/deletions", machine, 404),
      RouteRow(
        "POST /api/v1/vendors/{id}/deletions/{deletion}/confirmation", .api, "/api/v1/vendors/nobody/deletions/1/confirmation", "", machine,
        404),
      RouteRow(
        "POST /api/app/data-deletions/v3.0", .api, "/api/app/data-deletions/v3.0?project_id=1", #"{"distinct_ids":["x"]}"#, admins, 201),
      RouteRow("GET /api/app/data-deletions/v3.0/{id}", .api, "/api/app/data-deletions/v3.0/erasures-1?project_id=1", admins, 200),
      RouteRow("GET /api/v1/quotas/staff", .api, "/api/v1/quotas/staff", machine, 200),
      RouteRow("PUT /api/v1/quotas/staff", .api, "/api/v1/quotas/staff", #"{"rows_per_day":50000}"#, machine, 200),
      RouteRow("GET /api/v1/staff", .api, "/api/v1/staff", machine, 200),
      RouteRow("DELETE /api/v1/staff/{id}", .api, "/api/v1/staff/st_0000000000000000", machine, 404),
      RouteRow("POST /api/v1/staff/{id}/cut-off", .api, "/api/v1/staff/st_0000000000000000/cut-off", "", machine, 404),
      RouteRow("POST /api/v1/staff/{id}/brought-in/end", .api, "/api/v1/staff/st_0000000000000000/brought-in/end", "", machine, 404),
      RouteRow("POST /api/v1/setup-links", .api, "/api/v1/setup-links", "", machine, 409),
      RouteRow("GET /api/v1/erasures", .api, "/api/v1/erasures", machine, 200),
      RouteRow("POST /api/v1/backups", .api, "/api/v1/backups", #"{"target":"nowhere"}"#, machine, 400),
      RouteRow("POST /api/v1/ledger/backups", .api, "/api/v1/ledger/backups", #"{"target":"nowhere"}"#, machine, 400),
      RouteRow("GET /api/v1/keys", .api, "/api/v1/keys", machine, 200),
      RouteRow("POST /api/v1/keys/rotations", .api, "/api/v1/keys/rotations", #"{"keys":[]}"#, machine, 400),
      RouteRow("GET /api/v1/alerts", .api, "/api/v1/alerts", machine, 200),
      RouteRow("GET /api/v1/alerts/{id}", .api, "/api/v1/alerts/999999", machine, 404),
      RouteRow("POST /api/v1/alerts/{id}/changes", .api, "/api/v1/alerts/999999/changes", #"{"state":"open"}"#, machine, 404),
      RouteRow("GET /api/v1/alert-channels", .api, "/api/v1/alert-channels", machine, 200),
      RouteRow("POST /api/v1/alert-channels/test", .api, "/api/v1/alert-channels/test", "", machine, 200),
      RouteRow("POST /api/v1/alert-channels/{channel}/enable", .api, "/api/v1/alert-channels/none/enable", "", machine, 404),
      // Each tells of its own project.
      RouteRow(
        "POST /api/v1/canaries/hits", .api, "/api/v1/canaries/hits", #"{"hosts":["x.example.net"]}"#, [.intake, .foreign, .machine], 202),
      RouteRow("POST /api/v1/canaries/check", .api, "/api/v1/canaries/check", #"{"hosts":["x.example.net"]}"#, machine, 200),
      // Public by nature; who asks must be somebody, so that it can be slowed down.
      RouteRow(
        "GET /api/v1/ledger/checkpoint", .api, "/api/v1/ledger/checkpoint", Caller.accounts.union(machine), 200),
      RouteRow("GET /api/v1/ledger/entries", .api, "/api/v1/ledger/entries?limit=1", machine, 200),
    ] + intake + custodian + grants
  }

  /// What vendors were given, what the company's own site calls, and the register.
  private static let grants = [
    RouteRow("GET /api/v1/vendor-grants", .api, "/api/v1/vendor-grants?project_id=1", machine, 200),
    RouteRow("POST /api/v1/vendor-grants", .api, "/api/v1/vendor-grants?project_id=1", "{}", machine, 400),
    RouteRow("POST /api/v1/vendor-grants/import", .api, "/api/v1/vendor-grants/import?project_id=1", "name\nApp\n", machine, 200),
    RouteRow("POST /api/v1/vendor-grants/{id}/retirement", .api, "/api/v1/vendor-grants/999999/retirement", "", machine, 404),
    RouteRow("POST /api/v1/vendor-grants/{id}/revocation", .api, "/api/v1/vendor-grants/999999/revocation", "", machine, 404),
    RouteRow("GET /api/v1/third-parties", .api, "/api/v1/third-parties?project_id=1", machine, 200),
    RouteRow("GET /api/v1/vendors/register.csv", .api, "/api/v1/vendors/register.csv?project_id=1", machine, 200),
    RouteRow("GET /api/v1/vendors/register.cdx.json", .api, "/api/v1/vendors/register.cdx.json?project_id=1", machine, 200),
    // By the project's token in the address, whoever asks: browsers send nothing else along.
    RouteRow("POST /csp-report", .open, "/csp-report?token=none", "{}", everybody, 401),
    RouteRow("OPTIONS /csp-report", .open, "/csp-report", everybody, 204),
  ]

  private static var intake: [RouteRow] {
    var rows = [
      RouteRow("POST /import", .intake, "/import?strict=1&project_id=1", "[]", [.token, .intake, .machine], 200),
      RouteRow("POST /v1/traces", .intake, "/v1/traces?project_id=1", #"{"resourceSpans":[]}"#, tracers, 200),
      RouteRow("POST /v1/logs", .intake, "/v1/logs?project_id=1", #"{"resourceLogs":[]}"#, tracers, 200),
      RouteRow("OPTIONS /import", .open, "/import", everybody, 204),
      RouteRow("OPTIONS /flags/{flag}/first-time-events", .open, "/flags/a/first-time-events", everybody, 204),
      RouteRow("POST /flags/{flag}/first-time-events", .open, "/flags/a/first-time-events", "{}", everybody, 200),
    ]
    for name in ["track", "engage", "groups"] {
      rows.append(RouteRow("GET /\(name)", .intake, "/\(name)?project_id=1", senders, 200))
      rows.append(RouteRow("POST /\(name)", .intake, "/\(name)?project_id=1", "[]", senders, 200))
      rows.append(RouteRow("OPTIONS /\(name)", .open, "/\(name)", everybody, 204))
    }
    // What SDKs ask at their start: answers without data; replays of sessions are not taken.
    for name in ["flags", "flags/definitions", "decide", "record", "settings"] {
      let status = name == "record" ? 404 : 200
      rows.append(RouteRow("GET /\(name)", .open, "/\(name)", everybody, status))
      rows.append(RouteRow("POST /\(name)", .open, "/\(name)", "{}", everybody, status))
      rows.append(RouteRow("OPTIONS /\(name)", .open, "/\(name)", everybody, 204))
    }
    return rows
  }

  private static let custodian = [
    RouteRow("GET /custodian/v1/incidents", .custodian, "/custodian/v1/incidents", custodians, 200),
    RouteRow("POST /custodian/v1/affected", .custodian, "/custodian/v1/affected", "{}", custodians, 400),
    RouteRow("POST /custodian/v1/organizations", .custodian, "/custodian/v1/organizations", "{}", custodians, 400),
    RouteRow("POST /custodian/v1/commitments", .custodian, "/custodian/v1/commitments", "{}", custodians, 400),
    RouteRow("GET /custodian/v1/proof", .custodian, "/custodian/v1/proof?entry=0", custodians, 200),
    RouteRow("POST /custodian/v1/notices", .custodian, "/custodian/v1/notices", "{}", custodians, 400),
    RouteRow("GET /custodian/v1/questions", .custodian, "/custodian/v1/questions", custodians, 200),
    RouteRow("POST /custodian/v1/questions", .custodian, "/custodian/v1/questions", #"{"through":0}"#, custodians, 204),
    RouteRow(
      "POST /custodian/v1/known", .custodian, "/custodian/v1/known",
      #"{"project":1,"field":"$email","tags":["00000000000000000000000000000000"]}"#, custodians, 200),
    RouteRow("POST /custodian/v1/answers", .custodian, "/custodian/v1/answers", "{}", custodians, 400),
    RouteRow("GET /custodian/v1/parcels", .custodian, "/custodian/v1/parcels", custodians, 200),
    RouteRow("POST /custodian/v1/parcels/ack", .custodian, "/custodian/v1/parcels/ack", #"{"acknowledged":[]}"#, custodians, 204),
    RouteRow("POST /custodian/v1/alarm", .custodian, "/custodian/v1/alarm", "{}", custodians, 400),
    RouteRow("POST /custodian/v1/settlement", .custodian, "/custodian/v1/settlement", "{}", custodians, 400),
    RouteRow("GET /custodian/v1/key", .custodian, "/custodian/v1/key", custodians, 200),
    RouteRow("POST /custodian/v1/key", .custodian, "/custodian/v1/key", "x", custodians, 400),
    RouteRow("POST /custodian/v1/openings", .custodian, "/custodian/v1/openings", "{}", custodians, 400),
    RouteRow("POST /custodian/v1/changes", .custodian, "/custodian/v1/changes", "{}", custodians, 400),
    RouteRow(
      "POST /custodian/v1/subjects", .custodian, "/custodian/v1/subjects", #"{"project":1,"ids":[],"tags":[]}"#, custodians, 200),
    RouteRow("GET /custodian/v1/erasures", .custodian, "/custodian/v1/erasures", custodians, 200),
    RouteRow("POST /custodian/v1/erasures", .custodian, "/custodian/v1/erasures", "{}", custodians, 400),
    RouteRow("GET /custodian/v1/checkpoint", .custodian, "/custodian/v1/checkpoint", custodians, 200),
    RouteRow("POST /custodian/v1/cosignature", .custodian, "/custodian/v1/cosignature", "x", custodians, 409),
    RouteRow("POST /custodian/v1/witness", .custodian, "/custodian/v1/witness", "x", custodians, 400),
  ]
}
