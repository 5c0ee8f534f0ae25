import Access
import Console
import Events
import Foundation
import Ledger
import Testing
import Web

struct AlertPageTests {
  private static let account = Principal(kind: .serviceAccount, id: "sa_<b>0123", credential: "sa_0123456789abcdef")

  @Test func anAlertGoesFromOpenToClosedOnItsPage() async throws {
    let site = try await Site()
    #expect(try await site.get("/alerts").text.contains("No alert is open."))
    #expect(try await !site.get("/").text.contains("open alert"))
    let raised = await site.services.alerts.raise(
      NewAlert(
        .canaryUsed, of: Self.account, sentence: "<script>found</script>", details: ["export_entry": .number(41), "use": .text("<i>file")]))
    let id = try #require(raised)
    for path in ["/", "/alerts", "/settings"] { #expect(try await site.get(path).text.contains("1 open alert"), "\(path)") }
    let list = try await site.get("/alerts")
    #expect(list.text.contains("href=\"/alerts/\(id)\"") && list.text.contains("s-critical") && list.text.contains("A canary was used"))
    let page = try await site.get("/alerts/\(id)")
    #expect(
      page.status == 200 && page.text.contains("&lt;script&gt;found") && page.text.contains("&lt;i&gt;file") && page.text.contains("41"))
    for answer in [list, page] { PageTests.expectSafe(answer, "/alerts") }

    let form = [Address.Parameter("alert", String(id))]
    #expect(try await site.post("/alerts/change", form + [.init("state", "closed")]).status == 400, "closing needs a note")
    #expect(try await site.post("/alerts/change", form + [.init("state", "closed"), .init("note", "x")], token: "wrong").status == 403)
    #expect(try await site.post("/alerts/change", form + [.init("state", "acknowledged"), .init("note", "I <b>look")]).status == 303)
    #expect(try await site.post("/alerts/change", form + [.init("state", "acknowledged")]).status == 409)
    #expect(try await site.post("/alerts/change", form + [.init("state", "closed"), .init("note", "a test")]).status == 303)
    let closed = try await site.get("/alerts/\(id)")
    #expect(
      closed.text.contains("I &lt;b&gt;look") && closed.text.contains("open → acknowledged")
        && closed.text.contains("acknowledged → closed"))
    #expect(try await !site.get("/").text.contains("open alert"))
    #expect(try await site.get("/alerts?state=closed").text.contains("href=\"/alerts/\(id)\""))
    for path in ["/alerts/999", "/alerts/x"] { #expect(try await site.get(path).status == 404, "\(path)") }
    #expect(try await site.get("/alerts?state=nonsense").status == 303)
  }

  @Test func channelsSayHowTheyDo() async throws {
    let site = try await Site()
    #expect(try await site.get("/alerts").text.contains("Nobody is told."))
    try await site.services.control.registerChannels(["archive", "hook"])
    try await site.services.control.disableChannel("hook", reason: "It answered <410>")
    let text = try await site.get("/alerts").text
    #expect(text.contains("archive") && text.contains("switched off") && text.contains("It answered &lt;410&gt;"))
  }
}
