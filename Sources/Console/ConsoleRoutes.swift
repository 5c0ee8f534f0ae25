import Hummingbird
import Web

/// Adds the staff's pages to a router: `/`, `/live`, the reports, `/cohorts`, `/subjects`, `/door`, `/plan`, `/alerts`, `/settings`, `/setup`, `/sign-out`, `/assets/…`.
///
/// The pages answer every error themselves. `ConsoleNotFound` may be added for addresses that nobody answers.
package func addConsoleRoutes<Context: RequestContext>(to router: some RouterMethods<Context>, services: ConsoleServices) {
  let console = Console(services: services)

  func get(_ path: RouterPath, _ page: @escaping @Sendable (Visit) async throws -> Response) {
    router.get(path) { request, _ in await console.visit(request, page) }
  }
  func post(_ path: RouterPath, _ page: @escaping @Sendable (Visit) async throws -> Response) {
    router.post(path) { request, _ in await console.visit(request, page) }
  }
  func report<Page: ReportPage>(_ page: Page.Type) {
    let path = Page.Form.path
    get(RouterPath(path)) { try await Page.page($0) }
    get(RouterPath(path + ".csv")) { try await Page.file($0, isJSON: false) }
    get(RouterPath(path + ".json")) { try await Page.file($0, isJSON: true) }
  }

  for asset in Asset.all { router.get(RouterPath(asset.path)) { request, _ in asset.response(to: request) } }
  router.get("/setup") { request, _ in console.setupPage(request) }
  router.post("/setup") { request, _ in await console.useSetupLink(request) }
  router.post("/sign-out") { request, _ in await console.signOut(request) }

  get("/") { try await $0.homePage() }
  get("/arrival") { try await $0.arrivalFragment() }
  get("/live") { try await $0.livePage() }
  get("/live/rows") { try await $0.liveFragment() }
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
  router.get("/cohorts/:id") { request, context in
    let id = context.parameters.get("id") ?? ""
    return await console.visit(request) { try await $0.cohortPage(id) }
  }
  get("/subjects") { try await $0.subjectsPage() }
  router.get("/subjects/:pseudonym") { request, context in
    let pseudonym = context.parameters.get("pseudonym") ?? ""
    return await console.visit(request) { try await $0.subjectPage(pseudonym) }
  }
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
  router.get("/alerts/:id") { request, context in
    let id = context.parameters.get("id") ?? ""
    return await console.visit(request) { try await $0.alertPage(id) }
  }
  post("/alerts/change") { try await $0.changeAlert() }
  get("/settings") { try await $0.settingsPage() }
  post("/settings/project") { try await $0.saveProject() }
  post("/settings/accounts") { try await $0.createAccount() }
  get("/settings/accounts/revoke") { try $0.revokePage() }
  post("/settings/accounts/revoke") { try await $0.revokeAccount() }
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
