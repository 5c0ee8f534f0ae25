import Crypto
import Events
import Foundation
import Notices
import Testing

struct LetterTests {
  static func filled(_ kind: LetterKind) throws -> LetterTemplate {
    let places = Dictionary(uniqueKeysWithValues: LetterTemplate.CommonPlace.allCases.map { ($0, "something plain") })
    return try #require(LetterTemplate.standard[kind]).filled(places)
  }

  @Test("what comes with the program may go out once it is filled in", arguments: LetterKind.all)
  func standardLettersPass(kind: LetterKind) throws {
    #expect(LetterCheck.faults(of: try Self.filled(kind)) == [])
    let empty = LetterCheck.faults(of: try #require(LetterTemplate.standard[kind]))
    #expect(empty.contains { $0.sentence.contains("{{what_happened}}") }, "nothing filled in is a fault")
  }

  @Test(
    arguments: [
      ("{{fields}}", "", "lacks {{fields}}"), ("{{check_code}}", "", "lacks {{check_code}}"),
      ("something plain", "see https://orrery.example/now", "a link"), ("something plain", "see www.orrery.example", "a link"),
      ("something plain", "act now", "hurries"), ("something plain", "<b>bold</b>", "markup"),
      ("something plain", "a\u{202E}b", "does not show"),
      ("something plain", "{{nonsense}}", "no such place"), ("something plain", String(repeating: "a", count: 21_000), "longer than"),
    ])
  func whatMayNotGoOut(old: String, new: String, words: String) throws {
    let template = try Self.filled(LetterKind(.person, .en))
    let changed = LetterTemplate(template.kind, subject: template.subject, body: template.body.replacing(old, with: new))
    #expect(LetterCheck.faults(of: changed).contains { $0.sentence.contains(words) }, "\(LetterCheck.faults(of: changed))")
  }

  @Test func whatIsFilledInIsNotReadAgain() throws {
    let template = LetterTemplate(
      LetterKind(.administrator, .en), subject: "{{organization}}", body: "{{people}} of {{organization}}, {{nobody}} {{")
    let letter = template.letter([.organization: "{{people}}", .people: "{{organization}}"])
    #expect(letter.subject == "{{people}}" && letter.body == "{{organization}} of {{people}}, {{nobody}} {{")
  }

  @Test func localesBecomeLanguages() {
    #expect(["fr-CA", "FR_fr", "fr"].allSatisfy { LetterLanguage(locale: $0) == .fr })
    #expect(["en", "de-DE", "", "frisian"].allSatisfy { LetterLanguage(locale: $0) == .en } && LetterLanguage(locale: nil) == .en)
  }

  @Test func aCheckCodeIsOfOneMessage() throws {
    let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    func code(_ caseNumber: String = "1-7", _ recipient: String = "ada@orrery.example", _ text: String = "Hello") -> String {
      CheckCode.code(key: key, caseNumber: caseNumber, recipient: recipient, text: text)
    }
    #expect(code().count == 11 && code() == code())
    #expect(Set([code(), code("1-8"), code("1-7", "bea@orrery.example"), code("1-7", "ada@orrery.example", "Hello.")]).count == 4)
    #expect(CheckCode.normalized(code().lowercased().replacing("-", with: " ")) == code())
    #expect(CheckCode.normalized("o0il1-00000") == "00111-00000")
    #expect(["", "12345", "1234567890A", "U0000-00000"].allSatisfy { CheckCode.normalized($0) == nil })
  }

  @Test func aLetterIsAPlainMailWithItsProof() throws {
    let template = try Self.filled(LetterKind(.person, .fr))
    let letter = template.letter([.fields: "- ville\n.point\nFrom ici\n" + String(repeating: "é", count: 90), .checkCode: "00000-00000"])
    let mail = LetterMail(
      from: "security@orrery.example", fromName: "Orrery Labs, Sécurité", to: "ada@brightfen.example", messageID: "<abc@orrery.example>",
      date: .init(milliseconds: 1_763_400_000_000), subject: letter.subject, body: letter.body, language: .fr,
      proof: Array("{\"a\": 1}".utf8), copies: 1)
    let read = MailMessage(mail.bytes)
    #expect(read.findings == [] && read.subject == letter.subject)
    #expect(read.from.map(\.address) == ["security@orrery.example"] && read.from.first?.name == "Orrery Labs, Sécurité")
    #expect(read.readings().map { $0.text.replacing("\r\n", with: "\n").trimmingCharacters(in: .newlines) } == [letter.body])
    #expect(read.attachments.map { $0.decoded() } == [Array("{\"a\": 1}".utf8)])
    #expect(read.headers.text("Sealane-Copy") == "2" || read.headers.text("sealane-copy") == "2")
    #expect(mail.bytes.split(separator: 0x0A).allSatisfy { $0.count <= 998 && $0.last == 0x0D })
    #expect(String(decoding: mail.bytes, as: UTF8.self).contains("Date: Mon, 17 Nov 2025 17:20:00 +0000"))
  }
}
