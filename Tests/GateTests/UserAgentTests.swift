import Events
import Gate
import TestSupport
import Testing

/// User agents become names that the file of expressions holds, and nothing else. `ServerTests` has uap-core's own file and cases.
struct UserAgentTests {
  /// A few expressions in the manner of uap-core's.
  static let few = UserAgents(
    browsers: [
      .init(#"^(.{0,200})/(\d+) CFNetwork"#), .init(#"(Cool|[Bb]ot|Goo(?:gle|)bot(?:-[a-z]{1,30}|)|\w{0,30}favicon)[/ ](\d+)"#),
      .init(#"(Explorer|Collector)-(?:Android|iOS)-(\d+)"#, name: "$1 for ArcGIS"), .init(#"(?:([A-Za-z]+Spider)|(Late))/(\d+)"#),
      .init(#"(Firefox)/(\d+)"#), .init(#"(Chromium|Chrome)/(\d+)\.(\d+)"#), .init(#"(MSIE) (\d+)"#, name: "IE"), .init("(Android) "),
      .init("(?i)(curl)/"),
    ],
    systems: [
      .init(#"Windows NT 10\.0"#, name: "Windows"), .init("(Windows NT 6\\.[12])", name: "Windows"), .init("(Android)[ /-](\\d+)"),
      .init(#"(Mac OS) X (\d+)"#, name: "Mac OS X"), .init("(Linux)(?:[ /]|$)"),
    ])

  @Test(arguments: [
    ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/115.0", "Firefox, Windows"),
    ("Mozilla/5.0 (Macintosh; Mac OS X 10_15) Chrome/120.0.0.0 Safari/537.36", "Chrome, Mac OS X"),
    ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 6.1)", "IE, Windows"), ("Collector-iOS-20", "Collector for ArcGIS, Other"),
    // What a group captures beyond what is written in it is the sender's.
    ("ann@example.com/1 CFNetwork", "Other, Other"), ("Explorer/1 CFNetwork", "Other, Other"), ("firefox/1 CFNetwork", "Firefox, Other"),
    ("Googlebot-ann/1", "Other, Other"), ("Googlebot/1", "Googlebot, Other"), ("Goobot/1", "Goobot, Other"), ("bot/1", "Bot, Other"),
    ("annfavicon/1", "Other, Other"), ("favicon/1", "favicon, Other"), ("AnnSpider/1", "Other, Other"), ("Late/1", "Other, Other"),
    ("CURL/8", "curl, Other"), ("", "Other, Other"), ("nothing known", "Other, Other"),
    // The names alone, as SDKs send them.
    ("Chrome", "Chrome, Other"), ("Windows", "Other, Windows"), ("mac os x", "Other, Mac OS X"), ("Android", "Android, Android"),
    ("Firefox, Windows", "Firefox, Windows"), ("Firefox, Ann", "Other, Other"), ("Other, Other", "Other, Other"),
    ("Cool, firefox, Windows", "Other, Other"),
  ])
  func names(_ text: String, _ names: String) {
    #expect(Self.few.names(in: text) == names)
    #expect(Self.few.names(in: text) == names, "remembered")
    #expect(Self.few.names(in: names) == names, "what passed once passes unchanged")
  }

  @Test func namesAreOfTheFileAlone() {
    #expect(Self.few.count == (browsers: 14, systems: 5), "\(Self.few.count)")
    #expect(Self.few.unreadable.isEmpty)
    let odd = UserAgents(browsers: [.init("(?=no)"), .init(#"(\1)"#), .init("(unclosed"), .init("(Firefox)/")], systems: [])
    #expect(odd.unreadable == ["(?=no)", #"(\1)"#, "(unclosed"] && odd.names(in: "Firefox/1 (unclosed") == "Firefox, Other")
  }

  @Test("what lies beyond the first 512 bytes is not read")
  func longTexts() {
    let filler = String(repeating: "ä", count: 250)
    #expect(Self.few.names(in: filler + " Firefox/1") == "Firefox, Other")
    #expect(Self.few.names(in: filler + filler + " Firefox/1") == "Other, Other")
    #expect(Self.few.names(in: String(repeating: "Late", count: 100_000)) == "Other, Other")
  }

  @Test("random bytes give names of the file, and remembering changes none", arguments: [1, 2, 3] as [UInt64])
  func fuzz(seed: UInt64) {
    var generator = Fuzzing.generator(seed)
    let fragments = [
      "Firefox/", "Chrome/", "1", ".0", " CFNetwork", "Windows NT ", "10.0", "6.1", "Spider", "bot", "/", " ", ", ", "Other", "Android ",
      "\0", "é",
      "𝒳", "(", "favicon", "Mac OS X 1", "MSIE 6", "Ann", "-", "Linux",
    ]
    let pieces = Set(["Firefox", "Chrome", "Chromium", "IE", "Android", "curl", "Other", "Cool", "Bot", "Goobot", "Googlebot", "favicon"])
      .union(["Explorer for ArcGIS", "Collector for ArcGIS"])
    let systems: Set = ["Windows", "Android", "Mac OS X", "Linux", "Other"]
    let remembering = UserAgentTests.few
    Fuzzing.rounds(20_000, arguments: 3) { round in
      var text = (0..<Int.random(in: 0...9, using: &generator)).map { _ in fragments.randomElement(using: &generator) ?? "" }.joined()
      if round.isMultiple(of: 4) {
        text = String(
          decoding: (0..<Int.random(in: 0...700, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) },
          as: UTF8.self)
      }
      let names = remembering.names(in: text)
      let parts = names.components
      guard parts.count == 2, pieces.contains(parts[0]), systems.contains(parts[1]), remembering.names(in: names) == names,
        remembering.names(in: text) == names
      else {
        Issue.record("seed \(seed) round \(round): \(text.debugDescription) gave \(names)")
        return
      }
    }
  }

  @Test("without the file nothing of a user agent is kept, and the reason says so")
  func withoutTheFile() {
    let plan = TrackingPlan(everyEvent: ["agent": .init(.coarsen(.userAgent)), "other": .init(.keep)])
    let fixture = GateFixture(userAgents: nil, plan: plan)
    for value in [.string("Firefox/115.0"), .string("Chrome"), .list([.string("Firefox/1")])] as [PropertyValue] {
      let event = fixture.pass([Property("agent", value), Property("other", .string("x"))])
      #expect(event.decision("agent")?.reason == "user_agent_forgotten" && event.decision("agent")?.treatment == .dropped)
      #expect(event.value("agent") == nil || event.value("agent") == .list([]))
      #expect(event.value("other") == .string("x"))
    }
    #expect(plan.coarsens(to: .userAgent) && !plan.coarsens(to: .place))
  }

  @Test("many threads at once agree")
  func threads() async {
    let texts = (0..<9000).map { "Firefox/\($0 % 5000) (Windows NT 10.0)" }
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask { texts.allSatisfy { Self.few.names(in: $0) == "Firefox, Windows" } }
      }
      for await agrees in group { #expect(agrees) }
    }
  }
}

extension String {
  fileprivate var components: [String] { split(separator: ", ").map(String.init) }
}
