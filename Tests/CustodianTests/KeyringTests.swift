import Custodian
import Events
import Foundation
import Synchronization
import Testing
import Vault

@Suite("HPKE keys change daily and old ones go")
struct KeyringTests {
  private let bench: CustodianBench
  private let day: Int64 = 86_400_000
  private let overlap: Int64 = 7_200_000

  init() throws { bench = try CustodianBench() }

  private var files: Int {
    get throws { try FileManager.default.contentsOfDirectory(atPath: bench.directory.path).filter { $0.hasPrefix("hpke-") }.count }
  }

  private func states() throws -> [HPKEKeyRecord.State] { try bench.store.hpkeKeys().map(\.state) }

  private func round() async throws {
    _ = try await bench.courier().round()
    try await bench.rotate()
  }

  @Test func `a key lives a day, and two hours after its successor was adopted`() async throws {
    try await round()
    bench.clock.advance(day - 1)
    try await round()
    #expect(try states() == [.current])
    // On its way when the key changes: sealed to the old key, delivered after.
    let old = try bench.sealer.seal("late@orrery.example", subject: bench.pseudonyms.subject("late"), field: "$email")
    bench.clock.advance(1)
    try await round()
    #expect(try states() == [.replaced, .current] && files == 2)
    #expect(bench.sealer.custodianKey == bench.server.state.withLock { $0.announcement.key })
    let value = try bench.seal(["ada"])[0]
    bench.server.add([try #require(old.1)], project: bench.project)
    bench.clock.advance(overlap - 1)
    try await round()
    #expect(try files == 2 && bench.open(value, of: "ada") == "ada@orrery.example")
    #expect(try bench.open(old.0, of: "late") == "late@orrery.example")
    bench.clock.advance(1)
    try await round()
    #expect(try states() == [.destroyed, .current] && files == 1)
    #expect(try bench.open(old.0, of: "late") == "late@orrery.example")
    // A server restored from a backup offers what was stored long ago: passed over. What was never stored: an alarm.
    bench.server.add([try #require(old.1)], project: bench.project)
    #expect(try await bench.courier().round().fault == nil)
    let key = try #require(old.1)
    bench.server.add([WrappedKey(epoch: key.epoch, sequence: 9, ciphertext: key.ciphertext)], project: bench.project)
    #expect(try await bench.courier().round().fault?.kind == .retiredRecipient)
  }

  @Test func `a key is kept while something sealed to it is undelivered`() async throws {
    let key = try #require(try bench.sealer.seal("x", subject: bench.pseudonyms.subject("ada"), field: "f").1)
    bench.clock.advance(day)
    try await round()
    bench.clock.advance(overlap)
    bench.server.add([key], project: bench.project)
    _ = try await bench.courier().round()
    #expect(try states() == [.replaced, .current])
    _ = try await bench.courier().round()
    #expect(try states() == [.destroyed, .current])
  }

  @Test func `a change that was cut short anywhere is finished`() async throws {
    try await round()
    bench.clock.advance(day)
    bench.server.break(at: 1, .before)
    try? await bench.rotate()
    try bench.restart()
    #expect(try states() == [.current, .announced] && files == 2)
    bench.server.break(at: 1, .after)
    try? await bench.rotate()
    try bench.restart()
    try await round()
    #expect(try states() == [.replaced, .current])
    // A key pair of which nobody knows is removed at the next start.
    _ = try CustodianDirectory.makeKeyPair(in: bench.directory)
    try bench.restart()
    #expect(try files == 2)
  }

  @Test func `a server that went back to an earlier key is told again`() async throws {
    let first = bench.server.state.withLock { $0.announcement }
    for _ in 0..<2 {
      bench.clock.advance(day)
      try await round()
    }
    let current = try #require(try bench.store.hpkeKeys().last).announcement.key
    bench.server.state.withLock { $0.announcement = first }
    try await round()
    #expect(bench.server.state.withLock { $0.announcement.key } == current)
  }

  @Test func `a missing private key stops the start with a sentence`() throws {
    let id = try #require(try bench.store.hpkeKeys().first).id
    try FileManager.default.removeItem(at: bench.directory.appendingPathComponent(CustodianDirectory.privateKey(id: id)))
    #expect(throws: CustodianError.self) { try bench.restart() }
    #expect(CustodianCheck.run(bench.directory, now: bench.clock.read()).contains { $0.severity == .bad })
  }
}
