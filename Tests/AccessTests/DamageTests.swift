import Access
import Events
import Foundation
import GRDB
import Ledger
import Testing

/// What cannot be read is said, and never taken for something else.
struct DamageTests {
  /// Changes a row behind the database's back.
  private func damage(_ here: Surroundings, _ sql: String) async throws -> ControlDatabase {
    try here.control.close()
    let queue = try DatabaseQueue(path: here.directory.appendingPathComponent("control.sqlite").path)
    try await queue.write { try $0.execute(sql: sql) }
    try queue.close()
    return try ControlDatabase.open(
      at: here.directory.appendingPathComponent("control.sqlite"), clock: { [clock = here.clock] in clock.now })
  }

  @Test("an export whose events cannot be read is not one of all events", arguments: ["", "[1]", "nonsense"])
  func exportEvents(events: String) async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let who = StaffMember.ID(rawValue: "st_0123456789abcdef")
    let asked = try await here.control.askForExport(
      of: project, from: "2026-01-01", to: "2026-01-02", events: ["Key Created"], purpose: "x", by: who)
    let control = try await damage(here, "UPDATE export_request SET events = '\(events)'")
    await #expect(throws: AccessError.self) { _ = try await control.exportRequest(asked.id, of: project) }
    await #expect(throws: AccessError.self) { _ = try await control.exportRequests(of: project) }
  }

  @Test func aRequestWhoseNetworksCannotBeReadIsNotOneFromAnywhere() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let desk = try here.desk()
    let who = StaffMember.ID(rawValue: "st_0123456789abcdef")
    let network = try #require(NetworkPrefix("10.0.0.0/8"))
    let asked = try await desk.accounts.ask(
      for: ServiceAccountDraft(name: "x", scopes: [.export], networks: [network]), in: project, by: who,
      as: Principal(kind: .staff, id: who.rawValue, credential: "ses_0123456789abcdef")
    ).0
    let control = try await damage(here, "UPDATE account_request SET networks = '10.0.0.0/x'")
    await #expect(throws: AccessError.self) { _ = try await control.accountRequest(asked.id, of: project) }
  }

  @Test func anAlertWithDamagedDetailsIsAnAlertStill() async throws {
    let here = try Surroundings()
    let directory = here.directory.appendingPathComponent("ledger")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    let ledger = try Ledger.open(directory: directory, keys: keys, clock: { [clock = here.clock] in clock.now })
    let alerts = AlertDesk(control: here.control, ledger: ledger, clock: { [clock = here.clock] in clock.now })
    let id = try #require(await alerts.raise(NewAlert(.phished, sentence: "x", details: ["a": .number(1)])))
    let control = try await damage(here, "UPDATE alert SET details = 'nonsense'")
    let alert = try await control.alert(id).alert
    #expect(alert.kind == .phished && alert.state == .open)
    #expect(alert.details == ["details": .text("cannot be read: the control database is damaged")])
  }
}
