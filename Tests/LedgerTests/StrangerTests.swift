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
    let keyDirectory = directory.appendingPathComponent("keys")
    try FileManager.default.createDirectory(at: keyDirectory, withIntermediateDirectories: true)
    let keys = try LedgerKeys.create(origin: "stranger.test/ledger", directory: keyDirectory)
    let home = directory.appendingPathComponent("ledger")
    do {
      let ledger = try Ledger.open(directory: home, keys: keys)
      try await withThrowingTaskGroup { group in
        for number in 0..<600 { group.addTask { _ = try await Sample.disclose(ledger, subjects: [UInt32(number), 7, 70_000]) } }
        try await group.waitForAll()
      }
      try await ledger.eraseDetail(of: 17, by: Sample.owner)
      _ = try await Sample.disclose(ledger)
    }
    let mine = Ledger.verify(directory: home, publicKey: keys.publicKey, keys: keys)
    #expect(mine.firstProblem == nil)
    let arguments = [
      "\(Self.root.path)/Tests/Stranger/verify_ledger.py", home.path, keys.publicKey.description, "--json", "--sets-key",
      keyDirectory.appendingPathComponent(LedgerKeys.setsFile).path,
    ]
    let sound = try verify(arguments)
    #expect(sound.status == 0, "\(sound.output)")
    let counts = try #require(try JSONSerialization.jsonObject(with: Data(sound.output.utf8)) as? [String: Any])
    #expect(counts["entries"] as? Int == Int(mine.size))
    #expect(counts["waiting"] as? Int == Int(mine.waiting))
    #expect(counts["erased"] as? Int == 1)
    #expect(counts["root"] as? String == mine.root)

    for path in ["checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/entries/001", "details/001"] {
      let file = home.appendingPathComponent(path)
      let original = try Data(contentsOf: file)
      var altered = original
      altered[original.count / 2] ^= 4
      try altered.write(to: file)
      let result = try verify(arguments)
      #expect(result.status == 1, "\(path): \(result.output)")
      #expect(!Ledger.verify(directory: home, publicKey: keys.publicKey, keys: keys).isSound)
      try original.write(to: file)
    }
  }

  private func verify(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let python = try #require(Self.python)
    return try Self.run(python, (python == "/usr/bin/env" ? ["python3"] : []) + arguments)
  }
}
