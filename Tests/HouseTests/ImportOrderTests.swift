import Foundation
import Testing

/// The floor plan of docs/ARCHITECTURE.md: a room imports what stands beside it, and nothing else of ours.
struct ImportOrderTests {
  static let rooms: [String: Set<String>] = [
    "Events": [],
    "Vault": ["Events", "CProcess"],
    "Gate": ["Events", "Vault", "CMaxMindDB", "CRE2"],
    "Intake": ["Events", "CSimdJSON", "CZlib", "CZstd"],
    "Ledger": ["Events", "CRoaring"],
    "Journeys": ["Events"],
    "SegmentStore": ["Events", "Journeys", "Gate", "Vault", "CRowBits", "CZstd"],
    "Access": ["Events", "Ledger", "Passkeys"],
    "Notices": ["Events", "Ledger", "CICU", "COpenSSL", "CResolver"],
    "Answers": ["Events", "Ledger", "Journeys", "Access", "CRoaring"],
    "Passkeys": ["Events"],
    "Web": ["Events", "Passkeys"],
    "Outbound": ["CCurl"],
    "Audit": ["Events", "Gate", "Outbound", "CProcess"],
    "Demo": ["Events"],
    "Delivery": ["Events", "Ledger", "Access", "Outbound"],
    "Relay": ["Events", "Vault", "Ledger", "Journeys", "Access", "Outbound", "Delivery"],
    "Response": ["Events", "Ledger", "Access", "Journeys", "Notices", "Relay"],
    "Trust": ["Events", "Ledger", "Notices", "Web"],
    "Custodian": ["Events", "Vault", "Ledger", "Notices", "Access", "Passkeys", "Web", "Outbound"],
    "Console": [
      "Events", "Web", "Access", "Passkeys", "Ledger", "Journeys", "Gate", "Answers", "Relay", "Response", "Notices", "Delivery",
    ],
    "Server": [
      "Events", "Vault", "Gate", "Intake", "Ledger", "Journeys", "SegmentStore", "Access", "Web", "Outbound", "Delivery", "Console", "Demo",
      "Answers", "Relay", "Response", "Notices", "Trust",
      "CZlib",
    ],
    "sealane": [
      "Events", "Intake", "Ledger", "Journeys", "SegmentStore", "Access", "Vault", "Server", "Notices", "Audit", "Outbound", "Demo",
    ],
    "sealane-custodian": ["Custodian", "Notices", "Vault", "Events"],
  ]
  static let framework: Set<String> = ["Hummingbird", "HummingbirdCore", "HummingbirdTLS", "NIOHTTP1", "HTTPTypes"]
  static let frameworkRooms: Set<String> = ["Server", "Console", "Web", "Custodian"]
  static let ours = Set(rooms.keys).union([
    "CMaxMindDB", "CRE2", "CSimdJSON", "CZlib", "CZstd", "CRowBits", "CRoaring", "CCurl", "CICU", "COpenSSL", "CProcess", "CResolver",
  ])

  @Test("a room imports only what the floor plan allows", arguments: rooms.keys.sorted())
  func importsStayInside(room: String) throws {
    let allowed = Self.rooms[room] ?? []
    for (file, module) in try Self.imports(in: room) {
      if Self.ours.contains(module) {
        #expect(allowed.contains(module), "\(file) imports \(module); \(room) may import \(allowed.sorted())")
      }
      if Self.framework.contains(module) {
        #expect(
          Self.frameworkRooms.contains(room), "\(file) imports the web framework (\(module)); only \(Self.frameworkRooms.sorted()) may")
      }
      if module == "GRDB" {
        #expect(["Access", "Custodian"].contains(room), "\(file) imports GRDB; control data stands in Access alone")
      }
    }
  }

  @Test func everyFolderIsARoomOfThePlan() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appendingPathComponent("Sources").path)
    for folder in folders where !folder.hasPrefix("C") || folder == "Custodian" || folder == "Console" {
      #expect(Self.rooms[folder] != nil, "Sources/\(folder) is not in the floor plan")
    }
  }

  @Test("what opens a seal is not linked into the server's binary")
  func serverBinaryCannotOpen() throws {
    let binary = Self.root.appendingPathComponent(".build/release/sealane")
    try #require(FileManager.default.fileExists(atPath: binary.path), "build first: swift build -c release --product sealane")
    let symbols = try Self.output(of: "/usr/bin/nm", "-a", binary.path)
    #expect(symbols.contains("SegmentStore"), "the symbol table is readable")
    // A mangled Swift symbol begins with its module: $s, the length of its name, its name.
    #expect(!symbols.contains("$s9Custodian"), "sealane holds code of the Custodian room")
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func imports(in room: String) throws -> [(file: String, module: String)] {
    let folder = root.appendingPathComponent("Sources/\(room)")
    var found: [(String, String)] = []
    for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) ?? .init()
    where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        var words = line.split(separator: " ").map(String.init)[...]
        while let first = words.first, first.hasPrefix("@") || ["package", "public", "internal", "private", "fileprivate"].contains(first) {
          words.removeFirst()
        }
        guard words.first == "import", words.count >= 2 else { continue }
        let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let name =
          kinds.contains(words[words.startIndex + 1]) && words.count >= 3 ? words[words.startIndex + 2] : words[words.startIndex + 1]
        found.append((file.lastPathComponent, String(name.split(separator: ".")[0])))
      }
    }
    return found
  }

  static func output(of program: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
