import Events
import Ledger
import Testing

/// The ledger's keys do not show themselves.
struct SecrecyTests {
  @Test("signer and keys print their name only, reflected or not")
  func printing() throws {
    let keys = try Sample.keys(seed: 0x41, sets: 0x42)
    let signer = try #require(NoteSigner(name: "sealane.test/ledger", seed: [UInt8](repeating: 0x41, count: 32)))
    for (value, text) in [(keys, "<keys of sealane.test/ledger>"), (signer, "<signer sealane.test/ledger>")] as [(any Sendable, String)] {
      var dumped = ""
      dump(value, to: &dumped)
      #expect(dumped == "- \(text)\n")
      #expect("\(value)" == text && String(reflecting: value) == text)
      #expect(Mirror(reflecting: value).children.isEmpty)
    }
  }
}
