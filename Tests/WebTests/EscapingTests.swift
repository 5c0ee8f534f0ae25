import TestSupport
import Testing
import Web

/// Strings that have hurt other products.
let hostileTexts = [
  "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</textarea><svg/onload=alert(1)>",
  "javascript:alert(1)",
  "&lt;b&gt;", "`${alert(1)}`", "]]>", "<!--", "\u{0}<\u{0}script>", "\u{202E}gnp.exe", "a\u{2066}b\u{2069}", "\u{200B}\u{FEFF}", "👩‍👩‍👧‍👦 家族",
  "שלום",
  String(repeating: "W", count: 255), String(repeating: "a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}", count: 5), "", " ", "\r\n\t",
  "\u{E0041}", "＜script＞",
]

struct EscapingTests {
  @Test(arguments: hostileTexts)
  func noTextOpensATagOrLeavesAnAttribute(_ text: String) {
    for html in ["\(text)" as HTML, "\(value: text)" as HTML, HTML(text: text), "\(Address("/p", [.init(text, text)]))" as HTML] {
      for character in "<>\"'`" { #expect(!html.source.contains(character)) }
    }
  }

  @Test func noRandomTextOpensATag() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<3_000 {
      let text = generator.text(limit: 40)
      let html: HTML = "\(text)\(value: text)\(Address("/x", [.init("a", text)]))"
      #expect(
        !html.source.unicodeScalars.contains { $0 == "<" || $0 == ">" || $0 == "\"" || $0 == "'" }, "\(text.unicodeScalars.map(\.value))")
    }
  }

  @Test func markupStaysMarkupAndTextBecomesText() {
    let inner: HTML = "<b>\("a<b")</b>"
    #expect(("<p>\(inner)\([inner, inner])</p>" as HTML).source == "<p><b>a&lt;b</b><b>a&lt;b</b><b>a&lt;b</b></p>")
  }

  @Test(arguments: [
    "\u{202E}", "\u{2066}", "\u{200F}", "\u{0}", "\u{7}", "\u{85}", "\u{200B}", "\u{FEFF}", "\u{2028}", "\u{E0020}", "\u{AD}",
  ])
  func charactersThatTurnOrHideAreShownByTheirCodePoint(_ character: String) {
    let shown = VisibleText.of("a\(character)b")
    #expect(shown.contains("[U+"))
    #expect(!shown.unicodeScalars.contains(character.unicodeScalars[character.unicodeScalars.startIndex]))
    #expect(VisibleText.of(shown) == shown)
  }

  @Test func whatScriptsAndEmojiNeedStays() {
    for text in ["👩‍👩‍👧‍👦", "می‌خواهم", "שלום", "Zażółć", "a\tb\nc"] { #expect(VisibleText.of(text) == text) }
  }

  @Test func formValuesComeBackExactly() {
    #expect(("\(value: "a\r\nb\u{202E}")" as HTML).source == "a&#13;&#10;b\u{202E}")
  }

  @Test func piledUpMarksAreCutOff() {
    let text = "a" + String(repeating: "\u{301}", count: 500)
    #expect(VisibleText.of(text).unicodeScalars.count == 5)
  }

  @Test func longNamesAreShortenedInTheMiddle() {
    #expect(VisibleText.shortened("abcdefghij", to: 6) == "abcd…j")
    #expect(VisibleText.shortened("abc", to: 6) == "abc")
    let fitted = VisibleText.fitted(String(repeating: "W", count: 255), width: 120)
    #expect(VisibleText.estimatedWidth(fitted, size: 12) <= 120)
  }
}

extension SeededGenerator {
  /// Scalars of all planes, markup and controls more often.
  mutating func text(limit: Int) -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...limit, using: &self) {
      switch Int.random(in: 0..<4, using: &self) {
      case 0: scalars.append("<>\"'`&= /\\;,*%+:#?{}()\u{0}\r\n\t\u{202E}".unicodeScalars.randomElement(using: &self) ?? "<")
      case 1: scalars.append("abcXYZ019_-. $".unicodeScalars.randomElement(using: &self) ?? "a")
      default: if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &self)) { scalars.append(scalar) }
      }
    }
    return String(scalars)
  }
}
