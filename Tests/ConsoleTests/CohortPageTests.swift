import Access
import Console
import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Testing
import Web

struct CohortPageTests {
  private static let built = "/cohorts/build?r0=did&r0.e=Signed%20Up&r0.n=3&r0.t=last"
  private static let range = "from=2026-10-25&to=2026-11-23"

  /// Saves one and gives its number.
  private func save(_ site: Site, _ name: String, _ definition: String, id: Int64? = nil) async throws -> Int64 {
    let fields = [Address.Parameter("name", name), .init("definition", definition)] + (id.map { [.init("id", String($0))] } ?? [])
    let answer = try await site.post("/cohorts", fields)
    let location = try #require(answer.headers[.location], "\(answer.text)")
    #expect(answer.status == 303 && location.hasPrefix("/cohorts/"))
    return try #require(Int64(location.dropFirst("/cohorts/".count)))
  }

  @Test func aCohortIsBuiltCountedSavedChangedAndDeleted() async throws {
    let site = try await Site()
    #expect(try await site.get("/cohorts").text.contains("No cohort is saved yet"))
    let page = try await site.get(Self.built)
    #expect(page.status == 200 && page.text.contains("1,204 subjects"), "its size, a door and what that costs")
    #expect(page.text.contains("Show who they are") && page.text.contains("costs 1,204 subjects"))
    #expect(page.text.contains("People who did Signed Up at least 3 times in the last 30 days."))
    let definition = #"{"did":{"at_least":3,"event":"Signed Up","last_days":30}}"#
    let sent = page.text.components(separatedBy: "name=\"definition\" value=\"").last?.prefix { $0 != "\"" } ?? ""
    #expect(sent.replacing("&quot;", with: "\"") == definition)

    let id = try await save(site, "Power <users>", definition)
    let list = try await site.get("/cohorts").text
    #expect(list.contains("Power &lt;users&gt;") && list.contains("at least 3 times") && list.contains(">nothing<"))
    let one = try await site.get("/cohorts/\(id)").text
    #expect(one.contains("1,204 subjects") && one.contains("href=\"/cohorts/build?id=\(id)&amp;name=Power%20%3Cusers%3E&amp;r0=did"))
    #expect(try await save(site, "Power users", #"{"did":{"event":"Signed Up"}}"#, id: id) == id)
    #expect(try await site.services.control.savedCohort(id, of: site.project.id)?.name == "Power users")
    #expect(try await site.post("/cohorts", [.init("id", String(id)), .init("rename", "yes"), .init("name", "Heavy")]).status == 303)
    let renamed = try await site.services.control.savedCohort(id, of: site.project.id)
    #expect(renamed?.name == "Heavy" && renamed?.definition == #"{"did":{"at_least":1,"event":"Signed Up"}}"#)
    #expect(try await site.post("/cohorts/delete", [.init("id", String(id))]).status == 303)
    #expect(try await site.get("/cohorts/\(id)").status == 404)
  }

  @Test func whatIsInUseStaysAndSaysByWhat() async throws {
    let site = try await Site()
    let id = try await save(site, "Inner", #"{"did":{"event":"Signed Up"}}"#)
    let outer = try await save(site, "Outer", #"{"not":{"saved":\#(id)}}"#)
    let query =
      #"{"report":"funnel","range":{"from":"2026-10-25","to":"2026-11-23"},"steps":[{"event":"a"},{"event":"b"}],"filter":{"in_cohort":{"saved":\#(id)}}}"#
    #expect(try await site.post("/reports", [.init("name", "Weekly"), .init("query", query)]).status == 303)
    let answer = try await site.post("/cohorts/delete", [.init("id", String(id))])
    #expect(answer.status == 409 && answer.text.contains("the report “Weekly”, the cohort “Outer”"), "\(answer.text)")
    let page = try await site.get("/cohorts/\(id)").text
    #expect(page.contains("Weekly") && page.contains("Outer") && !page.contains("Delete cohort"))
    let circle = try await site.post(
      "/cohorts", [.init("id", String(id)), .init("name", "Inner"), .init("definition", #"{"saved":\#(outer)}"#)])
    #expect(circle.status == 400 && circle.text.contains("circle"))
    let unknown = try await site.post("/reports", [.init("name", "x"), .init("query", query.replacing("\(id)}}", with: "99}}"))])
    #expect(unknown.status == 400 && unknown.text.contains("no saved cohort 99"))
  }

  @Test(arguments: [
    "/insights?s0=*&", "/funnels?s0=Signed%20Up&s1=Key%20Created&", "/retention?a=Signed%20Up&b=*&", "/flows?a=*&", "/lifecycle?a=*&",
    "/stickiness?a=*&", "/sessions?a=*&",
  ])
  func everyReportIsAskedOfACohortAndOfOrganizations(_ path: String) async throws {
    let site = try await Site()
    let id = try await save(site, "Power users", #"{"did":{"event":"Signed Up"}}"#)
    let prefix = ["/insights", "/funnels", "/retention"].contains { path.hasPrefix($0) } ? "f" : "a"
    // A button adds the row, the row offers the cohorts by name.
    let added = try await site.get("\(path)\(Self.range)&do=incohort:\(prefix)")
    let address = try #require(added.headers[.location])
    #expect(added.status == 303 && address.contains("\(prefix).c0.k="))
    #expect(try await site.get(address).text.contains("<option value=\"\(id)\">Power users</option>"))
    // Parameters stand in an order of their own: one redirect brings them there.
    let moved = try await site.get("\(path)\(prefix).c0.k=\(id)&\(prefix).c0.o=notin&\(Self.range)&level=org_id")
    let page = try await site.get(moved.headers[.location] ?? "\(path)\(prefix).c0.k=\(id)&\(prefix).c0.o=notin&\(Self.range)&level=org_id")
    #expect(page.status == 200 && page.text.contains("<option value=\"org_id\" selected>organizations (by org_id)</option>"))
    #expect(page.text.contains("counted are organizations (org_id)"))
    if prefix == "f" { #expect(page.text.contains("its subject is not in “Power users”")) }
    // What is saved has the number and the level, and leads back to the same page.
    let query = page.text.components(separatedBy: "name=\"query\" value=\"").last?.prefix { $0 != "\"" } ?? ""
    let text = query.replacing("&quot;", with: "\"")
    #expect(text.contains("{\"not\":{\"in_cohort\":{\"saved\":\(id)}}}") && text.contains("\"level\":{\"group\":\"org_id\"}"), "\(text)")
    let read = try Query(json: Array(text.utf8))
    let back = try #require(ReportAddress.address(of: read))
    #expect(try ReportAddress.query(of: back, today: CalendarDate(year: 2026, month: 11, day: 23)) == read)
    // Doors of organizations lead to organizations.
    let door = try #require(page.text.components(separatedBy: "href=\"/door?to=").dropFirst().first?.prefix { $0 != "\"" })
    let price = try await site.get("/door?to=\(door)").text
    #expect(price.contains("214 organizations") && price.contains("Save as cohort"))
    let opened = try await site.post("/door", [.init("to", FormFields(encoded: "to=\(door)")["to"] ?? "")]).text
    #expect(opened.contains("href=\"/subjects/g_") && !opened.contains("href=\"/subjects/s_"))
  }

  @Test func aReportIsSplitBySavedCohorts() async throws {
    let site = try await Site()
    let first = try await save(site, "Power users", #"{"did":{"event":"Signed Up"}}"#)
    let second = try await save(site, "Gone", #"{"stopped":{"event":"API Call","days":14}}"#)
    for path in ["/insights?s0=*&s0.m=unique", "/funnels?s0=Signed%20Up&s1=Key%20Created"] {
      #expect(try await site.get("\(path)&\(Self.range)").text.contains("or split by cohorts"))
      let page = try await site.get("\(path)&by.cohort=\(first)&by.cohort=\(second)&\(Self.range)").text
      #expect(page.contains("name=\"by.cohort\" value=\"\(second)\" checked> Gone") && page.contains("In none of them"))
      let text = (page.components(separatedBy: "name=\"query\" value=\"").last?.prefix { $0 != "\"" } ?? "").replacing("&quot;", with: "\"")
      #expect(text.contains(#""breakdown":{"cohorts":[{"cohort":{"saved":\#(first)}},{"cohort":{"saved":\#(second)}}],"limit":2}"#))
    }
    #expect(try await site.get("/cohorts").text.contains("stopped doing API Call 14 days ago or longer"))
  }

  @Test func aSealedValueLeadsToThoseWhoHaveTheSame() async throws {
    let site = try await Site()
    let tag = "t_\(Pseudonym(high: 1, low: 2))"
    let page = try await site.get("/subjects/s_9e3779b97f4a7c15ff58476d1ce4e5b9").text
    #expect(page.contains("title=\"\(tag)\">t_0000…0002</span>"))
    let links = page.components(separatedBy: "<a href=\"").dropFirst().filter { $0.contains(">who else has this value<") }
    let targets = links.map { String($0.prefix { $0 != "\"" }).replacing("&amp;", with: "&") }
    #expect(targets == ["%24email", "%24name"].map { "/cohorts/build?r0=profile&r0.p=\($0)&r0.v=\(tag)" })
    let built = try await site.get(try #require(targets.first)).text
    #expect(built.contains("1,204 subjects"))
    let sent = built.components(separatedBy: "name=\"definition\" value=\"").last?.prefix { $0 != "\"" } ?? ""
    #expect(sent.replacing("&quot;", with: "\"") == #"{"operator":"equals","property":"$email","values":["\#(tag)"]}"#)
    // Which property names an organization its page does not know.
    let organization = try await site.get("/subjects/g_9e3779b97f4a7c15ff58476d1ce4e5b9").text
    #expect(organization.contains("t_0000…0002") && !organization.contains("who else has this value"))
  }

  @Test func theSubjectsBehindAFigureBecomeAList() async throws {
    let site = try await Site()
    let page = try await site.get("/insights?s0=API%20Call&s0.m=unique&\(Self.range)").text
    let door = try #require(page.components(separatedBy: "href=\"/door?to=").dropFirst().first?.prefix { $0 != "\"" })
    let before = try await site.services.ledger.count()
    let text = FormFields(encoded: "to=\(door)")["to"] ?? ""
    let saved = try await site.post("/door/cohort", [.init("to", text), .init("name", "Callers of a day")])
    let location = try #require(saved.headers[.location], "\(saved.text)")
    #expect(try await site.services.ledger.count() == before + 1, "how many they are is a figure")
    let cohort = try #require(try await site.services.control.savedCohorts(of: site.project.id).first)
    #expect(cohort.kind == .static && cohort.memberCount == 214)
    let whole = try #require(try await site.services.control.savedCohort(cohort.id, of: site.project.id)?.definition)
    guard case .members(let members) = try Cohort(json: try JSONValue(parsing: Array(whole.utf8))).rule else {
      Issue.record("no list: \(whole.prefix(200))")
      return
    }
    let engine = try await site.services.engine(site.project.id)
    let counted = try await engine.subjects(
      try Door(json: try JSONValue(parsing: Array(text.utf8))), ReportRules(calendar: ProjectCalendar(), smallestGroup: 1),
      at: SampleEngine.now)
    #expect(Set(members) == Set(counted.map(\.pseudonym)))
    let shown = try await site.get(location).text
    #expect(shown.contains("A list of 214, fixed when it was saved") && !shown.contains("/subjects/s_"), "nobody is shown")
  }

  @Test func aFormWithoutItsTokenChangesNoCohort() async throws {
    let site = try await Site()
    for path in ["/cohorts", "/cohorts/delete", "/door/cohort"] {
      #expect(try await site.post(path, [.init("name", "x")], token: "wrong").status == 403)
      #expect(try await site.post(path, [.init("name", "x")], cookie: "").status == 401)
    }
  }
}
