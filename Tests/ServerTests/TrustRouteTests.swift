import Access
import Events
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing

/// What trust pages are made of: checked before it is kept; and reports by webhook.
struct TrustRouteTests {
  private static func body(_ server: TestServer, site: String, anchors: String? = nil) throws -> [UInt8] {
    let key = server.installation.ledger.publicKey
    let usual =
      #"{"v":1,"organization":"Orrery Labs","domains":["orrery.example"],"brands":["orrery"],"ledger":["\#(key)"],"notices":["\#(key)"]}"#
    return Array("{\"anchors\":\(anchors ?? usual),\"site\":\(site)}".utf8)
  }

  private static func put(_ server: TestServer, _ body: [UInt8]) async throws -> (status: Int, message: String) {
    let answer = try await server.control.exchange("PUT", "/api/v1/trust", headers: [("Content-Type", "application/json")], body: body)
    if case .string(let message)? = answer.json["message"] { return (answer.status, message) }
    return (answer.status, answer.text)
  }

  @Test func whatCannotBePublishedIsNotStored() async throws {
    try await TestServer.run { server in
      let pages = try await server.control.exchange("GET", "/api/v1/trust/pages")
      #expect(pages.status == 409 && pages.text.contains("sealane trust set"))
      for (site, words) in [
        ("[]", "two objects"), ("{}", "“contact” is needed"), (#"{"contact":"x y@z"}"#, "“contact” is needed"),
        (#"{"contact":"a@b","statements":[]}"#, "“statements”, which is not known"),
        (#"{"contact":"a@b","keys":{"rotate":1}}"#, "“keys” is"),
        (#"{"contact":"a@b","keys":{"rotate":true,"why":{"de":"x"}}}"#, "in en and fr"),
        (#"{"contact":"a@b","lures":[{"kind":"x","text":"a","seen_at":1}]}"#, "each of “lures”"),
        (#"{"contact":"a@b","questions":{"path":"https://evil.example/ask"}}"#, "own origin"),
        (#"{"contact":"a@b","security":{"contacts":["http://x"]}}"#, "security.txt takes addresses"),
        (#"{"contact":"a@b","security":{"expires":5}}"#, "is over"),
        (#"{"contact":"a@b","security":{"policy":"x"}}"#, "a list of addresses"),
      ] {
        let (status, message) = try await Self.put(server, try Self.body(server, site: site))
        #expect(status == 400 && message.contains(words), "\(site): \(message)")
      }
      let (status, message) = try await Self.put(server, try Self.body(server, site: #"{"contact":"a@b.example"}"#, anchors: #"{"v":2}"#))
      #expect(status == 400 && message.contains("not a file of trust anchors"), "\(message)")
      #expect(try await server.control.text("GET", "/api/v1/trust").contains(#""anchors":null"#))
    }
  }

  @Test func pagesAreMadeOfWhatIsStoredAndOfWarnings() async throws {
    try await TestServer.run { server in
      let site = #"{"contact":"security@orrery.example","lures":[{"kind":"domain","text":"old.example","seen_at":1}]}"#
      let set = try await Self.put(server, try Self.body(server, site: site))
      #expect(set.status == 200 && set.message.contains(#""holds_this_ledger":true"#), "\(set)")
      let entries = try await server.installation.ledger.entries(ofKinds: ["trust_set"])
      #expect(entries.count == 1 && entries[0].facts["anchors"]?.count == 64 && entries[0].facts["site"]?.count == 64)
      let opened = #"{"title":"Phished","source":{"kind":"vendor","id":"tallymark"}}"#
      _ = try await server.control.text("POST", "/api/v1/incidents", body: Array(opened.utf8))
      func warn(_ json: String) async throws -> OutboundAnswer {
        let answer = try await server.control.exchange(
          "POST", "/api/v1/incidents/1/warnings", headers: [("Content-Type", "application/json")], body: Array(json.utf8))
        return OutboundAnswer(status: answer.status, text: answer.text)
      }
      for (json, status) in [
        (#"{"domain":"orrery-billing.example"}"#, 201), (#"{"domain":"ORRERY-billing.example."}"#, 409),
        (#"{"subject":"Rotate your keys <b>"}"#, 201),
        (#"{"domain":"mail.orrery.example"}"#, 400), (#"{"domain":"https://x.example/"}"#, 400),
        (#"{"subject":"call +33 6 12 34 56 78"}"#, 400),
        (#"{"subject":""}"#, 400), (#"{"domain":"a.example","subject":"b"}"#, 400), (#"{}"#, 400), (#"{"subject":"a\u202Eb"}"#, 400),
      ] {
        let answer = try await warn(json)
        #expect(answer.status == status, "\(json): \(answer.text)")
      }
      let files = try await server.installation.trustFiles()
      func page(_ path: String) -> String { String(decoding: files[path] ?? [], as: UTF8.self) }
      for path in ["what-to-do.html", "fr/what-to-do.html"] {
        #expect(page(path).contains("orrery-billing[.]example") && page(path).contains("old[.]example"), "\(path)")
        #expect(page(path).contains("Rotate your keys &lt;b&gt;"), "\(path)")
      }
      #expect(try await server.installation.trustFiles() == files, "the same pages are the same bytes")
      // Of an incident that is closed a warning can still be taken back.
      _ = try await server.control.text("POST", "/api/v1/incidents/1/closing", body: Array(#"{"note":"done"}"#.utf8))
      #expect(try await warn(#"{"domain":"new.example"}"#).status == 409)
      #expect(try await server.control.exchange("DELETE", "/api/v1/incidents/1/warnings/1").status == 200)
      #expect(try await server.control.exchange("DELETE", "/api/v1/incidents/1/warnings/1").status == 404)
      let after = try await server.installation.trustFiles()
      #expect(!String(decoding: after["what-to-do.html"] ?? [], as: UTF8.self).contains("orrery-billing"))
      let kinds = try await server.installation.ledger.entries(ofKinds: ["incident_warned", "incident_warning_withdrawn"]).map(\.kind)
      #expect(kinds == ["incident_warned", "incident_warned", "incident_warning_withdrawn"])
    }
  }

  private struct OutboundAnswer { let status: Int, text: String }
}
