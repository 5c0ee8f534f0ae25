import Crypto
import Events
import Foundation
import Synchronization
import Testing
import Vault

@Suite("The sealer's epochs and keys")
struct SealerTests {
  private let project = ProjectID(7)
  private let pseudonyms: Pseudonymizer
  private let key = CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey)
  private let clock = ManualClock()

  init() { pseudonyms = Pseudonymizer(key: SecretKey(), project: project) }

  private func sealer(keyLimit: Int = Sealer.defaultKeyLimit) -> Sealer {
    Sealer(project: project, custodianKey: key, pseudonymizer: pseudonyms, keyLimit: keyLimit, clock: clock.read)
  }

  @Test func `the wrapped key comes with every value until it is durable`() throws {
    let sealer = sealer()
    let ada = pseudonyms.subject("ada")
    let first = try #require(try sealer.seal("1", subject: ada, field: "a").1)
    let again = try #require(try sealer.seal("2", subject: ada, field: "b").1)
    #expect(first == again && first.sequence == 0 && first.ciphertext.count == 64)
    #expect(first.epoch.recipientKeyID == key.id && first.epoch.startedAt == clock.read().milliseconds)
    sealer.markDurable([first])
    #expect(try sealer.seal("3", subject: ada, field: "a").1 == nil)
    let other = try #require(try sealer.seal("1", subject: pseudonyms.subject("bob"), field: "a").1)
    #expect(other.sequence == 1 && other.epoch == first.epoch)
  }

  @Test func `a new epoch opens after an hour, and when the clock was set back`() throws {
    let sealer = sealer()
    let ada = pseudonyms.subject("ada")
    let first = try #require(try sealer.seal("1", subject: ada, field: "a").1)
    sealer.markDurable([first])
    clock.advance(Sealer.epochMilliseconds - 1)
    #expect(try sealer.seal("1", subject: ada, field: "a").1 == nil)
    clock.advance(1)
    let second = try #require(try sealer.seal("1", subject: ada, field: "a").1)
    #expect(second.epoch.id != first.epoch.id && second.epoch.encapsulatedKey != first.epoch.encapsulatedKey && second.sequence == 0)
    // What the store says of the epoch before means nothing to this one.
    sealer.markDurable([first])
    #expect(try sealer.seal("1", subject: ada, field: "a").1 == second)
    clock.advance(-10)
    #expect(try sealer.seal("1", subject: ada, field: "a").1?.epoch.id != second.epoch.id)
  }

  @Test func `keys go at the end of the epoch although no value comes`() throws {
    let sealer = sealer()
    _ = try sealer.seal("1", subject: pseudonyms.subject("ada"), field: "a")
    clock.advance(Sealer.epochMilliseconds - 1)
    sealer.forgetExpiredKeys()
    #expect(sealer.keyCount == 1)
    clock.advance(1)
    sealer.forgetExpiredKeys()
    #expect(sealer.keyCount == 0)
  }

  @Test func `an epoch holds no more keys than its bound`() throws {
    let sealer = sealer(keyLimit: 3)
    let keys = try (0..<7).map { try #require(try sealer.seal("x", subject: pseudonyms.subject("\($0)"), field: "a").1) }
    #expect(keys.map(\.sequence) == [0, 1, 2, 0, 1, 2, 0])
    #expect(Set(keys.map(\.epoch)).count == 3)
  }

  @Test func `another key of the custodian ends the epoch, a stop wipes it`() throws {
    let sealer = sealer()
    let ada = pseudonyms.subject("ada")
    let first = try #require(try sealer.seal("1", subject: ada, field: "a").1)
    let next = CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey)
    sealer.adopt(next)
    let second = try #require(try sealer.seal("1", subject: ada, field: "a").1)
    #expect(second.epoch.recipientKeyID == next.id && second.epoch.id != first.epoch.id)
    sealer.stop(reason: "The custodian raised an alarm.")
    #expect(sealer.isStopped && sealer.keyCount == 0)
    #expect(throws: SealingError.stopped(reason: "The custodian raised an alarm.")) { try sealer.seal("1", subject: ada, field: "a") }
    sealer.resume()
    #expect(try sealer.seal("1", subject: ada, field: "a").1 != nil)
  }

  @Test func `sizes say only the bucket`() throws {
    let sealer = sealer()
    let ada = pseudonyms.subject("ada")
    for (length, bucket) in [(0, 32), (1, 32), (31, 32), (32, 64), (63, 64), (64, 128), (1000, 1024), (1024, 2048)] {
      let value = try sealer.seal(String(repeating: "x", count: length), subject: ada, field: "a").0
      #expect(value.bytes.count == Sealing.valueOverhead + bucket && value.bytes[0] == 1)
    }
    #expect(throws: SealingError.tooLong(byteCount: 1 << 20)) {
      try sealer.seal(String(repeating: "x", count: 1 << 20), subject: ada, field: "a")
    }
  }

  @Test func `equal values have equal tags and different bytes`() throws {
    let sealer = sealer()
    let one = try sealer.seal("ada@orrery.example", subject: pseudonyms.subject("ada"), field: "$email").0
    let two = try sealer.seal("ada@orrery.example", subject: pseudonyms.subject("ada"), field: "$email").0
    let third = try sealer.seal("ada@orrery.example", subject: pseudonyms.subject("ada"), field: "name").0
    #expect(one.tag == two.tag && one.bytes != two.bytes && one.tag != third.tag)
  }

  @Test func `many threads never share a sequence number among subjects`() async throws {
    let sealer = sealer()
    let pseudonyms = pseudonyms
    let keys = try await withThrowingTaskGroup(of: [(Pseudonym, WrappedKey)].self) { group in
      for task in 0..<8 {
        group.addTask {
          try (0..<500).compactMap { number in
            let subject = pseudonyms.subject("\((number * 7 + task) % 900)")
            let key = try sealer.seal("v", subject: subject, field: "f").1
            if number % 5 == 0, let key { sealer.markDurable([key]) }
            return key.map { (subject, $0) }
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    var subjects: [UInt32: Pseudonym] = [:]
    for (subject, key) in keys {
      #expect(subjects[key.sequence] ?? subject == subject)
      subjects[key.sequence] = subject
    }
  }

  /// Points of order 1, 2 and 8 (RFC 7748, section 6.1; the list of https://cr.yp.to/ecdh.html).
  @Test(arguments: [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ])
  func `a custodian key of small order is refused`(point: String) throws {
    let bytes = try #require([UInt8](hexadecimal: point))
    let key = try #require(CustodianPublicKey(bytes: bytes))
    let sealer = Sealer(project: project, custodianKey: key, pseudonymizer: pseudonyms, clock: clock.read)
    #expect(throws: SealingError.unusableCustodianKey) { try sealer.seal("1", subject: pseudonyms.subject("ada"), field: "a") }
  }

  @Test func `what a value costs is printed`() throws {
    let sealer = sealer()
    let subjects = (0..<1000).map { pseudonyms.subject("\($0)") }
    let count = 20_000
    let start = ThreadClock.now
    var size = 0
    for number in 0..<count {
      size += try sealer.seal("user-\(number)@orrery.example", subject: subjects[number % 1000], field: "$email").0.bytes.count
    }
    let taken = ThreadClock.now - start
    print("sealed value: \(taken / count) a value, \(size) bytes")
    #expect(size > count * 40)
  }
}

/// A wall clock that stands until it is told.
final class ManualClock: Sendable {
  private let now = Mutex<Int64>(1_763_400_000_000)
  var read: @Sendable () -> Timestamp { { Timestamp(milliseconds: self.now.withLock { $0 }) } }
  func advance(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}
