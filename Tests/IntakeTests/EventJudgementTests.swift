import Events
import Intake
import Testing

/// Validation, limits, times and ids of events (mixpanel-api.md, 1.3 to 1.5 and 2.1).
struct EventJudgementTests {
  static let intake = Intake()

  static func event(_ properties: String, name: String = "a") -> String { #"{"event":"\#(name)","properties":{\#(properties)}}"# }

  static func track(_ properties: String, query: String = "verbose=1") -> IntakeOutcome {
    intake.read(.json(.track, event(#""token":"t","# + properties), query: query))
  }

  static func strict(_ properties: String) -> IntakeOutcome { intake.read(.json(.import, event(properties), query: "strict=1")) }

  @Test("each token's events keep their own names, however the tokens alternate") func alternatingTokens() throws {
    let records = (0..<400).map { number in
      let names = (0..<40).map { "\"p\(number)_\($0)\":1" }.joined(separator: ",")
      return Self.event(#""token":"\#(number % 2 == 0 ? "a" : "b")","time":\#(nowSeconds),"distinct_id":"u",\#(names)"#)
    }
    let result = try #require(Self.intake.read(.json(.track, "[\(records.joined(separator: ","))]", query: "verbose=1")).result)
    #expect(result.batches.map(\.token) == ["a", "b"])
    for batch in result.batches {
      #expect(batch.events.count == 200)
      #expect(batch.events.names.count == 200 * 40)
      #expect(batch.events.all.allSatisfy { $0.properties.count == 40 })
    }
  }

  @Test("a token whose records are all refused leaves nothing behind") func refusedToken() throws {
    let records = [
      Self.event(#""token":"a","time":\#(nowSeconds),"distinct_id":"u""#), Self.event(#""token":"b","time":"no time""#),
    ]
    let result = try #require(Self.intake.read(.json(.track, "[\(records.joined(separator: ","))]", query: "verbose=1")).result)
    #expect(result.batches.map(\.token) == ["a"])
    #expect(result.failures.count == 1)
  }

  @Test func aWholeEvent() throws {
    let outcome = Self.track(
      #""time":\#(nowSeconds - 60).5,"distinct_id":"u1","$user_id":"u1","$device_id":"d1","$insert_id":"abc-1","ip":"198.51.100.7","plan":"pro","n":3,"x":null,"l":[1,"b"],"o":{"k":true}"#
    )
    let event = try #require(outcome.events.first)
    #expect(event.name == "a")
    #expect(event.time.milliseconds == Int64(nowSeconds - 60) * 1000 + 500)
    #expect(event.sentTime == event.time)
    #expect(event.identity == ReceivedIdentity(userID: "u1", deviceID: "d1", distinctID: "u1"))
    #expect(event.identity.link?.device == "$device:d1")
    #expect(event.insertID == "abc-1")
    #expect(event.address == "198.51.100.7")
    #expect(!event.isVerified)
    #expect(event.properties.map(\.name) == ["plan", "n", "x", "l", "o"])
    #expect(event.property("l") == .list([.number(1), .string("b")]))
    #expect(event.property("o") == .object([Property("k", .boolean(true))]))
    #expect(outcome.result?.batches.first?.token == "t")
    #expect(outcome.reply.text == #"{"error":null,"status":1}"#)
  }

  @Test(
    "times are read as seconds or milliseconds, numbers or text",
    arguments: [
      ("1795435100", 1_795_435_100_000), ("1795435100.25", 1_795_435_100_250), ("1795435100250", 1_795_435_100_250),
      ("1.7954351e9", 1_795_435_100_000), (#""1795435100""#, 1_795_435_100_000), (#""2026-11-23T11:58:20""#, 1_795_435_100_000),
      (#""2026-11-23T11:58:20.250Z""#, 1_795_435_100_250), (#""2026-11-23T12:58:20+01:00""#, 1_795_435_100_000),
      (#""2026-11-23 06:58:20-0500""#, 1_795_435_100_000), (#""2026-11-23""#, 1_795_392_000_000), ("null", 1_795_435_200_000),
      (#""""#, 1_795_435_200_000),
    ])
  func times(text: String, milliseconds: Int64) throws {
    let event = try #require(Self.track(#""time":\#(text)"#).events.first)
    #expect(event.time.milliseconds == milliseconds)
  }

  @Test func timesThatTrackRefuses() {
    let old = "'properties.time' is invalid: older than 5 days; send such events to /import"
    #expect(Self.track(#""time":\#(nowSeconds - 5 * 86400 - 1)"#).reply.text == #"{"error":"\#(old)","status":0}"#)
    #expect(Self.track(#""time":\#(nowSeconds - 5 * 86400)"#).events.count == 1)
    for text in ["0", "86400", "-5", "31535999", #""yesterday""#, "[]", "{}", "true", #""2026-13-01""#, #""2026-11-23T25:00:00""#] {
      let reply = Self.track(#""time":\#(text)"#).reply
      #expect(reply.text == #"{"error":"'properties.time' is invalid: must be specified as seconds since epoch","status":0}"#, "\(text)")
      #expect(Self.track(#""time":\#(text)"#, query: "").reply.text == "0")
    }
  }

  @Test func theFutureIsNow() throws {
    for text in ["4102444800", "4102444800000", "1e300", "99999999999999999999999", #""2100-01-01T00:00:00Z""#] {
      let event = try #require(Self.track(#""time":\#(text)"#).events.first, "\(text)")
      #expect(event.time == now)
      #expect(event.sentTime > now || text.hasPrefix("9999") || text == "1e300")
    }
    let late = try #require(Self.track(#""time":4102444800"#).events.first)
    #expect(late.sentTime.milliseconds == 4_102_444_800_000)
  }

  @Test func importTakesOldTimesAndRefusesTheImpossible() throws {
    let rest = #""distinct_id":"u1","$insert_id":"i1""#
    let old = Self.strict(#""time":86400000,"# + rest)
    #expect(old.events.first?.time.milliseconds == 86_400_000_000)
    #expect(old.events.first?.isVerified == true)
    #expect(old.events.first?.property("$import") == .boolean(true))
    #expect(old.reply.text == #"{"code":200,"num_records_imported":1,"status":"OK"}"#)
    #expect(Self.strict(#""time":\#(nowSeconds + 3000),"# + rest).events.first?.time == now)
    for text in ["0", "4102444800", "\(nowSeconds + 3601)", #""\#(nowSeconds)""#, "null"] {
      let outcome = Self.strict(#""time":\#(text),"# + rest)
      #expect(outcome.reply.status == 400)
      #expect(outcome.result?.failures.first?.field == "properties.time", "\(text)")
    }
    #expect(Self.intake.read(.json(.import, Self.event(#""time":4102444800"#))).events.first?.time == now)
  }

  @Test func strictNamesEachRefusedRecord() throws {
    let good = #"{"event":"a","properties":{"time":\#(nowSeconds),"distinct_id":"u1","$insert_id":"good"}}"#
    let bad = #"{"event":"a","properties":{"time":0,"distinct_id":"u1","$insert_id":"bad-1"}}"#
    let reply = Self.intake.read(.json(.import, "[\(bad),\(good)]", query: "strict=1")).reply
    #expect(reply.status == 400)
    let record =
      #"{"index":0,"$insert_id":"bad-1","insert_id":"bad-1","field":"properties.time","message":"'properties.time' is invalid: must be specified as seconds since epoch"}"#
    #expect(
      reply.text
        == #"{"code":400,"error":"some data points in the request failed validation","status":"Bad Request","num_records_imported":1,"failed_records":[\#(record)]}"#
    )
  }

  @Test(
    "strict import refuses",
    arguments: [
      (#""distinct_id":"u1","$insert_id":"i""#, "properties.time"), (#""time":1795435100,"$insert_id":"i""#, "properties.distinct_id"),
      (#""time":1795435100,"distinct_id":"u1""#, "properties.$insert_id"),
      (#""time":1795435100,"distinct_id":"null","$insert_id":"i""#, "properties.distinct_id"),
      (#""time":1795435100,"distinct_id":"Undefined","$insert_id":"i""#, "properties.distinct_id"),
      (#""time":1795435100,"distinct_id":0,"$insert_id":"i""#, "properties.distinct_id"),
      (#""time":1795435100,"distinct_id":"00000000-0000-0000-0000-000000000000","$insert_id":"i""#, "properties.distinct_id"),
      (#""time":1795435100,"distinct_id":["u1"],"$insert_id":"i""#, "properties.distinct_id"),
      (#""time":1795435100,"distinct_id":"u","$user_id":"none","$insert_id":"i""#, "properties.$user_id"),
      (#""time":1795435100,"distinct_id":"u1","$insert_id":"has space""#, "properties.$insert_id"),
      (#""time":1795435100,"distinct_id":"u1","$insert_id":"undefined""#, "properties.$insert_id"),
      (#""time":1795435100,"distinct_id":"u1","$insert_id":"1234567890123456789012345678901234567""#, "properties.$insert_id"),
      (#""time":1795435100,"distinct_id":"u1","$insert_id":"i","a":{"b":{"c":{"d":{}}}}"#, "properties"),
    ])
  func strictRefuses(properties: String, field: String) {
    let outcome = Self.strict(properties)
    #expect(outcome.reply.status == 400)
    #expect(outcome.result?.failures.map(\.field) == [field])
    #expect(outcome.events.isEmpty)
  }

  @Test(
    "a word that stands for nobody is no actor",
    arguments: ["null", "undefined", "anonymous", "0", "-1", "NONE", " nil ", "[]", "{}", "N/A", ""])
  func knownBadIDs(id: String) throws {
    let event = try #require(
      Self.track(#""distinct_id":"\#(id)","$user_id":"\#(id)","$device_id":"\#(id)","$insert_id":"\#(id)""#).events.first)
    #expect(event.identity.actor == nil)
    #expect(event.insertID == nil)
    #expect(id.isEmpty ? Self.strict(#""time":1795435100,"distinct_id":"","$insert_id":"i""#).events.count == 1 : true)
  }

  @Test func identitiesOfSimplifiedMerge() throws {
    #expect(try #require(Self.track(#""distinct_id":12345678901234567"#).events.first).identity.actor == "12345678901234567")
    #expect(try #require(Self.track(#""$device_id":"$device:d1""#).events.first).identity.actor == "$device:d1")
    let identify = Self.event(
      #""token":"t","distinct_id":"u1","$user_id":"u1","$anon_distinct_id":"$device:d9""#, name: "$identify")
    let event = try #require(Self.intake.read(.json(.track, identify)).events.first)
    #expect(event.identity.link?.device == "$device:d9")
    #expect(event.identity.link?.user == "u1")
    #expect(event.properties.isEmpty)
    let other = try #require(Self.track(#""$user_id":"u1","$anon_distinct_id":"$device:d9""#).events.first)
    #expect(other.identity.link == nil)
    #expect(other.property("$anon_distinct_id") == .string("$device:d9"))
    let merge = #"{"event":"$merge","properties":{"$distinct_ids":["u1","u2"],"token":"t"}}"#
    #expect(Self.intake.read(.json(.import, merge, query: "verbose=1")).reply.text == #"{"error":null,"status":1}"#)
  }

  @Test func limitsOfTolerantRequests() throws {
    let long = String(repeating: "é", count: 200)
    let many = (0..<300).map { #""k\#($0)":\#($0)"# }.joined(separator: ",")
    let event = try #require(
      Self.track(
        #""s":"\#(long)","l":[\#((0..<400).map(String.init).joined(separator: ","))],"o":{\#(many)},"deep":{"a":{"b":{"c":1,"d":{}}}},"lo":[{"x":1,"y":[2]}],"big":["\#(String(repeating: "x", count: 9000))"]"#
      ).events.first)
    #expect(event.property("s") == .string(String(repeating: "é", count: 127)))
    if case .list(let elements)? = event.property("l") { #expect(elements.count == 254) } else { Issue.record("no list") }
    if case .object(let members)? = event.property("o") { #expect(members.count == 254) } else { Issue.record("no object") }
    #expect(event.property("deep") == .object([Property("a", .object([Property("b", .object([Property("c", .number(1))]))]))]))
    #expect(event.property("lo") == .list([.object([Property("x", .number(1))])]))
    #expect(event.property("big") == nil)
    let wide = try #require(Self.intake.read(.json(.track, Self.event(many + #","token":"t","distinct_id":"u1""#))).events.first)
    #expect(wide.properties.count == 254)
    #expect(wide.identity.actor == "u1")
    let twice = try #require(Self.track(#""p":1,"q":2,"p":3"#).events.first)
    #expect(twice.properties == [Property("p", .number(3)), Property("q", .number(2))])
  }

  @Test func aRecordThatIsTooLarge() {
    let values = (0..<120).map { #""k\#($0)":"\#(String(repeating: "v", count: 9000))""# }.joined(separator: ",")
    let small = Self.event(#""token":"t""#)
    let outcome = Self.intake.read(.json(.track, "[\(Self.event(#""token":"t",\#(values)"#)),\(small)]", query: "verbose=1"))
    #expect(outcome.events.count == 1)
    #expect(outcome.reply.text == #"{"error":"1 of 2 records refused; record 0: a record must be smaller than 1048576 bytes","status":1}"#)
  }

  @Test func oneDeepRecordDoesNotSpoilItsNeighbours() {
    let deep =
      #"{"event":"a","properties":{"token":"t","x":"# + String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000) + "}}"
    let outcome = Self.intake.read(.json(.track, "[\(deep),\(Self.event(#""token":"t""#))]"))
    #expect(outcome.events.count == 2)
    #expect(outcome.events.first?.property("x") == .list([.list([.list([])])]))
  }

  @Test func oddButHonestJSON() throws {
    let event = try #require(
      Self.track(#""a":"\ud83d","b":"x\u0000y","c":123456789012345678901234567890,"d":1e400,"e":NaN,"f":-Infinity,"g":"\ud83d\ude00""#)
        .events.first)
    #expect(event.property("a") == .string("\u{FFFD}"))
    #expect(event.property("b") == .string("x\u{0}y"))
    #expect(event.property("c") == .number(1.2345678901234568e29))
    #expect(event.property("d") == .null)
    #expect(event.property("e") == .null)
    #expect(event.property("f") == .null)
    #expect(event.property("g") == .string("😀"))
  }

  @Test func hostileNamesAreData() throws {
    let name = "</script><img src=x onerror=alert(1)>\u{202E}gnp.exe"
    let event = try #require(Self.intake.read(.json(.track, Self.event(#""token":"t","\#(name)":"\#(name)""#, name: name))).events.first)
    #expect(event.name == name)
    #expect(event.properties == [Property(name, .string(name))])
  }

  @Test func recordsThatAreNoEvents() {
    for record in [
      "1", "null", #""x""#, "[]", "{}", #"{"event":"a"}"#, #"{"event":"","properties":{}}"#, #"{"event":1,"properties":{"token":"t"}}"#,
      #"{"event":"a","properties":[]}"#,
    ] {
      #expect(Self.intake.read(.json(.track, "[\(record)]")).reply.text == "0", "\(record)")
    }
    #expect(Self.intake.read(.json(.track, Self.event(#""x":1"#), query: "verbose=1")).reply.text.contains("'properties.token' is missing"))
    #expect(Self.intake.read(.json(.import, Self.event(#""x":1"#))).reply.text == "1")
  }

  @Test("both forms of an event say the same")
  func flatAndBack() {
    let time = Timestamp(milliseconds: 1_790_000_000_123)
    let properties = [
      Property("text", .string("ä \u{0} é")), Property("empty", .string("")), Property("number", .number(-0.5)), Property("null", .null),
      Property("flag", .boolean(true)), Property("list", .list([.string("x"), .object([Property("deep", .number(1))])])),
    ]
    let identities = [
      ReceivedIdentity(), ReceivedIdentity(userID: "u", deviceID: "d", distinctID: "$device:d"), ReceivedIdentity(deviceID: "ü"),
      ReceivedIdentity(userID: "", distinctID: ""),
    ]
    let events = identities.enumerated().map { number, identity in
      ReceivedEvent(
        name: number % 2 == 0 ? "a" : "b", time: time, sentTime: time, identity: identity, insertID: number == 0 ? nil : "i\(number)",
        properties: Array(properties.dropFirst(number)), address: number == 1 ? "192.0.2.1" : nil, isVerified: true)
    }
    #expect(ReceivedEvents(events).all.map(\.contents) == events.map(\.contents))
  }

  @Test func ignoredAndPlacedEvents() throws {
    let ignored = Self.track(#""$ignore":true"#)
    #expect(ignored.events.isEmpty && ignored.reply.text == #"{"error":null,"status":1}"#)
    #expect(try #require(Self.track(#""a":1"#).events.first).address == nil)
    #expect(try #require(Self.track(#""a":1"#, query: "ip=1").events.first).address == "203.0.113.9")
    #expect(try #require(Self.track(#""ip":0"#, query: "ip=1").events.first).address == nil)
    #expect(try #require(Self.track(#""ip":"198.51.100.1""#, query: "ip=0").events.first).address == "198.51.100.1")
  }

  @Test func batchesAreSplitByToken() {
    let records = [("t1", 1), ("t2", 2), ("t2", 3), ("t1", 4), ("t1", 5)].map { token, number in
      Self.event(
        #""token":"\#(token)","a":"text \#(number)","a\#(number)":[\#(number)],"$device_id":"d\#(number)","$insert_id":"i\#(number)""#,
        name: "e\(number % 2)")
    }
    // A record that is refused leaves nothing with its neighbours.
    let bad = Self.event(#""token":"t1","a":"refused","b":{"c":1},"time":-1"#)
    let body = "[" + (records[..<4] + [bad] + records[4...]).joined(separator: ",") + "]"
    let batches = Self.intake.read(.json(.track, body)).result?.batches ?? []
    #expect(batches.map(\.token) == ["t1", "t2"])
    for (batch, numbers) in zip(batches, [[1, 4, 5], [2, 3]]) {
      #expect(batch.events.count == numbers.count)
      for (event, number) in zip(batch.events.all, numbers) {
        #expect(event.name == "e\(number % 2)" && event.insertID == "i\(number)" && event.identity.device == "$device:d\(number)")
        #expect(event.properties == [Property("a", .string("text \(number)")), Property("a\(number)", .list([.number(Double(number))]))])
      }
    }
    let named = Self.intake.read(.json(.import, Self.event(#""a":1"#), credential: .projectToken("t9"))).result?.batches ?? []
    #expect(named.map(\.token) == ["t9"])
    #expect(named.first?.events.all.first?.isVerified == false)
  }
}
