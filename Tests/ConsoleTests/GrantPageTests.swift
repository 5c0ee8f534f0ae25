import Access
import Console
import Events
import Foundation
import Ledger
import Testing
import Web

/// Grants, third parties and the letter on their pages.
struct GrantPageTests {
  private static let declaration = """
    vendor: tallymark
    name: "<b>Tallymark"
    purpose: Product analytics
    legal_basis: legitimate interests
    contract: {reference: C-1}
    contacts: {breach: a@tallymark.example, privacy: b@tallymark.example}
    countries: {storage: [US], processing: [US]}
    review: 2030-01-31
    """

  @Test func aGrantGoesFromLiveToRedToDeadOnItsPage() async throws {
    let site = try await Site()
    let empty = try await site.get("/vendors/grants")
    #expect(empty.text.contains("No grant is known.") && empty.text.contains("name=\"list\""))
    let form = [
      Address.Parameter("name", "<i>Sync"), .init("vendor", "tallymark"), .init("kind", "api_key"), .init("scopes", "read:<b> *"),
    ]
    #expect(try await site.post("/vendors/grants", form, token: "wrong").status == 403)
    let made = try await site.post("/vendors/grants", form)
    #expect(made.status == 200 && made.text.contains("Written down") && made.text.contains("&lt;i&gt;Sync"))
    #expect(made.text.contains("read:&lt;b&gt;") && made.text.contains("undeclared vendor, wide scope, never expires"))
    #expect(try await site.post("/vendors/grants", form).status == 400, "it is known already")
    #expect(try await site.post("/vendors/grants", []).status == 400, "without a name")

    let retired = try await site.post("/vendors/grants/change", [.init("grant", "1"), .init("act", "retired")])
    #expect(
      retired.text.contains("<span class=\"badge danger\">retired but still live</span>")
        && retired.text.contains("revoke it at its issuer"))
    #expect(try await site.post("/vendors/grants/change", [.init("grant", "1"), .init("act", "retired")]).status == 409)
    let revoked = try await site.post("/vendors/grants/change", [.init("grant", "1"), .init("act", "revoked")])
    #expect(!revoked.text.contains("badge danger") && revoked.text.contains("revoked ") && !revoked.text.contains("name=\"act\""))
    for fields in [
      [Address.Parameter("grant", "9"), .init("act", "retired")], [.init("grant", "1"), .init("act", "x")], [.init("act", "retired")],
    ] {
      #expect(try await site.post("/vendors/grants/change", fields).status == 404)
    }
    for answer in [empty, made, retired, revoked] { PageTests.expectSafe(answer, "/vendors/grants") }
  }

  @Test func theRedOnesComeFirstAndManyComeInPages() async throws {
    let site = try await Site()
    let list = (0..<230).map { "Grant \($0)" }.joined(separator: "\n")
    let taken = try await site.post("/vendors/grants/import", [.init("list", list)])
    #expect(
      taken.text.contains("230 new grants") && taken.text.contains("1 row was refused") && taken.text.contains("it is no &lt;b&gt;row"))
    #expect(try await site.post("/vendors/grants/import", [.init("list", "")]).status == 400)
    let long = String(repeating: "x", count: (1 << 20) + 1)
    #expect(try await site.post("/vendors/grants/import", [.init("list", long)]).text.contains("longer than a megabyte"))
    _ = try await site.post("/vendors/grants/change", [.init("grant", "200"), .init("act", "retired")])
    let page = try await site.get("/vendors/grants")
    let rows = page.text.components(separatedBy: "<tr id=\"grant-").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(rows.count == 100 && rows.first == "200", "\(rows.prefix(3))")
    #expect(page.text.contains("from=100") && page.text.contains("1 to 100 of 230"))
    let last = try await site.get("/vendors/grants?from=200")
    #expect(last.text.components(separatedBy: "<tr id=\"grant-").count == 31)
    #expect(try await site.get("/vendors/grants?from=99999999&finding=retired_but_live").status == 200)
    let red = try await site.get("/vendors/grants?finding=retired_but_live")
    #expect(red.text.components(separatedBy: "<tr id=\"grant-").count == 2 && red.text.contains("1 grant of 230"))
    for answer in [taken, page, last, red] { PageTests.expectSafe(answer, "/vendors/grants") }
  }

  @Test func whoMayOnlyLookIsOfferedNothing() async throws {
    let site = try await Site(role: .developer)
    _ = try await site.services.control.importGrants([VendorGrantDraft(vendor: nil, name: "x", kind: .user)], in: site.project.id)
    let page = try await site.get("/vendors/grants")
    #expect(
      page.status == 200 && page.text.contains("<tr id=\"grant-1\">") && !page.text.contains("<form method=\"post\" action=\"/vendors"))
  }

  @Test func hostsThatNobodyDeclaredComeFirst() async throws {
    let site = try await Site()
    let empty = try await site.get("/vendors/third-parties")
    #expect(empty.text.contains("No browser has reported") && empty.text.contains("/csp-report?token=\(site.project.token)"))
    _ = try await site.services.control.addThirdParties(
      [
        ThirdPartySighting(host: "cdn.tallymark.example", directive: "script-src-elem", count: 7),
        ThirdPartySighting(host: "zz.tracker.example", directive: "connect-src", count: 2),
      ], of: site.project.id)
    let page = try await site.get("/vendors/third-parties")
    let stranger = try #require(page.text.range(of: "title=\"zz.tracker.example\"")?.lowerBound)
    let known = try #require(page.text.range(of: "title=\"cdn.tallymark.example\"")?.lowerBound)
    #expect(stranger < known && page.text.contains("nobody declared it") && page.text.contains("href=\"/vendors/tallymark\""))
    for answer in [empty, page] { PageTests.expectSafe(answer, "/vendors/third-parties") }
  }

  @Test func aKilledVendorsPageLeadsToTheLetterAndItsLiveGrantsAreRed() async throws {
    let site = try await Site()
    #expect(try await site.post("/vendors", [.init("source", Self.declaration)]).status == 200)
    _ = try await site.post("/vendors/grants", [.init("name", "Sync"), .init("vendor", "tallymark"), .init("kind", "api_key")])
    let before = try await site.get("/vendors/tallymark")
    #expect(before.text.contains("Ways in that it was given") && !before.text.contains("badge danger"))
    #expect(try await site.get("/vendors/tallymark/deletion-request").status == 404)
    _ = try await site.post("/vendors/kill", [.init("vendor", "tallymark")])
    let page = try await site.get("/vendors/tallymark")
    #expect(page.text.contains("vendor killed, still live") && page.text.contains("href=\"/vendors/tallymark/deletion-request\""))
    let letter = try await site.get("/vendors/tallymark/deletion-request")
    #expect(letter.text.contains("DRAFT.") && letter.text.contains("&lt;b&gt;Tallymark") && letter.text.contains("entry no. 42"))
    for answer in [before, page, letter] { PageTests.expectSafe(answer, "/vendors/tallymark") }
  }

  @Test(arguments: ["grants", "third-parties"])
  func noVendorIsCalledAsAPageIs(id: String) async throws {
    let site = try await Site()
    let answer = try await site.post("/vendors", [.init("source", Self.declaration.replacing("vendor: tallymark", with: "vendor: \(id)"))])
    #expect(answer.status == 400 && answer.text.contains("Choose another id."))
  }
}
