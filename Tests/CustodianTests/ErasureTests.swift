import Crypto
import Custodian
import Events
import Synchronization
import TestSupport
import Testing
import Vault

@Suite("What the ledger says is erased opens nowhere any more")
struct ErasureTests {
  private let bench: CustodianBench

  init() throws { bench = try CustodianBench() }

  private static func commitment(_ entry: UInt64) -> String {
    let digits = String(entry, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  private func order(_ entry: UInt64, _ names: String...) -> ErasureOrder {
    ErasureOrder(
      entry: entry, commitment: Self.commitment(entry), project: bench.project, subjects: names.map { bench.pseudonyms.subject($0) })
  }

  private func receipt(_ entry: UInt64) throws -> ErasureReceipt {
    try ErasureReceipt(text: try #require(bench.server.state.withLock { $0.receipts[entry] }))
  }

  @Test func `keys are destroyed, those still under way too, and that is signed`() async throws {
    let first = try bench.seal(["ada", "grace"])
    _ = try await bench.courier().round()
    bench.sealer.endEpoch()
    // Of a second epoch the custodian has nothing yet.
    let second = try bench.seal(["ada", "grace"])
    bench.server.state.withLock { $0.orders = [order(17, "ada", "ada-s-device")] }
    #expect(try await bench.courier().round().stored == 2)
    let signed = try receipt(17)
    #expect(signed.keys == 2 && signed.project == bench.project.rawValue && signed.erasedAt == bench.clock.read().milliseconds)
    #expect(signed.copiesUntil == signed.erasedAt + 30 * 86_400_000)
    for value in first + second {
      #expect((try? bench.open(value, of: "ada")) == nil)
    }
    #expect(try bench.open(first[1], of: "grace") == "grace@orrery.example" && bench.open(second[1], of: "grace") == "grace@orrery.example")
    // The same keys offered again, as by a server that was restored, do not come back.
    bench.clock.advance(1000)
    _ = try await bench.courier().round()
    #expect((try? bench.open(first[0], of: "ada")) == nil)
    #expect(try receipt(17) == signed)
    // Whoever comes back begins anew.
    bench.sealer.endEpoch()
    let later = try bench.seal(["ada"])
    _ = try await bench.courier().round()
    #expect(try bench.open(later[0], of: "ada") == "ada@orrery.example")
  }

  @Test func `any request may fail, before or after it took effect`() async throws {
    var entry: UInt64 = 1
    // The key in force, erasures, a bundle, its acknowledgement, the receipt.
    for request in 1...5 {
      for fault in [FakeServer.Fault.before, .after] {
        let name = "user-\(request)-\(fault)"
        let value = try bench.seal([name])[0]
        bench.server.state.withLock { $0.orders.append(order(entry, name)) }
        bench.server.break(at: request, fault)
        _ = try? await bench.courier().round()
        try bench.restart()
        _ = try await bench.courier().round()
        #expect((try? bench.open(value, of: name)) == nil, "\(request) \(fault)")
        #expect(try receipt(entry).keys == 1, "\(request) \(fault)")
        bench.sealer.endEpoch()
        entry += 1
      }
    }
  }

  @Test func `a server that lost the receipt gets the same one, and one that was restored orders again`() async throws {
    _ = try bench.seal(["ada"])
    bench.server.state.withLock { $0.orders = [order(5, "ada")] }
    _ = try await bench.courier().round()
    let signed = try receipt(5)
    bench.clock.advance(60_000)
    bench.server.state.withLock { $0.receipts = [:] }
    _ = try await bench.courier().round()
    #expect(try receipt(5) == signed && signed.keys == 1)
  }

  @Test func `a server that orders many is held up`() async throws {
    let names = (0..<7).map { "user-\($0)" }
    let values = try bench.seal(names)
    bench.server.state.withLock { state in state.orders = names.enumerated().map { order(UInt64($0.offset + 1), $0.element) } }
    func shut() -> Int { zip(values, names).count { (try? bench.open($0, of: $1)) == nil } }
    for _ in 0..<3 { _ = try await bench.courier(erasuresPerDay: 3).round() }
    #expect(shut() == 3 && bench.server.state.withLock { $0.receipts.count } == 3)
    bench.clock.advance(86_400_001)
    _ = try await bench.courier(erasuresPerDay: 3).round()
    #expect(shut() == 6)
    bench.clock.advance(86_400_001)
    _ = try await bench.courier(erasuresPerDay: 3).round()
    #expect(shut() == 7 && bench.server.state.withLock { $0.receipts.count } == 7)
  }

  @Test func `the bound counts subjects, however they are ordered`() async throws {
    let names = (0..<5).map { "user-\($0)" }
    let values = try bench.seal(names)
    func shut() -> Int { zip(values, names).count { (try? bench.open($0, of: $1)) == nil } }
    let all = ErasureOrder(
      entry: 3, commitment: Self.commitment(3), project: bench.project, subjects: names.map { bench.pseudonyms.subject($0) })
    bench.server.state.withLock { $0.orders = [all] }
    for _ in 0..<3 { _ = try await bench.courier(erasuresPerDay: 3).round() }
    // Done in part, there is no receipt.
    #expect(shut() == 3 && bench.server.state.withLock { $0.receipts.isEmpty })
    // Others under the commitment of before: the day's bound holds.
    let more = try bench.seal(["late"])
    bench.server.state.withLock {
      $0.orders = [ErasureOrder(entry: 3, commitment: all.commitment, project: bench.project, subjects: [bench.pseudonyms.subject("late")])]
    }
    _ = try await bench.courier(erasuresPerDay: 3).round()
    #expect(try bench.open(more[0], of: "late") == "late@orrery.example")
    bench.server.state.withLock { $0.orders = [all] }
    bench.clock.advance(86_400_001)
    _ = try await bench.courier(erasuresPerDay: 3).round()
    #expect(try shut() == 5 && receipt(3).keys == 5)
  }

  /// As after a restore of the custodian: the server has receipts, and the keys are back.
  @Test func `a custodian that knows of no erasure asks for all that there ever were`() async throws {
    let value = try bench.seal(["ada"])[0]
    bench.server.state.withLock { state in
      state.orders = (1...300).map { order($0, $0 == 300 ? "ada" : "somebody-\($0)") }
      for entry in 1...300 { state.receipts[UInt64(entry)] = "signed before" }
    }
    _ = try await bench.courier().round()
    #expect((try? bench.open(value, of: "ada")) == nil)
    // At most 256 receipts go in a round.
    _ = try await bench.courier().round()
    #expect(try receipt(300).keys == 1)
    // From then on only what has no receipt is asked for.
    bench.server.state.withLock { $0.receipts[300] = "signed before" }
    _ = try await bench.courier().round()
    #expect(bench.server.state.withLock { $0.receipts[300] } == "signed before")
  }

  @Test func `a receipt that is refused holds up nothing else`() async throws {
    let values = try bench.seal(["ada", "grace"])
    bench.server.state.withLock { state in
      state.orders = [order(1, "ada")]
      state.receiptStatus = 403
    }
    #expect(try await bench.courier().round().stored == 2)
    bench.server.state.withLock { state in
      state.orders.append(order(2, "grace"))
      state.receiptStatus = 204
    }
    _ = try await bench.courier().round()
    #expect((try? bench.open(values[1], of: "grace")) == nil)
    #expect(try receipt(1).keys == 1 && receipt(2).keys == 1)
    // An order that is none.
    bench.server.state.withLock {
      $0.orders = [ErasureOrder(entry: 9, commitment: "x", project: bench.project, subjects: [])] + [order(10, "linus")]
    }
    _ = try await bench.courier().round()
    #expect(try receipt(10).keys == 0)
  }

  @Test func `a receipt says what was signed, and nothing else`() throws {
    let key = Curve25519.Signing.PrivateKey()
    let made = try ErasureReceipt(
      project: 7, entry: 41, commitment: Self.commitment(0xABC), keys: 3, erasedAt: 1_763_400_000_000, copiesUntil: 1_765_992_000_000,
      signedBy: key)
    #expect(try ErasureReceipt(text: made.text) == made)
    #expect(made.identity == CustodianIdentity(key.publicKey))
    for (old, new) in [
      ("entry 41", "entry 42"), ("keys 3", "keys 0"), ("project 7", "project 8"), ("copies 1765992000000", "copies 0"), ("abc\n", "abd\n"),
    ] {
      #expect(throws: ErasureReceiptError.badSignature) { try ErasureReceipt(text: made.text.replacing(old, with: new)) }
    }
    for text in [
      "", "sealane erasure receipt v1\n", made.text + "\n", made.text.replacing("keys 3", with: "keys +3"), String(made.text.dropLast()),
    ] {
      #expect(throws: ErasureReceiptError.malformed) { try ErasureReceipt(text: text) }
    }
    // Whatever bytes stand there, it is read or refused.
    var generator = SeededGenerator(seed: 0x5EA1)
    for _ in 0..<20_000 {
      var bytes = Array(made.text.utf8)
      generator.alter(&bytes)
      if bytes != Array(made.text.utf8) { #expect((try? ErasureReceipt(text: String(decoding: bytes, as: UTF8.self))) == nil) }
    }
  }
}
