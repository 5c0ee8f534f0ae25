import Crypto
import Events
import Foundation
import Ledger
import Synchronization
import Testing

struct LedgerTests {
  @Test func aDisclosureIsDurableAndComesBackWhole() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    let digest = Disclosure.digest(ofQuery: Array(#"{"kind":"funnel"}"#.utf8))
    let aggregate = try await ledger.disclose(
      42,
      Disclosure(
        .aggregate(queryDigest: digest, dataVersion: .max, groupSizes: [10, 7, 0]), project: Sample.project, purpose: "console.funnel",
        fields: ["plan"]),
      to: Sample.owner)
    #expect(aggregate.value == 42)
    #expect(aggregate.receipt.index == 0)
    // The power goes without any warning: what was acknowledged is there.
    let reopened = try Sample.open(disk.afterPowerCut(seed: 1))
    let detail = try #require(try await reopened.detail(of: 0))
    #expect(detail.principal == Sample.owner)
    #expect(detail.queryDigest == digest)
    #expect(detail.dataVersion == .max)
    #expect(detail.groupSizes == [10, 7, 0])
    #expect(detail.fields == ["plan"])
    #expect(detail.subjects == nil)
    let entry = try #require(try await reopened.entries(from: 0, limit: 10).first)
    #expect(entry.kind == "disclosure.aggregate")
    #expect(entry.project == Sample.project)
    #expect(entry.time == aggregate.receipt.time)
  }

  @Test func exactlyTheSubjectsShownAreEntered() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    let subjects = (0..<10_000).map { UInt32($0) &* 429_497 }
    let receipt = try await Sample.disclose(ledger, subjects: subjects)
    let detail = try #require(try await ledger.detail(of: receipt.index))
    #expect(detail.subjects?.numbers.map(\.rawValue) == Set(subjects).sorted())
    #expect(detail.rows == 10_000)
    await #expect(throws: LedgerError.self) { try await Sample.disclose(ledger, subjects: subjects + [1]) }
    await #expect(throws: LedgerError.self) {
      try await ledger.disclose(0, Disclosure(.subjects(set: [], rows: -1), project: nil, purpose: "test"), to: Sample.owner)
    }
    #expect(try await ledger.count() == 1, "what is refused is not entered")
  }

  @Test("a page of 10,000 rows may show more subjects than rows: where they arrived from, and those in values")
  func moreSubjectsThanRows() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    let rows = (0..<20_000).map { SubjectNumber(UInt32($0) &* 2_654_435) }
    let values = [SubjectNumber(7), SubjectNumber(9)]
    let page = Disclosure(.subjects(set: rows, rows: 10_000), project: nil, purpose: "test", subjectsInValues: values)
    let receipt = try await ledger.disclose("page", page, to: Sample.owner).receipt
    #expect(try await ledger.detail(of: receipt.index)?.subjects?.numbers == Set(rows + values).sorted())
    let catalog = Disclosure(.catalog(), project: nil, purpose: "test", subjectsInValues: values)
    let entry = try await ledger.disclose("values", catalog, to: Sample.owner).receipt
    #expect(try await ledger.detail(of: entry.index)?.subjects?.numbers == values)
    let crowd = Disclosure(
      .subjects(set: (0...Disclosure.maximumSubjects).map { SubjectNumber(UInt32($0)) }, rows: 1), project: nil, purpose: "test")
    await #expect(throws: LedgerError.self) { try await ledger.disclose("crowd", crowd, to: Sample.owner) }
  }

  @Test("many callers share one append, each gets its own place, and time never runs backwards")
  func groupCommit() async throws {
    let disk = SimulatedDisk()
    let clock = Mutex<Int64>(1_763_400_000_000)
    let ledger = try Ledger.open(
      files: disk, keys: try Sample.keys(),
      clock: {
        clock.withLock { value in
          value += value % 3 == 0 ? -5000 : 700
          return Timestamp(milliseconds: value)
        }
      })
    let before = disk.operations
    let receipts = try await withThrowingTaskGroup(of: LedgerReceipt.self) { group in
      for _ in 0..<1000 { group.addTask { try await Sample.disclose(ledger) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(receipts.map(\.index)) == Set(0..<1000))
    #expect(disk.operations - before < 2000, "an append and an fsync for each would be 2000")
    let entries = try await ledger.entries(from: 0, limit: 1000)
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.time <= $1.time })
    #expect(receipts.allSatisfy { $0.treeSize > $0.index && entries[Int($0.index)].time == $0.time })
    try await ledger.close()
    #expect(Ledger.verify(files: disk, publicKey: ledger.publicKey, keys: try Sample.keys()).firstProblem == nil)
    do {
      _ = try await Sample.disclose(ledger)
      Issue.record("a closed ledger disclosed")
    } catch {
      #expect(error.code == .closed)
    }
  }

  @Test("proofs from the tiles verify at every size, across tiles and levels")
  func proofsFromTiles() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    var checkpoints: [VerifiedCheckpoint] = []
    var leaves: [MerkleHash] = []
    for size in [1, 2, 255, 256, 257, 511, 513, 700] {
      while leaves.count < size { leaves.append(try await Sample.disclose(ledger).leaf) }
      checkpoints.append(try await ledger.publish())
    }
    for checkpoint in checkpoints {
      #expect(checkpoint.root == MerkleTree.root(of: leaves[..<Int(checkpoint.size)]))
      for index in Set([0, 1, checkpoint.size / 2, checkpoint.size - 1]) where index < checkpoint.size {
        let (_, proof) = try await ledger.inclusionProof(of: index, in: checkpoint.size)
        try MerkleProof.verifyInclusion(
          leaf: leaves[Int(index)].bytes, index: index, size: checkpoint.size, proof: proof.map(\.bytes), root: checkpoint.root.bytes)
      }
      for older in checkpoints where older.size <= checkpoint.size {
        let proof = try await ledger.consistencyProof(from: older.size, to: checkpoint.size)
        try checkpoint.verify(continues: older, proof: proof.map(\.bytes))
      }
    }
    await #expect(throws: LedgerError.self) { try await ledger.inclusionProof(of: 700) }
    await #expect(throws: LedgerError.self) { try await ledger.consistencyProof(from: 0) }
    let partials = disk.paths.filter { $0.hasPrefix("tile/0/000.p/") || $0.hasPrefix("tile/entries/000.p/") }
    #expect(partials.isEmpty, "partial tiles are removed once the full one stands")
  }

  @Test func administrativeEntriesShowTheirPublicFactsOnly() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    try await ledger.record(.custodianKeyPinned(fingerprint: "ab12", publicKey: "00ff"), by: Sample.owner)
    try await ledger.record(.serviceAccountCreated(username: "sa_1", project: Sample.project, scopes: ["query", "send"]), by: Sample.owner)
    let entries = try await ledger.entries(from: 0, limit: 2)
    #expect(entries[0].facts == ["fingerprint": "ab12", "public_key": "00ff"])
    #expect(entries[1].facts.isEmpty)
    #expect(entries[1].project == Sample.project)
    #expect(try await ledger.detail(of: 1)?.facts == ["username": "sa_1", "scopes": "query send"])
    await #expect(throws: LedgerError.self, "longer than the format's 65,535 bytes") {
      try await ledger.record(.ledgerOpened(version: String(repeating: "x", count: 65_600)), by: Sample.owner)
    }
  }

  @Test func erasedDetailsAreGoneAndTheLogIsSound() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    for _ in 0..<3 { _ = try await Sample.disclose(ledger) }
    let entry = try #require(try await ledger.entries(from: 1, limit: 1).first)
    try await ledger.eraseDetail(of: 1, by: Sample.owner)
    #expect(try await ledger.detail(of: 1) == nil)
    #expect(try await ledger.detail(of: 0) != nil)
    #expect(try await ledger.entries(from: 1, limit: 1) == [entry])
    #expect(try await ledger.entries(from: .max, limit: .max).isEmpty)
    #expect(try await ledger.entries(from: 0, limit: -1).isEmpty)
    try await ledger.close()
    let verification = Ledger.verify(files: disk, publicKey: ledger.publicKey, keys: try Sample.keys())
    #expect(verification.firstProblem == nil)
    #expect(verification.detailsErased == 1)
    #expect(verification.detailsPresent == 3)
    #expect(verification.entriesByKind == ["disclosure.subjects": 3, "detail_erased": 1])
  }

  @Test func nothingPersonalStandsInTheClear() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    let who = Principal(kind: .serviceAccount, id: "sa_findme_id", credential: "findme_credential")
    _ = try await ledger.disclose(
      1, Disclosure(.catalog(), project: Sample.project, purpose: "findme_purpose", fields: ["findme_field"]), to: who)
    let journal = try #require(disk.contents("journal"))
    #expect(Data(journal).range(of: Data("disclosure.catalog".utf8)) != nil, "the search works")
    #expect(Data(journal).range(of: Data("findme".utf8)) == nil)
    try await ledger.close()
    for path in disk.paths { #expect(Data(disk.contents(path) ?? []).range(of: Data("findme".utf8)) == nil) }
  }

  @Test func oneProcessAtATime() throws {
    let directory = try Sample.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let ledger = try Ledger.open(directory: directory, keys: try Sample.keys())
    do {
      _ = try Ledger.open(directory: directory, keys: try Sample.keys())
      Issue.record("opened twice")
    } catch {
      #expect(error.code == .locked)
    }
    withExtendedLifetime(ledger) {}
  }

  @Test func anotherSigningKeyDoesNotOpenIt() async throws {
    let disk = SimulatedDisk()
    try await Sample.open(disk).close()
    #expect(throws: LedgerError.self) { try Sample.open(disk, seed: 8) }
  }
}
