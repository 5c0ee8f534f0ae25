import Foundation
import Notices
import TestSupport
import Testing

/// Signatures and key records of any bytes. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct DKIMFuzzTests {
  @Test("an altered message passes only if its canonical form is the same") func fuzzMessages() async throws {
    var random = Fuzzing.generator(67)
    let signer = try DKIMTests.ed25519.get()
    let text = try DKIMTests.signed(signer)
    let records = DKIMTests.table(signer)
    var passed = 0
    let end = ContinuousClock.now + .seconds(Fuzzing.seconds ?? 0.5)
    var round = 0
    repeat {
      round += 1
      var bytes = Array(text.utf8)
      random.alter(&bytes, places: 0...2, telling: Array(";=: \t\r\nbhdt".utf8))
      let checks = await DKIMVerifier(records: records, now: DKIMTests.now).check(MailMessage(bytes))
      guard checks.contains(where: { $0.outcome == .pass }) else { continue }
      passed += 1
      func visible(_ text: String) -> String { text.lowercased().filter { !$0.isWhitespace } }
      let message = MailMessage(bytes)
      let original = MailMessage(Array(text.utf8))
      #expect(visible(message.subject) == visible(original.subject), "round \(round)")
      // Relaxed: one blank is as good as another.
      #expect(message.from.map(\.address) == original.from.map(\.address), "round \(round)")
      #expect(message.from.map { visible($0.name) } == original.from.map { visible($0.name) }, "round \(round)")
      #expect(
        visible(String(decoding: message.root.body, as: UTF8.self)) == visible(String(decoding: original.root.body, as: UTF8.self)),
        "round \(round)")
    } while ContinuousClock.now < end
    #expect(passed > 0 && passed < round)
  }

  @Test("an altered key record is no other key") func fuzzKeys() async throws {
    var random = Fuzzing.generator(68)
    let signers = [try DKIMTests.ed25519.get(), try DKIMTests.rsa.get()]
    let texts = try signers.map { MailMessage(Array(try DKIMTests.signed($0).utf8)) }
    let end = ContinuousClock.now + .seconds(Fuzzing.seconds ?? 0.5)
    repeat {
      for (signer, message) in zip(signers, texts) {
        var record = Array(signer.record.utf8)
        random.alter(&record, places: 0...3, telling: Array(";=: vkpthsy*".utf8))
        let records = TableTextRecords(records: ["\(signer.selector)._domainkey.\(signer.domain)": .found([record])])
        let checks = await DKIMVerifier(records: records, now: DKIMTests.now).check(message)
        #expect(checks.count == 1)
      }
    } while ContinuousClock.now < end
  }

  @Test("ten megabytes under ten signatures take no longer than others") func bounded() async throws {
    let signer = try DKIMTests.ed25519.get()
    let letter = DKIMTests.letter + String(repeating: " \r\n \t", count: 2_000_000) + "x"
    let field = try signer.field(for: Array(letter.utf8), at: DKIMTests.now)
    let fields = (0..<200).map { field.replacing("t=1763400000", with: "t=1763400000; l=\($0 * 50_000)") }.joined()
    let message = MailMessage(Array((fields + letter).utf8))
    let start = ContinuousClock.now
    let checks = await DKIMVerifier(records: DKIMTests.table(signer), now: DKIMTests.now).check(message)
    #expect(checks.count == 10)
    #expect(ContinuousClock.now - start < .seconds(4), "\(ContinuousClock.now - start)")
  }
}
