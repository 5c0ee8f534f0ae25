import Events
import Intake
import Testing

/// `/engage` and `/groups` (mixpanel-api.md, 1.8 and 1.9).
struct ProfileTests {
  static let intake = Intake()

  static func engage(_ rest: String, query: String = "verbose=1") -> IntakeOutcome {
    intake.read(.json(.engage, #"{"$token":"t","$distinct_id":"u1",\#(rest)}"#, query: query))
  }

  @Test func everyOperation() {
    let cases: [(String, ProfileOperation<PropertyValue>)] = [
      (#""$set":{"plan":"pro","n":1}"#, .set([.init("plan", .string("pro")), .init("n", .number(1))])),
      (#""$set_once":{"first":"x","initial_utm_source":null}"#, .setOnce([.init("first", .string("x"))])),
      (#""$add":{"n":-2,"bad":"x"}"#, .add([.init("n", .number(-2))])),
      (#""$append":{"list":"a"}"#, .append([.init("list", .string("a"))])),
      (
        #""$union":{"list":["a","b"],"one":"c"}"#,
        .union([.init("list", .list([.string("a"), .string("b")])), .init("one", .list([.string("c")]))])
      ),
      (#""$remove":{"list":"a"}"#, .remove([.init("list", .string("a"))])),
      (#""$unset":["a","b"]"#, .unset(["a", "b"])),
      (#""$delete":"""#, .delete),
    ]
    for (text, operation) in cases {
      let outcome = Self.engage(text)
      #expect(outcome.updates.map(\.operation) == [operation], "\(text)")
      #expect(outcome.updates.first?.target == .subject("u1"))
      #expect(outcome.updates.first?.time == now)
      #expect(outcome.reply.text == #"{"error":null,"status":1}"#)
    }
  }

  @Test func theLettersAroundAnOperation() throws {
    let update = try #require(
      Self.engage(#""$set":{},"$ip":"198.51.100.1","$time":\#(nowSeconds - 9).5,"$ignore_time":true,"$ignore_alias":true"#).updates.first)
    #expect(update.address == "198.51.100.1")
    #expect(update.time.milliseconds == Int64(nowSeconds) * 1000 - 8500)
    #expect(update.ignoresTime)
    #expect(!update.isVerified)
    #expect(try #require(Self.engage(#""$set":{}"#).updates.first).address == "203.0.113.9")
    #expect(try #require(Self.engage(#""$set":{}"#, query: "ip=0").updates.first).address == nil)
    #expect(try #require(Self.engage(#""$set":{},"$ip":0"#).updates.first).address == nil)
    #expect(Self.engage(#""$set":{"a":1},"$unset":["b"]"#).updates.count == 2)
  }

  @Test func refusals() {
    let cases = [
      (#"{"$token":"t","$set":{}}"#, "$distinct_id"), (#"{"$token":"t","$distinct_id":"null","$set":{}}"#, "$distinct_id"),
      (#"{"$distinct_id":"u","$set":{}}"#, "$token"), (#"{"$token":"t","$distinct_id":"u"}"#, ""),
      (#"{"$token":"t","$distinct_id":"u","$set":[]}"#, "$set"), (#"{"$token":"t","$distinct_id":"u","$unset":{}}"#, "$unset"),
      (#"{"$token":"t","$distinct_id":"u","$add":{"a":"b"}}"#, "$add"), (#"7"#, ""),
    ]
    let body = "[" + cases.map(\.0).joined(separator: ",") + #",{"$token":"t","$distinct_id":"u","$set":{"a":1}}]"#
    let outcome = Self.intake.read(.json(.engage, body, query: "strict=1"))
    #expect(outcome.result?.failures.map(\.field) == cases.map(\.1))
    #expect(outcome.updates.count == 1)
    #expect(outcome.reply.status == 400)
    #expect(outcome.reply.text.contains(#""num_records_imported":1"#))
  }

  @Test func groups() {
    let outcome = Self.intake.read(
      .json(.groups, #"{"$token":"t","$group_key":"org_id","$group_id":42,"$set":{"tier":"gold"}}"#, credential: .secret))
    #expect(outcome.updates.map(\.target) == [.group(key: "org_id", id: "42")])
    #expect(outcome.updates.first?.isVerified == true)
    #expect(outcome.reply.text == "1")
    #expect(Self.intake.read(.json(.groups, #"{"$token":"t","$group_id":"x","$set":{}}"#)).reply.text == "0")
  }
}
