import Crypto
import Custodian
import Events
import Foundation
import Ledger
import Logging
import Synchronization
import Testing
import Vault

/// The custodian as the first witness: it cosigns what continues, and nothing else, over restarts and failing requests too.
@Suite("A ledger that does not continue is not cosigned")
struct WitnessTests {
  private let bench: CustodianBench

  init() throws { bench = try CustodianBench() }

  private var witness: Witness {
    Witness(
      store: bench.store, connection: bench.server.connection, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: bench.clock.read)
  }

  private func alarms() -> [String] { bench.server.state.withLock { Array($0.alarms.values) } }
  private func cosigned() -> [UInt64] { bench.server.state.withLock { $0.cosigned.map(\.size) } }
  private func change(_ body: (inout FakeLedger) -> Void) { bench.server.state.withLock { body(&$0.ledger) } }
  private static func other(_ number: Int) -> [UInt8] { FakeLedger.entry("settings_changed", facts: ["other": "\(number)"], project: nil) }

  @Test func `each new checkpoint is cosigned once`() async throws {
    #expect(try await witness.round())
    #expect(try await witness.round())
    #expect(cosigned() == [41])
    change { $0.entries += (0..<300).map { Self.other($0) } }
    try bench.restart()
    #expect(try await witness.round())
    #expect(cosigned() == [41, 341])
    #expect(try bench.store.witnessed()?.checkpoint.size == 341)
    #expect(alarms().isEmpty)
  }

  @Test func `whatever request fails, nothing is lost and nothing contradicts`() async throws {
    for request in 1...3 {
      for fault in [FakeServer.Fault.before, .after] {
        change { $0.entries += [Self.other(request)] }
        bench.server.break(at: request, fault)
        _ = try? await witness.round()
        // Later rounds make fewer requests than the first, which announces the key.
        bench.server.state.withLock { $0.faults = [:] }
        try bench.restart()
        #expect(try await witness.round())
        let size = bench.server.state.withLock { UInt64($0.ledger.entries.count) }
        #expect(cosigned().last == size && alarms().isEmpty)
      }
    }
  }

  @Test func `a ledger that shrinks is an alarm that names both, and is not cosigned`() async throws {
    _ = try await witness.round()
    change { $0.shownSize = 30 }
    #expect(try await !witness.round())
    #expect(alarms() == ["shrunk_ledger"] && cosigned() == [41])
    let alarm = try #require(try bench.store.alarms(.standing).first)
    let roots = bench.server.state.withLock { state in (30...41).map { state.ledger.entries.prefix($0).map { MerkleHash.leaf($0) } } }.map {
      MerkleTree.root(of: $0).description
    }
    #expect(alarm.fault.sentence.contains("41") && alarm.fault.sentence.contains("30"))
    #expect(alarm.fault.sentence.contains(roots[0]) && alarm.fault.sentence.contains(roots[11]))
    // Said once, also after a restart and while the log grows again, until it has what was cosigned.
    change { $0.shownSize = 35 }
    try bench.restart()
    #expect(try await !witness.round())
    #expect(alarms().count == 1 && bench.server.state.withLock { $0.isSealing })
    change { $0.shownSize = nil }
    #expect(try await witness.round())
    #expect(try bench.store.witnessed()?.refused == nil)
  }

  @Test func `a fork is an alarm, at the same size and behind it`() async throws {
    _ = try await witness.round()
    change { $0.entries[12] = Self.other(1) }
    #expect(try await !witness.round())
    #expect(alarms() == ["forked_ledger"])
    change { $0.entries += [Self.other(2)] }
    #expect(try await !witness.round())
    #expect(cosigned() == [41])
    // A server that lost the alarm is told again.
    bench.server.state.withLock { $0.alarms = [:] }
    #expect(try await !witness.round())
    #expect(alarms() == ["forked_ledger"])
  }

  @Test func `a proof that does not fit, another name and another key are alarms`() async throws {
    _ = try await witness.round()
    change {
      $0.entries += [Self.other(1)]
      $0.forgedProof = []
    }
    #expect(try await !witness.round())
    change {
      $0.forgedProof = nil
      $0.seed = 9
    }
    #expect(try await !witness.round())
    change {
      $0.seed = 7
      $0.name = "sealane.test/other"
    }
    #expect(try await !witness.round())
    #expect(Set(alarms()) == ["forked_ledger", "foreign_ledger"] && cosigned() == [41])
  }

  @Test func `a signing key is followed by the one that it handed over to, and by no other`() async throws {
    _ = try await witness.round()
    let keys = try [7, 8, 6].map { seed in
      try LedgerKeys(origin: FakeLedger.origin, signingSeed: [UInt8](repeating: seed, count: 32), setsKey: [UInt8](repeating: 9, count: 32))
    }
    let (first, second) = (try keys[0].succession(to: keys[1]).note, try keys[1].succession(to: keys[2]).note)
    change {
      $0.seed = 6
      $0.successions = [second]
      $0.entries += [Self.other(1)]
    }
    #expect(try await !witness.round(), "a chain that does not begin at the key that is known")
    change { $0.successions = [first, second] }
    #expect(try await witness.round())
    #expect(try bench.store.witnessed()?.logKey == keys[2].publicKey)
  }

  @Test func `an alarm that is settled while the trouble is there is followed by another`() async throws {
    _ = try await witness.round()
    change { $0.shownSize = 30 }
    _ = try await witness.round()
    let alarm = try #require(try bench.store.alarms(.standing).first)
    _ = try bench.store.settle(alarm.id, reason: "looked at", at: bench.clock.read())
    _ = try await bench.courier().round()
    #expect(bench.server.state.withLock { $0.settlements.map(\.alarm) } == [alarm.id])
    #expect(try await !witness.round())
    #expect(alarms().count == 2)
    // The right ledger again, and the second alarm settled: all is well.
    change { $0.shownSize = nil }
    #expect(try await witness.round())
    let second = try #require(try bench.store.alarms(.standing).first)
    _ = try bench.store.settle(second.id, reason: "restored", at: bench.clock.read())
    _ = try await bench.courier().round()
    #expect(try await witness.round() && bench.store.alarms(.standing).isEmpty)
  }

  @Test func `two rounds at once do not take each other for a roll-back`() async throws {
    for step in 0..<20 {
      change { $0.entries += [Self.other(step)] }
      let witness = witness
      await withTaskGroup { group in
        for _ in 0..<4 { group.addTask { _ = try? await witness.round() } }
      }
    }
    #expect(alarms().isEmpty)
    #expect(cosigned().last == 61)
  }
}

@Suite("A ledger that was set back is accepted by approvers alone")
struct LedgerResetTests {
  private func setBack(_ bench: ApprovalBench) async throws {
    _ = try await bench.approvals.witness.round()
    bench.bench.server.state.withLock { $0.ledger.entries.removeLast(11) }
    #expect(try await !bench.approvals.witness.round())
  }

  private func wish(_ bench: ApprovalBench) throws -> CustodianRequest.Wish { .acceptLedger(try #require(try bench.store.ledgerReset())) }

  @Test func `two others approve, and the witness goes on from there`() async throws {
    let bench = try ApprovalBench()
    try await setBack(bench)
    let request = try bench.ask(wish(bench), purpose: "The disk failed; restored from the backup of Sunday")
    try bench.sign(request, as: "Bea")
    #expect(try await !bench.approvals.witness.round())
    let done = try bench.sign(request, as: "Cleo")
    #expect(done.state == .done)
    bench.bench.server.state.withLock { $0.ledger.entries.append(FakeLedger.entry("settings_changed", facts: ["a": "b"], project: nil)) }
    #expect(try await bench.approvals.witness.round())
    #expect(try bench.store.witnessed()?.checkpoint.size == 31)
    // The alarm is settled with it, and the server hears of both.
    #expect(try bench.store.alarms(.standing).isEmpty)
    _ = try await bench.bench.courier().round()
    try await bench.bench.courier().enterChanges()
    bench.bench.server.state.withLock { state in
      #expect(state.settlements.count == 1 && state.changes.map(\.act) == ["accept_ledger"])
    }
  }

  @Test func `what was approved is that very state`() async throws {
    let bench = try ApprovalBench()
    try await setBack(bench)
    let request = try bench.ask(wish(bench), purpose: "The disk failed; restored from the backup of Sunday")
    try bench.sign(request, as: "Bea")
    // Set back further meanwhile: what was asked for is not there any more.
    bench.bench.server.state.withLock { $0.ledger.entries.removeLast(5) }
    #expect(try await !bench.approvals.witness.round())
    #expect(throws: ApprovalError.self) { try bench.sign(request, as: "Cleo") }
    #expect(try await !bench.approvals.witness.round())
    #expect(try bench.store.witnessed()?.checkpoint.size == 41)
  }

  @Test func `its bytes are read as they were written`() async throws {
    let bench = try ApprovalBench()
    try await setBack(bench)
    let request = try CustodianRequest(
      wish(bench), purpose: "The disk failed; restored", by: bench.approver("Ada"), at: bench.clock.read())
    #expect(CustodianRequest(canonical: request.canonical) == request)
    #expect(request.kind == "accept_ledger")
    let text = String(decoding: request.canonical, as: UTF8.self)
    #expect(CustodianRequest(canonical: Array(text.replacing("\"size\":30", with: "\"size\":0").utf8)) == nil)
  }
}

@Suite("An identity is shown only when its opening is witnessed")
struct WitnessedOpeningTests {
  private func approved() throws -> (ApprovalBench, CustodianRequest) {
    let bench = try ApprovalBench()
    let request = try bench.ask()
    for name in ["Bea", "Cleo"] { try bench.sign(request, as: name) }
    return (bench, request)
  }

  @Test func `the entry is in a checkpoint that was cosigned`() async throws {
    let (bench, request) = try approved()
    let opening = try await bench.open(request)
    #expect(opening.ledgerEntry == 41)
    #expect(bench.bench.server.state.withLock { $0.cosigned.last?.size } == 42)
    #expect(try bench.store.witnessed()?.checkpoint.size == 42)
  }

  @Test(
    "an entry of another request, another kind or another project shows nothing",
    arguments: ["request", "kind", "project"])
  func forged(what: String) async throws {
    let (bench, request) = try approved()
    let digest = request.digest.map { String(format: "%02x", $0) }.joined()
    bench.bench.server.state.withLock { state in
      state.forgedEntry = FakeLedger.entry(
        what == "kind" ? "settings_changed" : "identities_opened",
        facts: ["request": what == "request" ? String(repeating: "0", count: 64) : digest], project: what == "project" ? 8 : 7)
    }
    await #expect(throws: ApprovalError.self) { try await bench.open(request) }
    #expect(try bench.store.request(request.digest)?.state == .approved, "nothing was opened, so it can be tried again")
    bench.bench.server.state.withLock { $0.forgedEntry = nil }
    #expect(try await bench.open(request).ledgerEntry == 42)
  }

  @Test func `a server that shows no such entry, or a fork, shows nothing`() async throws {
    let (bench, request) = try approved()
    _ = try await bench.approvals.witness.round()
    bench.bench.server.state.withLock { $0.ledger.shownSize = 41 }
    await #expect(throws: ApprovalError.self) { try await bench.open(request) }
    bench.bench.server.state.withLock { state in
      state.ledger.shownSize = nil
      state.ledger.entries[3] = FakeLedger.entry("settings_changed", facts: ["x": "y"], project: nil)
    }
    await #expect(throws: ApprovalError.self) { try await bench.open(request) }
    #expect(bench.bench.server.state.withLock { Array($0.alarms.values) } == ["forked_ledger"])
    #expect(try bench.store.request(request.digest)?.state == .approved)
  }
}

@Suite("The witness key is that of the formats page")
struct WitnessKeyTests {
  @Test func `its announcement is the vector`() throws {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 0x0b, count: 32))
    let page = try FormatsDocument.text()
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.indices.first { lines[$0] == "sealane custodian witness v1" && lines[$0 + 1].hasSuffix("473a") })
    let text = lines[start..<(start + 4)].joined(separator: "\n") + "\n"
    let read = try CustodianWitnessAnnouncement(text: text)
    #expect(try CustodianWitnessAnnouncement(key: read.key, signedBy: key) == read)
    #expect(throws: AnnouncementError.badSignature) {
      try CustodianWitnessAnnouncement(text: text.replacing("custodian+", with: "custodiam+"))
    }
    for bad in ["", text + "\n", text.replacing("v1", with: "v2"), text.replacing("key ", with: "kee ")] {
      #expect(throws: AnnouncementError.malformed) { try CustodianWitnessAnnouncement(text: bad) }
    }
  }

  @Test func `the directory's key is derived from its identity`() async throws {
    let bench = try CustodianBench()
    _ = try await Witness(
      store: bench.store, connection: bench.server.connection, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: bench.clock.read
    ).round()
    let seed = try Data(contentsOf: bench.directory.appendingPathComponent("identity.key"))
    let derived = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: seed), salt: [UInt8](), info: Array("sealane custodian witness v1".utf8), outputByteCount: 32)
    let signer = try #require(NoteSigner(name: "sealane.local/custodian", kind: .cosignature, seed: derived))
    #expect(bench.server.state.withLock { $0.witness } == signer.key.description)
  }
}
