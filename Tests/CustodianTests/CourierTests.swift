import Crypto
import Custodian
import Events
import Foundation
import Synchronization
import Testing
import Vault

@Suite("Parcels reach the store once and whole")
struct CourierTests {
  private let bench: CustodianBench
  private let names = (0..<25).map { "user-\($0)" }

  init() throws { bench = try CustodianBench() }

  @Test func `what was fetched is stored, acknowledged and opens`() async throws {
    let values = try bench.seal(names)
    #expect(try await bench.courier(limit: 4).round().stored == 25)
    #expect(bench.server.state.withLock { $0.undelivered.isEmpty && $0.alarms.isEmpty })
    for (name, value) in zip(names, values) { #expect(try bench.open(value, of: name) == "\(name)@orrery.example") }
    #expect(throws: OpeningError.self) { try bench.open(values[0], of: names[1]) }
    #expect(try bench.store.inventory().map(\.recordKeys) == [25])
    #expect(try await bench.courier().round().stored == 0)
  }

  @Test func `any request may fail, before or after it took effect`() async throws {
    // A round of 25 keys at 7 a bundle makes ten requests: the key in force, erasures, then four times a bundle and its acknowledgement.
    for request in 1...10 {
      for fault in [FakeServer.Fault.before, .after] {
        let values = try bench.seal(names.map { "\($0)-\(request)-\(fault)" })
        bench.server.break(at: request, fault)
        _ = try? await bench.courier(limit: 7).round()
        try bench.restart()
        _ = try await bench.courier(limit: 7).round()
        #expect(bench.server.state.withLock { $0.undelivered.isEmpty && $0.alarms.isEmpty })
        #expect(try bench.open(values[24], of: "user-24-\(request)-\(fault)") == "user-24-\(request)-\(fault)@orrery.example")
      }
    }
    #expect(try bench.store.inventory().map(\.recordKeys) == [25 * 20])
  }

  @Test func `a key that comes again with the same bytes is passed over, with others it is an alarm`() async throws {
    let key = try #require(try bench.sealer.seal("x", subject: bench.pseudonyms.subject("ada"), field: "f").1)
    bench.server.add([key, key], project: bench.project)
    let first = try await bench.courier().round()
    #expect(first.stored == 1 && first.fault == nil)
    bench.server.add([key], project: bench.project)
    let again = try await bench.courier().round()
    #expect(again.stored == 0 && again.fault == nil)
    // A server that forgot its sequence: an honest epoch cannot do this.
    let other = EpochHeader(
      id: key.epoch.id, recipientKeyID: key.epoch.recipientKeyID, encapsulatedKey: key.epoch.encapsulatedKey,
      startedAt: key.epoch.startedAt + 1)
    bench.server.add([WrappedKey(epoch: other, sequence: 0, ciphertext: key.ciphertext)], project: bench.project)
    let outcome = try await bench.courier().round()
    #expect(outcome.fault != nil)
    #expect(try bench.store.inventory().map(\.recordKeys) == [1])
  }

  @Test func `a swapped key is an alarm, and nothing of the bundle is stored`() async throws {
    _ = try bench.seal(names)
    let stranger = Sealer(
      project: bench.project, custodianKey: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey),
      pseudonymizer: bench.pseudonyms, clock: bench.clock.read)
    let key = try #require(try stranger.seal("x", subject: bench.pseudonyms.subject("ada"), field: "f").1)
    bench.server.add([key], project: bench.project)
    let outcome = try await bench.courier().round()
    #expect(outcome.fault?.kind == .unknownRecipient && outcome.stored == 0)
    #expect(try bench.store.inventory().isEmpty)
    #expect(bench.server.state.withLock { $0.undelivered.count == 26 && Array($0.alarms.values) == ["unknown_recipient"] && !$0.isSealing })
    // Entered once; a server that seals again although nobody settled it is told again, and stops.
    _ = try await bench.courier().round()
    #expect(bench.server.state.withLock { $0.alarms.count } == 1)
    bench.server.state.withLock { $0.isSealing = true }
    _ = try await bench.courier().round()
    #expect(bench.server.state.withLock { $0.alarms.count == 1 && !$0.isSealing })
  }

  @Test func `an altered wrapped key and a bundle that is none are alarms`() async throws {
    let key = try #require(try bench.sealer.seal("x", subject: bench.pseudonyms.subject("ada"), field: "f").1)
    bench.server.add([WrappedKey(epoch: key.epoch, sequence: key.sequence + 1, ciphertext: key.ciphertext)], project: bench.project)
    #expect(try await bench.courier().round().fault?.kind == .unopenable)
    bench.server.state.withLock { $0.forgedBundle = [1, 2, 3] }
    #expect(try await bench.courier().round().fault?.kind == .malformed)
    #expect(try bench.store.inventory().isEmpty)
  }

  @Test func `a server that shows another custodian's key is an alarm`() async throws {
    let forged = try CustodianKeyAnnouncement(
      key: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey), previous: nil, madeAt: 1,
      signedBy: Curve25519.Signing.PrivateKey())
    bench.server.state.withLock { $0.announcement = forged }
    #expect(try await bench.courier().round().fault?.kind == .swappedKey)
  }

  @Test func `an alarm that could not be sent is sent later`() async throws {
    bench.server.state.withLock { $0.forgedBundle = [] }
    bench.server.break(at: 4, .before)
    await #expect(throws: FakeServer.Broken.self) { try await bench.courier().round() }
    #expect(bench.server.state.withLock { $0.alarms.isEmpty })
    try bench.restart()
    bench.server.state.withLock { $0.forgedBundle = nil }
    _ = try await bench.courier().round()
    #expect(bench.server.state.withLock { Array($0.alarms.values) } == ["malformed"])
  }

  @Test func `an erased subject stays erased when its parcel comes again`() async throws {
    let key = try #require(try bench.sealer.seal("x", subject: bench.pseudonyms.subject("ada"), field: "$email").1)
    let (value, _) = try bench.sealer.seal("x", subject: bench.pseudonyms.subject("ada"), field: "$email")
    bench.server.add([key], project: bench.project)
    _ = try await bench.courier().round()
    #expect(try bench.open(value, of: "ada") == "x")
    #expect(try bench.erase("ada"))
    bench.server.add([key], project: bench.project)
    #expect(try await bench.courier().round().stored == 0)
    #expect(throws: OpeningError.noKey) { try bench.open(value, of: "ada") }
  }

  @Test func `the database alone names nobody and holds no key`() async throws {
    _ = try bench.seal(names)
    _ = try await bench.courier().round()
    let subject = Data(bench.pseudonyms.subject("user-3").bytes)
    for file in ["custodian.sqlite", "custodian.sqlite-wal"] {
      let bytes = try Data(contentsOf: bench.directory.appendingPathComponent(file))
      #expect(bytes.range(of: subject) == nil && bytes.range(of: Data("user-3".utf8)) == nil)
    }
    let findings = CustodianCheck.run(bench.directory, now: bench.clock.read())
    #expect(findings.allSatisfy { $0.severity == .good })
  }
}
