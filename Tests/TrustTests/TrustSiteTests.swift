import CryptoExtras
import Events
import Foundation
import Ledger
import Notices
import Testing
import Trust

struct TrustSiteTests {
  static let hostile = "Orrery <script>alert(1)</script> & \"Labs\" '\u{202E} </title><img src=x onerror=y>"

  static func content(
    organization: String = "Orrery Labs", lures: [TrustContent.SeenLure] = [], questions: TrustContent.Questions? = nil,
    letters: [LetterTemplate] = [], rotates: Bool = false, why: String = "No key was among what was taken.", checkpoint: String? = nil,
    isStated: Bool = false
  ) throws -> TrustContent {
    let ledger = try #require(NoteSigner(name: "orrery.example/ledger", seed: Data(repeating: 1, count: 32)))
    let notices = try #require(NoteSigner(name: "orrery.example/notices", seed: Data(repeating: 2, count: 32)))
    let anchors = try TrustAnchors(
      organization: organization, domains: ["orrery.example"], brands: ["orrery"], ledgerKeys: [ledger.key], noticeKeys: [notices.key],
      policy: nil)
    return try TrustContent(
      anchors: anchors, statements: isStated ? [PublishedStatement(statement(ledger, notices), by: anchors)] : [], letters: letters,
      advice: .init(rotatesKeys: rotates, why: [.en: why, .fr: why]),
      contact: "security@orrery.example",
      securityText: SecurityText(contacts: ["mailto:security@orrery.example"], expires: Timestamp(milliseconds: 1_811_491_200_000)),
      lures: lures, questions: questions, checkpoint: checkpoint, madeAt: Timestamp(milliseconds: 1_795_939_200_000))
  }

  /// Made once, so that the same content is the same.
  private static let key = Array(P384._VOPRF.PrivateKey(compactRepresentable: false).publicKey.oprfRepresentation)

  /// In a ledger that has nothing else.
  private static func statement(_ ledger: NoteSigner, _ notices: NoteSigner) throws -> CommittedText {
    let statement = Statement(
      project: ProjectID(1), incident: 7, version: 1, supersedes: nil, scopeVersion: 1, scopeDigest: String(repeating: "ab", count: 32),
      madeAt: Timestamp(milliseconds: 1_795_000_000_000),
      key: key,
      names: 0, root: .emptyTree, people: 0, nameless: 0, request: String(repeating: "cd", count: 32))
    let facts = "{\"digest\":\"\(CommittedText.digest(of: statement.text))\",\"request\":\"\(String(repeating: "0", count: 64))\"}"
    let entry = Array(
      "{\"commitment\":\"\(String(repeating: "ab", count: 32))\",\"facts\":\(facts),\"kind\":\"notice_statement\",\"project\":1,\"time\":1763400000000,\"v\":1}"
        .utf8)
    let checkpoint = Checkpoint(origin: ledger.key.name, size: 1, root: MerkleTree.root(of: [MerkleHash.leaf(entry)]))
    return CommittedText(
      note: statement.text + "\n" + (try notices.line(for: statement.text)),
      ledger: LedgerProof(index: 0, entry: entry, hashes: [], note: try checkpoint.signed(by: ledger)))
  }

  static func full(organization: String = "Orrery Labs") throws -> TrustContent {
    try content(
      organization: organization,
      lures: [
        .init(.domain, "0rrery.example", seenAt: Timestamp(milliseconds: 1_795_000_000_000)),
        .init(.subject, hostile, seenAt: Timestamp(milliseconds: 1_795_100_000_000)),
      ],
      questions: .init(key: [4] + [UInt8](repeating: 7, count: 64), path: "ask"), letters: Array(LetterTemplate.standard.values),
      rotates: true, why: hostile, checkpoint: "a checkpoint\n", isStated: true)
  }

  static func pages(_ content: TrustContent) -> [(path: String, text: String)] {
    TrustSite.files(content).filter { $0.key.hasSuffix(".html") }.map { ($0.key, String(decoding: $0.value, as: UTF8.self)) }
  }

  @Test func everyLinkLeadsToAFileOfThePages() throws {
    for content in [try Self.content(), try Self.full()] {
      let files = TrustSite.files(content)
      #expect(files.count >= 15 && files["index.html"] != nil && files["fr/what-to-do.html"] != nil)
      for (path, text) in Self.pages(content) {
        for match in text.matches(of: #/(?:href|src)="([^"]*)"/#) where !match.1.hasPrefix("mailto:") && !match.1.hasPrefix("#") {
          var parts = path.split(separator: "/").dropLast().map(String.init)
          for part in match.1.split(separator: "/").map(String.init) {
            if part == ".." { parts.removeLast() } else { parts.append(part) }
          }
          #expect(!match.1.hasPrefix("/") && files[parts.joined(separator: "/")] != nil, "\(path) leads to \(match.1)")
        }
      }
    }
  }

  @Test func nothingIsLoadedFromElsewhereAndNothingRunsInThePage() throws {
    for (path, text) in Self.pages(try Self.full()) {
      // The addresses of other hosts that there may be are words; `data-path` is where questions go.
      #expect(text.contains("default-src &#39;none&#39;; script-src &#39;self&#39;"), "\(path)")
      #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("//w"), "\(path)")
      #expect(!text.contains(" style=") && !text.contains("<style"), "\(path)")
      #expect(text.firstMatch(of: #/<[^>]*\son[a-z]+=/#) == nil, "\(path)")
      for match in text.matches(of: #/<script([^>]*)>/#) {
        #expect(match.1.contains("src=") || match.1.contains("application/json"), "\(path)")
      }
    }
    let script = String(decoding: try #require(TrustSite.files(try Self.content())["trust.js"]), as: UTF8.self)
    for word in ["eval(", "innerHTML", "document.write", "importScripts", "XMLHttpRequest", "WebSocket", "sendBeacon", "localStorage"] {
      #expect(!script.contains(word), "\(word)")
    }
    #expect(script.matches(of: #/fetch\(/#).count == 1)
  }

  @Test func whatStrangersWriteIsTextOnly() throws {
    let content = try Self.full(organization: Self.hostile)
    for (path, text) in Self.pages(content) {
      #expect(!text.contains("<script>") && !text.contains("<img") && !text.contains("\u{202E}"), "\(path)")
      #expect(text.matches(of: #/<title>/#).count == 1 && text.contains("&lt;script&gt;alert(1)"), "\(path)")
    }
    let check = try #require(TrustSite.files(content)["check.html"].map { String(decoding: $0, as: UTF8.self) })
    let start = try #require(check.firstRange(of: "id=\"anchors\">")?.upperBound)
    let end = try #require(check[start...].firstRange(of: "</script>")?.lowerBound)
    #expect(try TrustAnchors(json: Array(check[start..<end].utf8)).organization == Self.hostile)
    // A domain of a lure cannot be followed by accident.
    #expect(try Self.pages(Self.full()).contains { $0.text.contains("0rrery[.]example") })
    #expect(try !Self.pages(Self.full()).contains { $0.text.contains("0rrery.example") })
  }

  @Test func pagesAreInTheirLanguage() throws {
    for (path, text) in Self.pages(try Self.full()) {
      let isFrench = path.hasPrefix("fr/")
      #expect(text.contains("<html lang=\"\(isFrench ? "fr" : "en")\">"))
      #expect(text.contains(isFrench ? "Ces pages ne déposent aucun cookie" : "These pages set no cookies"), "\(path)")
      // No line breaks before French signs, in what the pages say themselves.
      if isFrench, !path.hasSuffix("statements.html") { #expect(text.firstMatch(of: #/[a-zé] [;:?!»][ <]/#) == nil, "\(path)") }
    }
  }

  @Test func theAdviceOnKeysIsTheOneThatWasGiven() throws {
    func page(_ content: TrustContent) -> String { String(decoding: TrustSite.files(content)["what-to-do.html"] ?? [], as: UTF8.self) }
    #expect(page(try Self.content()).contains("You need not replace your API keys"))
    #expect(page(try Self.content(rotates: true)).contains("Replace your API keys"))
  }

  @Test func questionsAreSealedOrNotAsked() throws {
    func page(_ content: TrustContent) -> String { String(decoding: TrustSite.files(content)["fr/affected.html"] ?? [], as: UTF8.self) }
    #expect(!page(try Self.content()).contains("<form"))
    #expect(page(try Self.full()).contains("data-path=\"../ask\""))
    // Before there is a statement there is nothing to ask.
    let questions = try TrustContent.Questions(key: [4] + [UInt8](repeating: 7, count: 64), path: "/ask")
    #expect(!page(try Self.content(questions: questions)).contains("<form"))
    let rooted = try Self.content(questions: questions, isStated: true)
    #expect(page(rooted).contains("data-path=\"/ask\""))
    for path in ["", "//evil.example/ask", "https://evil.example", "/ask?x", "/a b", "/\"x"] {
      #expect(throws: TrustContent.Malformed.self, "\(path)") {
        try TrustContent.Questions(key: [4] + [UInt8](repeating: 7, count: 64), path: path)
      }
    }
    #expect(throws: TrustContent.Malformed.self) { try TrustContent.Questions(key: [UInt8](repeating: 4, count: 33), path: "/ask") }
  }

  @Test func securityTextIsOfTheRFC() throws {
    let text = try SecurityText(
      contacts: ["mailto:security@orrery.example", "https://orrery.example/report"], expires: Timestamp(milliseconds: 1_811_491_200_000),
      policy: ["https://orrery.example/policy"]
    ).text
    #expect(
      text == """
        Contact: mailto:security@orrery.example
        Contact: https://orrery.example/report
        Expires: 2027-05-28T08:00:00Z
        Preferred-Languages: en, fr
        Policy: https://orrery.example/policy

        """)
    for contact in ["security@orrery.example", "mailto:a@b.example\nContact: mailto:evil@c.example", "http://orrery.example/report", ""] {
      #expect(throws: TrustContent.Malformed.self) { try SecurityText(contacts: [contact], expires: Timestamp(milliseconds: 0)) }
    }
  }

  @Test func contentIsReadFromAFile() throws {
    let content = try Self.content()
    let json = #"""
      {"v":1,"statements":[],"letters":[{"kind":"person.en","subject":"S","body":"B"}],"keys":{"rotate":false,"why":{"en":"None."}},
       "contact":"security@orrery.example","security":{"contacts":["mailto:security@orrery.example"],"expires":1811491200000},
       "lures":[{"kind":"subject","text":"Pay now","seen_at":1795939200000}],"made_at":1795939200000}
      """#
    let read = try TrustContent(json: Array(json.utf8), anchors: content.anchors)
    #expect(read.letters.count == 1 && read.lures == [.init(.subject, "Pay now", seenAt: Timestamp(milliseconds: 1_795_939_200_000))])
    #expect(read.questions == nil && read.advice == .init(rotatesKeys: false, why: [.en: "None."]))
    for broken in ["", "{}", json.replacing("person.en", with: "stranger.en"), json.replacing(#""v":1"#, with: #""v":2"#)] {
      #expect(throws: TrustContent.Malformed.self) { try TrustContent(json: Array(broken.utf8), anchors: content.anchors) }
    }
  }

  @Test func theSameContentGivesTheSameBytes() throws { #expect(try TrustSite.files(Self.full()) == TrustSite.files(Self.full())) }
}
