import Crypto
import Events
import Testing
import Vault

/// What sealing costs. Processor time of a thread, printed; judged with room for a machine that is busy otherwise.
@Suite("Sealing a value takes microseconds")
struct SealingSpeedTests {
  private static let count = 20_000

  /// At load: a sealer with an epoch's worth of other keys, used from another thread at the same time.
  @Test(arguments: [true, false])
  func `below 10 µs, key of the epoch or first sight`(hasKey: Bool) async throws {
    let project = ProjectID(1)
    let pseudonyms = Pseudonymizer(key: SecretKey(), project: project)
    let sealer = Sealer(
      project: project, custodianKey: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey), pseudonymizer: pseudonyms)
    for number in 0..<50_000 { _ = try sealer.seal("x", subject: pseudonyms.subject("before-\(number)"), field: "$id") }
    let subjects = (0..<Self.count).map { pseudonyms.subject("user-\($0)") }
    if hasKey { sealer.markDurable(try subjects.compactMap { try sealer.seal("x", subject: $0, field: "$id").1 }) }
    let other = Task.detached {
      for number in 0..<Self.count where !Task.isCancelled {
        _ = try sealer.seal("somebody@elsewhere.example", subject: pseudonyms.subject("other-\(number)"), field: "$email")
      }
    }
    var bytes = 0
    let start = ThreadClock.now
    for (number, subject) in subjects.enumerated() {
      bytes += try sealer.seal("user-\(number)@orrery.example", subject: subject, field: "$email").0.bytes.count
    }
    let each = (ThreadClock.now - start) / Self.count
    other.cancel()
    _ = try? await other.value
    print("sealing a value, \(hasKey ? "key of the epoch at hand" : "first sight of its subject"): \(each), \(bytes) bytes")
    #expect(each < .microseconds(10))
  }
}
