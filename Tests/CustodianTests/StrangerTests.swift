import Custodian
import Events
import Foundation
import Synchronization
import Testing
import Vault

/// A program that shares nothing with this one but docs/FORMATS.md opens what was sealed here.
@Suite("A stranger opens with the keys and the page", .enabled(if: StrangerPython.path != nil, "run Scripts/bootstrap test first"))
struct StrangerTests {
  private let bench: CustodianBench

  init() throws { bench = try CustodianBench() }

  @Test func `values and bundles open, moved and altered ones do not`() async throws {
    let values = try bench.seal(["ada", "bob"])
    let bundle = bench.directory.appendingPathComponent("bundle")
    let parcels = bench.server.state.withLock { state in
      Parcel.grouping(state.undelivered.map { (cursor: $0.cursor, key: $0.key) }, project: bench.project)
    }
    try Data(ParcelCodec.encode(bundle: parcels)).write(to: bundle)
    #expect(try script("open_parcel.py", [bundle.path]).output.contains(bench.pseudonyms.subject("bob").description))
    _ = try await bench.courier().round()
    let ada = bench.pseudonyms.subject("ada").description
    let bob = bench.pseudonyms.subject("bob").description
    func open(_ hex: String, project: Int = 7, subject: String, field: String = "$email", _ more: [String] = []) throws -> String? {
      let result = try script(
        "open_sealed_value.py", ["--project", "\(project)", "--subject", subject, "--field", field, hex] + more)
      return result.status == 0 ? result.output.trimmingCharacters(in: .newlines) : nil
    }
    let value = values[0].bytes
    #expect(try open(value.hexadecimal, subject: "s_" + ada) == "ada@orrery.example")
    #expect(try open(value.hexadecimal, subject: ada, ["--bundle", bundle.path]) == "ada@orrery.example")
    #expect(try open(value.hexadecimal, subject: bob) == nil)
    #expect(try open(value.hexadecimal, subject: ada, field: "$name") == nil)
    #expect(try open(value.hexadecimal, project: 8, subject: ada) == nil)
    #expect(try open(Array(value.dropLast()).hexadecimal, subject: ada) == nil)
    var altered = value
    altered[30] ^= 1
    #expect(try open(altered.hexadecimal, subject: ada) == nil)
  }

  private func script(_ name: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let file = StrangerPython.root.appendingPathComponent("Tests/Stranger/\(name)").path
    return try StrangerPython.run(try #require(StrangerPython.path), [file, bench.directory.path] + arguments)
  }
}

/// A Python that has `pyhpke`, and how it is run.
enum StrangerPython {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A Python that has `pyhpke`.
  static let path: String? = {
    let candidates: [String?] = [
      ProcessInfo.processInfo.environment["SEALANE_PYTHON"], root.appendingPathComponent(".venv/bin/python").path,
    ]
    for case let candidate? in candidates where (try? run(candidate, ["-c", "import pyhpke, cryptography"]))?.status == 0 {
      return candidate
    }
    return nil
  }()

  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }
}
