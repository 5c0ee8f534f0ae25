import Events
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Synchronization
import Testing
import Vault

/// A rotation is done or undone as a whole, wherever it is interrupted.
struct KeyRotationTests {
  private static let owner = Principal(kind: .operatingSystemUser, id: "0", credential: "test")

  private static func configuration(_ root: URL) throws -> ServerConfiguration {
    try ServerConfiguration(Settings(flags: [.data: root.path], environment: [:], file: nil))
  }

  private static func verify(_ root: URL, publicKey: String) throws -> LedgerCheck.Outcome {
    let keys = try KeyDirectory.load(from: DataDirectory.defaultKeys(of: root))
    return try LedgerCheck(DataDirectory(root), keys: keys, publicKey: publicKey).run(older: nil)
  }

  private static func copy(_ root: URL, to other: URL) throws {
    try FileManager.default.copyItem(at: root, to: other)
    try FileManager.default.copyItem(at: DataDirectory.defaultKeys(of: root), to: DataDirectory.defaultKeys(of: other))
  }

  /// As a crash at every step would leave the directories: copies of them, each opened by a server of its own.
  @Test(
    "after a crash at any step the old or the new key is in force, whole, and the ledger verifies by the first key",
    arguments: [RotatableKey.ledgerSigning, .ledgerSets])
  func everyStep(key: RotatableKey) async throws {
    try await TestServer.inDirectory { root in
      let made = try await Initialization(data: root).run()
      let installation = try await Installation.open(try Self.configuration(root))
      let found = Mutex<[(step: KeyRotation.Step, copy: URL)]>([])
      var rotation = KeyRotation(installation: installation, place: DataDirectory.defaultKeys(of: root))
      rotation.reached = { step in
        let copy = root.deletingLastPathComponent().appendingPathComponent("\(step)", isDirectory: true)
        try Self.copy(root, to: copy)
        found.withLock { $0.append((step, copy)) }
      }
      _ = key == .ledgerSigning ? try await rotation.rotateSigning(by: Self.owner) : try await rotation.rotateSets(by: Self.owner)
      let last = try await installation.ledger.record(.setupLinkCreated, by: Self.owner).index
      let old = try #require(NoteKey(made.ledgerPublicKey))
      #expect((installation.ledger.publicKey != old) == (key == .ledgerSigning))
      await installation.close()
      #expect(try Self.verify(root, publicKey: made.ledgerPublicKey).isSound)

      let copies = found.withLock { $0 }
      #expect(copies.map(\.step) == KeyRotation.Step.allCases)
      for (step, copy) in copies {
        // Before anybody mends it: an outsider finds it whole.
        let before = try LedgerCheck(DataDirectory(copy), keys: nil, publicKey: made.ledgerPublicKey).run(older: nil)
        #expect(before.isSound, "\(step): \(before.text)")
        let reopened = try await Installation.open(try Self.configuration(copy))
        let isNew = step != .drafted
        #expect((reopened.ledger.publicKey != old) == (isNew && key == .ledgerSigning), "\(step)")
        let keys = try KeyDirectory.load(from: DataDirectory.defaultKeys(of: copy))
        #expect(keys.ledgerSets.count == (isNew && key == .ledgerSets ? 2 : 1), "\(step)")
        let names = try FileManager.default.contentsOfDirectory(atPath: DataDirectory.defaultKeys(of: copy).path)
        #expect(!names.contains { $0.hasSuffix(".next") }, "\(step): \(names)")
        _ = try await reopened.ledger.record(.setupLinkCreated, by: Self.owner)
        // It goes on from there.
        let again = KeyRotation(installation: reopened, place: DataDirectory.defaultKeys(of: copy))
        _ = key == .ledgerSigning ? try await again.rotateSigning(by: Self.owner) : try await again.rotateSets(by: Self.owner)
        let publicKey = try String(contentsOf: DataDirectory(copy).ledgerPublicKey, encoding: .utf8)
        #expect(publicKey == "\(reopened.ledger.publicKey)\n")
        _ = try await reopened.ledger.records(from: 0, limit: Int(last) + 10)
        await reopened.close()
        let outcome = try Self.verify(copy, publicKey: made.ledgerPublicKey)
        #expect(outcome.isSound && outcome.json.contains(#""details_checked":true"#), "\(step): \(outcome.text)")
      }
    }
  }

  @Test("a draft that is not whole, or that no entry names, is destroyed at the start")
  func tornDrafts() async throws {
    try await TestServer.inDirectory { root in
      let made = try await Initialization(data: root).run()
      let keys = DataDirectory.defaultKeys(of: root)
      let drafts = ["ledger-signing.key.next", "ledger-sets-2.key.next"].map { keys.appendingPathComponent($0) }
      try SecretFile.create(drafts[0], bytes: [1, 2, 3])
      try SecretKey().write(to: drafts[1])
      let installation = try await Installation.open(try Self.configuration(root))
      #expect(installation.ledger.publicKey.description == made.ledgerPublicKey)
      await installation.close()
      #expect(drafts.allSatisfy { !FileManager.default.fileExists(atPath: $0.path) })
      #expect(try KeyDirectory.load(from: keys).ledgerSets.count == 1)
    }
  }

  @Test func overTheControlSocketOnly() async throws {
    try await TestServer.run { server in
      let body = #"{"keys":["ledger_signing","ledger_sets","record_keys"]}"#
      let refused = try await server.send("POST", server.console + "/api/v1/keys/rotations", headers: [server.credential], json: body)
      #expect(refused.status == 403)
      #expect(try await server.send("GET", server.console + "/api/v1/keys", headers: [server.credential]).status == 403)
      for wrong in ["{}", "[]", #"{"keys":[]}"#, #"{"keys":["pseudonym"]}"#, #"{"keys":["ledger_sets"],"more":1}"#] {
        await #expect(throws: CommandError.self) {
          _ = try await server.control.send(
            "POST", "/api/v1/keys/rotations", headers: [("Content-Type", "application/json")], body: Array(wrong.utf8))
        }
      }
      let rotated = try await server.control.text("POST", "/api/v1/keys/rotations", body: Array(body.utf8))
      #expect(rotated.contains(#""number":2"#) && rotated.contains(#""wiped":0"#))
      let listed = try await server.control.text("GET", "/api/v1/keys")
      #expect(listed.contains("\(server.installation.ledger.publicKey)") && !listed.contains(server.made.ledgerPublicKey))
      let kinds = try await server.installation.ledger.entries(ofKinds: AdministrativeEntry.keyKinds).map(\.kind)
      #expect(kinds == ["ledger_opened", "record_keys_rotated", "ledger_sets_key_rotated", "ledger_signing_key_rotated"])
      // What the list shows is none of the keys.
      let keys = try KeyDirectory.load(from: DataDirectory.defaultKeys(of: server.installation.directory.root))
      for file in keys.files {
        let bytes = file.key.withUnsafeBytes { Array($0) }
        #expect(!listed.contains(Data(bytes).base64EncodedString()) && !listed.lowercased().contains(bytes.hexadecimal.prefix(16)))
      }
    }
  }

  @Test("gate's processor time is a part of the process's")
  func gateTime() async throws {
    try await TestServer.run { server in
      let events = (0..<500).map { server.event("Timed", "id-\($0)", "i-\($0)") }.joined(separator: ",")
      #expect(try await server.importEvents("[\(events)]").status == 200)
      let metrics = try await server.send("GET", server.console + "/metrics").text
      func figure(_ name: String) throws -> Double {
        let line = try #require(metrics.split(separator: "\n").first { $0.hasPrefix(name + " ") })
        return try #require(Double(line.split(separator: " ")[1]))
      }
      let (gate, process) = (try figure("sealane_gate_cpu_seconds_total"), try figure("process_cpu_seconds_total"))
      // 500 ids are sealed for the first time: milliseconds.
      #expect(gate > 0.0005 && gate < process, "\(gate) of \(process)")
    }
  }
}
