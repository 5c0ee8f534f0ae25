import Hummingbird
import Web

/// Adds the staff's pages to a router: `/`, `/live`, the reports, `/cohorts`, `/subjects`, `/door`, `/plan`, `/alerts`, `/settings`, `/staff`, `/account`, `/setup`,
/// `/join`, `/sign-in`, `/sign-out`, `/assets/…`, and the questions to passkeys behind them.
///
/// The pages answer every error themselves. `ConsoleNotFound` may be added for addresses that nobody answers.
///
/// - Parameter address: from where a request comes, as far as that is known.
package func addConsoleRoutes<Context: RequestContext>(
  to router: some RouterMethods<Context>, services: ConsoleServices,
  address: @escaping @Sendable (Request, Context) -> String? = { _, _ in nil }
) {
  let console = Console(services: services)

  func get(_ path: RouterPath, isUse: Bool = true, _ page: @escaping @Sendable (Visit) async throws -> Response) {
    router.get(path) { request, context in await console.visit(request, from: address(request, context), isUse: isUse, page) }
  }
  func about(_ path: RouterPath, _ name: String, _ page: @escaping @Sendable (Visit, String) async throws -> Response) {
    router.get(path) { request, context in
      let value = context.parameters.get(name) ?? ""
      return await console.visit(request, from: address(request, context)) { try await page($0, value) }
    }
  }
  func post(_ path: RouterPath, _ page: @escaping @Sendable (Visit) async throws -> Response) {
    router.post(path) { request, context in await console.visit(request, from: address(request, context), page) }
  }
  func report<Page: ReportPage>(_ page: Page.Type) {
    let path = Page.Form.path
    get(RouterPath(path)) { try await Page.page($0) }
    get(RouterPath(path + ".csv")) { try await Page.file($0, isJSON: false) }
    get(RouterPath(path + ".json")) { try await Page.file($0, isJSON: true) }
  }

  for asset in Asset.all { router.get(RouterPath(asset.path)) { request, _ in asset.response(to: request) } }
  console.addSignIn(to: router)

  get("/") { try await $0.homePage() }
  get("/arrival", isUse: false) { try await $0.arrivalFragment() }
  get("/live") { try await $0.livePage() }
  get("/live/rows", isUse: false) { try await $0.liveFragment() }
  report(InsightsPage.self)
  report(FunnelPage.self)
  report(RetentionPage.self)
  report(FlowsPage.self)
  report(LifecyclePage.self)
  report(StickinessPage.self)
  report(SessionsPage.self)
  post("/reports") { try await $0.saveReport() }
  post("/reports/delete") { try await $0.deleteReport() }
  get("/cohorts") { try await $0.cohortsPage() }
  post("/cohorts") { try await $0.saveCohort() }
  post("/cohorts/delete") { try await $0.deleteCohort() }
  get("/cohorts/build") { try await $0.buildCohortPage() }
  about("/cohorts/:id", "id") { try await $0.cohortPage($1) }
  get("/subjects") { try await $0.subjectsPage() }
  about("/subjects/:pseudonym", "pseudonym") { try await $0.subjectPage($1) }
  get("/door") { try await $0.doorPage() }
  post("/door") { try await $0.openDoor() }
  post("/door/cohort") { try await $0.saveDoorAsCohort() }
  get("/plan") { try await $0.planPage() }
  get("/plan/event") { try await $0.planEventPage() }
  get("/plan/profiles") { try await $0.planProfilesPage() }
  post("/plan/decide") { try await $0.decideOnPlan() }
  get("/plan/edit") { try await $0.editPlanPage() }
  post("/plan/edit") { try await $0.editPlan() }
  get("/plan.yaml") { try await $0.planFile() }
  get("/alerts") { try await $0.alertsPage() }
  about("/alerts/:id", "id") { try await $0.alertPage($1) }
  post("/alerts/change") { try await $0.changeAlert() }
  get("/vendors") { try await $0.vendorsPage() }
  post("/vendors") { try await $0.declareVendor() }
  get("/vendors/grants") { try await $0.grantsPage() }
  post("/vendors/grants") { try await $0.recordGrant() }
  post("/vendors/grants/import") { try await $0.takeGrants() }
  post("/vendors/grants/change") { try await $0.changeGrant() }
  get("/vendors/third-parties") { try await $0.thirdPartiesPage() }
  about("/vendors/:id", "id") { try await $0.vendorPage($1) }
  about("/vendors/:id/deletion-request", "id") { try await $0.deletionRequestPage($1) }
  about("/vendors/:id/kill", "id") { try await $0.killVendorPage($1) }
  post("/vendors/agree") { try await $0.decideOnVendor(isApproved: true) }
  post("/vendors/refuse") { try await $0.decideOnVendor(isApproved: false) }
  post("/vendors/pause") { try await $0.pauseVendor() }
  post("/vendors/resume") { try await $0.resumeVendor() }
  post("/vendors/kill") { try await $0.killVendor() }
  get("/incidents") { try await $0.incidentsPage() }
  post("/incidents") { try await $0.openIncident() }
  get("/incidents/new") { try await $0.newIncidentPage() }
  post("/incidents/rows") { try await $0.compareRows() }
  post("/incidents/contain") { try await $0.containIncident() }
  post("/incidents/scope") { try await $0.scopeIncident() }
  post("/incidents/window") { try await $0.setIncidentWindow() }
  post("/incidents/moment") { try await $0.setIncidentMoment() }
  post("/incidents/watch") { try await $0.watchIncident() }
  post("/incidents/evidence") { try await $0.incidentEvidence() }
  post("/incidents/close") { try await $0.closeIncident() }
  post("/incidents/warn") { try await $0.warnOfLure() }
  post("/incidents/report") { try await $0.judgeReport() }
  post("/incidents/warnings/withdraw") { try await $0.withdrawWarning() }
  about("/incidents/:id", "id") { try await $0.incidentPage($1) }
  about("/incidents/:id/people", "id") { try await $0.incidentPeoplePage($1) }
  about("/incidents/:id/organizations", "id") { try await $0.incidentOrganizationsPage($1) }
  about("/incidents/:id/watch", "id") { try await $0.incidentWatchPage($1) }
  about("/incidents/:id/lures", "id") { try await $0.incidentLuresPage($1) }
  about("/incidents/:id/report", "id") { try await $0.incidentReport($1) }
  get("/settings") { try await $0.settingsPage() }
  post("/settings/project") { try await $0.saveProject() }
  post("/settings/projects") { try await $0.createProject() }
  post("/settings/accounts") { try await $0.createAccount() }
  post("/settings/accounts/agree") { try await $0.agreeToAccount() }
  post("/settings/accounts/refuse") { try await $0.refuseAccount() }
  post("/settings/accounts/make") { try await $0.makeAgreedAccount() }
  get("/settings/accounts/rotate") { try $0.rotatePage() }
  post("/settings/accounts/rotate") { try await $0.rotateAccount() }
  post("/settings/freezes/lift") { try await $0.liftFreeze() }
  get("/settings/accounts/revoke") { try $0.revokePage() }
  post("/settings/accounts/revoke") { try await $0.revokeAccount() }
  get("/exports") { try await $0.exportsPage() }
  post("/exports") { try await $0.askForExport() }
  post("/exports/agree") { try await $0.agreeToExport() }
  post("/exports/refuse") { try await $0.refuseExport() }
  post("/exports/fetch") { try await $0.fetchExport() }
  get("/ledger") { try await $0.ledgerPage() }
  about("/ledger/:index", "index") { try await $0.ledgerEntryPage($1) }
  get("/account") { try await $0.accountPage() }
  post("/account/passkeys/remove") { try await $0.removePasskey() }
  post("/account/sessions/end") { try await $0.endOwnSession() }
  post("/account/phished") { try await $0.reportOneself() }
  get("/staff") { try await $0.staffPage() }
  post("/staff") { try await $0.inviteStaff() }
  about("/staff/:id", "id") { try await $0.staffMemberPage($1) }
  post("/staff/quota") { try await $0.setStaffQuota() }
  post("/staff/roles") { try await $0.setStaffRoles() }
  post("/staff/link") { try await $0.renewInvitation() }
  post("/staff/sessions/end") { try await $0.endStaffSession() }
  post("/staff/cut-off") { try await $0.cutOffColleague() }
  post("/staff/brought-in/end") { try await $0.endBroughtIn() }
  post("/staff/remove") { try await $0.removeColleague() }
  post("/staff/recovery") { try await $0.askForRecovery() }
  post("/staff/recovery/agree") { try await $0.agreeToRecovery() }
}

/// Answers what no route answers with a page where a browser asks for one.
package struct ConsoleNotFound<Context: RequestContext>: RouterMiddleware {
  package init() {}

  package func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound && (request.headers[.accept] ?? "").contains("text/html") {
      return ErrorPage.notFound.response
    }
  }
}
