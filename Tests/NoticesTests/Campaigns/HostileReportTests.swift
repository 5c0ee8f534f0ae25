import Events
import Foundation
import Notices
import Testing

/// Whoever writes a lure does not decide what is kept of it, and whoever reports one is not taken for them.
struct HostileReportTests {
  let it: NoticeBench
  let reader: ReportReader

  private static let text = "Your keys leaked. Send us your password at https://evil-login.test/a now please everybody."

  init() throws {
    it = try NoticeBench()
    reader = ReportReader(
      it.anchors, key: ReportKey(bytes: Array(repeating: 3, count: 32)), now: Timestamp(milliseconds: 1_763_400_300_000), mask: { $0 })
  }

  /// A message with others enclosed.
  private func mail(
    _ text: String, from: String = "x@orrery-billing.example", to: String = "ada@brightfen.example", subject: String = "Rotate now",
    _ enclosed: [UInt8]...
  ) -> [UInt8] {
    let mark = "m\(text.count)-\(enclosed.map(\.count))".filter { $0.isLetter || $0.isNumber }
    let head = "From: <\(from)>\r\nTo: <\(to)>\r\nSubject: \(subject)\r\nMessage-ID: <\(mark)@x.example>\r\n"
    guard !enclosed.isEmpty else { return Array("\(head)\r\n\(text)\r\n".utf8) }
    var bytes = Array("\(head)Content-Type: multipart/mixed; boundary=\(mark)\r\n\r\n--\(mark)\r\n\r\n\(text)".utf8)
    for inside in enclosed { bytes += Array("\r\n--\(mark)\r\nContent-Type: message/rfc822\r\n\r\n".utf8) + inside }
    return bytes + Array("\r\n--\(mark)--\r\n".utf8)
  }

  private func reported(by reporter: String = "ada@brightfen.example", _ enclosed: [UInt8]...) -> [UInt8] {
    var bytes = Array(
      "From: <\(reporter)>\r\nTo: <abuse@orrery.example>\r\nSubject: Fwd: strange\r\nContent-Type: multipart/mixed; boundary=rep\r\n\r\n--rep\r\n\r\nIs this real?"
        .utf8)
    for inside in enclosed { bytes += Array("\r\n--rep\r\nContent-Type: message/rfc822\r\n\r\n".utf8) + inside }
    return bytes + Array("\r\n--rep--\r\n".utf8)
  }

  private func traces(_ bytes: [UInt8]) async -> ReportTraces { await reader.read(bytes).reports[0].traces }

  private var decoy: [UInt8] {
    mail(
      "See https://innocent.example/spring for all of our new flowers and pots and plants.", from: "news@innocent.example",
      subject: "Our spring collection")
  }

  @Test func anEnclosedMessageDoesNotHideTheLure() async {
    for bytes in [reported(mail(Self.text, decoy)), mail(Self.text, decoy), reported(mail(Self.text, mail("Hi.", decoy), decoy))] {
      let traces = await traces(bytes)
      #expect(traces.subject == "Rotate now" && traces.imitations.map(\.domain) == ["orrery-billing.example"], "\(traces)")
      #expect(traces.hosts.contains("evil-login.test") && traces.signs.contains(.password))
    }
    let alone = await reader.read(reported(mail(Self.text))).reports[0]
    let beside = await reader.read(reported(mail(Self.text, decoy))).reports[0]
    #expect(alone.traces.sketch == beside.traces.sketch && alone.digest != beside.digest)
  }

  @Test func aLetterOfOursInALureDoesNotHideIt() async throws {
    let report = await reader.read(reported(mail(Self.text, try it.mail(1).bytes))).reports[0]
    #expect(report.verdict.word == .altered && report.traces.subject == "Rotate now" && report.traces.sketch != nil)
    #expect(report.traces.imitations.map(\.domain) == ["orrery-billing.example"] && report.traces.hosts == ["evil-login.test"])
  }

  @Test func everyMessageOfAReportIsOne() async throws {
    let ours = try it.mail(1).bytes
    let lure = mail(Self.text)
    let all = await reader.read(reported(decoy, lure, ours))
    #expect(all.verdict.word == .altered && all.leftOut == 0, "as verify has it: one of ours beside others")
    #expect(all.reports.map(\.verdict.word) == [.notOurs, .notOurs, .genuine])
    #expect(all.reports.map(\.traces.subject) == [nil, "Rotate now", nil])
    let alone = await reader.read(lure).reports[0]
    #expect(all.reports[1].digest == alone.digest && all.reports[1].traces == alone.traces)
    let many = await reader.read(reported(decoy, decoy, decoy, decoy, decoy, lure, lure))
    #expect(many.reports.count == 5 && many.leftOut == 2)
  }

  @Test func whoWritesALureDoesNotChooseWhichHostsCount() async {
    for bytes in [
      reported(mail(Self.text, from: "x@evil-login.test", to: "news@evil-login.test")), mail(Self.text, to: "news@evil-login.test"),
      mail(Self.text, from: "x@evil-login.test", subject: "FW: Rotate now"),
      reported(mail(Self.text, from: "x@evil-login.test", to: "abuse@orrery.example", subject: "FW: Rotate now")),
      reported(by: "ada@evil-login.test", mail(Self.text, from: "x@evil-login.test")),
    ] { #expect(await traces(bytes).hosts == ["evil-login.test"]) }
  }

  @Test func whoReportsIsNotTakenForALure() async {
    for inside in [decoy, mail(Self.text, from: "x@evil-login.test")] {
      #expect(await traces(reported(by: "ada@orreryfilms.example", inside)).imitations.isEmpty)
    }
  }

  @Test func ofPrivateMailNoSubjectIsKept() async {
    let letter = mail("Shall we meet? My page: https://bobs.example/", from: "bob@brightfen.example", subject: "Your biopsy results")
    for bytes in [letter, reported(letter)] { #expect(await traces(bytes).subject == nil) }
  }

  @Test func labelsThatNameSomebodyAreLeftOut() async {
    let text = "See https://orrery.ada-marchetti-brightfen.evil-login.test/ and https://ada-m.orrery-login.web.app/x"
    let imitations = await traces(mail(text, from: "x@y.test")).imitations
    #expect(imitations.map(\.domain) == ["evil-login.test", "orrery-login.web.app"], "\(imitations)")
    #expect(imitations.allSatisfy { $0.reason == .brandInSubdomain })
  }

  @Test(
    "links that a gateway wrote over",
    arguments: [
      "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Forrery-keys.example%2Fa&data=05",
      "https://urldefense.proofpoint.com/v2/url?u=https-3A__orrery-2Dkeys.example_a&d=x",
      "https://urldefense.com/v3/__https://orrery-keys.example/a__;!!x",
    ])
  func gateways(link: String) async {
    #expect(await traces(mail("Please look at \(link) now", from: "x@y.test")).imitations.map(\.domain) == ["orrery-keys.example"])
  }

  @Test func ofALargeMessageTheStartIsRead() async {
    let words = Array(String(repeating: "a@orr.ex word ", count: 70_000).utf8)
    var bytes = Array("From: <x@y.test>\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\n\(Self.text)".utf8)
    for _ in 0..<30 { bytes += Array("\r\n--m\r\n\r\n".utf8) + words }
    let judged = await ContinuousClock().measure { _ = await MessageJudge(it.anchors, now: Timestamp(milliseconds: 0)).judge(bytes) }
    let began = ContinuousClock.now
    let traces = await traces(bytes)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    print("figure: 30 parts of 1 MB judged in \(judged / .seconds(1)) s, judged and read in \(seconds) s")
    #expect(traces.hosts == ["evil-login.test"] && seconds < judged / .seconds(1) * 2 + 4)
  }

  @Test(
    "domains of many",
    arguments: [
      ("gmail.com", true), ("co.uk", true), ("zendesk.com", true), ("www.google.com", true), ("uk.com", true), ("orrery.co.uk", false),
      ("orrery-login.web.app", false), ("evil.test", false), ("orrery.uk.com", false),
    ])
  func domainsOfMany(text: String, isOfMany: Bool) { #expect(LureDomain(text)?.isOfMany == isOfMany) }
}
