import Events
import Journeys
import Server
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

  @Test func jsonStaysJSONAndSaysTheSame() throws {
    let said = "a\u{202e}b\u{9b}31m\u{2028}\u{e0001}👍"
    let text = JSONValue.object(["name": .string(said), "list": .list([.string(said)])]).text
    let shown = TerminalJSON(text).description
    #expect(!shown.unicodeScalars.contains { [0x202e, 0x9b, 0x2028, 0xe0001].contains($0.value) } && shown.contains("👍"))
    #expect(try JSONValue(parsing: Array(shown.utf8)) == JSONValue(parsing: Array(text.utf8)))
    #expect(TerminalJSON("{\n  \"a\": 1\n}").description == "{\n  \"a\": 1\n}")
  }

  @Test func linesStayWhereTheyAreWanted() {
    #expect(TerminalText("a\n\tb\u{1b}", keepsLines: true).description == "a\n\tb\\u{1b}")
  }
}
