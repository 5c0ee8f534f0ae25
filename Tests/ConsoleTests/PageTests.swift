import Access
import Console
import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Testing
import Web

struct PageTests {
  static let reports = [
    "/insights?s0=Signed%20Up&s1=*&s1.m=unique&from=2026-10-25&to=2026-11-23",
    "/insights?s0=*&s0.m=unique&by=plan&from=2026-10-25&to=2026-11-23",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call&s3=Invoice%20Paid&from=2026-10-25&to=2026-11-23",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call&by=plan&from=2026-10-25&to=2026-11-23",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call&entry=last_before_next&x0=Quota%20Warning%20Shown&x0.c0.p=plan&x0.c0.v=free&x0.to=2&excluded=removed&hold=org_id&within=range&by=plan&at=2&from=2026-10-25&to=2026-11-23",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call&x0=Quota%20Warning%20Shown&view=trend&from=2026-10-25&to=2026-11-23",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&count=sessions&gap=600&by=plan&at=last&view=both&bars=12&from=2026-10-25&to=2026-11-23",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call&view=time&ta=2&from=2026-10-25&to=2026-11-23",
    "/retention?a=Signed%20Up&b=API%20Call&from=2026-09-21&to=2026-11-23",
    "/insights?s0=*&s0.m=active&s0.d=1&s1=*&s1.m=active&s1.d=30&x0=100*A%2FB&x0.n=DAU%2FMAU&from=2026-10-25&to=2026-11-23&compare=before",
    "/insights?s0=*&s0.m=sum&s0.p=seats&s0.over=percentile&s1=Signed%20Up&s1.first=ever&by=seats&bins=5%2C%2010%2C%2050&from=2026-10-25&to=2026-11-23&compare=previous",
    "/lifecycle?a=*&from=2026-10-25&to=2026-11-23", "/lifecycle?a=Signed%20Up&unit=week&seen=activity&from=2026-08-25&to=2026-11-23",
    "/stickiness?a=*&from=2026-10-25&to=2026-11-23", "/stickiness?a=*&unit=week&from=2026-08-25&to=2026-11-23&show=at_least",
    "/sessions?a=*&from=2026-10-25&to=2026-11-23",
    "/sessions?a=API%20Call&gap=600&cut=midnight&q=95&by=plan&at=exit&from=2026-10-25&to=2026-11-23&show=median",
    "/retention?a=Signed%20Up&b=API%20Call&unit=day&br=1%2C%202-7%2C%208-30&back=frequency&base=previous&by=plan&from=2026-09-21&to=2026-11-23",
    "/flows?a=Signed%20Up&z=API%20Call&x0=plan&x1=&gap=60&f.c0.p=plan&f.c0.v=team&from=2026-10-25&to=2026-11-23",
    "/flows?a=Signed%20Up&repeats=kept&anchors=session&short=dropped&from=2026-10-25&to=2026-11-23",
    "/flows?a=Signed%20Up&from=2026-10-25&to=2026-11-23", "/flows?a=Signed%20Up&after=2&before=2&from=2026-10-25&to=2026-11-23",
  ]
  static let pages =
    [
      "/", "/live", "/insights", "/funnels", "/retention", "/flows", "/lifecycle", "/stickiness", "/sessions", "/subjects",
      "/subjects/s_9e3779b97f4a7c15ff58476d1ce4e5b9",
      "/settings", "/plan", "/plan/event?name=API%20Call", "/plan/event?name=*", "/plan/profiles?of=people", "/plan/profiles?of=groups",
      "/plan/edit", "/alerts", "/alerts?state=all", "/cohorts", "/cohorts/build",
      "/cohorts/build?r0=did&r0.e=Signed%20Up&r0.n=3&r0.t=last&r1=profile&r1.p=plan&r1.v=team&level=org_id",
      "/insights?s0=*&s0.m=unique&from=2026-10-25&to=2026-11-23&level=org_id",
    ] + reports

  @Test(arguments: SampleEngine.Kind.allCases)
  func everyPageStandsWithAnyDataAndLoadsNothingFromElsewhere(_ kind: SampleEngine.Kind) async throws {
    let site = try await Site(kind, hasEvents: kind != .empty)
    for path in Self.pages {
      let answer = try await site.get(path)
      #expect(answer.status == 200 || (kind == .empty && answer.status == 404 && path.hasPrefix("/subjects/")), "\(path): \(answer.status)")
      Self.expectSafe(answer, path)
    }
  }

  static func expectSafe(_ answer: Site.Answer, _ path: String) {
    let text = answer.text
    #expect(!text.contains(" style=") && !text.contains("<script>") && !text.contains("<img") && !text.contains("javascript:"), "\(path)")
    #expect(!text.contains("\u{202E}") || !text.contains(">\u{202E}"), "\(path)")
    for attribute in ["src=\"", "href=\"", "action=\""] {
      for part in text.components(separatedBy: attribute).dropFirst() {
        let target = part.prefix { $0 != "\"" }
        #expect(target.hasPrefix("/") && !target.hasPrefix("//") || target.hasPrefix("#"), "\(path): \(target)")
      }
    }
    #expect(answer.headers[.contentSecurityPolicy] == SecurityHeaders.contentSecurityPolicy)
    #expect(answer.headers[.cacheControl] == "no-store")
    #expect(answer.headers[.xContentTypeOptions] == "nosniff")
  }

  @Test func everyNavigationLinkAndEveryLinkOnAPageLeadsSomewhere() async throws {
    let site = try await Site()
    var seen: Set<String> = []
    for path in Self.pages {
      for part in try await site.get(path).text.components(separatedBy: "href=\"").dropFirst() {
        let target = String(part.prefix { $0 != "\"" && $0 != "#" }).replacing("&amp;", with: "&").replacing("&#39;", with: "'")
        guard !target.isEmpty, seen.insert(target).inserted, seen.count < 900 else { continue }
        let answer = try await site.get(target)
        #expect(answer.status == 200 || answer.status == 303, "\(path) → \(target): \(answer.status)")
      }
    }
    #expect(seen.count > 60)
  }

  @Test func pagesOfDataSayTheirLedgerEntryAndTheLedgerHasIt() async throws {
    let site = try await Site()
    for path in ["/", "/live", "/subjects", "/subjects/s_9e3779b97f4a7c15ff58476d1ce4e5b9"] + Self.reports {
      let before = try await site.services.ledger.count()
      let text = try await site.get(path).text
      let after = try await site.services.ledger.count()
      #expect(after > before, "\(path)")
      #expect(text.contains("no. \(NumberFormat.exact(Int(after - 1)))") || text.contains(">\(after - 1)<"), "\(path)")
    }
  }

  @Test func nothingIsShownWithoutTheLedger() async throws {
    let site = try await Site()
    try await site.services.ledger.close()
    for path in ["/", "/live", "/subjects"] + Self.reports {
      let answer = try await site.get(path)
      #expect(answer.status == 503 && !answer.text.contains("31,207"), "\(path)")
    }
  }

  @Test func withoutASessionNothingOpens() async throws {
    let site = try await Site()
    for path in Self.pages + ["/live/rows?after=0", "/arrival", "/insights.csv", "/funnels.json", "/door?to=x"] {
      for cookie in ["", "__Host-session=slc_wrong", "session=x"] {
        #expect(try await site.get(path, cookie: cookie).status == 401, "\(path)")
      }
    }
    for path in ["/reports", "/settings/project", "/settings/accounts", "/door", "/sign-out"] {
      #expect(try await site.post(path, [], cookie: "").status == 401)
    }
  }

  @Test func aFormWithoutItsTokenChangesNothing() async throws {
    let site = try await Site()
    for path in ["/reports", "/settings/project", "/settings/accounts", "/settings/accounts/revoke", "/door", "/sign-out"] {
      #expect(try await site.post(path, [.init("name", "x")], token: "wrong").status == 403, "\(path)")
    }
    #expect(site.services.control.serviceAccounts(of: nil).isEmpty)
    #expect(try await site.get("/").status == 200)
  }

  @Test func signingOutEndsTheSessionOnTheServer() async throws {
    let site = try await Site()
    #expect(try await site.post("/sign-out", []).status == 200)
    #expect(try await site.get("/").status == 401)
  }

  @Test func buttonsEditTheQuestionWithoutAScript() async throws {
    let site = try await Site()
    let grown = try await site.get("/funnels?s0=Signed+Up&s1=Key+Created&from=2026-10-25&to=2026-11-23&w=7&wu=day&do=grow")
    #expect(grown.status == 303)
    #expect(grown.headers[.location] == "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=&from=2026-10-25&to=2026-11-23")
    let dropped = try await site.get("/funnels?s0=A&s1=B&s2=C&from=2026-10-25&to=2026-11-23&do=drop:1")
    #expect(dropped.headers[.location] == "/funnels?s0=A&s1=C&from=2026-10-25&to=2026-11-23")
    let condition = try await site.get("/insights?s0=A&from=2026-10-25&to=2026-11-23&do=condition:s0")
    #expect(condition.headers[.location] == "/insights?s0=A&s0.c0.p=&from=2026-10-25&to=2026-11-23")
    let gone = try await site.get("/insights?s0=A&s0.c0.p=x&s0.c0.v=1&from=2026-10-25&to=2026-11-23&do=uncondition:s0.0")
    #expect(gone.headers[.location] == "/insights?s0=A&from=2026-10-25&to=2026-11-23")
  }

  @Test func aDoorSaysItsPriceBeforeAndItsEntryAfter() async throws {
    let site = try await Site()
    let today = CalendarDate(year: 2026, month: 11, day: 23)
    let query = Query.funnel(
      FunnelQuery(
        range: DateRange(from: today, to: today), steps: [EventSelector(event: "Signed Up"), EventSelector(event: "Key Created")]))
    let door = Door(query: query, cell: .funnel(group: .everything, step: 0, droppedAfter: true)).json.text
    let price = try await site.get(Address("/door", [.init("to", door)]).text)
    #expect(price.text.contains("214 subjects") && !price.text.contains("href=\"/subjects/s_"))
    let open = try await site.post("/door", [.init("to", door)])
    #expect(
      open.status == 200 && open.text.contains("1 to 200 of 214 subjects")
        && open.text.components(separatedBy: "href=\"/subjects/s_").count == 201)
    let rest = try await site.post("/door", [.init("to", door), .init("offset", "200")])
    #expect(rest.text.contains("201 to 214 of 214 subjects"))
    let records = try await site.services.ledger.records(from: try await site.services.ledger.count() - 1, limit: 1)
    #expect(records.count == 1)
    #expect(try await site.get("/door?to=nonsense").status == 400)
  }

  @Test func aSecretIsShownOnceAndAnAccountIsRevokedByAWord() async throws {
    let site = try await Site()
    let made = try await site.post(
      "/settings/accounts", [.init("name", "Nightly <export>"), .init("scope", "intake"), .init("scope", "query")])
    #expect(made.text.contains("sls_") && made.text.contains("shown once") && made.text.contains("Nightly &lt;export&gt;"))
    let username = try #require(site.services.control.serviceAccounts(of: nil).first?.username)
    let settings = try await site.get("/settings")
    #expect(settings.text.contains(username) && !settings.text.contains("sls_"))
    #expect(try await site.post("/settings/accounts/revoke", [.init("username", username), .init("word", "yes")]).status == 400)
    #expect(site.services.control.serviceAccounts(of: nil).first?.isRevoked == false)
    #expect(try await site.post("/settings/accounts/revoke", [.init("username", username), .init("word", "revoke")]).status == 200)
    #expect(site.services.control.serviceAccounts(of: nil).first?.isRevoked == true)
  }

  @Test func settingsAreSavedOrRefusedWhole() async throws {
    let site = try await Site()
    let bad = try await site.post(
      "/settings/project", [.init("name", "N"), .init("zone", "Mars/Olympus"), .init("week", "sunday"), .init("groups", "a\nb")])
    #expect(bad.status == 400 && bad.text.contains("Mars/Olympus") && site.services.control.projects()[0].zone == "Europe/Berlin")
    let good = try await site.post(
      "/settings/project", [.init("name", "N"), .init("zone", "Asia/Tokyo"), .init("week", "sunday"), .init("groups", "a\r\nb\r\n")])
    #expect(good.status == 200)
    #expect(site.services.control.projects()[0].groupKeys == ["a", "b"] && site.services.control.projects()[0].zone == "Asia/Tokyo")
    let form: [Address.Parameter] = [.init("name", "N"), .init("zone", "Asia/Tokyo"), .init("week", "sunday"), .init("groups", "a\nb")]
    #expect(try await site.post("/settings/project", form + [.init("retention", "400")]).status == 200)
    for wrong in ["0", "-1", "1.5", "36501", "ten", "99999999999999999999"] {
      #expect(try await site.post("/settings/project", form + [.init("retention", wrong)]).status == 400, "\(wrong)")
    }
    #expect(site.services.control.projects()[0].retentionDays == 400)
    #expect(try await site.get("/settings").text.contains("value=\"400\""))
    #expect(try await site.post("/settings/project", form + [.init("retention", " ")]).status == 200)
    #expect(site.services.control.projects()[0].retentionDays == nil)
  }

  @Test func reportsAreSavedFoundAndDeleted() async throws {
    let site = try await Site()
    var queries = RandomQueries(seed: 3)
    // One that asks for no saved cohort: there is none.
    var query = queries.query()
    while !SavedCohorts.ids(in: query.json).isEmpty { query = queries.query() }
    #expect(try await site.post("/reports", [.init("name", "Weekly <b>"), .init("query", query.canonicalJSON)]).status == 303)
    let home = try await site.get("/")
    #expect(home.text.contains("Weekly &lt;b&gt;"))
    let saved = try await site.services.control.savedReports(of: site.project.id)
    #expect(try await site.post("/reports/delete", [.init("id", String(saved[0].id))]).status == 303)
    #expect(try await site.services.control.savedReports(of: site.project.id).isEmpty)
  }

  @Test func filesHoldTheFiguresAndNoFormula() async throws {
    let site = try await Site(.hostile)
    for path in Self.reports {
      let csv = try await site.get(path.replacing("?", with: ".csv?"))
      #expect(csv.status == 200 && csv.headers[HTTPField.Name("Sealane-Ledger-Entry")!] != nil)
      #expect(csv.headers[.contentDisposition]?.hasPrefix("attachment; filename=\"") == true)
      for cell in csv.text.split(whereSeparator: { $0 == "," || $0 == "\r\n" }) { #expect(!cell.hasPrefix("=") && !cell.hasPrefix("@")) }
      let json = try await site.get(path.replacing("?", with: ".json?"))
      _ = try JSONValue(parsing: Array(json.text.utf8), limit: 10_000_000)
    }
  }

  @Test func personalDataIsNotSearchedFor() async throws {
    let site = try await Site()
    let before = try await site.services.ledger.count()
    let answer = try await site.get("/subjects?q=jane%40example.com")
    #expect(answer.status == 400 && !answer.text.contains("jane@example.com"))
    #expect(try await site.services.ledger.count() == before)
  }

  @Test func theLiveViewTellsNewsOnly() async throws {
    let site = try await Site()
    #expect(try await site.get("/live/rows?after=12").status == 204)
    let news = try await site.get("/live/rows?after=9")
    #expect(news.text.components(separatedBy: "<tr>").count == 4 && news.headers[HTTPField.Name("X-Last")!] == "12")
    for word in ["kept", "coarsened", "pseudonymized", "sealed", "dropped", "refused"] { #expect(news.text.contains(">\(word)</span>")) }
    #expect(try await site.get("/live/rows?after=x").status == 400)
  }

  @Test func theWaitingLineTurnsGreenAtTheFirstEvent() async throws {
    let before = try await Site(.empty, hasEvents: false)
    #expect(try await before.get("/arrival").status == 204)
    #expect(try await before.get("/settings").text.contains("Waiting for the first event"))
    let after = try await Site(.single)
    let answer = try await after.get("/arrival")
    #expect(answer.status == 200 && answer.headers[HTTPField.Name("X-Done")!] == "yes")
  }

  @Test func assetsAreCachedForEverAndUnknownPagesExplainThemselves() async throws {
    let site = try await Site()
    for asset in Asset.all {
      let answer = try await site.get(asset.path)
      #expect(answer.status == 200 && answer.headers[.cacheControl]?.contains("immutable") == true && answer.text == asset.text)
    }
    let missing = try await site.get("/nowhere")
    #expect(missing.status == 404 && missing.text.contains("There is no such page"))
  }
}
