import Outbound
import Testing

/// Which addresses SMTP can carry.
struct MailAddressTests {
  @Test(
    "what can be an address on the wire",
    arguments: [
      "ada@orrery.example", "a.da+x@orrery.example", "ada..b.@orrery.example", "o'neill@orrery.example", "\"a,b\"@orrery.example",
      "ada@localhost",
      "ada@xn--bcher-kva.example", "ada@mail_host.example", "ada@[127.0.0.1]", "ada@[IPv6:fd00::1]", "ADA@ORRERY.EXAMPLE",
    ])
  func carried(address: String) {
    #expect(MailClient.isAddress(address) && MailClient.isAddress(address, isInternational: true))
  }

  @Test(
    "what ends a command, a header or an address, and what no server could take",
    arguments: [
      "", "ada", "@orrery.example", "ada@", "ada@orrery.example>", "<ada@orrery.example", "ada\r\n@orrery.example", "a da@orrery.example",
      "ada@orrery..example", "ada@orrery.example.", "ada@.example", "ada@or/rery.example", "ada@bücher.example", "a,b@orrery.example",
      "a:b@orrery.example", "a@b@orrery.example", "\"a\\\"@orrery.example", "\"a\"b\"@orrery.example", "\"\"@orrery.example", "ada@[]",
      "ada@[x y]",
      String(repeating: "a", count: 65) + "@orrery.example", "ada@" + String(repeating: "a", count: 64) + ".example",
      "ada@" + String(repeating: "abcdefg.", count: 32) + "example",
    ])
  func notCarried(address: String) {
    #expect(!MailClient.isAddress(address) && !MailClient.isAddress(address, isInternational: true))
  }

  @Test(
    "letters beyond ASCII before the at sign need an extension",
    arguments: ["jürgen@orrery.example", "例@xn--r8jz45g.example", "\"é\"@orrery.example"])
  func international(address: String) {
    #expect(!MailClient.isAddress(address) && MailClient.isAddress(address, isInternational: true))
  }
}
