import Access
import Demo
import Events
import Foundation
import Intake
import Journeys
import Ledger
import Logging
import Relay
import Response
import SegmentStore
import Vault

/// Plays both acts of a breach on a copy: a vendor that is phished, and a forgotten token that still works. Everything is real but the people:
/// events pass the gate, leave by the relay, stand in the ledger; a canary fires; the incident is opened of its alert, contained, scoped and
/// reported.
///
/// The copy has keys and a ledger of its own, and speaks to nobody: the vendors that stand in a backup are killed in it before it is opened.
/// Nothing of the company's is touched, and nothing is signed in its name.
package struct Rehearsal: Sendable {
  /// Where the copy stands while it is played; removed afterwards.
  let root: URL
  let events: Int
  /// A backup of real data to play it over.
  let backup: URL?

  /// - Parameter root: a directory that is there and empty.
  package init(in root: URL, events: Int, backup: URL? = nil) {
    self.root = root
    self.events = events
    self.backup = backup
  }

  /// What a rehearsal that was killed has left: a copy of data, with keys of its own.
  package static func removeStale(in parent: URL, besides root: URL) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: parent.path)) ?? []
    where name.hasPrefix("sealane-rehearsal-") && name != root.lastPathComponent {
      let place = parent.appendingPathComponent(name, isDirectory: true)
      let made = (try? files.attributesOfItem(atPath: place.path)[.creationDate] as? Date) ?? nil
      // One that is under way elsewhere is younger.
      if let made, made.timeIntervalSinceNow < -86_400 { try? files.removeItem(at: place) }
    }
  }

  package func run(say: @escaping @Sendable (String) -> Void) async throws -> RehearsalOutcome {
    let data = root.appendingPathComponent("data", isDirectory: true)
    say("Making the copy")
    if let backup {
      _ = try Restore(backup).restore(to: data, ledger: .begin)
      _ = try KeyDirectory.create(at: DataDirectory.defaultKeys(of: data))
      try await silence(data)
    } else {
      _ = try await Initialization(data: data, projectName: "Orrery Labs", smallestGroup: 1).run()
    }
    let configuration = try ServerConfiguration(
      Settings(flags: [.data: data.path, .canaryDomain: "metrics.orrery.example"], environment: [:], file: nil))
    let installation = try await Installation.open(configuration, logger: Logger(label: "rehearsal") { _ in SwiftLogNoOpLogHandler() })
    let relaying = Task { await installation.relay.run() }
    let indexing = Task(priority: .utility) { await installation.exposure.follow() }
    let played: Result<RehearsalOutcome, any Error>
    do {
      let stage = try RehearsalStage(installation, root: root, events: events)
      say("Act one: the vendor")
      let first = try await stage.vendor()
      say("Act two: the forgotten token")
      let second = try await stage.token()
      guard let project = installation.projects.all.first else { throw CommandError("The copy has no project.") }
      played = .success(
        RehearsalOutcome(
          people: project.store.census().everybody().count, events: try await project.engine.catalog().eventCount, acts: [first, second]))
    } catch { played = .failure(error) }
    relaying.cancel()
    indexing.cancel()
    _ = await (relaying.value, indexing.value)
    await installation.close()
    return try played.get()
  }

  /// Of a backup's vendors nobody is sent anything, and nobody is asked to delete anything.
  private func silence(_ data: URL) async throws {
    let control = try ControlDatabase.open(at: DataDirectory(data).controlDatabase, clock: Ledger.systemClock)
    try await control.silenceVendors()
    try control.close()
  }
}
