import Console
import Journeys
import Testing
import Web

struct ReportAddressTests {
  private let today = CalendarDate(year: 2026, month: 11, day: 23)

  @Test func everyQueryGoesThroughItsAddress() throws {
    var queries = RandomQueries(seed: 42)
    for _ in 0..<4_000 {
      let query = queries.query()
      let address = try #require(ReportAddress.address(of: query))
      // As a browser sends it: encoded and decoded again.
      let sent = Address(address.path, FormFields(encoded: address.text.dropFirst(address.path.count + 1)).fields)
      #expect(sent == address)
      let back = try ReportAddress.query(of: sent, today: today)
      #expect(back == query, "\(query.canonicalJSON)\n\(address.text)")
      #expect(ReportAddress.normalized(sent, today: today) == address)
      if back != query { return }
    }
  }

  @Test(arguments: ["/insights", "/funnels", "/retention", "/flows", "/lifecycle", "/stickiness", "/sessions", "/cohorts/build"])
  func anyParametersComeToRestAfterOneStep(_ path: String) {
    var queries = RandomQueries(seed: 7)
    let names = [
      "s0", "s1", "s9", "s0.m", "s0.p", "s0.q", "s0.c0.p", "s0.c0.o", "s0.c0.v", "s0.c5.p", "s0.join", "s0.filter", "f.c0.p", "f.filter",
      "a", "b", "a.c0.p", "from",
      "to", "unit", "w", "wu", "by", "top", "n", "mode", "back", "hide", "after", "before", "nodes", "paths", "repeats", "order", "count",
      "entry", "junk", "s0.d", "s0.over", "s0.oq", "s0.first", "x0", "x1.n", "bins", "equal", "compare", "seen", "show", "gap", "cut", "q",
      "at",
      "events", "br", "base", "z", "x1", "x1.e", "short", "anchors",
      "level", "f.c0.k", "s0.c1.k", "by.cohort", "by.cohorts", "r0", "r1", "r0.e", "r0.not", "r0.q", "r0.n", "r0.t",
      "r0.d", "r0.from",
      "x0.from", "x0.to", "x1.c0.p", "excluded", "hold", "within", "hop", "hopu", "grace", "view", "ta", "tb", "bars",
      "r1.p", "r1.o", "r1.k", "join", "rule", "id", "name",
    ]
    for _ in 0..<3_000 {
      let fields = (0..<queries.int(0...12)).map { _ in
        Address.Parameter(
          queries.one(names),
          queries.one([
            queries.name(), "any", "-1", "999999999999999999999", "2026-02-30", "1e9", "percentile", "total", "active", "average", "ever",
            "before", "1, 2", "did", "profile", "cohort", "between", "in", "5",
            "{\"not\":3}", "", "time", "trend", "both", "sessions", "2", "removed", "range", "last_before_next",
          ])
        )
      }
      guard let once = ReportAddress.normalized(Address(path, fields), today: today) else { continue }
      #expect(ReportAddress.normalized(once, today: today) == once, "\(once.text)")
    }
  }

  @Test func anAddressIsReadable() {
    let query = Query.funnel(
      FunnelQuery(
        range: DateRange(from: today, to: today),
        steps: [
          EventSelector(event: "Signed Up", filter: .comparison(PropertyReference("plan"), .equals([.string("team")]))),
          EventSelector(event: "First API Call"),
        ]))
    #expect(
      ReportAddress.address(of: query)?.text
        == "/funnels?s0=Signed%20Up&s0.c0.p=plan&s0.c0.v=team&s1=First%20API%20Call&from=2026-11-23&to=2026-11-23")
  }
}
