import Events
import Foundation
import Server
import Testing

struct CommandTests {
  @Test func oneServerAtATimeHasADirectory() async throws {
    try await TestServer.run { server in
      await #expect(throws: ConfigurationError.self) { _ = try await Installation.open(server.installation.configuration) }
    }
  }

  @Test func initNeverOverwrites() async throws {
    try await TestServer.inDirectory { root in
      let made = try await Initialization(data: root).run()
      #expect(made.custodianSetupURLs.count == 3 && Set(made.custodianSetupURLs).count == 3)
      #expect(made.custodianSetupURLs.allSatisfy { made.json.contains("\"\($0)\"") && $0.contains("/enrol#sla_") })
      await #expect(throws: CommandError.self) { _ = try await Initialization(data: root).run() }
      let found = await Doctor(data: root).run()
      #expect(found.allSatisfy { $0.severity != .problem })
      #expect(found.contains { $0.subject == "canaries" && $0.severity == .warning && $0.sentence.contains("canary_domain") })
      #expect(await !Doctor(data: root, canaryDomain: "metrics.example.net").run().contains { $0.subject == "canaries" })
    }
  }

  @Test("an import is the same twice, with a running server or without")
  func imports() async throws {
    try await TestServer.inDirectory { root in
      _ = try await Initialization(data: root).run()
      let file = root.deletingLastPathComponent().appendingPathComponent("events.ndjson")
      let rejects = root.deletingLastPathComponent().appendingPathComponent("rejects.ndjson")
      var lines = (0..<2500).map {
        #"{"event":"Filed","properties":{"time":1790000000,"distinct_id":"f-\#($0 % 7)","$insert_id":"f-\#($0)"}}"#
      }
      lines[700] = #"{"event": broken"#
      lines[2400] = #"{"event":"Filed","properties":{"distinct_id":"x","$insert_id":"no-time"}}"#
      try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
      let configuration = try ServerConfiguration(Settings(flags: [.data: root.path], environment: [:], file: nil))
      for _ in 0..<2 {
        let outcome = try await ControlSession.run(configuration) { client in
          try await Importer(client: client, rejects: rejects).load([file.path])
        }
        var expected = Importer.Outcome(records: 2500, accepted: 2498, rejected: 2)
        expected.rejects = [rejects.path]
        #expect(outcome == expected)
      }
      let refused = try String(contentsOf: rejects, encoding: .utf8)
      #expect(refused.contains(#""line":701"#) && refused.contains(#""line":2401"#))
      let catalog = try await ControlSession.run(configuration) { try await $0.text("GET", "/api/v1/catalog") }
      #expect(catalog.contains(#""event_count":2498"#), "\(catalog)")
    }
  }

  @Test func aDirectoryMayStandDeep() async throws {
    try await TestServer.inDirectory { root in
      let deep = root.appendingPathComponent(String(repeating: "deep", count: 30), isDirectory: true)
      _ = try await Initialization(data: deep).run()
      let configuration = try ServerConfiguration(Settings(flags: [.data: deep.path], environment: [:], file: nil))
      #expect(try await ControlSession.run(configuration) { await $0.isAnswering })
    }
  }

  @Test func progressIsALine() {
    let line = ProgressBar.line("Loading", done: 250_000, total: 1_000_000, unit: "events", seconds: 10)
    #expect(line.contains("25 %") && line.contains("/s") && line.contains("30 s left"))
  }
}
