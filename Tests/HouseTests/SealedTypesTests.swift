import Foundation
import Testing

/// What only one room may make, no other room can: code that tries does not compile. So whatever takes a `GatedEvent` cannot be handed raw
/// input, and whatever takes a `Disclosed` cannot be handed an answer that the ledger does not know.
struct SealedTypesTests {
  @Test("reading what another room made compiles: otherwise the refusals below would prove nothing")
  func readingCompiles() throws {
    let code = """
      import Events
      import Gate
      import Ledger
      func read(_ event: GatedEvent, _ answer: Disclosed<Int>) -> (String, Int) { (event.name, answer.map { $0 + 1 }.value) }
      """
    #expect(try Self.errors(in: code) == "")
  }

  @Test(
    "making them elsewhere does not compile",
    arguments: [
      (
        "GatedEvent(name: \"x\", time: Timestamp(milliseconds: 0), actor: nil, link: nil, duplicateKeys: nil, groups: [], properties: [], "
          + "decisions: [])", "inaccessible due to 'internal'"
      ),
      ("GatedBatch(rows: rows(), events: [], profileUpdates: [], wrappedKeys: [])", "inaccessible due to 'internal'"),
      ("GatedRows()", "inaccessible due to 'internal'"),
      ("{ (rows: GatedRows) in var copy = rows; copy.times = []; return copy }", "setter is inaccessible"),
      ("{ (rows: GatedRows) in var copy = rows.columns[0]; copy.values = [.string(\"x\")]; return copy }", "setter is inaccessible"),
      ("GatedIdentity(pseudonym: Pseudonym(high: 0, low: 0), sealedID: nil)", "inaccessible due to 'internal'"),
      ("Disclosed(value: 1, receipt: receipt())", "inaccessible due to 'internal'"),
      ("LedgerReceipt(index: 1, treeSize: 1, time: Timestamp(milliseconds: 0), leaf: .emptyTree)", "inaccessible due to 'internal'"),
      ("{ (event: GatedEvent) in var copy = event; copy.name = \"x\"; return copy }", "'let' constant"),
      ("{ (answer: Disclosed<Int>) in var copy = answer; copy.value = 2; return copy }", "'let' constant"),
    ])
  func makingDoesNotCompile(expression: String, refusal: String) throws {
    let code = """
      import Events
      import Gate
      import Ledger
      func receipt() -> LedgerReceipt { preconditionFailure() }
      func rows() -> GatedRows { preconditionFailure() }
      let made = \(expression)
      """
    #expect(try Self.errors(in: code).contains(refusal))
  }

  @Test(
    "nor do ways around it",
    arguments: [
      (
        "extension Disclosed { init(bad value: Value, _ receipt: LedgerReceipt) { self.value = value; self.receipt = receipt } }",
        "'let' property"
      ),
      ("extension GatedIdentity { init(bad pseudonym: Pseudonym) { self.pseudonym = pseudonym; self.sealedID = nil } }", "'let' property"),
      ("let event = try JSONDecoder().decode(GatedEvent.self, from: Data())", "conform to 'Decodable'"),
      ("let answer = try JSONDecoder().decode(Disclosed<Int>.self, from: Data())", "conform to 'Decodable'"),
    ])
  func waysAround(code: String, refusal: String) throws {
    #expect(try Self.errors(in: "import Events\nimport Foundation\nimport Gate\nimport Ledger\n\(code)").contains(refusal))
  }

  @Test("the rooms are not built for testing from inside", arguments: ["Gate", "Ledger", "Vault"])
  func noTestableImport(room: String) throws {
    #expect(try Self.errors(in: "@testable import \(room)").contains("not compiled for testing"))
  }

  /// The compiler's errors about a file that stands in this package beside the rooms; empty if there is none.
  private static func errors(in code: String) throws -> String {
    let root = ImportOrderTests.root
    let modules = root.appendingPathComponent(".build/release/Modules").path
    try #require(FileManager.default.fileExists(atPath: modules), "build first: swift build -c release --build-tests")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("sealed-\(UUID().uuidString).swift")
    try Data(code.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    // A package is named after its folder; `package` declarations are seen under that name only.
    let package = String(root.lastPathComponent.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swiftc", "-typecheck", "-swift-version", "6", "-package-name", package, "-I", modules, "-I",
      root.appendingPathComponent("Sources/CMaxMindDB").path, "-I", root.appendingPathComponent("Sources/CRoaring").path, "-I",
      root.appendingPathComponent("Sources/CProcess/include").path, "-I", root.appendingPathComponent("Sources/CRE2/include").path,
      file.path,
    ]
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").filter { $0.contains("error:") }.joined(separator: "\n")
  }
}
