import Events
import Gate
import Testing

/// What a value decides.
struct ValueTests {
  @Test(
    "whole identifiers are dropped on events and sealed on profiles",
    arguments: [
      "ann@example.com", " <mailto:ann@example.com> ", "+49 151 12345678", "tel:+14155552671", "203.0.113.9:443", "[2001:db8::1]:80",
      "fe80::1%eth0",
    ])
  func wholeIdentities(text: String) {
    let fixture = GateFixture()
    let (stored, decision) = fixture.judge(text)
    #expect(stored == nil)
    #expect(decision.treatment == .dropped)
    let update = fixture.profile(.set([.init("note_of_sales", .string(text)), .init("tags", .list([.string(text), .string("vip")]))]))
      .profileUpdates[0]
    #expect(update.value("note_of_sales")?.isSealed == true)
    guard case .list(let tags)? = update.value("tags") else { return #expect(Bool(false)) }
    #expect(tags.count == 2 && tags[0].isSealed && tags[1] == .string("vip"))
  }

  @Test("identifiers inside of texts are replaced")
  func inside() {
    let fixture = GateFixture()
    let (stored, decision) = fixture.judge("invite ann@example.com from 203.0.113.9, call +49 151 12345678")
    #expect(stored == .string("invite [email] from [ip], call [phone]"))
    #expect(decision == Decision(property: "value", treatment: .coarsened, reason: "email_inside"))
    #expect(fixture.counters.total(.coarsened, .addressInside) == 1)
    #expect(fixture.counters.total(.coarsened, .phoneInside) == 1)
  }

  @Test("lists and objects are searched to the bottom")
  func nested() {
    let fixture = GateFixture()
    let event = fixture.pass([
      Property("a", .list([.string("ok"), .string("ann@example.com"), .list([.string("203.0.113.9")])])),
      Property(
        "b",
        .object([Property("ok", .string("x")), Property("ann@example.com", .string("x")), Property("who", .string("ann@example.com"))])),
    ])
    #expect(event.value("a") == .list([.string("ok"), .list([])]))
    #expect(event.value("b") == .object([StoredProperty("ok", .string("x"))]))
  }

  @Test("nesting deeper than the limit is dropped")
  func depth() {
    var value = PropertyValue.string("x")
    for _ in 0..<40 { value = .list([value]) }
    let fixture = GateFixture()
    let event = fixture.pass([Property("deep", value)])
    #expect(event.decisions[0] == Decision(property: "deep", treatment: .dropped, reason: "too_deep"))
  }

  @Test(
    "links lose what identifies",
    arguments: [
      ("https://x.example/a?b=c#d", "https://x.example/a"), ("https://ann:pw@x.example/a", "https://x.example/a"),
      ("https://ann@x.example/", "https://x.example/"),
      ("https://x.example/users/ann@x.example/edit", "https://x.example/users/[email]/edit"),
      ("https://x.example/users/ann%40x.example", "https://x.example/users/[email]"),
      ("https://x.example/k/550e8400-e29b-41d4-a716-446655440000", "https://x.example/k/[id]"),
      ("https://x.example/r/9f86d081884c7d659a2feaa0c55ad015/x", "https://x.example/r/[id]/x"),
      ("http://203.0.113.9:8080/x", "http://[ip]/x"),
      ("http://[2001:db8::1]/x", "http://[ip]/x"), ("/reset?token=abc", "/reset"), ("/a;jsessionid=1/b", "/a/b"),
      ("see https://x.example/a?b=c.", "see https://x.example/a."), ("www.x.example/a?b=c", "www.x.example/a"),
      ("https://x.example/u/user-4711/keys", "https://x.example/u/[id]/keys"),
      ("android-app://com.example/x?y=1", "android-app://com.example/x"),
      ("https://x.example/how-to-build-10-apps-in-2024", "https://x.example/how-to-build-10-apps-in-2024"),
      ("https://x.example/v1/chat/completions", "https://x.example/v1/chat/completions"), ("$direct", "$direct"),
    ])
  func links(sent: String, stored: String) {
    for name in ["$current_url", "$referrer", "$initial_referrer", "value"] {
      #expect(GateFixture().judge(sent, as: name).stored == .string(stored))
    }
  }

  @Test(
    "the query goes to its end, whatever is found or stands in it",
    arguments: [
      "https://x.example/c?token=aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG&name=Jane+Roe",
      "https://x.example/c?key=sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG&name=Jane+Roe",
      "https://x.example/invite/aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG?name=Jane+Roe",
      "https://x.example/#/search?owner=O'Brien&name=Jane+Roe",
    ])
  func queries(sent: String) {
    for name in ["$current_url", "$referrer", "value"] {
      let stored = GateFixture().judge(sent, as: name).stored?.texts.joined() ?? ""
      #expect(!stored.contains("Roe") && !stored.contains("Brien"), "\(name): \(stored)")
    }
  }

  @Test("a link without a scheme is trimmed where the name says that it is one")
  func bareLinks() {
    #expect(GateFixture().judge("x.example/a#b", as: "page_url").stored == .string("x.example/a"))
    #expect(GateFixture().judge("?q=ann", as: "current_url_search").stored == nil)
  }

  @Test("passwords in links are counted as secrets")
  func linkCredentials() {
    let (_, decision) = GateFixture().judge("postgres://app:s3cret@db.example/main")
    #expect(decision == Decision(property: "value", treatment: .refused, reason: "link_credentials"))
  }

  @Test("secrets are replaced and counted by kind and event")
  func secrets() {
    let fixture = GateFixture()
    let event = fixture.pass(
      [Property("error", .string("bad key sk-proj-" + String(repeating: "aB3", count: 20) + " used"))], named: "API Error")
    #expect(event.value("error") == .string("bad key [redacted: openai] used"))
    #expect(event.decisions[0] == Decision(property: "error", treatment: .refused, reason: "openai"))
    let count = fixture.counters.snapshot().first { $0.reason == .openAI }
    #expect(count?.step == .secrets && count?.treatment == .refused && count?.event == "API Error" && count?.count == 1)
  }

  @Test("card numbers are refused as numbers too")
  func cards() {
    let event = GateFixture().pass([Property("ref", .number(4_111_111_111_111_111)), Property("n", .number(1_763_400_000_123))])
    #expect(event.properties == [StoredProperty("n", .number(1_763_400_000_123))])
    #expect(event.decision("ref") == Decision(property: "ref", treatment: .refused, reason: "card"))
  }

  @Test("prose and blobs are refused, user agents are not")
  func prose() {
    let fixture = GateFixture()
    let prompt = String(String(repeating: "Please summarise the following letter for me. ", count: 10).prefix(255))
    #expect(fixture.judge(prompt).decision == Decision(property: "value", treatment: .refused, reason: "payload_text"))
    #expect(fixture.judge(String(repeating: "長い文章", count: 21)).decision.treatment == .refused)
    #expect(fixture.judge("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA").decision.treatment == .refused)
    let agent =
      "Mozilla/5.0 (Linux; Android 13; SM-G991B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
      + "Chrome/120.0.6099.144 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/443.0.0.23.229;]"
    #expect(fixture.judge(agent, as: "user_agent").stored == .string(agent))
  }

  @Test("versions stay where versions are expected")
  func versions() {
    #expect(GateFixture().judge("1.2.3.4", as: "$app_version_string").stored == .string("1.2.3.4"))
    #expect(GateFixture().judge("120.0.0.0", as: "$browser_version").stored == .string("120.0.0.0"))
    #expect(GateFixture().judge("1.2.3.4").stored == nil)
    #expect(GateFixture().judge("203.0.113.9", as: "$app_version_string").stored == nil)
  }

  @Test("coordinates are rounded to whole degrees")
  func coordinates() {
    let event = GateFixture().pass([
      Property("$latitude", .number(52.5163)), Property("$longitude", .string("13.3777")), Property("lat", .string("north")),
      Property("coordinates", .list([.number(52.5), .number(13.4)])),
    ])
    #expect(event.properties == [StoredProperty("$latitude", .number(53)), StoredProperty("$longitude", .number(13))])
    #expect(event.decisions.map(\.treatment) == [.coarsened, .coarsened, .dropped, .dropped])
  }

  @Test("addresses by name are dropped", arguments: ["$ip", "ip_address", "clientIp", "x-forwarded-for", "client.address"])
  func addressNames(name: String) {
    #expect(GateFixture().judge("somewhere", as: name).stored == nil)
  }

  @Test("numbers that are not finite are dropped")
  func notFinite() {
    #expect(GateFixture().pass([Property("n", .number(.nan)), Property("m", .number(.infinity))]).properties.isEmpty)
  }

  @Test("rows for the live view tell what was stored and why")
  func rows() {
    let rows = GateFixture().pass([
      Property("$email", .string("ann@example.com")), Property("plan", .string("pro")), Property("n", .number(3)),
    ]).rows
    #expect(rows.map(\.name) == ["$email", "plan", "n"])
    #expect(rows.map(\.shown) == [nil, "pro", "3"])
    #expect(rows.map(\.treatment) == [.dropped, .kept, .kept])
  }
}
