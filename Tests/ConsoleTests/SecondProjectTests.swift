import Access
import Console
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import Passkeys
import Testing
import Web

/// Two projects: every page is about the one that its address names, says so in everything that it leads to, and shows it to those alone who have
/// a role in it.
struct SecondProjectTests {
  private static let pages = [
    "/", "/live", "/insights", "/funnels", "/retention", "/flows", "/lifecycle", "/stickiness", "/sessions", "/cohorts",
    "/cohorts/build",
    "/subjects", "/subjects/s_00000000000000000000000000000003", "/plan", "/plan/profiles?of=people", "/plan/edit", "/exports", "/ledger",
    "/ledger/0", "/staff", "/alerts", "/settings", "/account",
  ]

  private func second(_ site: Site) async throws -> Project {
    let second = try await site.services.control.draftProject(name: "Second <b>", zone: "Asia/Tokyo")
    try await site.services.control.insert(second)
    return second
  }

  private func matches(_ pattern: String, _ text: String) throws -> [String] {
    let expression = try NSRegularExpression(pattern: pattern)
    return expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap { match in
      Range(match.range(at: 1), in: text).map { String(text[$0]) }
    }
  }

  @Test func withOneProjectNoAddressNamesIt() async throws {
    let site = try await Site()
    for page in Self.pages {
      let text = try await site.get(page).text
      #expect(!text.contains("project=") && !text.contains("name=\"project\"") && !text.contains("class=\"places\""), "\(page)")
    }
  }

  @Test("every link, form and part of a page keeps the project", arguments: pages)
  func everythingKeepsIt(page: String) async throws {
    let site = try await Site()
    let second = try await second(site)
    let answer = try await site.get(page + (page.contains("?") ? "&" : "?") + "project=\(second.id)")
    #expect(answer.status == 200 || answer.status == 404, "\(page): \(answer.status)")
    let text = answer.text
    for address in try matches("(?:href|data-live|data-wait|formaction)=\"(/[^\"]*)\"", text) where !address.hasPrefix("/assets/") {
      #expect(address.contains("project=\(second.id)") || address.contains("project=\(site.project.id)"), "\(page) leads to \(address)")
      if let hash = address.firstIndex(of: "#"), let query = address.firstIndex(of: "?") { #expect(query < hash, "\(address)") }
    }
    let others = try matches("href=\"(/[^\"]*project=\(site.project.id)[^\"]*)\"", text)
    #expect(others.count <= 2, "only the frame and the list of projects lead to the other one: \(others)")
    for form in try matches("(<form .*?</form>)", text.replacing("\n", with: " "))
    where !form.contains("data-passkey") && !form.contains("method=\"dialog\"") {
      #expect(form.contains("<input type=\"hidden\" name=\"project\" value=\"\(second.id)\">"), "\(page): \(form.prefix(200))")
    }
    #expect(text.contains("Second &lt;b&gt;"), "\(page) says which project it is about")
  }

  @Test func aRedirectKeepsIt() async throws {
    let site = try await Site()
    let second = try await second(site)
    for page in [
      "/subjects?q=s_00000000000000000000000000000003&project=2", "/insights?s0=*&range=7&project=2", "/alerts?state=nonsense&project=2",
    ] {
      let answer = try await site.get(page)
      let place = try #require(answer.headers[.location], "\(page): \(answer.status)")
      #expect(answer.status == 303 && place.contains("project=\(second.id)"), "\(page) goes to \(place)")
    }
    let saved = try await site.post(
      "/reports",
      [
        .init("name", "Mine"), .init("project", second.id.description),
        .init(
          "query", #"{"report":"insights","range":{"from":"2026-07-01","to":"2026-07-02"},"series":[{"event":null,"measure":"total"}]}"#),
      ])
    #expect(saved.headers[.location] == "/?project=2#saved")
    #expect(try await site.services.control.savedReports(of: second.id).map(\.name) == ["Mine"])
    #expect(try await site.services.control.savedReports(of: site.project.id).isEmpty)
    #expect(try await !site.get("/?project=1").text.contains(">Mine<"))
  }

  @Test func aFormMustSayWhichProjectItMeans() async throws {
    let site = try await Site()
    let form: [Address.Parameter] = [.init("name", "Other"), .init("zone", "UTC"), .init("week", "monday")]
    let second = try await second(site)
    let silent = try await site.post("/settings/project", form)
    #expect(silent.status == 400 && silent.text.contains("which project"))
    // An address cannot say it for a form.
    #expect(try await site.post("/settings/project?project=2", form).status == 400)
    #expect(try await site.post("/settings/project", form + [.init("project", "99")]).status == 403)
    #expect(site.services.control.projects().map(\.name) == ["Orrery Labs", second.name])
    #expect(try await site.post("/settings/project", form + [.init("project", "2")]).status == 200)
    #expect(site.services.control.projects().map(\.name) == ["Orrery Labs", "Other"])
  }

  @Test func whoHasNoRoleInAProjectLearnsNothingOfIt() async throws {
    let site = try await Site(role: .admin)
    let second = try await second(site)
    for page in Self.pages {
      let answer = try await site.get(page + (page.contains("?") ? "&" : "?") + "project=2")
      #expect(answer.status == 403 && !answer.text.contains("Second"), "\(page): \(answer.status)")
      let unknown = try await site.get(page + (page.contains("?") ? "&" : "?") + "project=77")
      #expect(unknown.status == 403 && unknown.text == answer.text, "\(page): what is not there looks the same")
      let own = try await site.get(page)
      #expect(!own.text.contains("Second"), "\(page)")
    }
    #expect(try await site.get("/?project=nonsense").status == 403)
    #expect(try await site.post("/settings/projects", [.init("name", "Mine"), .init("zone", "UTC"), .init("project", "1")]).status == 403)
    // A role there lets in, and no further than it goes.
    let member = try #require(try await site.services.control.staff().first { $0.name == "Bea" })
    try await site.services.control.setRoles(
      StaffRoles(byProject: [site.project.id: [.admin], second.id: [.viewer]]), of: member.id, expecting: member.roles)
    let home = try await site.get("/?project=2")
    #expect(home.status == 200 && home.text.contains("class=\"places\""))
    #expect(try await site.get("/settings?project=2").status == 403)
    #expect(try await site.get("/settings?project=1").status == 200)
  }

  @Test func whatIsOfOneProjectIsNotFoundInTheOther() async throws {
    let site = try await Site()
    let control = site.services.control
    let second = try await second(site)
    let account = try await control.createServiceAccount(ServiceAccountDraft(name: "Of one", scopes: [.query]), project: site.project.id)
    let username = account.account.username
    let cohort = try await control.saveCohort(
      CohortDraft(name: "Of one", kind: .dynamic, definition: #"{"did":{}}"#), project: site.project.id)
    let alert = try await raise(site, about: site.project.id)
    for page in [
      "/settings/accounts/rotate?username=\(username)", "/settings/accounts/revoke?username=\(username)", "/cohorts/\(cohort.id)",
    ] {
      let join = page.contains("?") ? "&" : "?"
      #expect(try await site.get(page + join + "project=1").status == 200, "\(page)")
      let other = try await site.get(page + join + "project=2")
      #expect(other.status == 404 && !other.text.contains("Of one"), "\(page)")
    }
    // A message leads to an alert by its number alone, from whichever project: on to its own, for whoever may see it there.
    #expect(try await site.get("/alerts/\(alert)?project=1").status == 200)
    let led = try await site.get("/alerts/\(alert)?project=2")
    #expect(led.status == 303 && led.headers[.location] == "/alerts/\(alert)?project=1")
    let revoke: [Address.Parameter] = [.init("username", username), .init("word", "revoke"), .init("project", "2")]
    #expect(try await site.post("/settings/accounts/revoke", revoke).status == 404)
    #expect(control.serviceAccount(username)?.isRevoked == false)
    let change: [Address.Parameter] = [.init("alert", String(alert)), .init("state", "acknowledged"), .init("project", "2")]
    #expect(try await site.post("/alerts/change", change).status == 404)
    for page in ["/settings", "/cohorts", "/alerts?state=all", "/"] {
      let text = try await site.get(page + (page.contains("?") ? "&" : "?") + "project=2").text
      #expect(!text.contains("Of one") && !text.contains("1 open alert"), "\(page)")
    }
    #expect(try await site.get("/?project=1").text.contains("1 open alert"))
    _ = second
    let officer = try await Site(role: .privacyOfficer)
    let others = try await self.second(officer)
    let foreign = try await raise(officer, about: others.id)
    #expect(try await officer.get("/alerts/\(foreign)").status == 404, "without a role in its project it is not there")
  }

  private func raise(_ site: Site, about project: ProjectID) async throws -> Int64 {
    await site.services.alerts.raise(NewAlert(.revokedCredentialUsed, project: project, sentence: "A revoked secret of Of one was used."))
    return try #require(try await site.services.control.alerts(limit: 1).first).id
  }

  @Test func anOwnerMakesAProjectAndItIsEntered() async throws {
    let site = try await Site()
    let refused = try await site.post("/settings/projects", [.init("name", "X"), .init("zone", "Mars/Base")])
    #expect(refused.status == 400 && refused.text.contains("No project was made"))
    let made = try await site.post("/settings/projects", [.init("name", "Staging"), .init("zone", "Asia/Tokyo")])
    let staging = try #require(site.services.control.projects().last)
    #expect(made.status == 200 && made.text.contains(staging.token) && !made.text.contains(site.project.token))
    let entry = try #require(try await site.services.ledger.entries(from: 0, limit: 100).last { $0.kind == "project_created" })
    #expect(entry.project == staging.id)
    // The page is the new project's own.
    #expect(made.text.contains("name=\"project\" value=\"2\"") && !made.text.contains("name=\"project\" value=\"1\""))
  }
}
