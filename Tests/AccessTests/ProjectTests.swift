import Access
import Events
import Foundation
import GRDB
import Testing

struct ProjectTests {
  @Test func projectsAreFoundByTokenAlsoAfterARestart() async throws {
    let here = try Surroundings()
    var project = try await here.control.createProject(name: "Orrery")
    #expect(project.token.utf8.count == 32)
    #expect(project.groupKeys == ["org_id", "organization_id"])
    #expect(here.control.project(forToken: project.token) == project)
    #expect(here.control.project(forToken: "0") == nil)
    project.name = "Orrery Labs"
    project.zone = "Europe/Berlin"
    project.weekStart = .sunday
    project.groupKeys = ["team"]
    try await here.control.updateProject(project)
    for file in here.files {
      #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600, "\(file.lastPathComponent)")
    }
    #expect(here.control.project(forToken: project.token) == project)
    let second = try await here.control.createProject(name: "Second", groupKeys: [])
    #expect(try here.reopened().projects() == [project, second])
  }

  @Test func nonsenseIsRefused() async throws {
    let here = try Surroundings()
    for (name, zone, keys) in [
      ("", "UTC", []), ("  ", "UTC", []), ("a\nb", "UTC", []), ("a\u{9b}31m", "UTC", []), ("a\u{2028}b", "UTC", []), ("a\u{7f}", "UTC", []),
      (String(repeating: "x", count: 201), "UTC", []), ("a", "Mars/Olympus", []),
      ("a", "UTC", ["x", "x"]), ("a", "UTC", [""]), ("a", "UTC", (0..<11).map { "key\($0)" }),
    ] as [(String, String, [String])] {
      await #expect(throws: AccessError.self) { try await here.control.createProject(name: name, zone: zone, groupKeys: keys) }
    }
    #expect(here.control.projects().isEmpty)
  }

  @Test func settingsAndReportsAreKept() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let other = try await here.control.createProject(name: "Two").id
    try await here.control.setSetting("origin", to: "a")
    try await here.control.setSetting("origin", to: "b")
    #expect(try await here.control.settings() == ["origin": "b"])
    try await here.control.setSetting("origin", to: nil)
    #expect(try await here.control.setting("origin") == nil)

    let report = try await here.control.saveReport(name: "Activation", query: "{}", project: project)
    here.clock.advance(by: .seconds(5))
    let again = try await here.control.saveReport(name: "Activation", query: "{\"a\":1}", project: project)
    #expect(again.id == report.id)
    #expect(again.updatedAt > again.createdAt)
    #expect(try await here.control.savedReports(of: project) == [again])
    #expect(try await here.control.savedReport(again.id, of: other) == nil, "a report of another project is not found")
    #expect(try await here.control.deleteReport(again.id, of: other) == false)
    #expect(try await here.control.deleteReport(again.id, of: project))
    await #expect(throws: AccessError.self) { try await here.control.saveReport(name: "x", query: "{}", project: ProjectID(99)) }
  }

  @Test func custodianKeysKeepTheirHistory() async throws {
    let here = try Surroundings()
    for (index, key) in ["k1", "k2", "k2"].enumerated() {
      try await here.control.pinCustodianKey(.sealing, publicKey: key, fingerprint: "f-\(key)", ledgerIndex: UInt64(index))
    }
    try await here.control.pinCustodianKey(.identity, publicKey: "i", fingerprint: "f-i", ledgerIndex: 9)
    #expect(try await here.control.custodianKeys(.sealing).map(\.publicKey) == ["k2", "k1"])
    #expect(try await here.control.custodianKeys(.identity).map(\.ledgerIndex) == [9])
    let alarm = try await here.control.raiseCustodianAlarm("a1", code: "unopenable")
    #expect(try await here.control.raiseCustodianAlarm("a1", code: "unopenable") == alarm, "the same id again is the same alarm")
    #expect(try await here.control.custodianAlarms() == [alarm])
    #expect(try await here.control.custodianAlarm("a1", code: "unopenable") == alarm)
    #expect(try await here.control.custodianAlarm("a2", code: "unopenable") == nil)
    #expect(try await here.control.settleCustodianAlarm(alarm.id))
    #expect(try await here.control.settleCustodianAlarm(alarm.id) == false)
    #expect(try await here.control.custodianAlarms().first?.settledAt == here.clock.now)
    #expect(try await here.control.standingCustodianAlarms().isEmpty)

    let token = try await here.control.issueCustodianToken()
    #expect(try await here.control.authenticateCustodian(token: token.text) != nil)
    let newer = try await here.control.issueCustodianToken()
    #expect(try await here.control.authenticateCustodian(token: token.text) == nil)
    #expect(try await here.control.authenticateCustodian(token: newer.text) != nil)
    #expect(try await here.control.authenticateCustodian(token: "") == nil)
  }

  @Test func whatANewerVersionWroteIsRefused() async throws {
    let here = try Surroundings()
    let file = here.directory.appendingPathComponent("control.sqlite")
    try here.control.close()
    let newer = try DatabaseQueue(path: file.path)
    try await newer.write { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('v99')") }
    try newer.close()
    let error = #expect(throws: AccessError.self) { _ = try ControlDatabase.open(at: file) }
    #expect(error?.message.contains("newer version") == true)
  }

  @Test("the schema is the newest, foreign keys are enforced, and opening it again changes nothing")
  func migrations() async throws {
    let here = try Surroundings()
    _ = try await here.control.createProject(name: "One")
    try here.control.close()
    let queue = try DatabaseQueue(path: here.directory.appendingPathComponent("control.sqlite").path)
    let found = try await queue.read { database in
      [
        try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations"),
        try String.fetchAll(database, sql: "PRAGMA journal_mode"), try String.fetchAll(database, sql: "PRAGMA integrity_check"),
      ]
    }
    #expect(found == [(1...19).map { "v\($0)" }, ["wal"], ["ok"]])
    await #expect(throws: DatabaseError.self) {
      try await queue.write {
        try $0.execute(sql: "INSERT INTO saved_report (project_id, name, query, created_at, updated_at) VALUES (99, 'x', '', 0, 0)")
      }
    }
    try queue.close()
    let again = try ControlDatabase.open(at: here.directory.appendingPathComponent("control.sqlite"))
    #expect(again.projects().count == 1)
  }

  @Test func somethingElseThanADatabaseIsAClearError() throws {
    let here = try Surroundings()
    let file = here.directory.appendingPathComponent("other.sqlite")
    try Data("this is no database, only a text that is long enough to be looked at".utf8).write(to: file)
    #expect(throws: AccessError.self) { try ControlDatabase.open(at: file) }
  }
}
