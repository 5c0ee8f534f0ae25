import Crypto
import Custodian
import Events
import Foundation
import Testing
import Vault

@Suite("What the sealer seals, the custodian alone opens")
struct RoundTripTests {
  private let project = ProjectID(7)
  private let pseudonyms: Pseudonymizer
  private let secret: SecretKey
  private let sealer: Sealer

  init() throws {
    secret = SecretKey()
    let pair = try secret.withUnsafeBytes { try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: $0) }
    pseudonyms = Pseudonymizer(key: SecretKey(), project: project)
    sealer = Sealer(project: project, custodianKey: CustodianPublicKey(pair.publicKey), pseudonymizer: pseudonyms)
  }

  private func open(_ wrapped: [WrappedKey]) throws -> [OpenedKey] {
    let keys = wrapped.enumerated().map { (cursor: UInt64($0.offset + 1), key: $0.element) }
    return try Parcel.grouping(keys, project: project).flatMap { try ParcelOpener.open($0, with: secret) }
  }

  @Test func `values of every size come back`() throws {
    let ada = pseudonyms.subject("ada")
    for length in Array(0...130) + [255, 256, 257, 1023, 1024, 65_535, Sealing.longestPlaintext] {
      // Multi-byte characters, and one that ends in the padding's own byte 80.
      for text in [
        String(repeating: "x", count: length), String(repeating: "€", count: length / 3), String(repeating: "\u{0}", count: length),
        "\u{40000}",
      ] {
        let (value, wrapped) = try sealer.seal(text, subject: ada, field: "$email")
        let keys = try open([#require(wrapped)])
        #expect(keys[0].subject == ada)
        let opened = try SealedValueOpener.open(
          value.bytes, project: project, subject: ada, field: "$email", recordKeys: keys.map(\.recordKey))
        #expect(opened == text)
      }
    }
  }

  @Test func `a value opens nowhere but in its place`() throws {
    let ada = pseudonyms.subject("ada")
    let bob = pseudonyms.subject("bob")
    let (value, wrapped) = try sealer.seal("ada@orrery.example", subject: ada, field: "$email")
    let (_, bobs) = try sealer.seal("bob@orrery.example", subject: bob, field: "$email")
    let keys = try open([#require(wrapped), #require(bobs)]).map(\.recordKey)
    func opens(_ bytes: [UInt8], _ project: ProjectID, _ subject: Pseudonym, _ field: String, _ keys: [SymmetricKey]) -> Bool {
      (try? SealedValueOpener.open(bytes, project: project, subject: subject, field: field, recordKeys: keys)) != nil
    }
    #expect(opens(value.bytes, project, ada, "$email", keys))
    #expect(!opens(value.bytes, project, bob, "$email", keys))
    #expect(!opens(value.bytes, project, ada, "$name", keys))
    #expect(!opens(value.bytes, project, ada, "", keys))
    #expect(!opens(value.bytes, ProjectID(8), ada, "$email", keys))
    #expect(!opens(value.bytes, project, ada, "$email", [keys[1]]))
    #expect(throws: OpeningError.noKey) {
      try SealedValueOpener.open(value.bytes, project: project, subject: ada, field: "$email", recordKeys: [])
    }
    var bytes = value.bytes
    for index in bytes.indices {
      bytes[index] ^= 0x10
      #expect(!opens(bytes, project, ada, "$email", keys))
      bytes[index] ^= 0x10
      #expect(!opens(Array(bytes[..<index]), project, ada, "$email", keys))
    }
    #expect(!opens(bytes + [0], project, ada, "$email", keys))
  }

  @Test func `keys open in any order and with gaps, and only where they stand`() throws {
    let wrapped = try (0..<10).map { try #require(try sealer.seal("v", subject: pseudonyms.subject("\($0)"), field: "f").1) }
    let some = [wrapped[7], wrapped[2], wrapped[9]]
    let opened = try open(some)
    #expect(opened.map(\.sequence) == [7, 2, 9])
    #expect(opened.map(\.subject) == [7, 2, 9].map { pseudonyms.subject("\($0)") })
    let epoch = wrapped[0].epoch
    let faults = [
      WrappedKey(epoch: epoch, sequence: 1, ciphertext: wrapped[0].ciphertext),
      WrappedKey(epoch: epoch, sequence: 0, ciphertext: Array(wrapped[0].ciphertext.dropLast()) + [wrapped[0].ciphertext[63] ^ 1]),
      WrappedKey(
        epoch: EpochHeader(
          id: epoch.id ^ 1, recipientKeyID: epoch.recipientKeyID, encapsulatedKey: epoch.encapsulatedKey, startedAt: epoch.startedAt),
        sequence: 0, ciphertext: wrapped[0].ciphertext),
      WrappedKey(
        epoch: EpochHeader(
          id: epoch.id, recipientKeyID: epoch.recipientKeyID, encapsulatedKey: [UInt8](repeating: 0, count: 32), startedAt: epoch.startedAt),
        sequence: 0, ciphertext: wrapped[0].ciphertext),
    ]
    for fault in faults {
      #expect(throws: ParcelFault.self) { try open([fault]) }
    }
    let elsewhere = Parcel.grouping([(cursor: 1, key: wrapped[0])], project: ProjectID(8))
    #expect(throws: ParcelFault.self) { try ParcelOpener.open(elsewhere[0], with: secret) }
    #expect(throws: ParcelFault.self) {
      try ParcelOpener.open(Parcel.grouping([(cursor: 1, key: wrapped[0])], project: project)[0], with: SecretKey())
    }
  }

  @Test func `the page's vectors open`() throws {
    let page = try FormatsDocument()
    let keys = try ParcelOpener.open(ParcelCodec.decode(page.bytes("parcel")), with: try #require(SecretKey(bytes: 0x80..<0xa0)))
    #expect(keys.map(\.subject.description) == [page["subject `ada@orrery.example`"], page["group `org_id`, `brightfen`"]])
    #expect(keys[0].recordKey.withUnsafeBytes { Array($0) } == Array(0x40..<0x60))
    let opened = try SealedValueOpener.open(
      try page.bytes("sealed value"), project: project, subject: keys[0].subject, field: "$email", recordKeys: [keys[0].recordKey])
    #expect(opened == page["plaintext"])
  }
}
