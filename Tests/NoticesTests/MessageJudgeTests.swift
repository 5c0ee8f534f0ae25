import Events
import Foundation
import Notices
import TestSupport
import Testing

struct MessageJudgeTests {
  let it: NoticeBench
  let judge: MessageJudge

  init() throws {
    it = try NoticeBench()
    judge = MessageJudge(it.anchors, now: Timestamp(milliseconds: 1_763_400_300_000))
  }

  private func verdict(_ body: (String) -> String) async throws -> MessageVerdict {
    let letter = try it.proof(1).letter
    return await judge.judge(try it.mail(1, body: body(letter.body)).bytes)
  }

  private func codes(_ verdict: MessageVerdict) -> Set<MessageVerdict.Reason.Code> { Set(verdict.reasons.map(\.code)) }

  @Test(
    "words around the text do no harm",
    arguments: [
      "Please notify the sender immediately and delete this message.", "Unauthorised use may lead to legal action.",
      "CAUTION: this message comes from outside. Do not click links unless you know the sender.",
    ])
  func footers(words: String) async throws {
    for wrapped in [{ "\(words)\n\n\($0)" }, { "\($0)\n\n\(words)" }] as [(String) -> String] {
      let found = try await verdict(wrapped)
      #expect(found.word == .genuine && codes(found).contains(.textWrapped), "\(found.reasons.filter { $0.weight == .bad })")
    }
  }

  @Test(
    "what asks, leads or lures does",
    arguments: [
      ("Reply with your password.", MessageVerdict.Reason.Code.asksForSecret), ("Sign in at console.evil.example/login", .addedLink),
      ("Your account will be suspended.", .addedLure),
    ])
  func lures(words: String, code: MessageVerdict.Reason.Code) async throws {
    let found = try await verdict { "\($0)\n\n\(words)" }
    #expect(found.word == .altered && codes(found).contains(code))
  }

  @Test func aRealProofBesideAnotherTextIsNotOurs() async throws {
    let found = try await verdict { _ in "Rotate your keys now at https://orrery-keys.example/" }
    #expect(found.word == .notOurs && codes(found).isSuperset(of: [.proofHolds, .textAbsent, .link]))
    #expect(!found.reasons.contains { $0.weight == .good })
  }

  @Test func theMessageAroundAForwardedOneCounts() async throws {
    let inside = try it.mail(1).bytes
    func around(_ text: String) -> [UInt8] {
      Array(
        "From: <ada@brightfen.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\(text)\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
          .utf8) + inside + Array("\r\n--b--\r\n".utf8)
    }
    #expect(await judge.judge(around("Is this real?")).word == .genuine)
    let found = await judge.judge(around("Confirm at https://orrery-login.example/"))
    #expect(found.word == .altered && codes(found).contains(.addedLink))
  }

  @Test func anAccountsIDSaysNothingAboutAnAddress() async throws {
    let found = await judge.judge(try it.mail(1).bytes, reader: StatementName(.account, "u_1"))
    #expect(found.word == .genuine && !found.reasons.contains { $0.code == .writtenTo && $0.weight == .good })
  }

  @Test(
    "styles that hide words are seen wherever they stand",
    arguments: [
      ("<style>.n{display:none}</style>", true, false), ("<style>@media screen{.n{display:none}}</style>", false, true),
      ("<style>p .n{visibility:hidden}</style>", false, true), ("<style>.n::after{content:'x'}</style>", false, true),
      ("<link rel=stylesheet href=x.css>", false, true), ("<style>@font-face{font-family:x} .n{color:red}</style>", false, false),
      ("<style>@list l0{text-indent:-18pt} @page p{margin:0}</style>", false, false),
    ])
  func styles(style: String, hides: Bool, mayHide: Bool) {
    let view = HTMLView("<p>were <span class=n>not</span> involved</p>\(style)")
    #expect(view.text == (hides ? "were involved" : "were not involved"))
    #expect(view.findings.contains(.hidingStyle) == mayHide)
  }

  @Test("whatever bytes are altered: what is called genuine shows the whole letter") func fuzzJudgements() async throws {
    let letter = try it.proof(2).letter
    let sent = try it.mail(2).bytes
    var random = Fuzzing.generator(71)
    for round in 0..<300 {
      var bytes = sent
      random.alter(&bytes, places: 0...2, telling: MailFuzzTests.telling)
      let found = await judge.judge(bytes)
      #expect(!found.reasons.isEmpty, "round \(round)")
      guard found.word == .genuine else { continue }
      for reading in MailMessage(bytes).readings() {
        switch MailText.match(signed: letter.body, shown: reading.text) {
        case .whole, .wrapped: break
        case .altered, .absent: Issue.record("round \(round): genuine, and shows another text")
        }
      }
    }
  }
}
