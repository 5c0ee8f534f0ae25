import Crypto
import Events
import Foundation
import Ledger
import Testing

/// What witnesses cosigned is kept, verified, shown, and asked for before subjects are.
struct WitnessingTests {
  static let custodian = NoteSigner(name: "sealane.test/custodian", kind: .cosignature, seed: [UInt8](repeating: 3, count: 32))
  static let outside = NoteSigner(name: "w.example", kind: .cosignature, seed: [UInt8](repeating: 4, count: 32))

  static func cosigned(_ note: String, by signers: NoteSigner?..., time: UInt64 = 1_763_400_000) throws -> String {
    let text = try SignedNote(Array(note.utf8)).text
    return try signers.reduce(note) { try $0 + (try #require($1)).line(for: text, time: time) }
  }

  /// Entries pinning the custodian's key, some disclosures, and a checkpoint that both cosigned, three entries before the end.
  static func sample() async throws -> (disk: SimulatedDisk, ledger: Ledger) {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    let key = try #require(custodian).key
    try await ledger.record(.custodianWitnessPinned(fingerprint: "00", publicKey: key.description), by: Sample.owner)
    for _ in 0..<299 { _ = try await Sample.disclose(ledger) }
    let note = try await ledger.publish().note
    _ = try await ledger.take(cosigned: cosigned(note, by: custodian), by: key)
    _ = try await ledger.take(cosigned: cosigned(note, by: outside), by: try #require(outside).key)
    for _ in 0..<3 { _ = try await Sample.disclose(ledger) }
    try await ledger.publish()
    return (disk, ledger)
  }

  static func policy(_ quorum: String) throws -> WitnessPolicy {
    let (custodian, outside) = (try #require(custodian).key, try #require(outside).key)
    let third = try WitnessPolicyTests.key("third.example", 9)
    return try WitnessPolicy(
      Array(
        "witness custodian \(custodian)\nwitness outside \(outside)\nwitness third \(third)\ngroup both all custodian outside\nquorum \(quorum)\n"
          .utf8))
  }

  // MARK: Keeping

  @Test func cosignaturesOfTheSameCheckpointComeTogether() async throws {
    let (disk, ledger) = try await Self.sample()
    let keys = [try #require(Self.custodian).key, try #require(Self.outside).key]
    let kept = try await ledger.cosigned(by: keys)
    #expect(kept.map(\.size) == [300, 300])
    #expect(kept.contains { $0.witnesses == Set(keys) }, "whoever comes second is put beside the first")
    #expect(disk.paths.filter { $0.hasPrefix("cosigned/") }.count == 2)
    // A ledger that is opened again has them still; a backup takes them.
    let again = try Sample.open(disk.copy())
    #expect(try await again.cosigned(by: keys).count == 2)
  }

  @Test func whatIsNoCosignedCheckpointOfThisLogIsRefused() async throws {
    let (_, ledger) = try await Self.sample()
    let key = try #require(Self.custodian).key
    let note = try await ledger.publish().note
    let strange = try #require(NoteSigner(name: "sealane.test/ledger", seed: [UInt8](repeating: 8, count: 32)))
    let ours = try #require(NoteSigner(name: "sealane.test/ledger", seed: [UInt8](repeating: 7, count: 32)))
    let fork = try Checkpoint(origin: "sealane.test/ledger", size: 290, root: .emptyTree).signed(by: ours)
    let later = try Checkpoint(origin: "sealane.test/ledger", size: 999, root: .emptyTree).signed(by: ours)
    let forged = try Checkpoint(origin: "sealane.test/ledger", size: 303, root: .emptyTree).signed(by: strange)
    let altered = try Self.cosigned(note, by: Self.custodian).replacing("\n303\n", with: "\n302\n")
    let all = [
      note, try Self.cosigned(note, by: Self.outside), try Self.cosigned(fork, by: Self.custodian),
      try Self.cosigned(later, by: Self.custodian), try Self.cosigned(forged, by: Self.custodian), "nonsense", altered,
    ]
    for bad in all {
      await #expect(throws: LedgerError.self) { try await ledger.take(cosigned: bad, by: key) }
    }
    #expect(try await ledger.cosigned(by: [key]).map(\.size) == [300, 300], "both files carry its signature")
  }

  @Test func anOlderOneDoesNotTakeThePlaceOfANewerOne() async throws {
    let (_, ledger) = try await Self.sample()
    let key = try #require(Self.custodian).key
    let older = try await ledger.publish().note
    _ = try await Sample.disclose(ledger)
    let newer = try await ledger.publish().note
    #expect(try await ledger.take(cosigned: Self.cosigned(newer, by: Self.custodian), by: key).size == 304)
    #expect(try await ledger.take(cosigned: Self.cosigned(older, by: Self.custodian), by: key).size == 304)
  }

  @Test("whatever step of keeping a cosignature fails, the one before or the new one is there, and the ledger goes on")
  func everyFault() async throws {
    let (base, ledger) = try await Self.sample()
    let key = try #require(Self.custodian).key
    let newer = try Self.cosigned(try await ledger.publish().note, by: Self.custodian)
    try await ledger.close()
    let clean = base.copy()
    _ = try await Sample.open(clean).take(cosigned: newer, by: key)
    let steps = clean.operations
    try #require(steps >= 4)
    for step in 1...steps {
      for fault in SimulatedDisk.Fault.allCases {
        let disk = base.copy()
        let ledger = try Sample.open(disk)
        disk.fail(at: step, fault)
        _ = try? await ledger.take(cosigned: newer, by: key)
        for seed in UInt64(0)..<4 {
          let after = disk.afterPowerCut(seed: seed)
          let kept = try await Sample.open(after).cosigned(by: [key])
          #expect(kept.contains { $0.size == 300 || $0.size == 303 }, "step \(step), \(fault), seed \(seed)")
          #expect(try Ledger.verify(files: after, publicKey: ledger.publicKey, keys: Sample.keys()).isSound, "step \(step), \(fault)")
        }
        // A cosignature that cannot be kept is no reason to disclose nothing any more.
        if [.failsWithoutEffect, .failsAfterEffect].contains(fault) { _ = try await Sample.disclose(ledger) }
      }
    }
  }

  // MARK: Before subjects are shown

  @Test func nothingStopsWhileNoWitnessIsAskedFor() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    _ = try await Sample.disclose(ledger)
    #expect(ledger.standing().isOpen && ledger.standing().patience == nil)
  }

  @Test func subjectsStopWhenTheTailIsOldAndGoOnWhenItIsCosigned() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    ledger.require(patience: .milliseconds(400))
    _ = try await Sample.disclose(ledger)
    try await ledger.publish()
    try await Task.sleep(for: .milliseconds(450))
    func refused() async -> LedgerError.Code? {
      do {
        _ = try await Sample.disclose(ledger)
        return nil
      } catch { return error.code }
    }
    #expect(await refused() == .unwitnessed)
    #expect(try await ledger.count() == 1, "what is refused is not entered")
    // Aggregates, names and the ledger itself go on.
    for kind in [
      Disclosure.Kind.aggregate(queryDigest: "", dataVersion: 1, groupSizes: [3]), .catalog(), .settings, .ledger(first: 0, count: 1),
    ] {
      _ = try await ledger.disclose(1, Disclosure(kind, project: nil, purpose: "test"), to: Sample.owner)
    }
    let search = Disclosure(.subjectSearch(set: [], rows: 0), project: nil, purpose: "test")
    await #expect(throws: LedgerError.self) { try await ledger.disclose(1, search, to: Sample.owner) }
    ledger.noteWitnessed(try await ledger.publish().size)
    #expect(await refused() == nil)
    ledger.require(patience: nil)
    try await Task.sleep(for: .milliseconds(450))
    #expect(await refused() == nil)
  }

  @Test("however many checkpoints nobody cosigned, the tail is as old as its oldest entry")
  func longTail() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    let start = ContinuousClock.now
    for _ in 0..<2100 {
      _ = try await Sample.disclose(ledger, subjects: [1])
      try await ledger.publish()
    }
    #expect(try #require(ledger.standing().waiting) > (ContinuousClock.now - start) * 0.9)
    let half = ContinuousClock.now
    _ = try await Sample.disclose(ledger)
    ledger.noteWitnessed(2099)
    #expect(try #require(ledger.standing().waiting) >= ContinuousClock.now - half, "rather older than younger")
    ledger.noteWitnessed(2100)
    #expect(try #require(ledger.standing().waiting) < ContinuousClock.now - half + .seconds(1))
    try await ledger.publish()
    ledger.noteWitnessed(2101)
    #expect(ledger.standing().waiting == nil)
  }

  @Test func anAlarmStopsSubjectsAtOnce() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    ledger.noteAlarm("The witness says no.")
    do {
      _ = try await Sample.disclose(ledger)
      Issue.record("disclosed")
    } catch { #expect(error.code == .unwitnessed && error.message == "The witness says no.") }
    ledger.noteAlarm(nil)
    _ = try await Sample.disclose(ledger)
  }

  @Test func aStartGivesTimeForTheFirstCosignature() async throws {
    let (disk, old) = try await Self.sample()
    try await old.close()
    let ledger = try Sample.open(disk.copy())
    ledger.require(patience: .seconds(60))
    ledger.noteWitnessed(300)
    let standing = ledger.standing()
    #expect(standing.isOpen && standing.witnessed == 300)
    #expect(try #require(standing.waiting) < .seconds(10))
    ledger.noteWitnessed(303)
    #expect(ledger.standing().waiting == nil)
  }

  // MARK: Verifying

  @Test func verificationNamesWitnessesAndHoldsThemToAPolicy() async throws {
    let (disk, ledger) = try await Self.sample()
    func verify(_ policy: WitnessPolicy?, _ disk: SimulatedDisk) throws -> LedgerVerification {
      Ledger.verify(files: disk, publicKey: ledger.publicKey, keys: try Sample.keys(), policy: policy)
    }
    let plain = try verify(nil, disk)
    #expect(plain.isSound && plain.witnessed == 300 && plain.witnesses == ["sealane.test/custodian"], "\(plain)")
    let both = try verify(try Self.policy("both"), disk)
    #expect(both.isSound && both.witnessed == 300 && both.witnesses.count == 2)
    let third = try verify(try Self.policy("third"), disk)
    #expect(!third.isSound && third.firstProblem?.contains("policy") == true)
    #expect(try verify(try Self.policy("none"), disk).isSound)
  }

  @Test func whatIsKeptOfWitnessesIsHeldAgainstTheLog() async throws {
    let (disk, ledger) = try await Self.sample()
    let path = try #require(disk.paths.first { $0.hasPrefix("cosigned/") })
    let bytes = try #require(disk.contents(path))
    func problem(_ disk: SimulatedDisk) throws -> String? {
      Ledger.verify(files: disk, publicKey: ledger.publicKey, keys: try Sample.keys(), policy: try Self.policy("both")).firstProblem
    }
    for position in stride(from: 0, to: bytes.count, by: 3) {
      let altered = disk.copy()
      var changed = bytes
      changed[position] ^= 1
      altered.replaceContents(path, changed)
      #expect(try problem(altered) != nil, "byte \(position)")
    }
    // Entries that were there when it was cosigned are gone: the whole log of an earlier moment, signed as it was then.
    let early = SimulatedDisk()
    let young = try Sample.open(early)
    for _ in 0..<5 { _ = try await Sample.disclose(young) }
    try await young.close()
    try early.write(bytes, to: path)
    #expect(try problem(early)?.contains("entries were removed") == true)
    // As many, but others.
    let fork = SimulatedDisk()
    let other = try Sample.open(fork)
    for _ in 0..<303 { _ = try await Sample.disclose(other, subjects: [9]) }
    try await other.close()
    try fork.write(bytes, to: path)
    let found = try #require(try problem(fork))
    #expect(found.contains("first 300 entries") && found.contains(path), "\(found)")
  }

  // MARK: Proofs

  @Test func aProofOfOneEntryHoldsForWhoeverHasTheKeys() async throws {
    let (disk, ledger) = try await Self.sample()
    for index in [UInt64(0), 17, 255, 256, 299] {
      let proof = try Ledger.proof(of: index, files: disk)
      let read = try LedgerProof(text: proof.text)
      #expect(read == proof)
      let verified = try read.verify(logs: [ledger.publicKey], policy: try Self.policy("both"))
      #expect(verified.entry.index == index && verified.checkpoint.size == 300)
      #expect(verified.entry.kind == (index == 0 ? "custodian_witness_pinned" : "disclosure.subjects"))
    }
    // Not covered by what was cosigned: the published checkpoint serves, and a policy asks for more.
    let young = try Ledger.proof(of: 301, files: disk)
    #expect(try young.verify(logs: [ledger.publicKey], policy: nil).checkpoint.size == 303)
    #expect(throws: LedgerProof.Malformed.self) { try young.verify(logs: [ledger.publicKey], policy: Self.policy("both")) }
    #expect(throws: LedgerError.self) { try Ledger.proof(of: 303, files: disk) }
    #expect(throws: SignedNote.Failure.self) { try young.verify(logs: [Sample.keys(seed: 1).publicKey], policy: nil) }
  }

  @Test("one flipped bit anywhere in a proof is refused")
  func alteredProofs() async throws {
    let (disk, ledger) = try await Self.sample()
    let text = try Ledger.proof(of: 17, files: disk).text
    let policy = try Self.policy("both")
    let bytes = Array(text.utf8)
    for position in bytes.indices {
      for bit in [UInt8(1), 4, 32] {
        var changed = bytes
        changed[position] ^= bit
        guard let altered = String(validating: changed, as: UTF8.self) else { continue }
        let holds = (try? LedgerProof(text: altered).verify(logs: [ledger.publicKey], policy: policy)) != nil
        #expect(!holds, "bit \(bit) of byte \(position)")
      }
    }
  }

  // MARK: Tiles

  @Test func tilesOfEarlierCheckpointsAreServedFromLaterOnes() async throws {
    let (_, ledger) = try await Self.sample()
    func tile(_ path: String) -> TilePath.HashTile? { TilePath.HashTile(path: path.split(separator: "/").map(String.init)) }
    func hashes(_ path: String) async throws -> [UInt8]? {
      let tile = try #require(tile(path))
      return try await ledger.hashes(of: tile)
    }
    let full = try await hashes("0/000")
    #expect(full?.count == 8192)
    for width in [1, 44, 47] { #expect(try await hashes("0/001.p/\(width)")?.count == 32 * width) }
    #expect(try await hashes("0/000.p/9") == full.map { Array($0.prefix(288)) })
    #expect(try await hashes("1/000.p/1")?.count == 32)
    for beyond in ["0/001", "0/001.p/48", "0/002.p/1", "1/000", "2/000.p/1"] { #expect(try await hashes(beyond) == nil, "\(beyond)") }
    #expect(tile("0/x001/x234/067.p/8")?.index == 1_234_067)
    for bad in [
      "", "0", "8/000", "00/000", "-1/000", "0/0", "0/0000", "0/x000/000", "0/001/000", "0/x001", "0/000.p/0", "0/000.p/256", "0/000.p/01",
      "0/000.p", "0/000/.p/1", "entries/000", "0/../000", "0/x01/000", "0/000.q/1", "0/999999999999999999999",
    ] { #expect(tile(bad) == nil, "\(bad)") }
  }
}
