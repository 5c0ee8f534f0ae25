import Access
import Events
import Journeys
import Ledger

/// A report with the names that its pickers offer.
struct ReportAnswer: Sendable {
  let report: Report
  let catalog: Catalog
  /// Who is counted.
  let level: Level
}

/// How many a door would show, of whom.
struct DoorPrice: Sendable {
  let count: Int
  let level: Level
}

/// Subjects behind a figure, one page of them.
struct SubjectsAnswer: Sendable {
  let total: Int
  let offset: Int
  let subjects: [SubjectReference]
  let level: Level
}

struct SubjectAnswer: Sendable {
  let profile: Profile?
  let events: [JourneyEvent]
}

/// Every way in which data reaches a page: asked for, entered in the ledger, and only then given out.
extension Visit {
  /// - Parameter values: what is shown and may name further subjects.
  func disclose<Value: Sendable>(
    _ value: Value, _ kind: Disclosure.Kind, _ purpose: String, fields: [String] = [], values: [StoredValue] = []
  ) async throws -> Disclosed<Value> {
    let named = Set(values.flatMap(Self.pseudonyms)).compactMap { services.number(project.id, $0) }
    return try await services.ledger.disclose(
      value, Disclosure(kind, project: project.id, purpose: purpose, fields: fields, subjectsInValues: named), to: principal)
  }

  private static func pseudonyms(_ value: StoredValue) -> [Pseudonym] {
    switch value {
    case .pseudonym(let pseudonym): [pseudonym]
    case .list(let values): values.flatMap(pseudonyms)
    case .object(let members): members.flatMap { pseudonyms($0.value) }
    case .null, .boolean, .number, .string, .sealed: []
    }
  }

  func catalog(purpose: String) async throws -> Disclosed<Catalog> {
    try authorize(.readCatalog)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    return try await disclose(try await engine.catalog(), .catalog(dataVersion: version), purpose)
  }

  /// - Parameter instant: as of when; now where nothing is said.
  func report(_ query: Query, purpose: String, at instant: Timestamp? = nil) async throws -> Disclosed<ReportAnswer> {
    try authorize(.queryAggregates)
    try query.validate()
    let query = try await cohorts.resolved(query)
    await services.lookedFor(project.id, query.canonicalJSON, principal)
    let engine = try await services.engine(project.id)
    let report = try await engine.report(query, calendar: calendar, at: instant ?? now)
    let answer = ReportAnswer(
      report: report, catalog: try await engine.catalog(), level: query.level)
    let kind = Disclosure.Kind.aggregate(
      queryDigest: Self.digest(query), dataVersion: report.notes.dataVersion, groupSizes: Self.groupSizes(report, query))
    return try await disclose(answer, kind, purpose, values: Self.groupValues(report))
  }

  /// How many subjects a door would show. Numbers only.
  func price(of door: Door, purpose: String) async throws -> Disclosed<DoorPrice> {
    try authorize(.readSubjects)
    try door.query.validate()
    let door = try await cohorts.resolved(door)
    await services.lookedFor(project.id, door.query.canonicalJSON, principal)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let count = try await engine.subjects(door, calendar: calendar, at: now).count
    return try await disclose(
      DoorPrice(count: count, level: door.query.level),
      .aggregate(queryDigest: Self.digest(door.query), dataVersion: version, groupSizes: [count]), purpose)
  }

  /// The very ones whom a figure counts, as a list. Nobody is shown: what leaves is how many they are.
  func memberList(behind door: Door) async throws -> Disclosed<Cohort> {
    try authorize(.readSubjects)
    try door.query.validate()
    let door = try await cohorts.resolved(door)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let all = try await engine.subjects(door, calendar: calendar, at: now)
    return try await disclose(
      Cohort(level: door.query.level, rule: .members(all.map(\.pseudonym).sorted())),
      .aggregate(queryDigest: Self.digest(door.query), dataVersion: version, groupSizes: [all.count]), "console.cohorts.list")
  }

  func subjects(behind door: Door, offset: Int, limit: Int) async throws -> Disclosed<SubjectsAnswer> {
    try authorize(.readSubjects)
    try door.query.validate()
    let door = try await cohorts.resolved(door)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let all = try await engine.subjects(door, calendar: calendar, at: now)
    let start = min(max(0, offset), all.count)
    let page = Array(all[start..<min(all.count, start + limit)])
    return try await disclose(
      SubjectsAnswer(total: all.count, offset: start, subjects: page, level: door.query.level),
      .subjects(set: page.map(\.number), rows: page.count, queryDigest: Self.digest(door.query), dataVersion: version), "console.door",
      fields: ["pseudonym"])
  }

  func findSubjects(prefix: String, limit: Int) async throws -> Disclosed<[SubjectSummary]> {
    try authorize(.readSubjects)
    await services.lookedFor(project.id, prefix, principal)
    let engine = try await services.engine(project.id)
    let found = try await engine.findSubjects(prefix: prefix, limit: limit)
    return try await disclose(
      found, .subjectSearch(set: found.map(\.subject.number), rows: found.count), "console.subjects",
      fields: ["pseudonym", "events", "first_seen", "last_seen"])
  }

  /// Nil if the subject has never been seen; that answer is entered as well.
  func subject(_ pseudonym: Pseudonym, before cursor: EventCursor?, limit: Int) async throws -> Disclosed<SubjectAnswer> {
    try authorize(.readSubjects)
    await services.lookedFor(project.id, pseudonym.description, principal)
    let engine = try await services.engine(project.id)
    let answer = SubjectAnswer(
      profile: try await engine.profile(of: pseudonym), events: try await engine.timeline(of: pseudonym, before: cursor, limit: limit))
    var numbers = Set(answer.events.compactMap(\.subject?.number) + answer.events.compactMap(\.original?.number))
    if let profile = answer.profile { numbers.insert(profile.subject.number) }
    let properties = answer.events.flatMap(\.properties) + (answer.profile.map { $0.verified + $0.unverified } ?? [])
    let fields = properties.map(\.name)
    return try await disclose(
      answer, .subjects(set: numbers.sorted(), rows: answer.events.count + (answer.profile == nil ? 0 : 1)), "console.subject",
      fields: Array(Set(fields)).sorted().prefix(500).map(\.self), values: properties.map(\.value))
  }

  /// Nil where nothing new has come: then nothing is disclosed and nothing entered.
  func live(after sequence: UInt64?, name: String?, limit: Int) async throws -> Disclosed<[LiveEvent]>? {
    try authorize(.readLive)
    let events = await services.live(project.id, sequence, name, limit)
    guard !events.isEmpty else { return nil }
    let fields = Set(events.flatMap { event in event.values.compactMap { $0.shown == nil ? nil : $0.name } })
    return try await disclose(
      events, .subjects(set: Set(events.compactMap(\.subject?.number)).sorted(), rows: events.count), "console.live",
      fields: fields.sorted().prefix(500).map(\.self), values: events.flatMap { $0.values.compactMap(\.shown) })
  }

  func accounts() async throws -> Disclosed<[ServiceAccount]> {
    try authorize(.readExposure)
    return try await disclose(services.control.serviceAccounts(of: project.id), .settings, "console.settings")
  }

  /// The values by which a report's groups are named.
  private static func groupValues(_ report: Report) -> [StoredValue] {
    let groups: [ReportGroup] =
      switch report.content {
      case .insights(let report): report.lines.map(\.group)
      case .funnel(let report): report.groups.map(\.group)
      case .retention(let report): report.segments.map(\.group)
      case .flows(let report): report.columns.flatMap { $0.entries.compactMap(\.node.group) }
      case .sessions(let report): report.groups.map(\.group)
      case .cohort, .lifecycle, .stickiness: []
      }
    return groups.compactMap { if case .value(let value) = $0 { value } else { nil } }
  }

  private static func digest(_ query: Query) -> String { Disclosure.digest(ofQuery: Array(query.canonicalJSON.utf8)) }

  /// Subjects behind each figure shown, where the figure counts subjects.
  private static func groupSizes(_ report: Report, _ query: Query) -> [Int] {
    let sizes: [Int]
    switch (report.content, query) {
    case (.insights(let report), .insights(let query)):
      sizes = (report.lines + (report.compared?.lines ?? [])).flatMap { line -> [Int] in
        guard query.series.indices.contains(line.series), query.series[line.series].countsSubjects else { return [] }
        return (line.values + [line.overall]).compactMap { $0.map { Int($0) } }
      }
    case (.insights, _): sizes = []
    case (.funnel(let report), _): sizes = report.groups.flatMap { $0.steps.map(\.count) }
    case (.retention(let report), _):
      let cohorts = report.cohorts + report.segments.flatMap(\.cohorts)
      sizes = cohorts.flatMap { [$0.size] + $0.counts.compactMap(\.self) }
    case (.cohort(let report), _): sizes = [report.size]
    case (.flows(let report), _): sizes = report.columns.flatMap { $0.entries.map(\.count) }
    case (.lifecycle(let report), _):
      sizes = report.points.compactMap(\.self).flatMap { point in LifecycleReport.State.allCases.map { point[$0] } }
    case (.stickiness(let report), _): sizes = report.exact
    case (.sessions(let report), _): sizes = report.groups.flatMap { ($0.buckets + [$0.overall]).map(\.subjects) }
    }
    return Array(sizes.prefix(5_000))
  }
}
