import Events
import Foundation
import Ledger
import TestSupport
import Testing

/// The ledger's files and notes, altered: a refusal with a reason, never the end of the process, and nothing that was not signed is taken for
/// signed. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct LedgerFuzzTests {
  @Test("signed notes and checkpoints") func fuzzNotes() throws {
    var random = Fuzzing.generator(8)
    let log = try #require(NoteKey(SignedNoteTests.logKey))
    let witness = try #require(NoteKey(SignedNoteTests.witnessKey))
    let sound = try SignedNote(Array(SignedNoteTests.cosigned.utf8))
    var verified = 0
    Fuzzing.forAWhile { round in
      var bytes = Array(SignedNoteTests.cosigned.utf8)
      random.alter(&bytes, places: 0...3, telling: Array("\n \u{2014}+/=0A".utf8))
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        let checkpoint = try VerifiedCheckpoint(note: bytes, key: log, witnesses: [witness])
        #expect(checkpoint.checkpoint.text == sound.text, "round \(round): \(text.debugDescription)")
        verified += 1
      } catch { #expect(!"\(error)".isEmpty) }
      _ = (Checkpoint(text: text), NoteKey(text), Succession(note: text))
    }
    #expect(verified > 0)
  }

  @Test("policies: what is taken counts as it says, and whoever signs nothing meets none") func fuzzPolicies() throws {
    var random = Fuzzing.generator(20)
    let keys = try (1...4).map { try WitnessPolicyTests.key("w\($0).example", UInt8($0)) }
    let text =
      keys.enumerated().map { "witness w\($0) \($1) https://w\($0).example/\n" }.joined()
      + "group a 2 w0 w1 w2\ngroup b any w3\ngroup c all a b\nquorum c\n"
    var read = 0
    Fuzzing.forAWhile { round in
      var bytes = Array(text.utf8)
      random.alter(&bytes, places: 0...3, telling: Array("\n \t#+/=0A12wabcnone".utf8))
      do {
        let policy = try WitnessPolicy(bytes)
        read += 1
        let all = Set(policy.witnesses.map(\.key))
        #expect(policy.isMet(by: all), "round \(round): a group asks for more than it has")
        #expect(policy.needsWitnesses != policy.isMet(by: []))
        #expect(policy.witnessedSize(Dictionary(uniqueKeysWithValues: all.map { ($0, 7) })) == (all.isEmpty ? 0 : 7))
      } catch { #expect(!"\(error)".isEmpty) }
    }
    #expect(read > 0)
  }

  @Test("proofs of entries, and answers of witnesses") func fuzzProofs() async throws {
    var random = Fuzzing.generator(21)
    let (disk, ledger) = try await WitnessingTests.sample()
    let proof = try Ledger.proof(of: 17, files: disk)
    let policy = try WitnessingTests.policy("both")
    let witness = try #require(WitnessingTests.custodian)
    let note = try await ledger.publish().note
    let line = try witness.line(for: SignedNote(Array(note.utf8)).text, time: 9)
    var held = 0
    Fuzzing.forAWhile { round in
      var bytes = Array(proof.text.utf8)
      random.alter(&bytes, places: 0...2, telling: Array("\n \u{2014}+/=0A1".utf8))
      if let read = try? LedgerProof(text: String(decoding: bytes, as: UTF8.self)),
        let verified = try? read.verify(logs: [ledger.publicKey], policy: policy)
      {
        held += 1
        #expect(verified.entry.bytes == proof.entry && read.index == proof.index, "round \(round)")
      }
      var body = Array(line.utf8)
      random.alter(&body, places: 0...2, telling: Array("\n \u{2014}+/=0A1".utf8))
      let status = [200, 200, 409, 404, 500].randomElement(using: &random) ?? 200
      if case .cosigned(let cosigned) = AddCheckpoint.answer(
        status: status, contentType: AddCheckpoint.sizeType, body: body, to: note, from: witness.key)
      {
        #expect(
          (try? VerifiedCheckpoint(note: Array(cosigned.utf8), key: ledger.publicKey, witnesses: [witness.key]))?.witnesses.count == 1)
      }
      let path = ["0", "x001", "234.p", "8"].map { part in
        var bytes = Array(part.utf8)
        random.alter(&bytes, places: 0...1, telling: Array("x.p/0123".utf8))
        return String(decoding: bytes, as: UTF8.self)
      }
      if let tile = TilePath.HashTile(path: path) {
        #expect("tile/" + path.joined(separator: "/") == TilePath.hashes(level: tile.level, index: tile.index, width: tile.width))
      }
    }
    #expect(held > 0)
  }

  @Test("entries in their one form") func fuzzEntries() {
    var random = Fuzzing.generator(9)
    let samples = [
      #"{"commitment":"\#(String(repeating: "ab", count: 32))","facts":{"fingerprint":"é\n"},"kind":"disclosure.subjects","project":1,"time":1763400000000,"v":1}"#,
      #"{"a":[true,false,-1,9007199254740991,"\u0000\"",{"b":{}}],"c":""}"#,
    ]
    var read = 0
    Fuzzing.forAWhile { round in
      var bytes = Array((samples.randomElement(using: &random) ?? "").utf8)
      random.alter(&bytes, places: 0...3, telling: Array("{}[]\":,\\0u-1".utf8))
      _ = LedgerEntry(index: UInt64(round), bytes: bytes)
      guard let json = CanonicalJSON(canonical: bytes) else { return }
      read += 1
      #expect(json.bytes == bytes, "round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    #expect(read > 0)
  }

  /// Thirty entries, one detail erased, three entries in the journal.
  private static func sample() async throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    for _ in 0..<29 { _ = try await Sample.disclose(ledger) }
    try await ledger.eraseDetail(of: 3, by: Sample.owner)
    for _ in 0..<3 { _ = try await Sample.disclose(ledger) }
    return disk.copy()
  }

  @Test("tiles, details, journal and checkpoint on disk") func fuzzFiles() async throws {
    var random = Fuzzing.generator(11)
    let base = try await Self.sample()
    let keys = try Sample.keys()
    let paths = base.paths.filter { !(base.contents($0) ?? []).isEmpty }
    #expect(Ledger.verify(files: base, publicKey: keys.publicKey, keys: keys).isSound)
    var found = 0
    try Fuzzing.forAWhile(1) { round in
      let disk = base.copy()
      let path = try #require(paths.randomElement(using: &random))
      var bytes = try #require(disk.contents(path))
      random.alter(&bytes)
      disk.replaceContents(path, bytes)
      let result = Ledger.verify(files: disk, publicKey: keys.publicKey, keys: keys)
      #expect(result.isSound == (result.firstProblem == nil), "round \(round), \(path)")
      if !result.isSound { found += 1 }
      // And a start on it.
      do throws(LedgerError) { _ = try Sample.open(disk) } catch { #expect(!error.description.isEmpty, "round \(round), \(path)") }
    }
    #expect(found > 0)
  }

  @Test("files of a ledger's backup") func fuzzBackup() async throws {
    var random = Fuzzing.generator(12)
    let ledger = try Sample.open(SimulatedDisk())
    for _ in 0..<5 { _ = try await Sample.disclose(ledger) }
    let base = SimulatedDisk()
    let backup = LedgerBackup(URL(fileURLWithPath: "/ledger-backup"), keys: try Sample.keys())
    _ = try backup.write(try await ledger.image(), name: "1", to: base)
    let paths = base.paths.filter { !(base.contents($0) ?? []).isEmpty }
    try Fuzzing.forAWhile { round in
      let target = base.copy()
      let path = try #require(paths.randomElement(using: &random))
      let sound = try #require(target.contents(path))
      var bytes = sound
      random.alter(&bytes)
      target.replaceContents(path, bytes)
      do throws(LedgerError) {
        let outcomes = try backup.verify(target)
        #expect(bytes == sound || outcomes.isEmpty, "round \(round), \(path)")
      } catch { #expect(!error.description.isEmpty, "round \(round), \(path)") }
    }
  }
}
