import Foundation
import Notices
import TestSupport
import Testing

/// Messages of any bytes. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct MailFuzzTests {
  static let seeds = [
    "From: =?utf-8?q?Orrery?= <a@orrery.example>\r\nSubject: =?utf-8?B?w4k=?=\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n"
      + "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nplain =E9 text\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n"
      + "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p style=3D\"color:#fff\">x</p><a href=3D'https://a.example'>b</a>\r\n--c--\r\n--b\r\n"
      + "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf; name*0*=utf-8''a%20; name*1=b\r\n"
      + "Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n",
    "<html><head><style>.a{display:none} @media x{p{color:red}}</style></head><body><p class=a>x &eacute; &#233; <!-- c --> <b hidden>y</b>"
      + "<table bgcolor='#fff'><tr><td style='font-size:0;color:rgb(1,2,3)'>z<script>s</script><img src=//a.example/b></table></body></html>",
  ]
  static let telling = Array("<>=?\"'-\r\n:;&#@*()\u{0}b, ".utf8) + [0xE2, 0x80, 0xFF]

  @Test("messages: always one, and its readings hold no more than the bytes") func fuzzMessages() {
    var random = Fuzzing.generator(61)
    Fuzzing.forAWhile { round in
      var bytes = Array(Self.seeds[0].utf8)
      random.alter(&bytes, places: 0...8, telling: Self.telling)
      let message = MailMessage(bytes)
      let readings = message.readings()
      #expect(!readings.isEmpty && readings.count <= 2, "round \(round)")
      for reading in readings { #expect(reading.text.utf8.count <= bytes.count * 4, "round \(round)") }
      for enclosed in message.enclosed { _ = enclosed.readings() }
      for part in message.attachments { #expect(part.decoded().count <= bytes.count, "round \(round)") }
      _ = (message.subject, message.from, message.addresses("to"))
      #expect(message.bytes.elementsEqual(bytes), "round \(round)")
    }
  }

  @Test("HTML: text is no longer than its source allows, links have an end") func fuzzHTML() {
    var random = Fuzzing.generator(62)
    Fuzzing.forAWhile { round in
      var bytes = Array(Self.seeds[1].utf8)
      random.alter(&bytes, places: 0...8, telling: Self.telling)
      let view = HTMLView(String(decoding: bytes, as: UTF8.self), links: 3)
      #expect(view.text.utf8.count + view.hidden.utf8.count <= bytes.count * 4 && view.links.count <= 3, "round \(round)")
    }
  }

  @Test("words: canonical ones stay themselves, matching never fails") func fuzzWords() {
    var random = Fuzzing.generator(63)
    Fuzzing.forAWhile { round in
      var bytes = Array(MailTextTests.signed.utf8)
      random.alter(&bytes, places: 0...6, telling: Array(">-*_\"'\r\n \u{AD}\u{200B}".utf8))
      let text = String(decoding: bytes, as: UTF8.self)
      let words = CanonicalWords(text).words
      let again = CanonicalWords(words.joined(separator: " ")).words
      #expect(
        again == words || words.contains { $0.hasPrefix(">") || $0.hasPrefix("*") || $0.hasPrefix("_") },
        "round \(round): \(text.debugDescription)")
      switch MailText.match(signed: MailTextTests.signed, shown: text) {
      case .whole: #expect(words == CanonicalWords(MailTextTests.signed).words, "round \(round)")
      case .altered(let difference): #expect(difference.found.unicodeScalars.count <= 120, "round \(round)")
      case .wrapped, .absent: break
      }
    }
  }

  /// Ten million bytes each, made to cost as much as they can.
  static let hostile: [(String, @Sendable () -> String)] = [
    ("headers", { String(repeating: "a: b\n", count: 2_000_000) }),
    ("one folded header", { "Subject: " + String(repeating: "=?utf-8?q?\n ", count: 900_000) }),
    ("addresses", { "From: " + String(repeating: "\"<(,", count: 2_500_000) }),
    ("parameters", { "Content-Type: text/plain" + String(repeating: ";a=b", count: 2_500_000) }),
    ("boundaries", { "Content-Type: multipart/mixed; boundary=a\n\n" + String(repeating: "--a\n", count: 2_500_000) }),
    ("nested parts", { nested(10_000) }),
    ("deep elements", { html(String(repeating: "<b>", count: 3_300_000)) }),
    ("ends without elements", { html(String(repeating: "<b>", count: 400) + String(repeating: "</i>", count: 2_500_000)) }),
    ("comments", { html(String(repeating: "<!--", count: 2_500_000)) }),
    ("references", { html(String(repeating: "&#x41", count: 2_000_000)) }),
    (
      "styles",
      { html("<style>" + (0..<500).map { "p{color:#00\($0 % 10)}" }.joined() + "</style>" + String(repeating: "<p>", count: 3_300_000)) }
    ),
    ("style attributes", { html(String(repeating: "<p style='/*;color:red;font-size:9'>", count: 300_000)) }),
    ("links", { html(String(repeating: "<a href=x>", count: 1_000_000)) }),
    ("attributes", { html("<p " + String(repeating: "a=b ", count: 2_500_000)) }),
    ("quoted-printable", { "Content-Transfer-Encoding: quoted-printable\n\n" + String(repeating: "= ", count: 5_000_000) }),
    ("base64", { "Content-Transfer-Encoding: base64\n\n" + String(repeating: "QUFB", count: 2_500_000) }),
    ("quotes", { "\n" + String(repeating: "> ", count: 5_000_000) }),
    ("shapeless", { "\n" + String(repeating: "\u{200B}a\u{301}", count: 1_600_000) }),
    ("scripts", { html(String(repeating: "<script></scrip", count: 600_000)) }),
    ("encoded messages", { encoded(12) }),
  ]

  @Test("a hostile message of ten megabytes takes no longer than another", arguments: 0..<20)
  func bounded(index: Int) {
    let (name, make) = Self.hostile[index]
    let bytes = Array(make().utf8)
    let start = ContinuousClock.now
    let message = MailMessage(bytes)
    let signed = CanonicalWords(MailTextTests.signed).words
    for reading in message.readings() { _ = MailText.match(signed: signed, shown: CanonicalWords(reading.text).words) }
    _ = (message.from, message.subject, message.attachments, message.enclosed)
    let took = ContinuousClock.now - start
    if ProcessInfo.processInfo.environment["SEALANE_SHOW"] != nil { print("\(name): \(bytes.count) bytes, \(took)") }
    #expect(took < .seconds(4), "\(name) took \(took)")
  }

  private static func html(_ body: String) -> String { "Content-Type: text/html\n\n" + body }

  private static func nested(_ depth: Int) -> String {
    let head = (0..<depth).map { "Content-Type: multipart/mixed; boundary=\"b\($0)\"\n\n--b\($0)\n" }.joined()
    return head + String(repeating: "x\n", count: max(0, 9_000_000 - head.utf8.count) / 2)
  }

  private static func encoded(_ depth: Int) -> String {
    var message = "\n" + String(repeating: "abc\n", count: 100_000)
    for _ in 0..<depth {
      message = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + Data(message.utf8).base64EncodedString()
      if message.utf8.count > 10_000_000 { break }
    }
    return message
  }
}
