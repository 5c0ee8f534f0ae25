import Access
import Console
import Events
import Foundation
import Ledger
import Notices
import Response
import Testing
import Web

/// Campaigns on their page, empty and full, and the warning by a form.
struct IncidentLuresTests {
  private static func anchors(_ site: Site) throws -> String {
    let key = site.services.ledger.publicKey
    return try TrustAnchors(
      organization: "Orrery Labs", domains: ["orrery.example"], brands: ["orrery"], ledgerKeys: [key], noticeKeys: [key], policy: nil
    ).json
  }

  /// An incident with reports of three campaigns, one of which has hostile words.
  static func fill(_ site: Site) async throws -> Incident {
    let principal = Principal(kind: .owner, id: "st_0000000000000000", credential: "ses_0000000000000000")
    let incident = try await site.services.incidents.desk.open(
      IncidentDraft(title: "Tallymark was phished", source: .vendor("tallymark")), in: site.project.id, by: principal
    ).incident
    try await site.services.control.put(
      TrustSettings(anchors: try anchors(site), site: #"{"contact":"a@b.example"}"#, setAt: SampleEngine.now, entry: 0))
    for number in 0..<9 {
      let (sender, subject, text) =
        [
          (
            "billing@orrery-billing.example", "Your last payment failed",
            "Update your card at https://orrery-billing.example/pay or your account will be suspended within 24 hours."
          ),
          (
            "help@\u{43E}rrery.example", "Rotate your keys <script>alert(1)</script>",
            "Your keys leaked, rotate them at https://evil.test/keys and send us your password by reply."
          ),
          ("x@y.test", "Hello", "Shall we have lunch at noon?"),
        ][number % 3]
      let message =
        "From: <\(sender)>\r\nTo: <ada-\(number)@brightfen.example>\r\nMessage-ID: <\(number)@x>\r\nSubject: \(subject)\r\n\r\n\(text)\r\n"
      let taken = try await site.services.incidents.inbox.take(Array(message.utf8), of: incident)
      #expect(taken.verdict.word == .notOurs && taken.outcome == .counted)
    }
    return incident
  }

  @Test func withoutReportsThePageSaysHowTheyCome() async throws {
    let site = try await Site()
    let principal = Principal(kind: .owner, id: "st_0000000000000000", credential: "ses_0000000000000000")
    let incident = try await site.services.incidents.desk.open(
      IncidentDraft(title: "<b>Phished", source: .vendor("tallymark")), in: site.project.id, by: principal
    ).incident
    let page = try await site.get("/incidents/\(incident.id)/lures")
    #expect(page.status == 200 && page.text.contains("None yet.") && page.text.contains("sealane trust set"))
    #expect(try await site.get("/incidents/\(incident.id)").text.contains("Nobody reported a message yet"))
    PageTests.expectSafe(page, "/incidents/1/lures")
  }

  @Test func campaignsAreShownAndWarnedOf() async throws {
    let site = try await Site()
    let incident = try await Self.fill(site)
    let page = try await site.get("/incidents/\(incident.id)/lures")
    #expect(page.text.components(separatedBy: "class=\"panel campaign\"").count == 4, "three campaigns")
    #expect(page.text.contains("orrery-billing.example") && page.text.contains("the name and a further word"))
    #expect(page.text.contains("xn--rrery-iye.example") && page.text.contains("evil.test") && page.text.contains("asks for a password"))
    #expect(page.text.contains("&lt;script&gt;alert(1)") && page.text.contains("Nothing in them deceives"))
    #expect(!page.text.contains("brightfen") && !page.text.contains("lunch"))
    PageTests.expectSafe(page, "/incidents/1/lures")
    let warn = [Address.Parameter("incident", "\(incident.id)"), .init("kind", "domain"), .init("text", "orrery-billing.example")]
    #expect(try await site.post("/incidents/warn", warn, token: "wrong").status == 403)
    #expect(try await site.post("/incidents/warn", warn).status == 303)
    let again = try await site.post("/incidents/warn", warn)
    #expect(again.status == 409 && again.text.contains("warn of this already"))
    let own = try await site.post("/incidents/warn", [warn[0], warn[1], .init("text", "orrery.example")])
    #expect(own.status == 400 && own.text.contains("your own domain"))
    let ofMany = try await site.post("/incidents/warn", [warn[0], warn[1], .init("text", "gmail.com")])
    #expect(ofMany.status == 400 && ofMany.text.contains("many honest people"))
    #expect(try await site.post("/incidents/warn", [warn[0], .init("kind", "x"), .init("text", "y.example")]).status == 400)
    let warned = try await site.get("/incidents/\(incident.id)/lures")
    #expect(warned.text.contains("Customers are warned of") && warned.text.contains("Withdraw"))
    PageTests.expectSafe(warned, "/incidents/1/lures")
    let id = try #require(try await site.services.control.trustWarnings().first?.id)
    #expect(try await site.post("/incidents/warnings/withdraw", [warn[0], .init("warning", "\(id)")]).status == 303)
    #expect(try await site.services.control.trustWarnings().isEmpty)
    #expect(try await site.get("/incidents/\(incident.id)").text.contains("A warning was withdrawn"))
  }

  @Test func oneMessageIsJudgedOnThePage() async throws {
    let site = try await Site()
    let incident = try await Self.fill(site)
    func paste(_ message: String) async throws -> Site.Answer {
      try await site.post("/incidents/report", [.init("incident", "\(incident.id)"), .init("message", message)])
    }
    let message = "From: <a@0rrery.example>\r\nSubject: <i>x\r\n\r\nSend us your password <b>now</b> by reply.\r\n"
    let judged = try await paste(message)
    #expect(judged.status == 200 && judged.text.contains("Not ours: nothing proves") && judged.text.contains("It is counted."))
    #expect(judged.text.contains("which looks like orrery.example"))
    #expect(try await paste(message).text.contains("came before"))
    #expect(try await paste("").status == 400)
    PageTests.expectSafe(judged, "/incidents/report")
  }

  @Test func whoMayOnlyReadIsNotOfferedToWarn() async throws {
    let site = try await Site()
    let incident = try await Self.fill(site)
    _ = try await site.services.incidents.desk.close(
      incident.id, note: "done", by: Principal(kind: .owner, id: "st_0000000000000000", credential: "ses_0000000000000000"))
    let page = try await site.get("/incidents/\(incident.id)/lures")
    #expect(page.status == 200 && !page.text.contains("Warn on the trust pages") && !page.text.contains("Judge one message"))
  }
}
