import Notices
import Testing

struct StatementNameTests {
  @Test func anAddressHasOneSpelling() {
    #expect(StatementName(.email, " Ada@Orrery.Example\n")?.bytes == Array("email:ada@orrery.example".utf8))
    #expect(StatementName(.email, "e\u{301}va@orrery.example") == StatementName(.email, "\u{E9}va@orrery.example"))
    #expect(StatementName(.email, "a.da+x@orrery.example") != StatementName(.email, "ada@orrery.example"))
  }

  @Test(arguments: ["", " ", "ada", "@orrery.example", "ada@", "a@b@c", "ada b@orrery.example", "ada@orrery\u{0}.example"])
  func whatIsNoAddressIsNone(text: String) { #expect(StatementName(.email, text) == nil) }

  @Test func anAccountIsNoAddress() {
    #expect(StatementName(.account, "Ada")?.bytes == Array("account:Ada".utf8))
    #expect(StatementName(guessing: "u_17")?.kind == .account)
    #expect(StatementName(guessing: "ada@orrery.example")?.kind == .email)
    #expect(StatementName(.account, String(repeating: "a", count: 1_025)) == nil)
  }
}
