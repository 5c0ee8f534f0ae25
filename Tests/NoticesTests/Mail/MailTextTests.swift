import Foundation
import Notices
import Testing

struct MailTextTests {
  static let signed = """
    On 9 November a stranger got into a system of ours and copied the names and e-mail addresses of some customers.

    You are among them. Your name, your e-mail address and the city that you signed in from were copied. Your “API keys” and
    passwords were not: there’s nothing to change.

    - Nobody from Orrery Labs will ask you for a password — not by mail, not by phone.
    - You can check this message at orrery.example without following a link.

    Le mot de passe\u{A0}? Nous ne le demanderons jamais\u{202F}!
    """

  static let banner = "CAUTION: This e-mail came from outside of the organization. Do not click links."
  static let footer = "--\nThis message is confidential. If you are not the intended recipient, delete it."

  @Test func theSameIsWhole() { #expect(MailText.match(signed: Self.signed, shown: Self.signed) == .whole) }

  @Test(
    "a changed form is still whole",
    arguments: [
      { $0.replacing("’", with: "'").replacing("“", with: "\"").replacing("”", with: "\"").replacing("—", with: "-") },
      { $0.replacing("\u{A0}", with: " ").replacing("\u{202F}", with: " ") },
      { $0.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "\n") },
      { $0.split(separator: "\n", omittingEmptySubsequences: false).map { "> > \($0)" }.joined(separator: "\r\n") },
      { wrapped($0, 40) }, { wrapped($0, 25).split(separator: "\n").map { ">\($0)" }.joined(separator: "\n") },
      { $0.replacing("\n- ", with: "\n• ") }, { $0.decomposedStringWithCanonicalMapping }, { $0.replacing("-", with: "\u{2011}") },
      { $0.map { "\($0)\u{200B}" }.joined() },
    ] as [@Sendable (String) -> String])
  func form(change: @Sendable (String) -> String) {
    #expect(MailText.match(signed: Self.signed, shown: change(Self.signed)) == .whole, "\(change(Self.signed))")
  }

  @Test func whatStandsAroundIsSaid() {
    let shown = "\(Self.banner)\n\n\(Self.signed)\n\n\(Self.footer)"
    #expect(
      MailText.match(signed: Self.signed, shown: shown)
        == .wrapped(before: CanonicalWords(Self.banner).words, after: CanonicalWords(Self.footer).words))
  }

  @Test(
    "one word that is another is found",
    arguments: [
      ("9 November", "8 November", "9", "8"), ("were not:", "were too:", "not:", "too:"),
      ("some customers.", "some customers, call 555.", "customers.", "customers,"),
      ("On 9", "At 9", "On", "At"), ("a password", "your pаssword", "a", "your"), (" jamais", "", "jamais", "demanderons"),
      ("orrery.example", "orrery-billing.example", "orrery[.]example", "orrery-"),
    ])
  func altered(old: String, new: String, expected: String, found: String) throws {
    let shown = "\(Self.banner)\n\(Self.signed.replacingOccurrences(of: old, with: new))"
    guard case .altered(let difference) = MailText.match(signed: Self.signed, shown: shown) else {
      Issue.record("\(MailText.match(signed: Self.signed, shown: shown))")
      return
    }
    #expect(difference.expected.contains(expected) && difference.found.contains(found), "\(difference)")
    #expect(difference.share > 0.5)
  }

  @Test func anotherTextIsAbsent() {
    let other = "Your quota is exceeded. Sign in with your password within 24 hours or the account of the customer will be closed."
    #expect(MailText.match(signed: Self.signed, shown: other) == .absent)
    #expect(MailText.match(signed: Self.signed, shown: "") == .absent)
    #expect(MailText.match(signed: "", shown: other) == .absent)
  }

  @Test("a text that begins like itself again and again takes linear time") func repetition() {
    let signed = Array(repeating: "a", count: 100_000) + ["b"]
    let shown = Array(repeating: "a", count: 300_000)
    let start = ContinuousClock.now
    guard case .altered = MailText.match(signed: signed, shown: shown) else {
      Issue.record("not altered")
      return
    }
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  /// Lines of at most so many characters, broken at blanks and behind hyphens, as programs do.
  static func wrapped(_ text: String, _ width: Int) -> String {
    var result = ""
    var column = 0
    for word in text.split(whereSeparator: \.isWhitespace) {
      var rest = word[...]
      if column + rest.count > width, let hyphen = rest.dropLast().firstIndex(of: "-"), hyphen > rest.startIndex {
        result += (column > 0 ? " " : "") + rest[...hyphen]
        rest = rest[rest.index(after: hyphen)...]
        column = width
      }
      if column > 0, column + rest.count + 1 > width {
        result += "\n"
        column = 0
      } else if column > 0 {
        result += " "
        column += 1
      }
      result += rest
      column += rest.count
    }
    return result
  }
}
