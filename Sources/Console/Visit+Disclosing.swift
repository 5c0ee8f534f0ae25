import Access
import Answers
import Events
import Journeys
import Ledger

/// A report with the names that its pickers offer.
struct ReportAnswer: Sendable {
  let report: Report
  let catalog: Catalog
  /// Who is counted.
  let level: Level
  /// Whether it tells fewer people apart than the project shows as a group.
  let singlesOut: Bool
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
    _ value: Value, _ kind: Disclosure.Kind, _ purpose: String, fields: [String] = [], values: [StoredValue] = [],
    singledOut: [SubjectNumber] = []
  ) async throws -> Disclosed<Value> {
    let disclosure = Disclosure(
      kind, project: project.id, purpose: purpose, fields: fields, subjectsInValues: named(values), singledOut: singledOut)
    // A row has its pseudonym and its times beside the values.
    let bytes = disclosure.rows * 60 + values.reduce(0) { $0 + $1.textBytes }
    return try await services.ledger.disclose(value, disclosure.rows > 0 ? disclosure.of(bytes: bytes) : disclosure, to: principal)
  }

  private func named(_ values: [StoredValue]) -> [SubjectNumber] {
    Set(values.flatMap(\.pseudonyms)).compactMap { services.number(project.id, $0) }
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
    // The names that the pickers offer go out under the same entry.
    let catalog = try await engine.catalog()
    return try await services.reports.answer(
      query, about: asked(engine), purpose: purpose, to: principal, at: instant ?? now, now: now
    ).map { ReportAnswer(report: $0.report, catalog: catalog, level: query.level, singlesOut: $0.singlesOut) }
  }

  private func asked(_ engine: any Engine) -> ReportDesk.Subject {
    ReportDesk.Subject(project: project.id, engine: engine, rules: project.rules) { [services, project] in services.number(project.id, $0) }
  }

  /// Discloses what says how many are behind a figure: whom that tells apart counts as shown.
  private func disclose<Value: Sendable>(
    _ value: Value, _ kind: Disclosure.Kind, _ purpose: String, fields: [String] = [], behind door: Door, _ engine: any Engine
  ) async throws -> Disclosed<Value> {
    let noticed = try await services.reports.notice(door, about: asked(engine), to: principal, now: now)
    let disclosed = try await disclose(value, kind, purpose, fields: fields, singledOut: noticed.actors)
    await services.reports.tell(noticed, about: asked(engine), to: principal, disclosed.receipt)
    return disclosed
  }

  /// How many subjects a door would show. Numbers only.
  func price(of door: Door, purpose: String) async throws -> Disclosed<DoorPrice> {
    try authorize(.readSubjects)
    try door.query.validate()
    let door = try await cohorts.resolved(door)
    await services.lookedFor(project.id, door.query.canonicalJSON, principal)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let count = try await engine.numbers(door, project.rules, at: now).count
    return try await disclose(
      DoorPrice(count: count, level: door.query.level),
      .aggregate(queryDigest: Self.digest(door.query), dataVersion: version, groupSizes: [count]), purpose, behind: door, engine)
  }

  /// The very ones whom a figure counts, as a list. Nobody is shown: what leaves is how many they are.
  func memberList(behind door: Door) async throws -> Disclosed<Cohort> {
    try authorize(.readSubjects)
    try door.query.validate()
    let door = try await cohorts.resolved(door)
    await services.lookedFor(project.id, door.query.canonicalJSON, principal)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let all = try await engine.subjects(door, project.rules, at: now)
    return try await disclose(
      Cohort(level: door.query.level, rule: .members(all.map(\.pseudonym).sorted())),
      .aggregate(queryDigest: Self.digest(door.query), dataVersion: version, groupSizes: [all.count]), "console.cohorts.list",
      behind: door, engine)
  }

  func subjects(behind door: Door, offset: Int, limit: Int) async throws -> Disclosed<SubjectsAnswer> {
    try authorize(.readSubjects)
    try door.query.validate()
    let door = try await cohorts.resolved(door)
    await services.lookedFor(project.id, door.query.canonicalJSON, principal)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let all = try await engine.subjects(door, project.rules, at: now)
    let start = min(max(0, offset), all.count)
    let page = Array(all[start..<min(all.count, start + limit)])
    return try await disclose(
      SubjectsAnswer(total: all.count, offset: start, subjects: page, level: door.query.level),
      .subjects(set: page.map(\.number), rows: page.count, queryDigest: Self.digest(door.query), dataVersion: version), "console.door",
      fields: ["pseudonym"], behind: door, engine)
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

  private static func digest(_ query: Query) -> String { Disclosure.digest(ofQuery: Array(query.canonicalJSON.utf8)) }
}
