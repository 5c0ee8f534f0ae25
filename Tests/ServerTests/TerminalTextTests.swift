import Events
import Testing

struct TerminalTextTests {
  @Test(
    "what could steer a terminal is shown, not obeyed",
    arguments: [
      ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"), ("\u{9b}31m", "\\u{9b}31m"), ("bell\u{7}", "bell\\u{7}"),
      ("right\u{202e}left", "right\\u{202e}left"),
      ("zero\u{200b}width", "zero\\u{200b}width"), ("line\nbreak", "line\\u{a}break"), ("\u{2028}", "\\u{2028}"), ("\u{7f}", "\\u{7f}"),
    ])
  func escapes(raw: String, shown: String) {
    #expect(TerminalText(raw).description == shown)
  }

  @Test func ordinaryTextStaysAsItIs() {
    for text in ["plain", "Grüße, 世界 – 10 €", "naïve 👍"] { #expect(TerminalText(text).description == text) }
  }

  @Test func linesStayWhereTheyAreWanted() {
    #expect(TerminalText("a\n\tb\u{1b}", keepsLines: true).description == "a\n\tb\\u{1b}")
  }
}
