import Access
import Console
import Events
import Foundation
import HTTPTypes
import Ledger
import Response
import Testing
import Web

/// What the reports' pages say about their figures, and where these lead.
struct FigureTests {
  private static let range = "from=2026-10-25&to=2026-11-23"

  private func doors(_ text: String) -> [String] {
    text.components(separatedBy: "href=\"/door?to=").dropFirst().map { FormFields(encoded: "to=\($0.prefix { $0 != "\"" })")["to"] ?? "" }
  }

  @Test(arguments: [
    "/insights?s0=API%20Call&by=plan&\(range)", "/insights?s0=API%20Call&s0.m=average&s0.p=latency&by=plan&\(range)",
    "/funnels?s0=Signed%20Up&s1=Key%20Created&count=totals&by=plan&\(range)", "/flows?a=Signed%20Up&anchors=every&\(range)",
  ])
  func doorsStandOnWhatCountsNoSubjectsAndOnOther(_ path: String) async throws {
    let site = try await Site()
    let page = try await site.get(path)
    let doors = doors(page.text)
    #expect(doors.contains { $0.contains("\"group\":\"other\"") || $0.contains("\"node\":\"other\"") }, "\(path)")
    #expect(page.text.contains("how many is said before they are shown"))
    for door in Set(doors).prefix(40) {
      #expect(try await site.get(Address("/door", [.init("to", door)]).text).text.contains("214 subjects"))
    }
  }

  @Test func aLongTableOpensInItsFirstRowOnlyAndStaysSmall() async throws {
    let site = try await Site()
    let page = try await site.get("/insights?s0=API%20Call&s0.m=unique&by=plan&from=2025-01-01&to=2026-11-23")
    #expect(page.text.contains("Only the figures of the whole range open here"))
    #expect((1...20).contains(doors(page.text).count))
    #expect(page.text.utf8.count < 1_000_000, "\(page.text.utf8.count) bytes")
  }

  @Test func aDoorSaysWhichFigureItIs() async throws {
    let site = try await Site()
    let page = try await site.get("/insights?s0=API%20Call&s0.m=unique&by=plan&\(Self.range)")
    let first = try #require(doors(page.text).first { $0.contains("\"bucket\":3") && $0.contains("\"team\"") })
    #expect(try await site.get(Address("/door", [.init("to", first)]).text).text.contains("Subjects: API Call, plan: team, 28 Oct 2026"))
    let cohorts = try await site.get("/retention?a=Signed%20Up&b=API%20Call&\(Self.range)")
    let cell = try #require(doors(cohorts.text).first { $0.contains("\"cohort\":1") && $0.contains("\"period\":2") })
    let text = try await site.get(Address("/door", [.init("to", cell)]).text).text
    #expect(text.contains("Started with Signed Up, Week of") && text.contains("came back in week 2"))
  }

  @Test func whatHasDifferentUnitsSharesNoAxis() async throws {
    let site = try await Site()
    func charts(_ path: String) async throws -> Int {
      try await site.get(path).text.components(separatedBy: "class=\"chart wide\"").count - 1
    }
    #expect(try await charts("/insights?s0=*&s1=*&s1.m=unique&\(Self.range)") == 2)
    #expect(try await charts("/insights?s0=API%20Call&s1=Signed%20Up&\(Self.range)") == 1)
    #expect(try await charts("/insights?s0=*&s1=*&s1.m=sum&s1.p=x&s2=*&s2.m=average&s2.p=x&s3=*&s3.m=max&s3.p=x&\(Self.range)") == 3)
  }

  @Test func theTimeBeforeIsAskedOfTheSameMomentAndEnteredInTheLedger() async throws {
    let site = try await Site()
    let before = try await site.services.ledger.count()
    let page = try await site.get("/insights?s0=API%20Call&\(Self.range)&compare=before")
    #expect(try await site.services.ledger.count() == before + 1)
    // Thirty days are moved by five whole weeks: Sundays are compared with Sundays.
    #expect(page.text.contains("20 Sep 2026 to 19 Oct 2026, as it stood at the same moment of it"))
    #expect(page.text.contains("class=\"line before s0\"") && page.text.contains(">Change</th>"))
    let groups = try await site.get("/insights?s0=API%20Call&by=plan&\(Self.range)&compare=before")
    #expect(groups.text.contains(">Change</th>") && !groups.text.contains("line before"), "behind many lines no others are drawn")
    let file = try await site.get("/insights.csv?s0=API%20Call&\(Self.range)&compare=before").text
    #expect(file.contains("before: Events: API Call"))
  }

  @Test func figuresOfLifecycleStickinessAndSessionsSayWhatTheyAre() async throws {
    let site = try await Site()
    func opened(_ path: String, _ words: String) async throws -> String {
      let cell = try #require(doors(try await site.get(path).text).first { $0.contains(words) }, "\(path)")
      return try await site.get(Address("/door", [.init("to", cell)]).text).text
    }
    let lifecycle = try await opened("/lifecycle?a=Signed%20Up&\(Self.range)", "\"state\":\"dormant\"")
    #expect(lifecycle.contains("Dormant, by Signed Up, 25 Oct 2026"))
    let sticky = try await opened("/stickiness?a=Signed%20Up&\(Self.range)", "\"at_least\":true,\"buckets\":3")
    #expect(sticky.contains("Did Signed Up on at least 3 days"))
    let sessions = try await opened("/sessions?a=Signed%20Up&by=plan&\(Self.range)", "\"group\":{\"value\":\"team\"}")
    #expect(sessions.contains("Had a session, plan: team"))
  }

  @Test func aFormulaStandsBesideItsLinesAndIsNoDoor() async throws {
    let site = try await Site()
    let path = "/insights?s0=API%20Call&s1=Signed%20Up&x0=100*A%2FB&x0.n=Calls%20each&\(Self.range)"
    let page = try await site.get(path).text
    #expect(page.contains("Calls each") && page.contains("is nothing where it divides by zero"))
    #expect(!doors(page).contains { $0.contains("\"series\":2") })
    #expect(try await site.get(path.replacing("?", with: ".csv?")).text.contains("Calls each"))
    #expect(try await site.get("/insights?s0=*&x0=A%2B&\(Self.range)").text.contains("cannot be read at its end"))
    let grown = try await site.get("/insights?s0=A&from=2026-10-25&to=2026-11-23&do=formula")
    #expect(grown.headers[.location] == "/insights?s0=A&x0=&from=2026-10-25&to=2026-11-23")
  }

  @Test func aBinNarrowsThePageToItsNumbers() async throws {
    let site = try await Site()
    let page = try await site.get("/insights?s0=API%20Call&by=seats&bins=5%2C%2010&\(Self.range)").text
    #expect(page.contains("f.c0.p=seats&amp;f.c0.o=ge&amp;f.c0.v=5&amp;f.c1.p=seats&amp;f.c1.o=lt&amp;f.c1.v=10"))
  }

  @Test func aGroupNarrowsThePageAndAChipWidensItAgain() async throws {
    let site = try await Site()
    let page = try await site.get("/insights?s0=API%20Call&by=plan&\(Self.range)")
    #expect(page.text.contains("href=\"/insights?s0=API%20Call&amp;f.c0.p=plan&amp;f.c0.v=team&amp;from="))
    #expect(page.text.contains("f.c0.p=plan&amp;f.c0.o=unset"))
    let narrowed = try await site.get("/insights?s0=API%20Call&f.c0.p=plan&f.c0.v=team&f.c1.p=sdk&f.c1.o=set&\(Self.range)")
    #expect(narrowed.text.contains("plan is team</bdi>") && narrowed.text.contains("sdk is set</bdi>"))
    #expect(narrowed.text.contains("data-key=\"escape\""))
    #expect(narrowed.text.contains("href=\"/insights?s0=API%20Call&amp;f.c0.p=sdk&amp;f.c0.o=set&amp;from="))
    // A funnel's groups go by the value at the first step.
    let funnel = try await site.get("/funnels?s0=Signed%20Up&s1=Key%20Created&by=plan&\(Self.range)")
    #expect(funnel.text.contains("href=\"/funnels?s0=Signed%20Up&amp;s0.c0.p=plan&amp;s0.c0.v=team&amp;s1=Key%20Created"))
  }

  @Test func aFunnelSaysItsTimesAndWhatIsOpenAndSwitchesItsRates() async throws {
    let site = try await Site()
    let path = "/funnels?s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call&\(Self.range)"
    let page = try await site.get(path).text
    for words in [
      "Median time to convert", "Mean time to convert", "Still open", "412 have not converted yet", "without them it is ",
      "bars are shares of the first step",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(!page.contains("left out: 412"), "an open attempt is counted, not left out")
    #expect(page.contains("href=\"/flows?a=Signed%20Up&amp;from="), "where those who are lost go")
    let previous = try await site.get(path + "&rates=previous").text
    #expect(previous.contains("bars are shares of the step before") && previous.contains("name=\"rates\" value=\"previous\""))
  }

  @Test func incompleteCellsSayWhenTheyAreComplete() async throws {
    let site = try await Site()
    let page = try await site.get("/retention?a=Signed%20Up&b=API%20Call&from=2026-09-21&to=2026-11-23").text
    #expect(page.contains("Weighted average") && page.contains("* not complete"))
    #expect(page.contains("not complete before ") && page.contains(" open\">"))
  }

  @Test func everyNodeOfAFlowHasItsMenu() async throws {
    let site = try await Site()
    let page = try await site.get("/flows?a=Signed%20Up&after=2&before=1&\(Self.range)").text
    for item in ["Start here", "End here", "Hide this event", "Open as funnel", "Copy name", "Show ", "Menu of Other", "Menu of Left"] {
      #expect(page.contains(item), "\(item)")
    }
    let nodes = page.components(separatedBy: "data-menu-of").count - 1
    #expect(nodes > 5 && page.components(separatedBy: "<tr id=\"node-").count - 1 == nodes, "each has a row with the menu that it shows")
  }

  @Test func theHomePageSaysFirstWhatAStolenCredentialReaches() async throws {
    let site = try await Site()
    let bare = try await site.get("/").text
    let exposure = try #require(bare.range(of: "If a credential or a vendor were stolen now"))
    let usage = try #require(bare.range(of: "How the product is used"))
    #expect(exposure.lowerBound < usage.lowerBound)
    #expect(bare.contains("1 of 1") && bare.contains("as of "), "the owner's session")
    _ = try await site.services.control.createServiceAccount(name: "Nightly", project: site.project.id, scopes: [.export])
    _ = try await site.post("/settings/accounts", [.init("name", "Counter"), .init("scope", "query")])
    await site.blastRadii.refresh()
    let more = try await site.get("/").text
    #expect(more.contains("2 of 3") && more.contains("Nightly") && more.contains("counts only, no rows"))
    #expect(more.contains("= 1.5 (low)") && more.contains("is good from anywhere"))
    let nightly = try #require(site.services.control.serviceAccounts(of: nil).first { $0.name == "Nightly" })
    _ = try await site.post("/settings/accounts/revoke", [.init("username", nightly.username), .init("word", "revoke")])
    await site.blastRadii.refresh()
    let less = try await site.get("/").text
    #expect(less.contains("1 of 2") && !less.contains("Nightly"))
  }

  @Test func theHomePageNamesPeopleOnlyToTheirOwnBrowser() async throws {
    let site = try await Site()
    let page = try await site.get("/", isProven: false).text
    #expect(!page.contains("<bdi class=\"name\" title=\"Ada Owner\">") && page.contains("st_") && page.contains("/?names=yes"))
    #expect(try await site.get("/?names=yes", isProven: false).status == 401)
    let named = try await site.get("/?names=yes").text
    #expect(named.contains("Ada Owner</") && !named.contains("/?names=yes"))
    let viewer = try await Site(role: .viewer)
    let plain = try await viewer.get("/?names=yes").text
    #expect(plain.contains("If a credential or a vendor were stolen now") && !plain.contains("Show their names"))
    #expect(!plain.contains("Ada Owner") && !plain.contains("Held by a vendor"))
  }

  @Test func theTrendIsDrawnFromTheSecondDayOn() async throws {
    let site = try await Site()
    let today = QuotaBook.day(of: SampleEngine.now)
    #expect(try await site.get("/").text.contains("One figure a day is kept"))
    for (days, people) in [(40, 900), (12, 500), (1, 120)] {
      try await site.services.control.keep(
        ExposureDay(day: today - days, credentialPeople: people, vendorPeople: people / 2, rowHolders: 2, fields: 5), of: site.project.id)
    }
    let page = try await site.get("/").text
    #expect(page.contains("class=\"chart small\"") && page.contains("Held by a vendor") && page.contains("900 at first"))
  }

  @Test func emptyAnswersSayWhyAndWhatToTry() async throws {
    let site = try await Site(.single)
    let strange = try await site.get("/funnels?s0=Never%20Sent&s1=Signed%20Up&\(Self.range)").text
    #expect(strange.contains("0% get from") || strange.contains("“Never Sent” has ever arrived"))
    let empty = try await Site(.empty, hasEvents: false)
    #expect(try await empty.get("/funnels").text.contains("data-wait=\"/arrival\""))
    #expect(try await empty.get("/").text.contains("sealane demo"))
    #expect(try await empty.get("/insights?s0=*&\(Self.range)").text.contains("No event has arrived yet"))
    #expect(try await empty.get("/live").text.contains(empty.project.token), "a snippet with the real token")
  }

  @Test func thousandsOfEventNamesAreTypedAndCanAllBeReached() async throws {
    let site = try await Site(.many)
    for path in ["/insights", "/funnels?s0=Signed%20Up&s1=**generated%201999&\(Self.range)", "/retention", "/flows", "/live"] {
      let page = try await site.get(path).text
      #expect(page.contains("<datalist id=\"events\">") && page.contains("generated 1999\"></option>"), "\(path)")
      #expect(page.utf8.count < 600_000, "\(path): \(page.utf8.count) bytes")
    }
    let turned = try await site.get("/funnels?s0=Signed%20Up&s1=\u{202E}gpj&\(Self.range)".replacing("\u{202E}", with: "%E2%80%AE")).text
    #expect(turned.contains(">[U+202E]gpj</option>") && !turned.contains("<input type=\"text\" class=\"wide\" name=\"s1\""))
    let funnel = try await site.get("/funnels?s0=Signed%20Up&s1=**generated%201999&\(Self.range)").text
    #expect(funnel.contains("value=\"**generated 1999\"") && funnel.contains("get from Signed Up to *generated 1999"))
  }

  @Test func aRangeThatEndsBeforeItBeginsIsSaidInWords() async throws {
    let site = try await Site()
    for path in ["/insights?s0=*", "/funnels?s0=A&s1=B", "/retention?a=*&b=*", "/flows?a=*"] {
      let page = try await site.get(path + "&from=2026-11-23&to=2026-10-23").text
      #expect(page.contains("The first day, 23 Nov 2026, is after the last, 23 Oct 2026. Choose them the other way round."), "\(path)")
      #expect(!page.contains("&#96;"), "no code between backticks")
    }
  }
}
