import Events
import Foundation
import GRDB
import Synchronization

extension ControlDatabase {
  /// A project that is not there yet, with its number and its token.
  ///
  /// - Throws: `invalid` where the name is empty, the zone unknown or a group key no property name, and where there are too many.
  package func draftProject(
    name: String, zone: String = "UTC", weekStart: Project.WeekStart = .monday, groupKeys: [String] = Project.defaultGroupKeys,
    smallestGroup: Int = Project.defaultSmallestGroup
  ) async throws(AccessError) -> Project {
    let known = projects()
    guard known.count < Project.maximumCount else {
      throw AccessError(.invalid, "There are \(Project.maximumCount) projects already, which is the most that an installation holds.")
    }
    let highest = max(known.last?.id.rawValue ?? 0, try await setting(Self.highestProject).flatMap { Int64($0) } ?? 0)
    let draft = Project(
      id: ProjectID(highest + 1), name: name, token: PublicIdentifier.random(bytes: 16), zone: zone, weekStart: weekStart,
      groupKeys: groupKeys, smallestGroup: smallestGroup)
    try draft.validate()
    return draft
  }

  /// The highest number of a project that the ledger has seen, which a restored database may not know: the ledger's subjects are named by
  /// project and number, so that no other project may ever have it.
  private static let highestProject = "highest_project"

  package func note(projectInLedger id: ProjectID) async throws(AccessError) {
    let known = try await setting(Self.highestProject).flatMap { Int64($0) } ?? 0
    if id.rawValue > known { try await setSetting(Self.highestProject, to: String(id.rawValue)) }
  }

  package func insert(_ project: Project) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: "INSERT INTO project (id, name, token, zone, week_start, created_at, smallest_group) VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          project.id.rawValue, project.name, project.token, project.zone, project.weekStart.rawValue, now.milliseconds,
          project.smallestGroup,
        ])
      try project.writeGroupKeys(database)
    }
    cache.withLock { $0.insert(project) }
  }

  /// Both at once: for a database that nobody uses yet.
  package func createProject(
    name: String, zone: String = "UTC", weekStart: Project.WeekStart = .monday, groupKeys: [String] = Project.defaultGroupKeys,
    smallestGroup: Int = Project.defaultSmallestGroup
  ) async throws(AccessError) -> Project {
    let project = try await draftProject(name: name, zone: zone, weekStart: weekStart, groupKeys: groupKeys, smallestGroup: smallestGroup)
    try await insert(project)
    return project
  }

  /// Writes name, zone, week start, group keys, retention and the smallest group.
  package func updateProject(_ project: Project) async throws(AccessError) {
    try project.validate()
    try await write { database in
      try database.execute(
        sql: "UPDATE project SET name = ?, zone = ?, week_start = ?, retention_days = ?, smallest_group = ? WHERE id = ?",
        arguments: [
          project.name, project.zone, project.weekStart.rawValue, project.retentionDays, project.smallestGroup, project.id.rawValue,
        ])
      guard database.changesCount == 1 else { throw AccessError(.notFound, "There is no project \(project.id).") }
      try database.execute(sql: "DELETE FROM project_group_key WHERE project_id = ?", arguments: [project.id.rawValue])
      try project.writeGroupKeys(database)
    }
    cache.withLock { cache in
      guard let token = cache.projects[project.id]?.token else { return }
      cache.insert(
        Project(
          id: project.id, name: project.name, token: token, zone: project.zone, weekStart: project.weekStart, groupKeys: project.groupKeys,
          retentionDays: project.retentionDays, smallestGroup: project.smallestGroup))
    }
  }

  /// By id. From memory.
  package func projects() -> [Project] { cache.withLock { $0.projects.values.sorted { $0.id.rawValue < $1.id.rawValue } } }

  package func project(_ id: ProjectID) -> Project? { cache.withLock { $0.projects[id] } }

  /// From memory: asked for every request of an SDK.
  package func project(forToken token: String) -> Project? {
    cache.withLock { cache in cache.projectsByToken[token].flatMap { cache.projects[$0] } }
  }
}

extension Project {
  static func all(_ database: Database) throws -> [Project] {
    let keys = Dictionary(
      grouping: try Row.fetchAll(database, sql: "SELECT project_id, name FROM project_group_key ORDER BY project_id, position"),
      by: { $0["project_id"] as Int64 })
    let sql = "SELECT id, name, token, zone, week_start, retention_days, smallest_group FROM project ORDER BY id"
    return try Row.fetchAll(database, sql: sql).map { row in
      let id: Int64 = row["id"]
      return Project(
        id: ProjectID(id), name: row["name"], token: row["token"], zone: row["zone"],
        weekStart: WeekStart(rawValue: row["week_start"]) ?? .monday, groupKeys: keys[id]?.map { $0["name"] } ?? [],
        retentionDays: row["retention_days"], smallestGroup: row["smallest_group"])
    }
  }

  fileprivate func writeGroupKeys(_ database: Database) throws {
    for (position, key) in groupKeys.enumerated() {
      try database.execute(
        sql: "INSERT INTO project_group_key (project_id, position, name) VALUES (?, ?, ?)", arguments: [id.rawValue, position, key])
    }
  }

  /// Whether it could be stored: asked before an entry in the ledger says that it will be.
  package func validate() throws(AccessError) {
    try Name.validate(name, what: "A project's name")
    guard TimeZone(identifier: zone) != nil else {
      throw AccessError(.invalid, "\"\(zone)\" is not a time zone; use an IANA name such as Europe/Berlin.")
    }
    guard groupKeys.count <= Self.maximumGroupKeys, Set(groupKeys).count == groupKeys.count else {
      throw AccessError(.invalid, "A project has at most \(Self.maximumGroupKeys) group keys, each once.")
    }
    guard retentionDays.map((1...Self.maximumRetentionDays).contains) ?? true else {
      throw AccessError(.invalid, "Events are kept for 1 to \(Self.maximumRetentionDays) days, or for ever.")
    }
    guard (1...Self.maximumSmallestGroup).contains(smallestGroup) else {
      throw AccessError(.invalid, "The smallest group that is shown has 1 to \(Self.maximumSmallestGroup) subjects; 1 shows every group.")
    }
    for key in groupKeys { try Name.validate(key, what: "A group key") }
  }
}

/// Names that people give.
enum Name {
  static let maximumLength = 200

  /// Control characters, those that only terminals of old know too, and what begins another line.
  private static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  static func validate(_ name: String, what: String, longest: Int = maximumLength) throws(AccessError) {
    guard !name.allSatisfy(\.isWhitespace), name.count <= longest,
      !name.unicodeScalars.contains(where: Self.breaksLines)
    else { throw AccessError(.invalid, "\(what) has 1 to \(longest) characters, not only spaces, and no control characters.") }
  }
}
