import Events
import Gate
import TestSupport
import Testing

/// Of a link's user-info, query, fragment and parameters nothing is stored, whatever stands in them and whatever other steps find there.
struct LinkTests {
  /// Drawn by lot, as the detectors see it.
  static let drawn = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"
  static let provider = "sk-proj-" + drawn
  static let webToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

  static let names = ["$current_url", "$referrer", "value", "label"]

  static func stored(_ text: String, as name: String) -> String {
    GateFixture().judge(text, as: name).stored?.texts.joined(separator: " ") ?? ""
  }

  static func leaks(_ stored: String) -> Bool {
    let stored = stored.lowercased()
    return ["roe", "jane", "brien", "acme", "hunter2"].contains { stored.contains($0) }
  }

  @Test(
    "nothing behind a query's mark is stored",
    arguments: [
      // Behind what another step replaces.
      "https://x.example/reset?token=\(drawn)&user=jane.roe&org=acme", "https://x.example/c?key=\(provider)&name=Jane+Roe",
      "https://x.example/c?jwt=\(webToken)&name=Jane+Roe#Acme", "https://x.example/invite/\(drawn)?name=Jane+Roe",
      "https://x.example/invite/\(provider)?name=Jane+Roe", "https://x.example/invite/\(webToken)#name=Jane+Roe",
      "https://x.example/pay/4111111111111111?name=Jane+Roe", "https://\(drawn).x.example/a?name=Jane+Roe",
      "https://\(provider)@x.example/a?name=Jane+Roe", "https://oauth2:\(provider)@x.example/a?name=Jane+Roe&b=c",
      "https://x.example/a?password=hunter2&name=Jane+Roe", "https://x.example/token=abc12345?x=1&name=Jane+Roe",
      "https://x.example/a?email=ann@example.com&name=Jane+Roe", "https://x.example/a?phone=+49 151 12345678&name=Jane+Roe",
      "https://x.example/a?ip=203.0.113.9&name=Jane+Roe", "https://x.example/u/ann@example.com?name=Jane+Roe",
      "https://x.example/u/user-4711?id=user-4711&name=Jane+Roe", "https://x.example/[redacted: jwt]?name=Jane+Roe",
      "https://x.example/?a=[redacted: jwt]&name=Jane+Roe", "https://[redacted: jwt].example/?name=Jane+Roe",
      "https://x.example/[id]?name=Jane+Roe", "https://x.example/[email]/[id]#Jane", "/invite/\(drawn)?name=Jane+Roe",
      "www.x.example/invite/\(drawn)?a=\(drawn)&name=Jane+Roe", "x.example/a?token=\(drawn)&name=Jane+Roe",
      "?token=\(drawn)&name=Jane+Roe", "/reset?token=\(drawn)&owner=O'Brien&team=Acme",
      // Apostrophes and quotes.
      "https://x.example/#/search?owner=O'Brien&team=Acme", "https://x.example/?owner=O’Brien&team=Acme",
      "https://x.example/?owner=\"Jane\"&team=Acme",
      "https://x.example/?q=<b>Jane</b>&team=Acme",
      "https://x.example/?q=`Jane`&team=Acme",
      "/#/search?owner=O'Brien&team=Acme", "'https://x.example/?owner=O'Brien&team=Acme'", "\"https://x.example/?o=\"Brien\"&t=Acme\"",
      "https://x.example/it's?x=1&team=Acme", "“https://x.example/?owner=O”Brien&team=Acme”",
      "<https://x.example/?q=1>2&team=Acme>",
      "‘https://x.example/?owner=O’Brien&team=Acme’",
      "https://x.example/?owner=O`Brien&team=Acme",
      // Spaces as they are.
      "https://x.example/?a=1 2&name=Jane+Roe", "https://x.example/?a=1\n&name=Jane+Roe", "https://x.example/?a=1\t2&b=3 4&name=Jane+Roe",
      "\"https://x.example/?name=Jane Roe\"", "'https://x.example/?name=Jane Roe'", "https://x.example/?a=\u{3000}1&name=Jane+Roe",
      // Parameters without a query.
      "https://x.example/a&name=Jane+Roe", "https://x.example/a;name=Jane+Roe/b;team=Acme", "https://x.example&name=Jane+Roe",
      "https://x.example/a;token=\(drawn);name=Jane+Roe",
      "https://x.example/a%26name%3DJane+Roe",
      "https://x.example/a%3Bname%3DJane+Roe",
      // Escapes.
      "https://x.example/a%20b%3Fname%3DJane%20Roe",
      "https://x.example/a%253Fname%253DJane",
      "https://x.example/a%2525253Fname%2525253DJane",
      "https://x.example/a%23Jane", "https%3A%2F%2Fx.example%2Fa%2520b%3Fname%3DJane%2520Roe", "https:\\/\\/x.example\\/a?name=Jane+Roe",
      "https:\\/\\/x.example\\/a%20b%3Fname=Jane+Roe",
      "https://x.example/a&#32;b&#63;name=Jane&#32;Roe",
      "https://x.example/a？name=Jane＆b=Roe",
      "https://x.example/a\\u003fname=Jane",
      "https://x.example/it%27s%3Fowner=O%27Brien%26team=Acme",
      "https://x.example/a%22b%3Fteam=Acme",
      "https://x.example/?back=https%3A%2F%2Fy.example%2F%3Fname%3DJane%2BRoe", "https://x.example/r/https://y.example/?name=Jane+Roe",
      "https://x.example/?u=https://y.example/?name=Jane+Roe", "https://web.archive.example/2024/https://ann:hunter2@db/?name=Jane",
      // Other ways to write a scheme.
      "HTTPS://X.EXAMPLE/A?NAME=JANE+ROE",
      "https:\\\\x.example\\a?name=Jane+Roe",
      "//x.example/a?name=Jane+Roe",
      "app://home?name=Jane+Roe",
      "intent://a/#Intent;S.name=Jane;end", "file:///tmp/a?name=Jane+Roe", "sealane+x.y-z://a?name=Jane+Roe",
      "/go?jane/https://y.example/a", "//t.example/?jane-https://y.example/a", "www.x.example/#acme/https://y.example/a",
      "https://x.example/a﹖name=Jane﹠b=Roe", "https://x.example/a﹟Jane",
      // Passwords with signs.
      "postgres://app:hunter2@db.example/main", "postgres://app:hu#nter2hunter2@db.example/main?user=Jane",
      "postgres://jane:p/w?hunter2@db.example/main", "https://jane:@x.example/", "https://acme@x.example:8080/a",
    ])
  func ends(sent: String) {
    for name in Self.names {
      for text in [sent, "see \(sent)", "(\(sent))", "[a](\(sent))", "at \(sent), and \(sent).", "<a href=\"\(sent)\">"] {
        let stored = Self.stored(text, as: name)
        #expect(!Self.leaks(stored), "\(name), \(text): \(stored)")
      }
    }
  }

  @Test(
    "what is no link's stays beside it",
    arguments: [
      ("see 'https://x.example/a?b=c' now", "see 'https://x.example/a' now"),
      ("{\"url\":\"https://x.example/a?b=c\",\"n\":1}", "{\"url\":\"https://x.example/a\",\"n\":1}"),
      ("{\\\"url\\\":\\\"https://x.example/a?b=c\\\",\\\"n\\\":1}", "{\\\"url\\\":\\\"https://x.example/a\\\",\\\"n\\\":1}"),
      (
        "<https://x.example/a?b=c> is it",
        "<https://x.example/a> is it"
      ),
      (
        "<a>https://x.example/a?b=c</a>",
        "<a>https://x.example/a</a>"
      ),
      (
        "“https://x.example/a?b=c”, he said",
        "“https://x.example/a”, he said"
      ),
      (
        "「https://x.example/a?b=c」です",
        "「https://x.example/a」です"
      ),
      ("from https://x.example/a?b=c to https://y.example/d#e now", "from https://x.example/a to https://y.example/d now"),
      ("(https://x.example/a?b=c) is it", "(https://x.example/a) is it"), ("GET /users?name=ann 200", "GET /users 200"),
      ("[a](https://x.example/a?b=c) and [b](/d?e=f)", "[a](https://x.example/a) and [b](/d)"),
      ("https://x.example/invite/\(drawn)/edit?a=b", "https://x.example/invite/[redacted: high_entropy]/edit"),
      ("https://x.example/O'Brien/edit", "https://x.example/O'Brien/edit"), ("https://x.example/AT&T/R&D", "https://x.example/AT&T/R&D"),
      ("C:\\\\a\\\\b", "C:\\\\a\\\\b"), ("Is it done? a = b", "Is it done? a = b"), ("x ?y : z", "x ?y : z"),
    ])
  func beside(sent: String, stored: String) {
    #expect(Self.stored(sent, as: "value") == stored)
  }

  @Test("a link's end is cut from lists, objects, names, and under the plan's coarsening")
  func everywhere() {
    let sent = "https://x.example/invite/\(Self.drawn)?token=\(Self.drawn)&owner=O'Brien&team=Acme"
    let plan = TrackingPlan(everyEvent: ["$current_url": .init(.coarsen(.url)), "value": .init(.coarsen(.url))])
    for fixture in [GateFixture(), GateFixture(plan: plan)] {
      let event = fixture.pass(
        [
          Property("$current_url", .string(sent)),
          Property(
            "value",
            .string(sent)), Property("urls", .list([.string(sent), .string(sent)])),
          Property("o", .object([Property("href", .string(sent)), Property("x", .list([.string(sent)]))])), Property(sent, .number(1)),
        ], named: sent)
      let texts = event.properties.flatMap { [$0.name] + $0.value.texts } + [event.name] + event.decisions.map(\.property)
      #expect(!texts.contains { Self.leaks($0) }, "\(texts)")
      #expect(event.value("$current_url")?.texts == ["https://x.example/invite/[redacted: high_entropy]"])
    }
    let template = GateFixture(plan: plan).pass([Property("value", .string("https://x.example/search/owner=O'Brien+Acme/x"))])
    #expect(template.value("value") == .string("https://x.example/search/[id]/x"))
  }

  @Test("secrets that went with a link's end are counted")
  func counted() {
    let fixture = GateFixture()
    let (stored, decision) = fixture.judge("https://x.example/a?key=\(Self.provider)&name=Jane")
    #expect(stored == .string("https://x.example/a") && decision == Decision(property: "value", treatment: .refused, reason: "openai"))
    #expect(fixture.counters.total(.refused, .openAI) == 1 && fixture.counters.total(.coarsened, .link) == 1)
  }

  @Test("links of any pieces: nothing behind the first mark is stored", arguments: [1, 2, 3, 4] as [UInt64])
  func fuzz(seed: UInt64) {
    var generator = Fuzzing.generator(seed)
    let fixture = GateFixture()
    let paths = ["/", "a", "/users", "/\(Self.drawn)", "/[id]", "/ann@example.com", "/%20", "/%E6%97%A5", "/日本", "'", "/7f", "/user-4711"]
    let ends = [
      "&", "=", "+", "'", "\"", "%20", "%26", "%3D", "?", "#", "/", ";", ":", "@", "://", "https://", "[redacted: jwt]", "[id]", "token=",
      "password=",
      "ann@example.com",
      "+49 151 12345678",
      "203.0.113.9",
      "<",
      ">",
      ")",
      "(",
      "’",
      "“",
      "`",
      "\\",
      "%25", "%27", "%22", "%2", "ü", "，", ".", ",", "!", "4111111111111111", "user-4711", "b", "0",
    ]
    var count = 0
    Fuzzing.rounds(2000, arguments: 4) { _ in
      count += 1
      func some(_ pieces: [String], _ most: Int) -> String {
        (0..<Int.random(in: 0...most, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      }
      let mark = ["?", "#", "%3F", "%23", "?q=", "#/", "&q="].randomElement(using: &generator) ?? "?"
      let end = some(ends, 6) + "&name=JaneRoe" + some(ends, 3)
      // Spaces as they are end what is no link by its name, unless the query plainly goes on.
      let sent = "https://x.example" + some(paths, 3) + mark + end
      for name in ["$current_url", "value"] {
        guard case .string(let stored)? = fixture.judge(sent, as: name).stored else { continue }
        #expect(!Self.leaks(stored), "seed \(seed), case \(count), \(name), \(sent): \(stored)")
        #expect(fixture.judge(stored, as: name).stored == .string(stored), "seed \(seed), case \(count), \(name), \(sent)")
      }
    }
  }
}
