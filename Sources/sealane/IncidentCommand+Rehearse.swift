import ArgumentParser
import Foundation
import Journeys
import Server

extension IncidentCommand {
  struct Rehearse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Play a breach through on a copy, with measured minutes: a vendor that is phished, and a forgotten token.",
      discussion: """
        Without --data the copy has people of a fictional API platform alone. With it, the running server writes a backup first, and the acts are
        played over your own data: how long scoping takes among so many people. The copy has keys and a ledger of its own, speaks to nobody, and is
        removed afterwards; nothing of yours is changed but for the entry of the backup.

        Examples:
          sealane incident rehearse
          sealane incident rehearse --data DIR --json
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "How many events are made up for it.") var events = 50_000
    @Option(help: "Where the copy is made (default: a temporary directory).", completion: .directory) var scratch: String?

    func validate() throws {
      guard (2_000...5_000_000).contains(events) else { throw ValidationError("--events must be from 2000 to 5000000.") }
    }

    func run() async throws {
      try await options.run {
        let parent = scratch.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? FileManager.default.temporaryDirectory
        let root = parent.appendingPathComponent("sealane-rehearsal-\(UUID().uuidString)", isDirectory: true)
        do {
          try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
          throw CommandError("\(parent.path) takes no directory: \(error.localizedDescription). Choose another with --scratch.")
        }
        defer { try? FileManager.default.removeItem(at: root) }
        Rehearsal.removeStale(in: parent, besides: root)
        // Ctrl-C from here on removes the copy.
        let interruption = Interruption()
        var backup: URL?
        // Named by hand alone: nobody rehearses over real data because a variable of the environment names some.
        if options.data != nil {
          let target = root.appendingPathComponent("backup", isDirectory: true)
          let body = Array(JSONValue.object(["target": .string(target.path)]).text.utf8)
          let configuration = try options.configuration()
          let written: String? = try await interruption.unlessArrived {
            try await ControlSession.run(configuration) { client in
              try await client.text("POST", "/api/v1/backups", body: body, deadline: .seconds(86_400))
            }
          }
          guard written != nil else { throw CommandError("Interrupted: the copy is removed; the server may write its backup to the end.") }
          backup = target
        }
        let quiet = options.json
        let rehearsal = Rehearsal(in: root, events: events, backup: backup)
        let outcome = try await interruption.unlessArrived { try await rehearsal.run { if !quiet { Terminal.note($0) } } }
        guard let outcome else {
          throw CommandError("Interrupted: the copy is removed.")
        }
        if options.json { return Terminal.say(outcome.json.text) }
        for line in outcome.text.split(separator: "\n", omittingEmptySubsequences: false) { Terminal.say(String(line)) }
      }
    }
  }
}
