import Access
import Events
import Ledger
import Testing

/// Reported messages are counted once, and there is an end to what is kept.
struct InboxTests {
  private static func digest(_ number: Int) -> [UInt8] { (0..<16).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

  private static func lure(_ traces: String, at: Int64 = 5, _ verdict: String = "not_ours", kin: String = "") -> IncidentLure {
    IncidentLure(
      verdict: verdict, traces: traces, kin: kin, sketch: [UInt8](repeating: 1, count: 256), reports: 1,
      firstAt: Timestamp(milliseconds: at),
      lastAt: Timestamp(milliseconds: at))
  }

  private static func incident(_ here: Surroundings) async throws -> Incident {
    let project = try await here.control.createProject(name: "One")
    return try await here.control.openIncident(IncidentDraft(title: "Phished", source: .vendor("tallymark")), in: project.id)
  }

  @Test func theSameMessageCountsOnceAndAlikeOnesOnOneRow() async throws {
    let here = try Surroundings()
    let incident = try await Self.incident(here)
    #expect(try await here.control.inbox(of: incident.id).inbox == IncidentInbox())
    for (number, at) in [(1, 5), (2, 9), (3, 2), (2, 1)] as [(Int, Int64)] {
      let outcome = try await here.control.count(report: Self.digest(number), Self.lure("a", at: at), of: incident.id)
      #expect(outcome == (at == 1 ? .known : .counted))
    }
    _ = try await here.control.count(report: Self.digest(4), Self.lure("b", "altered"), of: incident.id)
    _ = try await here.control.count(report: Self.digest(5), nil, of: incident.id)
    let (inbox, lures) = try await here.control.inbox(of: incident.id)
    #expect(inbox.reports == 5 && inbox.genuine == 1 && inbox.altered == 1 && inbox.notOurs == 3 && inbox.shapes == 2)
    #expect(lures.map(\.reports) == [3, 1] && lures[0].firstAt.milliseconds == 2 && lures[0].lastAt.milliseconds == 9)
    #expect(lures[0].sketch.count == 256 && lures.map(\.traces) == ["a", "b"])
  }

  @Test func whatComesBeyondIsCountedAndNotKept() async throws {
    let here = try Surroundings()
    let incident = try await Self.incident(here)
    var outcomes: [ReportOutcome] = []
    for number in 0..<12 {
      outcomes.append(
        try await here.control.count(
          report: Self.digest(number), Self.lure("\(number % 6)"), of: incident.id, limits: (reports: 10, shapes: 4)))
    }
    #expect(outcomes == Array(repeating: .counted, count: 10) + [.uncounted, .uncounted])
    let (inbox, lures) = try await here.control.inbox(of: incident.id)
    #expect(inbox.reports == 10 && inbox.uncounted == 2 && inbox.shapes == 4 && inbox.ungrouped == 2 && lures.count == 4)
    #expect(lures.reduce(0) { $0 + $1.reports } + inbox.ungrouped == inbox.notOurs)
    #expect(
      try await here.control.count(report: Self.digest(3), Self.lure("3"), of: incident.id, limits: (reports: 10, shapes: 4)) == .known)
  }

  @Test func ofOneHandFewTracesAreKeptWhateverTheySay() async throws {
    let here = try Surroundings()
    let incident = try await Self.incident(here)
    for number in 0..<40 {
      _ = try await here.control.count(
        report: Self.digest(number), Self.lure("text \(number)", kin: "domain a.example\nhost b.test\n"), of: incident.id)
    }
    _ = try await here.control.count(report: Self.digest(40), Self.lure("x", kin: "domain a.example\n"), of: incident.id)
    let (inbox, lures) = try await here.control.inbox(of: incident.id)
    #expect(inbox.shapes == IncidentInbox.mostAlike + 1 && lures.count == inbox.shapes && inbox.ungrouped == 0)
    #expect(lures.reduce(0) { $0 + $1.reports } == 41 && lures[0].reports == 25)
  }

  @Test func whenTracesAreTooManyThoseThatLookLikeUsStillCount() async throws {
    let here = try Surroundings()
    let incident = try await Self.incident(here)
    func count(_ number: Int, _ lure: IncidentLure) async throws {
      _ = try await here.control.count(report: Self.digest(number), lure, of: incident.id, limits: (reports: 100, shapes: 4))
    }
    for number in 0..<3 { try await count(number, Self.lure("mail \(number)", kin: "host h\(number).test\n")) }
    try await count(3, Self.lure("known", kin: "domain a.example\n"))
    try await count(4, Self.lure("the known one elsewhere", kin: "domain a.example\nhost c.test\n"))
    try await count(5, Self.lure("another", kin: "domain b.example\n"))
    try await count(6, Self.lure("altered", "altered"))
    try await count(7, Self.lure("of nobody", kin: "host h9.test\n"))
    let (inbox, lures) = try await here.control.inbox(of: incident.id)
    #expect(lures.map(\.traces) == ["mail 2", "known", "another", "altered"] && lures.map(\.reports) == [1, 2, 1, 1])
    #expect(inbox.shapes == 4 && inbox.ungrouped == 3 && inbox.notOurs + inbox.altered == 8)
  }

  @Test func whatIsClosedOrNotThereTakesNothing() async throws {
    let here = try Surroundings()
    var incident = try await Self.incident(here)
    await #expect(throws: AccessError.self) { try await here.control.count(report: Self.digest(1), nil, of: 99) }
    incident.state = .closed
    try await here.control.change(incident, act: "closed", note: "", by: .init(kind: .owner, id: "o", credential: "c"), entry: 1)
    let error = await #expect(throws: AccessError.self) { try await here.control.count(report: Self.digest(1), nil, of: incident.id) }
    #expect(error?.code == .inUse)
  }

  @Test func trustSettingsAreOneAndWarningsAreOfAnIncident() async throws {
    let here = try Surroundings()
    let incident = try await Self.incident(here)
    #expect(try await here.control.trustSettings() == nil)
    for site in ["{}", "{\"x\":1}"] {
      let settings = TrustSettings(anchors: "{}", site: site, setAt: Timestamp(milliseconds: 7), entry: 3)
      try await here.control.put(settings)
      #expect(try await here.control.trustSettings() == settings)
    }
    for (kind, text) in [(TrustWarning.Kind.domain, "a.example"), (.subject, "a.example"), (.domain, "a.example")] {
      try await here.control.addWarning(kind, text, seenAt: Timestamp(milliseconds: 1), incident: incident.id, entry: 4)
    }
    let warnings = try await here.control.trustWarnings(of: incident.id)
    #expect(warnings.map(\.kind) == [.domain, .subject] && warnings.allSatisfy { $0.project == incident.project && $0.entry == 4 })
    try await here.control.removeWarning(warnings[0].id)
    #expect(try await here.control.trustWarnings() == [warnings[1]])
    #expect(try await here.control.trustWarnings(of: 99).isEmpty)
  }
}
