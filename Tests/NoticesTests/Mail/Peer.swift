import Foundation
import Testing

/// A program in Python with the packages of Tests/EndToEnd/requirements.txt.
enum Peer {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Runs a script with something to read; returns what it prints.
  static func run(_ script: String, _ input: Data) throws -> Data {
    let python = ProcessInfo.processInfo.environment["SEALANE_PYTHON"] ?? root.appendingPathComponent(".venv/bin/python").path
    try #require(FileManager.default.isExecutableFile(atPath: python), "run Scripts/bootstrap test")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("peer-\(UUID().uuidString)")
    try input.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", script]
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the peer failed; are the packages of requirements.txt installed?")
    return data
  }
}
