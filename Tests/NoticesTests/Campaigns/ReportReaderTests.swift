import Events
import Foundation
import Notices
import TestSupport
import Testing

/// What is kept of a reported message, however it was passed on.
struct ReportReaderTests {
  let it: NoticeBench
  let reader: ReportReader

  private static let lure =
    "Your invoice of this month is overdue. Your account will be suspended within 24 hours unless you update your card at https://pay.orrery-billing.example/now today."

  init() throws {
    it = try NoticeBench()
    reader = ReportReader(
      it.anchors, key: ReportKey(bytes: Array(repeating: 3, count: 32)), now: Timestamp(milliseconds: 1_763_400_300_000),
      mask: { $0.replacing("4242", with: "[number]") })
  }

  private func one(_ bytes: [UInt8]) async -> ReadReport {
    let all = await reader.read(bytes)
    #expect(all.reports.count == 1 && all.leftOut == 0)
    return all.reports[0]
  }

  private func message(
    _ text: String, subject: String = "Invoice 4242 for Ada", from: String = "\"Orrery Labs\" <billing@0rrery.example>",
    to: String = "\"Ada Lovelace\" <ada.l@brightfen.example>"
  ) -> [UInt8] {
    Array(
      "From: \(from)\r\nTo: \(to)\r\nSubject: \(subject)\r\nDate: Fri, 14 Nov 2025 10:00:00 +0100\r\nMessage-ID: <1@x.example>\r\n\r\n\(text)\r\n"
        .utf8)
  }

  private func attached(
    _ inside: [UInt8], from: String = "<ada.l@brightfen.example>", text: String = "Is this real? See https://brightfen.example/help",
    boundary: String = "b", to: String = "<abuse@orrery.example>"
  )
    -> [UInt8]
  {
    Array(
      "From: \(from)\r\nTo: \(to)\r\nSubject: Fwd: strange\r\nContent-Type: multipart/mixed; boundary=\(boundary)\r\n\r\n--\(boundary)\r\n\r\n\(text)\r\n--\(boundary)\r\nContent-Type: message/rfc822\r\n\r\n"
        .utf8) + inside + Array("\r\n--\(boundary)--\r\n".utf8)
  }

  @Test func ofALureItsTracesAreKept() async {
    let read = await one(message(Self.lure))
    let traces = read.traces
    #expect(traces.verdict == .notOurs && traces.imitations.map(\.domain) == ["0rrery.example", "orrery-billing.example"])
    #expect(traces.imitations.map(\.places) == [[.sender], [.link]] && traces.imitations.allSatisfy { $0.of == "orrery.example" })
    #expect(traces.imitations[0].reason == .skeleton && traces.imitations[1].reason == .brandAndWord)
    #expect(Set(traces.signs).isSuperset(of: [.link, .billing, .suspension]) && traces.hosts.isEmpty)
    #expect(traces.subject == "Invoice [number] for [name]", "\(traces.subject ?? "")")
    #expect(read.sentAt == Timestamp(milliseconds: 1_763_110_800_000) && read.digest.count == 16)
  }

  @Test func whoPassesItOnMakesNoDifference() async throws {
    let plain = await one(message(Self.lure))
    for report in [
      attached(message(Self.lure)), attached(attached(message(Self.lure)), text: "Look.", boundary: "c"),
      Array(String(decoding: message(Self.lure), as: UTF8.self).replacing("\r\n", with: "\n").utf8),
      attached(message(Self.lure), from: "<bea@sorrelfinch.example>", text: "Bea asks."),
    ] {
      let read = await one(report)
      #expect(read.verdict.word == .notOurs && read.digest == plain.digest && read.traces == plain.traces)
    }
    // As text it is another message, and yet of the same campaign, without whoever forwards it.
    let forward = await one(
      message(
        "Hello, is this yours? Ada\n\n---- Forwarded ----\nFrom: <billing@0rrery.example>\n\n> \(Self.lure)\n\nAda Lovelace\nhttps://www.brightfen.example/",
        subject: "Fwd: Invoice 4242 for Ada", from: "\"Ada Lovelace\" <ada.l@brightfen.example>", to: "<abuse@orrery.example>"))
    #expect(forward.digest != plain.digest && forward.traces.subject == "Invoice [number] for [name]")
    #expect(forward.traces.imitations.map(\.domain) == plain.traces.imitations.map(\.domain) && forward.traces.hosts.isEmpty)
    #expect(try #require(forward.traces.sketch).isNear(try #require(plain.traces.sketch)))
  }

  @Test func nearlyTheSameTextsAreNearAndOthersAreNot() async throws {
    func sketch(_ text: String, to: String = "<x@y.example>", by other: ReportReader? = nil) async -> TextSketch? {
      await (other ?? reader).read(message(text, from: "<a@b.example>", to: to)).reports.first?.traces.sketch
    }
    let one = try #require(await sketch(Self.lure))
    let other = try #require(
      await sketch(
        "Ada, your inv\u{43E}ice of this month is overdue. Your account will be suspended within 48 hours unless you update your card at https://elsewhere.test/x today.",
        to: "Ada <ada@brightfen.example>"))
    #expect(one.isNear(other), "\(one.agreement(with: other))")
    let unlike = try #require(
      await sketch("A quota of your organization is used up. Sign in to the console to buy more before requests are refused at noon."))
    #expect(!one.isNear(unlike) && one.agreement(with: unlike) < 8)
    #expect(await sketch("Please call us back") == nil, "too few words")
    #expect(try #require(TextSketch(bytes: one.bytes)) == one && TextSketch(bytes: []) == nil)
    let elsewhere = ReportReader(
      it.anchors, key: ReportKey(bytes: Array(repeating: 4, count: 32)), now: Timestamp(milliseconds: 0), mask: { $0 })
    #expect(try #require(await sketch(Self.lure, by: elsewhere)).agreement(with: one) < 4, "another key, other values")
  }

  @Test func ofWhatIsOursAndOfWhatDeceivesNobodyNothingIsKept() async throws {
    for genuine in [try it.mail(1).bytes, attached(try it.mail(1).bytes, text: "Is this real?")] {
      let read = await one(genuine)
      #expect(read.verdict.word == .genuine && read.traces.sketch == nil && read.traces.subject == nil)
      #expect(read.traces.imitations.isEmpty && read.traces.hosts.isEmpty && read.traces.signs.isEmpty)
    }
    let lunch = await one(
      message("Shall we have lunch at noon, the two of us?", subject: "Lunch with Bea", from: "<bea@sorrelfinch.example>"))
    #expect(lunch.verdict.word == .notOurs && lunch.traces.subject == nil && lunch.traces.imitations.isEmpty)
    // Ours and altered: the subject is our own.
    let altered = await one(try it.mail(1, body: "\(try it.proof(1).letter.body)\n\nReply with your password.").bytes)
    #expect(altered.verdict.word == .altered && altered.traces.subject == nil && altered.traces.sketch != nil)
    // Ours, with words around it that lure: what is around it counts.
    let around = await one(
      attached(
        try it.mail(1).bytes, from: "<help@orrery-help.example>", text: "Please reply with your password.", to: "<ada.l@brightfen.example>")
    )
    #expect(around.verdict.word == .altered && around.traces.signs.contains(.password))
    #expect(around.traces.imitations.map(\.domain) == ["orrery-help.example"])
  }

  @Test func domainsAreNamedByWhatSomebodyRegistered() async {
    let read = await one(
      message(
        "Sign in at https://ada-123.login.orrery-keys.example/ or https://orrery.example.check-login.test/ or https://a.b.evil.test/x or http://192.0.2.7/y",
        from: "<x@\u{43E}rrery.example>"))
    #expect(
      read.traces.imitations.map(\.domain) == ["orrery-keys.example", "orrery.example.check-login.test", "xn--rrery-iye.example"],
      "\(read.traces.imitations)")
    #expect(read.traces.hosts == ["192.0.2.7", "check-login.test", "evil.test"])
    #expect(LureDomain.shown("xn--rrery-iye.example") == "\u{43E}rrery.example" && LureDomain.shown("evil.test") == nil)
  }

  @Test("any bytes are judged as by the judge, and what is kept has an end") func fuzz() async {
    var random = Fuzzing.generator(84)
    let seeds = [attached(message(Self.lure)), Array(MailFuzzTests.seeds[0].utf8), message(Self.lure)]
    let judge = MessageJudge(it.anchors, now: Timestamp(milliseconds: 1_763_400_300_000))
    let end = ContinuousClock.now + .seconds(Fuzzing.seconds ?? 0.7)
    repeat {
      var bytes = seeds.randomElement(using: &random) ?? []
      random.alter(&bytes, places: 0...8, telling: MailFuzzTests.telling)
      let all = await reader.read(bytes)
      #expect(await judge.judge(bytes).word == all.verdict.word)
      guard let read = all.reports.first else {
        Issue.record("nothing was read")
        continue
      }
      #expect(read.traces.imitations.count <= 20 && read.traces.hosts.count <= 20 && (read.traces.subject?.count ?? 0) <= 120)
      for domain in read.traces.imitations.map(\.domain) + read.traces.hosts {
        #expect(domain.utf8.count <= 2_000 && domain.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(domain.debugDescription)")
      }
    } while ContinuousClock.now < end
  }

  // MARK: Smaller things

  @Test(
    "names in punycode come back",
    arguments: ["\u{43E}rrery", "bücher", "\u{43E}\u{440}\u{434}\u{435}\u{440}", "\u{1F4A9}", "ñandú-x", "日本語"])
  func punycode(label: String) {
    #expect(Punycode.decode(Punycode.encode(label)) == label)
  }

  @Test func punycodeIsThatOfOthers() {
    // As registrars write them.
    #expect(Punycode.encode("bücher") == "bcher-kva")
    #expect(Punycode.ascii(["münchen", "example"]) == "xn--mnchen-3ya.example")
  }

  @Test(
    "dates",
    arguments: [
      ("Fri, 14 Nov 2025 10:00:00 +0100", 1_763_110_800_000), ("14 Nov 2025 09:00 GMT", 1_763_110_800_000),
      ("Fri, 14 Nov 25 09:00:00 -0000 (UTC)", 1_763_110_800_000), ("1 Jan 1970 00:00:00 +0000", 0),
      ("29 Feb 2024 23:59:60 +0000", 1_709_251_200_000),
      ("", nil), ("yesterday", nil), ("14 Nov 2025 25:00 GMT", nil), ("40 Nov 2025 10:00 GMT", nil),
      ("14 Nov 99999999999999999999 10:00", nil),
      ("14 Nov 2025 10:00:00 +9999", nil),
    ] as [(String, Int64?)])
  func dates(text: String, milliseconds: Int64?) { #expect(MailDate.parse(text)?.milliseconds == milliseconds) }
}
