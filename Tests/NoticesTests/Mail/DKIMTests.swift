import Crypto
import CryptoExtras
import Foundation
import Notices
import Testing

/// TXT records that stand in a table.
struct TableTextRecords: DNSTextRecords {
  var records: [String: DNSTextAnswer]
  var others = DNSTextAnswer.none

  func records(of name: String) async -> DNSTextAnswer { records[name] ?? others }
}

struct DKIMTests {
  static let now = 1_763_400_000
  static let domain = "orrery.example"
  static let letter = [
    "From: Orrery Labs <notices@orrery.example>", "To: ada@brightfen.example", "Subject: What happened",
    "Date: Mon, 17 Nov 2025 17:20:00 +0000",
    "Message-ID: <1@orrery.example>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", "Dear Ada,", "",
    "two  blanks\tand a tab ",
    "end", "", "",
  ].joined(separator: "\r\n")

  static let ed25519 = Result { try DKIMSigner(domain: domain, selector: "ed", ed25519Seed: Array(repeating: 7, count: 32)) }
  static let rsa = Result {
    try DKIMSigner(domain: domain, selector: "rsa", rsaPEM: _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation)
  }
  static func table(_ signers: DKIMSigner..., suffix: String = "") -> TableTextRecords {
    TableTextRecords(
      records: Dictionary(
        uniqueKeysWithValues: signers.map { ("\($0.selector)._domainkey.\($0.domain)", .found([Array(($0.record + suffix).utf8)])) }))
  }

  static func check(_ text: String, _ records: any DNSTextRecords, now: Int = now) async -> [DKIMCheck] {
    await DKIMVerifier(records: records, now: now).check(MailMessage(Array(text.utf8)))
  }

  static func signed(_ signer: DKIMSigner, _ letter: String = letter) throws -> String {
    try signer.field(for: Array(letter.utf8), at: now) + letter
  }

  @Test("what was signed holds, with LF line ends too", arguments: [ed25519, rsa])
  func roundTrip(signer: Result<DKIMSigner, any Error>) async throws {
    let signer = try signer.get()
    let text = try Self.signed(signer)
    #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
    for form in [text, text.replacing("\r\n", with: "\n"), text.replacing("\r\n\r\nDear", with: "\r\n\r\nDear") + "\r\n\r\n"] {
      let checks = await Self.check(form, Self.table(signer))
      #expect(checks.map(\.outcome) == [.pass] && checks.map(\.alignment) == [.same] && checks.map(\.weaknesses) == [[]])
      #expect(DKIMVerifier.result(of: checks) == .pass(domain: Self.domain))
    }
  }

  @Test(
    "what was altered does not",
    arguments: [
      ("Dear Ada", "Dear Bo", DKIMFailure.bodyAltered), ("Subject: What", "Subject: That", .headersAltered),
      ("Subject: What", "Subject: x\r\nSubject: What", .headersAltered),
      ("From: Orrery", "From: a@b.example\r\nFrom: Orrery", .fromRepeated),
      ("text/plain", "text/html", .headersAltered), ("d=orrery", "d=orreri", .noKey), ("v=1;", "v=2;", .unknownVersion),
      ("ed25519-sha256", "rsa-sha1", .unknownAlgorithm), ("ed25519-sha256", "rsa-sha256", .otherKindOfKey),
      (" h=from:from:", " h=", .fromNotSigned),
      ("t=1763400000", "t=1763409999", .signedInTheFuture), ("t=1763400000", "t=17; x=1763399999", .expired),
      ("t=1763400000", "t=x", .malformed),
      ("t=1763400000;", "i=a@evil.example;", .identityOutsideDomain), ("s=ed;", "s=ed; s=ed;", .malformed),
      ("s=ed;", "s=a..b;", .malformed),
      ("bh=", "bh=?", .malformed), ("Dear Ada", "Dear  Ada", nil), ("Subject: What", "SUBJECT:   What", nil),
      ("To: ada", "To:\r\n ada", nil),
      ("Date: ", "Received: x\r\nDate: ", nil), ("Reply", "", nil), ("To: ada", "Reply-To: a@evil.example\r\nTo: ada", .headersAltered),
    ] as [(String, String, DKIMFailure?)])
  func alterations(old: String, new: String, failure: DKIMFailure?) async throws {
    let signer = try Self.ed25519.get()
    let text = try Self.signed(signer).replacing(old, with: new, maxReplacements: 1)
    let checks = await Self.check(text, Self.table(signer))
    #expect(checks.map(\.outcome) == [failure.map { .fail($0) } ?? .pass], "\(old) → \(new)")
  }

  @Test(
    "key records",
    arguments: [
      ("v=DKIM1; k=ed25519; p=", DKIMFailure.revokedKey), ("v=DKIM2; k=ed25519; p=AA", .malformedKey),
      ("k=ed25519; v=DKIM1; p=AA", .malformedKey),
      ("k=ed25519; p=AA", .malformedKey), ("k=ed25519; s=tlsrpt; p=AA", .keyNotForMail), ("k=ed25519; h=sha1; p=AA", .otherKindOfKey),
      ("p=AA", .otherKindOfKey), ("nonsense", .malformedKey), ("", .otherKindOfKey), ("k=ed25519", .malformedKey),
      ("k=ed25519; p=" + Data(repeating: 9, count: 32).base64EncodedString(), .headersAltered),
    ])
  func keys(record: String, failure: DKIMFailure) async throws {
    let signer = try Self.ed25519.get()
    let records = TableTextRecords(records: ["ed._domainkey.orrery.example": .found([Array(record.utf8)])])
    #expect(await Self.check(try Self.signed(signer), records).map(\.outcome) == [.fail(failure)])
  }

  @Test func whatIsWeakIsSaid() async throws {
    let signer = try Self.ed25519.get()
    #expect(await Self.check(try Self.signed(signer), Self.table(signer, suffix: "; t=y")).first?.weaknesses == [.testing])
    let silent = await Self.check(try Self.signed(signer), TableTextRecords(records: [:], others: .silent))
    #expect(silent.map(\.outcome) == [.silent] && DKIMVerifier.result(of: silent) == .silent)
    #expect(DKIMVerifier.result(of: await Self.check(Self.letter, Self.table(signer))) == .none)
    let other = try Self.signed(signer, Self.letter.replacing("notices@orrery.example", with: "notices@brightfen.example"))
    #expect(await Self.check(other, Self.table(signer)).map(\.alignment) == [.other])
    let below = try Self.signed(signer, Self.letter.replacing("notices@orrery.example", with: "notices@mail.orrery.example"))
    #expect(await Self.check(below, Self.table(signer)).map(\.alignment) == [.fromBelow])
  }

  @Test func ofSeveralSignaturesOneIsEnough() async throws {
    let (first, second) = (try Self.ed25519.get(), try Self.rsa.get())
    let text = try second.field(for: Array(Self.letter.utf8), at: Self.now) + Self.signed(first)
    #expect(await Self.check(text, Self.table(first, second)).map(\.outcome) == [.pass, .pass])
    let checks = await Self.check(text, Self.table(first))
    #expect(checks.map(\.outcome) == [.fail(.noKey), .pass] && DKIMVerifier.result(of: checks) == .pass(domain: Self.domain))
  }

  @Test("the example of RFC 8463, appendix A") func appendixA() async {
    let text = [
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;", " d=football.example.com; i=@football.example.com;",
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :", " subject : date : message-id : from : subject : date;",
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;", " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus",
      " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==", "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
      " d=football.example.com; i=@football.example.com;", " q=dns/txt; s=test; t=1528637909; h=from : to : subject :",
      " date : message-id : from : subject : date;", " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
      " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3", " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz",
      " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=", "From: Joe SixPack <joe@football.example.com>",
      "To: Suzie Q <suzie@shopping.example.net>", "Subject: Is dinner ready?", "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
      "Message-ID: <20030712040037.46341.5F8J@football.example.com>", "", "Hi.", "", "We lost the game.  Are you hungry yet?", "", "Joe.",
      "",
    ].joined(separator: "\r\n")
    let rsa =
      "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3Fut"
      + "ACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    let records = TableTextRecords(records: [
      "brisbane._domainkey.football.example.com": .found([Array("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".utf8)]
      ),
      "test._domainkey.football.example.com": .found([Array(rsa.utf8)]),
    ])
    let checks = await Self.check(text, records)
    #expect(checks.map(\.outcome) == [.pass, .pass])
    #expect(checks.map(\.weaknesses) == [[.notOversigned], [.notOversigned, .shortKey]])
  }
}
