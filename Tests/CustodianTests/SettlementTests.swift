import Crypto
import Custodian
import Events
import Foundation
import Synchronization
import Testing
import Vault

@Suite("An alarm stands until a person settles it at the custodian")
struct SettlementTests {
  private let bench: CustodianBench

  init() throws { bench = try CustodianBench() }

  private func swapped(_ names: [String]) throws -> [WrappedKey] {
    let stranger = Sealer(
      project: bench.project, custodianKey: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey),
      pseudonymizer: bench.pseudonyms, clock: bench.clock.read)
    return try names.map { try #require(try stranger.seal("x", subject: bench.pseudonyms.subject($0), field: "f").1) }
  }

  private func theAlarm() throws -> String { try #require(try bench.store.alarms(.standing).first).id }

  @Test func `settling says so to the server, sets the swapped keys aside and goes on with the others`() async throws {
    let value = try bench.seal(["ada"])[0]
    bench.server.add(try swapped(["eve", "mallory"]), project: bench.project)
    #expect(try await bench.courier().round().fault?.kind == .unknownRecipient)
    let alarm = try theAlarm()
    bench.clock.advance(60_000)
    _ = try bench.store.settle(String(alarm.prefix(6)), reason: "the wrong backup; put right", at: bench.clock.read())
    let outcome = try await bench.courier(limit: 1).round()
    #expect(outcome.fault == nil && outcome.stored == 1)
    #expect(try bench.open(value, of: "ada") == "ada@orrery.example")
    bench.server.state.withLock { state in
      #expect(state.undelivered.isEmpty && state.isSealing && state.alarms.count == 1)
      #expect(state.settlements.map(\.alarm) == [alarm] && state.settlements[0].reason == "the wrong backup; put right")
      #expect(state.settlements[0].settledAt == bench.clock.read().milliseconds)
    }
    #expect(try bench.store.setAside() == [alarm: 2])
    // Said once.
    _ = try await bench.courier().round()
    #expect(bench.server.state.withLock { $0.settlements.count } == 1)
    // Another swap is another alarm.
    bench.server.add(try swapped(["trudy"]), project: bench.project)
    #expect(try await bench.courier().round().fault?.kind == .unknownRecipient)
    #expect(bench.server.state.withLock { $0.alarms.count == 2 && !$0.isSealing })
  }

  @Test func `of a parcel with one altered key the others are kept`() async throws {
    let values = try bench.seal(["ada", "bea"])
    let extra = try #require(try bench.sealer.seal("x", subject: bench.pseudonyms.subject("cleo"), field: "f").1)
    var bytes = extra.ciphertext
    bytes[5] ^= 1
    bench.server.add([WrappedKey(epoch: extra.epoch, sequence: extra.sequence, ciphertext: bytes)], project: bench.project)
    #expect(try await bench.courier().round().fault?.kind == .unopenable)
    #expect(try bench.store.inventory().isEmpty)
    let alarm = try theAlarm()
    _ = try bench.store.settle(alarm, reason: "a disk error, looked into", at: bench.clock.read())
    #expect(try await bench.courier().round().stored == 2)
    #expect(try bench.open(values[1], of: "bea") == "bea@orrery.example")
    #expect(try bench.store.setAside() == [alarm: 1])
  }

  @Test func `a contradiction leaves what was held first`() async throws {
    let value = try bench.seal(["ada"])[0]
    _ = try await bench.courier().round()
    let (_, key) = try bench.sealer.seal("x", subject: bench.pseudonyms.subject("bea"), field: "f")
    let other = try #require(key)
    let header = EpochHeader(
      id: other.epoch.id, recipientKeyID: other.epoch.recipientKeyID, encapsulatedKey: other.epoch.encapsulatedKey,
      startedAt: other.epoch.startedAt + 1)
    bench.server.add([WrappedKey(epoch: header, sequence: 0, ciphertext: other.ciphertext)], project: bench.project)
    let fault = try await bench.courier().round().fault
    #expect(fault != nil)
    _ = try bench.store.settle(try theAlarm(), reason: "a restored backup", at: bench.clock.read())
    #expect(try await bench.courier().round().fault == nil)
    #expect(try bench.open(value, of: "ada") == "ada@orrery.example")
    #expect(bench.server.state.withLock { $0.undelivered.isEmpty && $0.isSealing })
  }

  @Test func `a settlement puts the server's swapped announcement right`() async throws {
    let forged = try CustodianKeyAnnouncement(
      key: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey), previous: nil, madeAt: 1,
      signedBy: Curve25519.Signing.PrivateKey())
    let ours = bench.server.state.withLock { state in
      defer { state.announcement = forged }
      return state.announcement
    }
    #expect(try await bench.courier().round().fault?.kind == .swappedKey)
    _ = try bench.store.settle(try theAlarm(), reason: "custodian.pub restored", at: bench.clock.read())
    #expect(try await bench.courier().round().fault == nil)
    #expect(bench.server.state.withLock { $0.announcement } == ours)
  }

  @Test func `any request of a settlement may fail, before or after it took effect`() async throws {
    for fault in [FakeServer.Fault.before, .after] {
      bench.server.add(try swapped(["eve-\(fault)"]), project: bench.project)
      _ = try await bench.courier().round()
      _ = try bench.store.settle(try theAlarm(), reason: "looked into", at: bench.clock.read())
      bench.server.break(at: 1, fault)
      await #expect(throws: FakeServer.Broken.self) { try await bench.courier().round() }
      try bench.restart()
      #expect(try await bench.courier().round().fault == nil)
      #expect(bench.server.state.withLock { $0.isSealing && $0.undelivered.isEmpty })
    }
  }

  @Test func `the command takes one alarm, once, with a reason`() async throws {
    bench.server.add(try swapped(["eve"]), project: bench.project)
    _ = try await bench.courier().round()
    let alarm = try theAlarm()
    let now = bench.clock.read()
    for (id, reason) in [
      ("", "x"), ("zz", "x"), (alarm, ""), (alarm, "two\nlines"), (alarm, "\u{202e}"), (alarm, String(repeating: "x", count: 301)),
    ] {
      #expect(throws: CustodianError.self) { try bench.store.settle(id, reason: reason, at: now) }
    }
    let absent = String(alarm.map { $0 == "0" ? "1" : "0" })
    #expect(throws: CustodianError.self) { try bench.store.settle(absent, reason: "x", at: now) }
    #expect(try bench.store.settle(alarm.uppercased(), reason: "x", at: now).settlement?.reason == "x")
    #expect(throws: CustodianError.self) { try bench.store.settle(alarm, reason: "again", at: now) }
    #expect(CustodianCheck.run(bench.directory, now: now).allSatisfy { $0.severity != .bad })
  }
}
