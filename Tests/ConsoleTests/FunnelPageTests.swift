import Console
import HTTPTypes
import Journeys
import Testing
import Web

/// The options of a funnel on its page: what is asked, what is shown, and what the buttons do.
struct FunnelPageTests {
  private static let range = "from=2026-10-25&to=2026-11-23"
  private static let steps = "s0=Signed%20Up&s1=Key%20Created&s2=First%20API%20Call"
  private let today = CalendarDate(year: 2026, month: 11, day: 23)

  private func query(_ parameters: String) throws -> FunnelQuery {
    let fields = FormFields(encoded: Substring(parameters)).fields
    let query = try #require(try ReportAddress.query(of: Address("/funnels", fields), today: today))
    guard case .funnel(let funnel) = query else { throw QueryError(.invalid, "not a funnel") }
    try query.validate()
    return funnel
  }

  @Test func theAddressAsksForEveryOption() throws {
    let options =
      "&entry=last_before_next&x0=Refund&x0.from=2&x0.c0.p=plan&x0.c0.v=pro&x1=Quota&x1.to=2&excluded=removed&hold=cart&hold=org_id&within=range&by=plan&at=3"
    let asked = try query(Self.steps + options + "&view=time&ta=2&bars=7&" + Self.range)
    #expect(asked.entry == .lastBeforeNext && asked.exclusionMode == .removeSubject && asked.withinRange)
    #expect(asked.exclusions.map(\.selector.event) == ["Refund", "Quota"])
    #expect(asked.exclusions.map { [$0.fromStep, $0.toStep] } == [[1, 2], [0, 1]])
    #expect(asked.exclusions[0].selector.filter == .comparison(PropertyReference("plan"), .equals([.string("pro")])))
    #expect(asked.hold == ["cart", "org_id"] && asked.attribution == .step(2))
    #expect(asked.timeToConvert == .init(fromStep: 1, toStep: 2, bins: 7) && asked.trend == nil)
    let trend = try query(Self.steps + "&view=trend&unit=week&count=sessions&gap=60&" + Self.range)
    #expect(trend.trend == .week && trend.timeToConvert == nil && trend.sessionGapSeconds == 60)
  }

  @Test func whatSaysNothingIsNotAsked() throws {
    // A value without a breakdown, an exclusion mode without exclusions, an entry rule for totals.
    let asked = try query(Self.steps + "&at=last&excluded=removed&count=totals&entry=last_before_next&gap=5&" + Self.range)
    #expect(asked.attribution == .entry && asked.exclusionMode == .attempt && asked.entry == .longest && asked.sessionGapSeconds == nil)
  }

  @Test func exclusionsKeepTheirPlacesWhereAStepIsTakenAway() async throws {
    let site = try await Site()
    func after(_ command: String, _ options: String) async throws -> String? {
      try await site.get("/funnels?s0=A&s1=B&s2=C&s3=D\(options)&\(Self.range)&do=\(command)").headers[.location]
    }
    #expect(try await after("exclude", "") == "/funnels?s0=A&s1=B&s2=C&s3=D&x0=&\(Self.range)")
    #expect(try await after("unexclude:0", "&x0=X&excluded=removed") == "/funnels?s0=A&s1=B&s2=C&s3=D&\(Self.range)")
    #expect(try await after("condition:x0", "&x0=X") == "/funnels?s0=A&s1=B&s2=C&s3=D&x0=X&x0.c0.p=&\(Self.range)")
    #expect(try await after("drop:0", "&x0=X&x0.from=2&x0.to=3") == "/funnels?s0=B&s1=C&s2=D&x0=X&x0.to=2&\(Self.range)")
    #expect(try await after("drop:3", "&x0=X&x0.from=3") == "/funnels?s0=A&s1=B&s2=C&x0=X&x0.from=2&\(Self.range)")
    #expect(
      try await after("drop:1", "&view=time&ta=2&by=plan&at=2") == "/funnels?s0=A&s1=C&s2=D&by=plan&at=2&view=time&ta=2&\(Self.range)")
  }

  @Test func anExclusionThatLiesNowhereSaysSo() async throws {
    let page = try await Site().get("/funnels?\(Self.steps)&x0=Refund&x0.from=2&x0.to=2&\(Self.range)").text
    #expect(page.contains("Exclusion 1 has to lie between a step and a later one"))
    let draft = try await Site().get("/funnels?\(Self.steps)&x0=&\(Self.range)").text
    #expect(draft.contains("Choose the event of exclusion 1."))
  }

  @Test func theStepsSayWhatWasExcludedAndHowValuesAreTaken() async throws {
    let site = try await Site()
    let page = try await site.get("/funnels?\(Self.steps)&x0=Invoice%20Paid&x0.to=2&hold=cart&by=plan&at=2&\(Self.range)").text
    for words in [
      "1,733", "would have got further but for an exclusion", "Invoice Paid between step 1 and 2 ends the attempt",
      "all steps have the same cart", "split by the value at step 2", "details class=\"more\" open",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(page.contains("%22excluded%22:true"), "the figure is a door")
    // Only the value at the first step is the same as a condition there.
    #expect(!page.contains("narrow-to"))
    #expect(try await site.get("/funnels?\(Self.steps)&by=plan&\(Self.range)").text.contains("narrow-to"))
  }

  @Test func theConversionIsDrawnOverTime() async throws {
    let site = try await Site()
    let page = try await site.get("/funnels?\(Self.steps)&view=trend&unit=week&\(Self.range)").text
    #expect(page.contains("Line chart of the conversion per week") && page.contains("Per cent of the subjects entered each week"))
    #expect(page.contains("<h2>Over time</h2>") && page.contains("they do not add up") && page.contains("not complete</span>"))
    #expect(page.contains("%22bucket%22:0"), "points and figures are doors")
    #expect(page.contains("name=\"unit\"") && !page.contains("name=\"bars\""))
    #expect(page.contains("<h2>Figures</h2>"), "the steps stay below")
    let file = try await site.get("/funnels.csv?\(Self.steps)&view=trend&unit=week&\(Self.range)").text
    #expect(file.contains("group,week,complete,step_1,step_2,step_3,share_of_first,open"))
  }

  @Test func theTimeToConvertIsAHistogram() async throws {
    let site = try await Site()
    let page = try await site.get("/funnels?\(Self.steps)&by=plan&view=time&ta=2&bars=10&\(Self.range)").text
    #expect(page.contains("Half of them take 2 h 36 min or less from Key Created to First API Call"))
    #expect(page.contains("Histogram of the time from Key Created to First API Call") && page.contains("90th percentile"))
    #expect(page.contains("Time to convert by group") && page.contains("name=\"bars\"") && !page.contains("name=\"unit\""))
    let empty = try await Site(.single).get("/funnels?\(Self.steps)&view=time&\(Self.range)").text
    #expect(empty.contains("Nobody got from Signed Up to First API Call yet."))
    let file = try await site.get("/funnels.csv?\(Self.steps)&view=time&\(Self.range)").text
    #expect(file.contains("group,from_seconds,to_seconds,count"))
  }

  @Test func aQueryFromElsewhereKeepsAllItsOptions() async throws {
    let query =
      #"{"report":"funnel","range":{"from":"2026-10-25","to":"2026-11-23"},"steps":[{"event":"A"},{"event":"B"},{"event":"C"}],"trend":"week","time_to_convert":{"from_step":1,"to_step":2},"hold":["cart"],"exclusions":[{"event":"X","to_step":1}]}"#
    let site = try await Site()
    let answer = try await site.get(Address("/funnels", [.init("query", query)]).text)
    #expect(
      answer.headers[.location] == "/funnels?s0=A&s1=B&s2=C&x0=X&x0.to=2&hold=cart&view=both&unit=week&ta=2&\(Self.range)")
  }
}
