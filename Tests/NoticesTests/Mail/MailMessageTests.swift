import Notices
import Testing

struct MailMessageTests {
  static func message(_ lines: String...) -> MailMessage { MailMessage(Array(lines.joined(separator: "\r\n").utf8)) }

  @Test("headers: folds, encoded words, order and raw bytes", arguments: ["\r\n", "\n"])
  func headers(lineEnd: String) {
    let text = [
      "From: =?utf-8?q?Orrery_Labs?= <notices@orrery.example>", "Subject: =?UTF-8?B?w4k=?=", " =?utf-8?b?dMOp?= of",
      "\t=?iso-8859-1?Q?caf=E9?=",
      "To: a@b.example", "", "Body",
    ]
    let message = MailMessage(Array(text.joined(separator: lineEnd).utf8))
    #expect(message.headers.fields.map(\.name) == ["from", "subject", "to"])
    #expect(message.subject == "Été of\tcafé")
    #expect(message.from == [MailAddress(name: "Orrery Labs", address: "notices@orrery.example")])
    #expect(message.from[0].domain == "orrery.example")
    #expect(message.headers.fields[2].raw.elementsEqual("To: a@b.example".utf8))
    #expect(message.readings().map(\.text) == ["Body"])
    #expect(message.findings.isEmpty)
  }

  @Test func aCharacterCutInTwoEncodedWordsIsOne() {
    #expect(EncodedWords.decode(Array("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=".utf8)[...]) == "café")
    #expect(EncodedWords.decode(Array("a =?utf-8?x?b?= =?utf-8?q?".utf8)[...]) == "a =?utf-8?x?b?= =?utf-8?q?")
  }

  @Test func addresses() {
    let field = #"Team: "Ada, L." <ada@orrery.example>, (a comment) bo@orrery.example; "support@orrery.example" <x@evil.example>, <>"#
    let list = MailAddress.list(Array(field.utf8))
    #expect(list.map(\.address) == ["ada@orrery.example", "bo@orrery.example", "x@evil.example", ""])
    #expect(list.map(\.name) == ["Ada, L.", "", "support@orrery.example", ""])
    #expect(list.map(\.nameHoldsAddress) == [false, false, true, false])
  }

  @Test func aTreeOfPartsIsRead() throws {
    let message = Self.message(
      "Subject: x", "Content-Type: multipart/mixed; boundary=\"a b\"", "", "preamble", "--a b",
      "Content-Type: multipart/alternative; boundary=inner", "", "--inner", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable", "", "Bonjour =C3=A0 tous, une ligne=", " coup=C3=A9e.  ", "--inner",
      "Content-Type: text/html; charset=iso-8859-15", "Content-Transfer-Encoding: base64", "", "PHA+MTAgpDwvcD4=", "--inner--", "--a b",
      "Content-Type: application/octet-stream; name*0*=utf-8''re%C3%A7; name*1=\"u.zip\"", "Content-Disposition: attachment",
      "Content-Transfer-Encoding: base64", "", "AAEC", "--a b", "Content-Type: message/rfc822", "", "Subject: inside", "", "Inner text",
      "--a b--", "epilogue")
    #expect(message.findings.isEmpty)
    let readings = message.readings()
    try #require(readings.count == 2)
    #expect(readings[0].text == "Bonjour à tous, une ligne coupée.")
    #expect(readings[1].text == "10 €")
    #expect(readings.map(\.holdsHTML) == [false, true])
    try #require(message.attachments.count == 1)
    #expect(message.attachments[0].fileName == "reçu.zip")
    #expect(message.attachments[0].decoded() == [0, 1, 2])
    try #require(message.enclosed.count == 1)
    #expect(message.enclosed[0].subject == "inside")
    #expect(message.enclosed[0].readings().map(\.text) == ["Inner text"])
  }

  @Test(
    "charsets",
    arguments: [
      ("utf-8", [0x63, 0xC3, 0xA9], "cé"), ("ISO-8859-1", [0xE9, 0x80], "é€"), ("windows-1252", [0x93], "\u{201C}"),
      ("utf-16le", [0xE9, 0, 0x41, 0], "éA"), ("UTF-16", [0xFE, 0xFF, 0, 0xE9], "é"), ("koi8-r", [0xC1], "а"),
      ("shift_jis", [0x83, 0x41], "ア"),
      ("utf-8", [0xE9, 0x41], "\u{FFFD}A"), ("x-nobody", [0xE9], "é"), ("gb18030", [0xC4, 0xE3], "你"), ("us-ascii", [0xC3, 0xA9], "é"),
    ] as [(String, [UInt8], String)])
  func charsets(name: String, bytes: [UInt8], text: String) { #expect(MailCharset.decode(bytes, name).text == text) }

  @Test(
    "odd messages are read, and what is odd about them is said",
    arguments: [
      ("Content-Type: multipart/mixed\r\n\r\n--a\r\n", MailFinding.missingBoundary),
      ("Subject: a\rFrom: b@c.example\r\n\r\n", .bareCarriageReturn),
      ("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx", .unterminatedMultipart),
      ("no field\r\nSubject: x\r\n\r\n", .malformedField),
      ("From: a@b.example\r\nFrom: c@d.example\r\n\r\n", .repeatedField),
      ("From: \"a@b.example\" <c@d.example>\r\n\r\n", .nameHoldsAddress),
    ])
  func odd(text: String, finding: MailFinding) { #expect(MailMessage(Array(text.utf8)).findings == [finding]) }

  @Test(
    "a body's oddities are said with its reading",
    arguments: [
      ("Content-Transfer-Encoding: x-own\n\nabc", MailFinding.unknownEncoding),
      ("Content-Transfer-Encoding: base64\n\nYW?Jj", .badEncoding),
      ("Content-Type: text/plain; charset=x-own\n\n\u{E9}", .unknownCharset), ("\n\u{202E}abc", .bidirectional),
      ("Content-Type: text/html\n\n<form action=x>", .form), ("Content-Type: text/html\n\n<img src=https://a.example/x>", .remoteImage),
      ("Content-Type: text/html\n\n<p style='display:none'>x", .hiddenText),
      ("Content-Type: multipart/alternative; boundary=a\n\n--a\n\nx\n--a\nContent-Type: text/x-amp-html\n\ny\n--a--", .otherAlternative),
    ])
  func oddBodies(text: String, finding: MailFinding) {
    #expect(MailMessage(Array(text.utf8)).readings().contains { $0.findings.contains(finding) })
  }

  @Test func flowedLinesLoseTheirBlanks() {
    let message = Self.message("Content-Type: text/plain; format=flowed; delsp=yes", "", "abc ", "def", "-- ", "x")
    #expect(message.readings()[0].text == "abcdef\n-- \nx")
  }

  @Test(
    "base64 and quoted-printable forgive",
    arguments: [
      ("YWJj", "abc"), ("YW Jj\r\n", "abc"), ("YWI=YWI=", "abab"), ("YWJ", "ab"), ("Y", ""), ("", ""),
    ])
  func base64(encoded: String, decoded: String) {
    #expect(TransferEncoding.base64(Array(encoded.utf8)[...]).bytes == Array(decoded.utf8))
  }

  @Test(arguments: [
    ("a=3Db", "a=b"), ("a=\r\nb", "ab"), ("a = b", "a = b"), ("a  \r\nb", "a\r\nb"), ("a= \nb", "ab"), ("a=", "a"), ("=4", "=4"),
  ])
  func quotedPrintable(encoded: String, decoded: String) {
    #expect(TransferEncoding.quotedPrintable(Array(encoded.utf8)[...]).bytes == Array(decoded.utf8))
  }
}
