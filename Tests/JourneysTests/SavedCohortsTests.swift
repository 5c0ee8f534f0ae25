import Events
import Journeys
import SegmentStore
import Testing

/// Saved cohorts stand in queries by number until they are looked up.
struct SavedCohortsTests {
  private static let range = #""range":{"from":"2026-03-01","to":"2026-03-31"}"#

  private static func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

  private static func library(_ definitions: [Int64: String]) throws -> SavedCohorts {
    var all: [Int64: SavedCohorts.Definition] = [:]
    for (id, text) in definitions { all[id] = .init(name: "Cohort \(id)", json: try json(text)) }
    return SavedCohorts(all)
  }

  private static func resolved(_ query: String, _ definitions: [Int64: String]) throws -> String {
    try library(definitions).resolved(try Query(json: Array(query.utf8))).canonicalJSON
  }

  private static func funnel(_ filter: String, breakdown: String? = nil) -> String {
    let split = breakdown.map { #","breakdown":\#($0)"# } ?? ""
    return #"{"report":"funnel",\#(range),"steps":[{"event":"a","filter":\#(filter)},{"event":"b"}]\#(split)}"#
  }

  @Test("canonical text keeps the number") func numberIsKept() throws {
    let query = try Query(json: Array(Self.funnel(#"{"not":{"in_cohort":{"saved":5}}}"#).utf8))
    #expect(query.canonicalJSON.contains(#"{"event":"a","filter":{"not":{"in_cohort":{"saved":5}}}}"#))
    #expect(try Query(json: Array(query.canonicalJSON.utf8)) == query)
    #expect(SavedCohorts.ids(in: query.json) == [5])
  }

  @Test("what a cohort says stands in its place, wherever a cohort can stand") func everyPlace() throws {
    let pro = #"{"operator":"equals","property":"plan","values":["pro"]}"#
    let definitions: [Int64: String] = [
      5: pro, 6: #"{"all":[{"saved":5},{"did":{"event":"x","filter":{"in_cohort":{"saved":5}}}}]}"#, 7: #"{"saved":6}"#,
    ]
    #expect(try Self.resolved(Self.funnel(#"{"in_cohort":{"saved":5}}"#), definitions).contains(#""in_cohort":\#(pro)"#))
    let whole = try Self.resolved(#"{"report":"cohort","cohort":{"not":{"saved":7}}}"#, definitions)
    #expect(
      whole
        == #"{"cohort":{"not":{"all":[\#(pro),{"did":{"at_least":1,"event":"x","filter":{"in_cohort":\#(pro)}}}]}},"report":"cohort"}"#)
    let split = try Self.resolved(
      Self.funnel(
        #"{"property":"p","operator":"is_set"}"#, breakdown: #"{"cohorts":[{"cohort":{"saved":5}},{"name":"x","cohort":{"saved":7}}]}"#),
      definitions)
    #expect(split.contains(#""breakdown":{"cohorts":[{"cohort":\#(pro),"name":"Cohort 5"},"#) && split.contains(#""name":"x""#))
    #expect(!split.contains("saved"))
  }

  @Test("a cohort of organizations brings its level along and does not mix with people") func levels() throws {
    let organizations: [Int64: String] = [5: #"{"did":{"event":"a"},"level":{"group":"org"}}"#]
    let query = try Self.library(organizations).resolved(.cohort(CohortQuery(Cohort(rule: .saved(5)))))
    #expect(query.level == .group(key: "org"))
    for text in [
      #"{"report":"cohort","cohort":{"not":{"saved":5}}}"#, #"{"report":"cohort","cohort":{"saved":5,"level":{"group":"team"}}}"#,
      Self.funnel(
        #"{"property":"p","operator":"is_set"}"#,
        breakdown: #"{"cohorts":[{"cohort":{"saved":5}},{"name":"x","cohort":{"did":{"event":"b"}}}]}"#),
    ] {
      let error = #expect(throws: QueryError.self) { try Self.resolved(text, organizations) }
      #expect(error?.code == .invalid && error?.message.contains("organizations") == true, "\(text)")
    }
    let filtered = try Self.resolved(#"{"report":"cohort","cohort":{"level":{"group":"org"},"not":{"saved":5}}}"#, organizations)
    #expect(filtered == #"{"cohort":{"level":{"group":"org"},"not":{"did":{"at_least":1,"event":"a"}}},"report":"cohort"}"#)
  }

  @Test("circles and unknown numbers are errors that name them") func mistakes() throws {
    let circle: [Int64: String] = [
      1: #"{"any":[{"saved":2}]}"#, 2: #"{"did":{"event":"a","filter":{"in_cohort":{"saved":3}}}}"#, 3: #"{"saved":1}"#,
    ]
    let query = #"{"report":"cohort","cohort":{"saved":2}}"#
    #expect(throws: QueryError.self) { try Self.resolved(query, circle) }
    let error = #expect(throws: QueryError.self) { try Self.resolved(query, circle) }
    #expect(error?.message.contains("2 → 3 → 1 → 2") == true && error?.field == "saved")
    let unknown = #expect(throws: QueryError.self) { try Self.resolved(#"{"report":"cohort","cohort":{"saved":9}}"#, circle) }
    #expect(unknown?.message.contains("no saved cohort 9") == true)
  }

  @Test("cohorts that name each other many times do not become an endless text", arguments: [Int64(25), 60]) func growth(_ depth: Int64)
    throws
  {
    var definitions: [Int64: String] = [0: #"{"did":{"event":"a"}}"#]
    for id in 1...depth {
      definitions[id] = #"{"all":[{"saved":\#(id - 1)},{"saved":\#(id - 1)}]}"#
    }
    let query = #"{"report":"cohort","cohort":{"saved":\#(depth)}}"#
    let error = #expect(throws: QueryError.self) { try Self.resolved(query, definitions) }
    #expect(error?.code == .tooLarge)
  }

  @Test("an engine refuses a number that nobody looked up") func unresolved() throws {
    let execution = QueryExecution(
      snapshot: PlainWorld().snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: 2_000))
    for query in [
      Query.cohort(CohortQuery(Cohort(rule: .any([.saved(5)])))),
      try Query(json: Array(Self.funnel(#"{"not":{"in_cohort":{"saved":5}}}"#).utf8)),
      try Query(json: Array(Self.funnel(#"{"not":{"in_cohort":{"did":{"filter":{"in_cohort":{"saved":5}}}}}}"#).utf8)),
      try Query(
        json: Array(Self.funnel(#"{"property":"p","operator":"is_set"}"#, breakdown: #"{"cohorts":[{"cohort":{"saved":5}}]}"#).utf8)),
    ] {
      let error = #expect(throws: QueryError.self) { try execution.report(query) }
      #expect(error?.field == "saved", "\(query.canonicalJSON)")
    }
  }

  @Test(
    "a breakdown by cohorts has names of its own",
    arguments: [
      (#"{"cohorts":[]}"#, "breakdown.cohorts"), (#"{"cohorts":[{"cohort":{"did":{}}}]}"#, "breakdown.cohorts[0].name"),
      (#"{"cohorts":[{"name":"","cohort":{"did":{}}}]}"#, "breakdown.cohorts[0].name"),
      (#"{"cohorts":[{"name":"a","cohort":{"did":{}}},{"name":"a","cohort":{"saved":1}}]}"#, "breakdown.cohorts[1].name"),
      (#"{"cohorts":[{"name":"a","cohort":{"did":{}}}],"property":"plan"}"#, "breakdown.property"),
      (#"{"cohorts":[{"name":"a","cohort":{"did":{}}}],"limit":0}"#, "breakdown.limit"),
      (#"{"cohorts":[{"name":"a","cohort":{"did":{}}},{"name":"b","cohort":{"did":{},"level":{"group":"org"}}}]}"#, "breakdown.cohorts"),
      (#"{"cohorts":[{"name":"a","cohort":{"saved":0}}]}"#, "breakdown.cohorts[0].cohort.saved"),
    ])
  func names(_ breakdown: String, _ field: String) {
    let error = QueryJSONTests.error(Self.funnel(#"{"property":"p","operator":"is_set"}"#, breakdown: breakdown))
    #expect(error?.field == field, "\(error?.message ?? "accepted")")
  }

  @Test("a breakdown by cohorts counts a subject in each of its cohorts, and who is in none apart") func breakdown() throws {
    var world = PlainWorld()
    for (subject, names) in [(UInt32(3), ["open", "buy"]), (10, ["open", "search"]), (17, ["open"]), (24, ["open", "buy", "search"])] {
      for (index, name) in names.enumerated() { world.events.append(PlainEvent(name, Int64(1_000 + index), subject)) }
    }
    world.events.append(PlainEvent("open", 1_500, nil))
    let day = CalendarDate(year: 1970, month: 1, day: 1)
    func did(_ name: String) -> Cohort { Cohort(rule: .did(Behaviour(selector: EventSelector(event: name)))) }
    var query = InsightsQuery(
      range: DateRange(from: day, to: day),
      series: [
        .init(selector: EventSelector(event: "open"), measure: .unique), .init(selector: EventSelector(event: "open"), measure: .total),
      ],
      breakdown: Breakdown(cohorts: [
        NamedCohort("buyers", did("buy")), NamedCohort("seekers", did("search")), NamedCohort("ghosts", did("x")),
      ]))
    let execution = QueryExecution(snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: 9_000))
    func figures(_ series: Int) throws -> [String] {
      guard case .insights(let report) = try execution.report(.insights(query)).content else { return [] }
      return report.lines.filter { $0.series == series }.map { "\($0.group.json.text) \(Int($0.overall ?? -1))" }
    }
    #expect(try figures(0) == [#"{"value":"buyers"} 2"#, #"{"value":"seekers"} 2"#, #""none" 1"#])
    #expect(try figures(1) == [#"{"value":"buyers"} 2"#, #"{"value":"seekers"} 2"#, #""none" 2"#])
    let door = Door(query: .insights(query), cell: .insights(series: 0, group: .value(.string("seekers")), bucket: nil))
    #expect(try execution.subjects(door) == [10, 24])
    // What is folded counts a subject once.
    query.breakdown = Breakdown(cohorts: query.breakdown?.cohorts ?? [], limit: 1)
    #expect(try figures(0) == [#"{"value":"buyers"} 2"#, #""none" 1"#, #""other" 2"#])
  }
}
