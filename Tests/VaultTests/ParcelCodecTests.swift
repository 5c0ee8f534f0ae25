import Crypto
import Events
import Foundation
import TestSupport
import Testing
import Vault

@Suite("Parcels and announcements")
struct ParcelCodecTests {
  private func parcels(_ generator: inout some RandomNumberGenerator) -> [Parcel] {
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) } }
    return (0..<Int.random(in: 0...3, using: &generator)).map { _ in
      let header = EpochHeader(
        id: .random(in: .min ... .max, using: &generator), recipientKeyID: .random(in: .min ... .max, using: &generator),
        encapsulatedKey: bytes(32), startedAt: .random(in: .min ... .max, using: &generator))
      let keys = (0..<Int.random(in: 0...4, using: &generator)).map { index in
        Parcel.Key(cursor: UInt64(index * 3 + 1), sequence: .random(in: .min ... .max, using: &generator), ciphertext: bytes(64))
      }
      return Parcel(project: ProjectID(.random(in: .min ... .max, using: &generator)), epoch: header, keys: keys)
    }
  }

  @Test func `bundles come back as they went`() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let parcels = parcels(&generator)
      #expect(try ParcelCodec.decode(bundle: ParcelCodec.encode(bundle: parcels)) == parcels)
    }
    #expect(ParcelCodec.encode(bundle: []).count == 9)
  }

  @Test func `every cut and every extra byte is refused`() throws {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<20 {
      let bytes = ParcelCodec.encode(bundle: parcels(&generator))
      for end in 0..<bytes.count { #expect(throws: ParcelError.self) { try ParcelCodec.decode(bundle: Array(bytes[..<end])) } }
      #expect(throws: ParcelError.self) { try ParcelCodec.decode(bundle: bytes + [0]) }
    }
  }

  @Test func `keys of several epochs are grouped, their order kept`() {
    func header(_ id: UInt64) -> EpochHeader {
      EpochHeader(id: id, recipientKeyID: 1, encapsulatedKey: [UInt8](repeating: 0, count: 32), startedAt: 0)
    }
    let keys = [(4, 1, 0), (6, 2, 0), (7, 1, 2), (9, 1, 1)].map { cursor, epoch, sequence in
      (cursor: UInt64(cursor), key: WrappedKey(epoch: header(UInt64(epoch)), sequence: UInt32(sequence), ciphertext: []))
    }
    let parcels = Parcel.grouping(keys, project: ProjectID(1))
    #expect(parcels.map(\.epoch.id) == [1, 2])
    #expect(parcels[0].keys.map(\.cursor) == [4, 7, 9] && parcels[1].keys.map(\.cursor) == [6])
  }

  @Test func `the page's parcel is read and written`() throws {
    let page = try FormatsDocument()
    let bytes = try page.bytes("parcel")
    let parcel = try ParcelCodec.decode(bytes)
    #expect(parcel.project == ProjectID(7) && parcel.epoch.id == 0x0123_4567_89ab_cdef && parcel.epoch.startedAt == 1_763_400_000_000)
    #expect(parcel.keys.map(\.cursor) == [5, 9] && parcel.keys.map(\.sequence) == [0, 3])
    #expect(ParcelCodec.encode(parcel) == bytes)
    let keyBytes = try page.bytes("public key")
    let key = try #require(CustodianPublicKey(bytes: keyBytes))
    #expect(page["its fingerprint"] == key.fingerprint && parcel.epoch.recipientKeyID == key.id)
  }

  @Test func `fuzzed bundles neither crash nor hang`() throws {
    let seconds = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"].flatMap(Double.init) ?? 0
    let end = ContinuousClock.now + .seconds(seconds)
    var seed: UInt64 = 3
    repeat {
      var generator = SeededGenerator(seed: seed)
      seed += 1
      for _ in 0..<3000 {
        var bytes = ParcelCodec.encode(bundle: parcels(&generator))
        generator.alter(&bytes, places: 1...4)
        // What is taken must be what its bytes say: the only spelling there is.
        if let parcels = try? ParcelCodec.decode(bundle: bytes) {
          let written = ParcelCodec.encode(bundle: parcels)
          #expect(written == bytes, "seed \(seed - 1)")
        }
        _ = try? CustodianKeyAnnouncement(text: String(decoding: bytes, as: UTF8.self))
      }
    } while ContinuousClock.now < end
  }

  @Test func `the page's erasure receipt is read as what it says`() throws {
    let page = try String(contentsOf: FormatsDocument.page, encoding: .utf8)
    let start = try #require(page.range(of: "sealane erasure receipt v1\nidentity 66be"))
    let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
    let published = try ErasureReceipt(text: String(page[start.lowerBound..<end.lowerBound]))
    let identity = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 11, count: 32))
    #expect(published.identity == CustodianIdentity(identity.publicKey) && published.project == 7 && published.entry == 41)
    #expect(published.keys == 3 && published.erasedAt == 1_763_400_000_000 && published.copiesUntil == 1_765_992_000_000)
    #expect(published.commitment == String(repeating: "00112233445566778899aabbccddeeff", count: 2))
  }

  @Test func `a settlement is read only as it was signed, and is that of the page`() throws {
    let identity = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 11, count: 32))
    let key = try #require(CustodianPublicKey(bytes: Array(0x20..<0x40)))
    let made = try CustodianSettlement(
      alarm: "000102030405060708090a0b0c0d0e0f", kind: "unknown_recipient", key: key, settledAt: 1_763_400_000_000,
      reason: "custodian.pub came from the wrong backup; put right", signedBy: identity)
    #expect(try CustodianSettlement(text: made.text) == made)
    // Ed25519 of this library is not deterministic: the page's own signature is verified.
    let page = try String(contentsOf: FormatsDocument.page, encoding: .utf8)
    let start = try #require(page.range(of: "sealane custodian settlement v1\nidentity 66be"))
    let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
    let published = try CustodianSettlement(text: String(page[start.lowerBound..<end.lowerBound]))
    #expect(published.alarm == made.alarm && published.reason == made.reason && published.identity == made.identity)
    #expect(published.key == made.key && published.kind == made.kind && published.settledAt == made.settledAt)
    for index in made.text.utf8.indices {
      var bytes = Array(made.text.utf8)
      bytes[made.text.utf8.distance(from: made.text.utf8.startIndex, to: index)] ^= 1
      #expect(throws: SettlementError.self) { try CustodianSettlement(text: String(decoding: bytes, as: UTF8.self)) }
    }
    #expect(throws: SettlementError.malformed) { try CustodianSettlement(text: made.text + "\n") }
    for (alarm, reason) in [
      ("00", "x"), (made.alarm.uppercased(), "x"), (made.alarm, ""), (made.alarm, "a\nb"), (made.alarm, "a\u{202e}b"),
    ] {
      #expect(throws: SettlementError.malformed) {
        try CustodianSettlement(alarm: alarm, kind: "unopenable", key: key, settledAt: 1, reason: reason, signedBy: identity)
      }
    }
  }

  @Test func `an announcement is read only as it was signed`() throws {
    let identity = Curve25519.Signing.PrivateKey()
    let key = CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey)
    let made = try CustodianKeyAnnouncement(key: key, previous: 0x0123_4567_89ab_cdef, madeAt: 1_763_400_000_000, signedBy: identity)
    #expect(try CustodianKeyAnnouncement(text: made.text) == made)
    #expect(made.text.contains("previous 0123456789abcdef\n"))
    let first = try CustodianKeyAnnouncement(key: key, previous: nil, madeAt: 1, signedBy: identity)
    #expect(try CustodianKeyAnnouncement(text: first.text) == first)
    var bytes = Array(made.text.utf8)
    for index in bytes.indices {
      bytes[index] ^= 1
      #expect(throws: AnnouncementError.self) { try CustodianKeyAnnouncement(text: String(decoding: bytes, as: UTF8.self)) }
      bytes[index] ^= 1
    }
    #expect(throws: AnnouncementError.malformed) { try CustodianKeyAnnouncement(text: made.text.uppercased()) }
    #expect(throws: AnnouncementError.malformed) { try CustodianKeyAnnouncement(text: made.text + "\n") }
  }
}
