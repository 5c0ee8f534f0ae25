import Crypto
import Foundation
import Ledger
import Testing

/// `Tests/Stranger/verify_ledger.py` knows docs/FORMATS.md and nothing else of us: it must come to the same result.
struct StrangerTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let python: String? =
    ["\(root.path)/.venv/bin/python", "/usr/bin/python3", "/usr/local/bin/python3"].first { path in
      (try? run(path, ["-c", "import cryptography"]).status) == 0
    } ?? ((try? run("/usr/bin/env", ["python3", "-c", "import cryptography"]).status) == 0 ? "/usr/bin/env" : nil)

  static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test("a stranger's verifier agrees, on the disk of this machine", .enabled(if: python != nil, "needs Python with `cryptography`"))
  func agreement() async throws {
    let directory = try Sample.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (seed, first, second) = ([UInt8](repeating: 3, count: 32), SymmetricKey(size: .bits256), SymmetricKey(size: .bits256))
    let original = try LedgerKeys(origin: "stranger.test/ledger", signingSeed: seed, setsKeys: [first])
    let keys = try LedgerKeys(origin: "stranger.test/ledger", signingSeed: seed.map { $0 + 1 }, setsKeys: [first, second])
    let setsFiles = try [first, second].map { key in
      let file = directory.appendingPathComponent("\(UUID().uuidString).key")
      try key.withUnsafeBytes { Data($0) }.write(to: file)
      return file.path
    }
    let home = directory.appendingPathComponent("ledger")
    do {
      let ledger = try Ledger.open(directory: home, keys: original)
      try await withThrowingTaskGroup { group in
        for number in 0..<600 { group.addTask { _ = try await Sample.disclose(ledger, subjects: [UInt32(number), 7, 70_000]) } }
        try await group.waitForAll()
      }
      try await ledger.eraseDetail(of: 17, by: Sample.owner)
      let witness = try #require(WitnessingTests.custodian)
      try await ledger.record(.custodianWitnessPinned(fingerprint: "00", publicKey: witness.key.description), by: Sample.owner)
      let note = try await ledger.publish().note
      _ = try await ledger.take(cosigned: WitnessingTests.cosigned(note, by: witness), by: witness.key)
      try await ledger.record(.signingKeyRotated(try original.succession(to: keys)), by: Sample.owner)
      try await ledger.publish()
      try await ledger.adopt(keys)
      _ = try await Sample.disclose(ledger)
    }
    let mine = Ledger.verify(directory: home, publicKey: keys.publicKey, keys: keys)
    #expect(mine.firstProblem == nil)
    let arguments = [
      "\(Self.root.path)/Tests/Stranger/verify_ledger.py", home.path, original.publicKey.description, "--json", "--sets-key", setsFiles[0],
      "--sets-key", setsFiles[1],
    ]
    // By the key that was in force at the beginning, by the one that is now, and by no other.
    for (key, isSound) in [(keys, true), (try Sample.keys(), false)] {
      let found = try verify(arguments.map { $0 == original.publicKey.description ? key.publicKey.description : $0 })
      #expect((found.status == 0) == isSound, "\(found.output)")
    }
    let sound = try verify(arguments)
    #expect(sound.status == 0, "\(sound.output)")
    let counts = try #require(try JSONSerialization.jsonObject(with: Data(sound.output.utf8)) as? [String: Any])
    #expect(counts["entries"] as? Int == Int(mine.size))
    #expect(counts["waiting"] as? Int == Int(mine.waiting))
    #expect(counts["erased"] as? Int == 1)
    #expect(counts["root"] as? String == mine.root)
    #expect(counts["cosigned"] as? Int == Int(mine.witnessed) && mine.witnessed == 602)

    for path in [
      "checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/entries/001", "details/001",
      "cosigned/\(try #require(WitnessingTests.custodian).key.idText)",
    ] {
      let file = home.appendingPathComponent(path)
      let whole = try Data(contentsOf: file)
      var altered = whole
      altered[whole.count / 2] ^= 4
      try altered.write(to: file)
      let result = try verify(arguments)
      #expect(result.status == 1, "\(path): \(result.output)")
      #expect(!Ledger.verify(directory: home, publicKey: keys.publicKey, keys: keys).isSound)
      try whole.write(to: file)
    }
  }

  private func verify(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let python = try #require(Self.python)
    return try Self.run(python, (python == "/usr/bin/env" ? ["python3"] : []) + arguments)
  }
}
