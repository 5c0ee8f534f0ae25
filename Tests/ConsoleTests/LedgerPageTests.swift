import Access
import Console
import Events
import Foundation
import Journeys
import Ledger
import Testing
import Web

/// A subject's own view of the ledger, and what it says that it cannot find.
struct LedgerPageTests {
  private static let subject = "s_\(SampleEngine.subject(1).pseudonym)"

  @Test func aSubjectsPageLeadsToEverybodyWhoWasShownAnythingOfIt() async throws {
    let site = try await Site()
    let page = try await site.get("/subjects/\(Self.subject)")
    let link = "/ledger?subject=\(Self.subject)&amp;kind=disclosures"
    #expect(page.status == 200 && page.text.contains("href=\"\(link)\""))
    let ledger = try await site.get(link.replacing("&amp;", with: "&"))
    #expect(ledger.status == 200 && ledger.text.contains("rows about subjects") && ledger.text.contains("Ada Owner"))
    #expect(!ledger.text.contains("id=\"untold\""), "nothing is erased")
    // An organization is nobody, and whoever may not read the ledger is not led there.
    #expect(try await !site.get("/subjects/g_\(SampleEngine.subject(1).pseudonym)").text.contains("Who saw this subject"))
    let analyst = try await Site(role: .analyst)
    let theirs = try await analyst.get("/subjects/\(Self.subject)")
    #expect(theirs.status == 200 && !theirs.text.contains("/ledger"))
  }

  @Test func whatIsErasedIsCountedAndSaid() async throws {
    let site = try await Site()
    _ = try await site.get("/subjects/\(Self.subject)")
    let ledger = site.services.ledger
    let shown = try #require(try await ledger.entries(from: 0, limit: 100).last { $0.kind == "disclosure.subjects" }).index
    try await ledger.publish()
    try await ledger.eraseDetail(of: shown, by: Principal(kind: .staff, id: "st_1", credential: "ses_1"))
    let page = try await site.get("/ledger?subject=\(Self.subject)&kind=disclosures").text
    #expect(page.contains("id=\"untold\"") && page.contains("1 entry of those looked at cannot be told from"), "\(page.suffix(3000))")
    #expect(page.contains("this subject may have been shown in them") && page.contains("Nothing found"))
    // Where nothing is asked that only details tell, the entry itself is in the list.
    let all = try await site.get("/ledger?kind=disclosures").text
    #expect(!all.contains("id=\"untold\"") && all.contains("disclosure.subjects: details erased"))
  }

  @Test func anEntryOfAnExportSaysWhichWishItAnswered() async throws {
    let site = try await Site()
    let asked = try await site.post(
      "/exports", [.init("from", "2026-07-01"), .init("to", "2026-07-02"), .init("purpose", "the <weekly> report")])
    #expect(asked.status == 200)
    let request = try #require(try await site.services.control.exportRequests(of: site.project.id).first)
    let disclosed = try await site.services.ledger.disclose(
      1,
      Disclosure(
        .subjects(set: [SampleEngine.subject(1).number], rows: 1), project: site.project.id, purpose: "api.export", fields: ["plan"],
        request: request.id),
      to: Principal(kind: .staff, id: request.askedBy.rawValue, credential: "ses_1"))
    let page = try await site.get("/ledger/\(disclosed.receipt.index)").text
    #expect(page.contains("no. \(request.id), for: <bdi>the &lt;weekly&gt; report</bdi>"), "\(page)")
  }
}
