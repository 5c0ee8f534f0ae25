import Access
import Console
import Gate
import HTTPTypes
import Ledger
import Testing
import Web

struct PlanPageTests {
  private static func decision(_ fields: [String: String], version: Int = 0) -> [Address.Parameter] {
    fields.map { Address.Parameter($0.key, $0.value) } + [Address.Parameter("version", "\(version)")]
  }

  @Test("one click makes a version, and the page says which") func decisions() async throws {
    let site = try await Site()
    #expect(try await site.get("/plan").text.contains("No plan is in force"))
    let address = "/plan/event?name=API%20Call"
    let answer = try await site.post(
      "/plan/decide",
      Self.decision(["of": "property", "event": "API Call", "property": "plan", "treatment": "hour", "back": address]))
    #expect(answer.status == 303 && answer.headers[.location] == address + "&set=1")
    #expect(site.plans.plan?.events["API Call"]?.properties["plan"]?.treatment == .coarsen(.hour))
    let page = try await site.get(address + "&set=1")
    #expect(page.text.contains("Version 1 is in force") && page.text.contains(#"aria-pressed="true" name="treatment" value="hour""#))
    for (fields, check) in [
      (["of": "event", "event": "API Call", "treatment": "drop"], { $0.events["API Call"]?.treatment == .drop }),
      (["of": "property", "event": "*", "property": "x", "treatment": "pseudonymize"], { $0.everyEvent["x"]?.treatment == .pseudonymize }),
      (["of": "people", "property": "team", "treatment": "seal"], { $0.people["team"]?.treatment == .seal }),
      (["of": "groups", "property": "tier", "treatment": "refuse"], { $0.groups["tier"]?.treatment == .refuse }),
    ] as [([String: String], (TrackingPlan) -> Bool)] {
      let answer = try await site.post("/plan/decide", Self.decision(fields, version: site.plans.version))
      #expect(answer.status == 303 && answer.headers[.location] == "/plan?set=\(site.plans.version)")
      #expect(check(try #require(site.plans.plan)), "\(fields)")
    }
    // What was said before is still said.
    #expect(site.plans.plan?.events["API Call"]?.properties["plan"]?.treatment == .coarsen(.hour))
  }

  @Test("values are shown of what is kept, and never pseudonyms") func samples() async throws {
    let site = try await Site()
    let before = try await site.get("/plan/event?name=API%20Call").text
    #expect(before.contains("<span>Linux</span>") && !before.contains("<span>team</span>") && !before.contains("<span>g_"))
    _ = try await site.post(
      "/plan/decide", Self.decision(["of": "property", "event": "API Call", "property": "plan", "treatment": "keep"]))
    #expect(try await site.get("/plan/event?name=API%20Call").text.contains("<span>team</span>"))
    _ = try await site.post(
      "/plan/decide", Self.decision(["of": "property", "event": "API Call", "property": "plan", "treatment": "drop"], version: 1))
    #expect(try await site.get("/plan/event?name=API%20Call").text.contains("<span>team</span>") == false)
    // Of numbers nobody can make a path.
    let choices = try #require(before.split(separator: #"value="tokens""#).last?.split(separator: "</form>").first)
    #expect(choices.contains("to hour") && !choices.contains("to path"))
  }

  @Test("what cannot be is refused with the reason, and changes nothing") func refusals() async throws {
    let site = try await Site()
    for fields in [
      [:], ["of": "event", "treatment": "keep"], ["of": "event", "event": "*", "treatment": "drop"],
      ["of": "event", "event": "A", "treatment": "seal"], ["of": "property", "event": "A", "property": "x", "treatment": "seal"],
      ["of": "people", "property": "x", "treatment": "url"], ["of": "nobody", "property": "x", "treatment": "keep"],
    ] {
      #expect(try await site.post("/plan/decide", Self.decision(fields)).status == 400, "\(fields)")
    }
    let late = Self.decision(["of": "event", "event": "A", "treatment": "keep"], version: 3)
    #expect(try await site.post("/plan/decide", late).status == 409)
    #expect(try await site.post("/plan/decide", late, token: "none").status == 403)
    #expect(try await site.post("/plan/decide", late, cookie: "").status != 303)
    #expect(site.plans.plan == nil)
    let outside = Self.decision(["of": "event", "event": "A", "treatment": "keep", "back": "//evil.example/plan/event?x=1"])
    #expect(try await site.post("/plan/decide", outside).headers[.location] == "/plan?set=1")
  }

  @Test("the text is kept where it is wrong") func editing() async throws {
    let site = try await Site()
    func edit(_ source: String, _ action: String, version: Int = 0) async throws -> Site.Answer {
      try await site.post("/plan/edit", [.init("source", source), .init("do", action), .init("version", "\(version)")])
    }
    let wrong = try await edit("</textarea><script>x", "set")
    #expect(wrong.status == 400 && wrong.text.contains("1 mistake") && wrong.text.contains("&lt;/textarea&gt;&lt;script&gt;x"))
    #expect(try await edit("written", "check").text.contains("Nothing was changed") && site.plans.plan == nil)
    #expect(try await edit("written", "set").headers[.location] == "/plan?set=1")
    let late = try await edit("written", "set")
    #expect(late.status == 409 && late.text.contains("your text is still here"))
    let file = try await site.get("/plan.yaml")
    #expect(file.text == "plan: 1\n# <script>\n" && file.headers[.contentType] == "application/yaml; charset=utf-8")
  }

  @Test("every page of it is entered in the ledger", arguments: ["/plan", "/plan/event?name=A", "/plan/profiles?of=people", "/plan/edit"])
  func ledger(_ path: String) async throws {
    let site = try await Site()
    let before = try await site.services.ledger.count()
    #expect(try await site.get(path).status == 200)
    let entries = try await site.services.ledger.entries(from: before, limit: 9)
    #expect(entries.count == 1)
  }
}
