import Events
import Foundation
import Journeys
import Server
import Testing

/// The rules of mixpanel-api, 3.6, one by one.
struct WhereTests {
  private let event = JourneyEvent(
    name: "Sample", time: Timestamp(milliseconds: 1_763_400_000_000), subject: nil, original: nil,
    properties: [
      StoredProperty("n", .number(7)), StoredProperty("s", .string("seven")), StoredProperty("yes", .boolean(true)),
      StoredProperty("nothing", .null), StoredProperty("tags", .list([.string("a"), .number(2)])), StoredProperty("deep", .object([])),
    ], cursor: EventCursor(text: ""))

  private func holds(_ text: String) throws -> Bool {
    let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
    return WhereFilter(
      try WhereExpression(parsing: text), zone: zone, now: Timestamp(milliseconds: 1_790_000_000_000), groupKeys: []
    ).holds(of: event)
  }

  @Test(arguments: [
    "true", "not false", "not not true", #"properties["n"] == 7"#, #"properties['n'] + 1 == 8"#, "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9",
    "-7 % 3 == -1", "7 / 2 == 3.5", "not (1 / 0 == 1)", #""a" + "b" == "ab""#, #"not ("a" + 1 == "a1")"#, #"1 != "1""#,
    "1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3", #""a" < "b""#, #"not (1 < "2")"#, #"properties["absent"] != 1"#,
    #"not properties["absent"]"#, #"not (properties["absent"] < 1)"#, #""eve" in properties["s"]"#, #""a" in properties["tags"]"#,
    #"2 in properties["tags"]"#, #"3 not in properties["tags"]"#, #"not ("x" in properties["absent"])"#,
    #""x" not in properties["absent"]"#,
    #"defined(properties["nothing"])"#, #"not defined(properties["absent"])"#, #"boolean("x") and not boolean("false")"#,
    #"not boolean(properties["nothing"])"#, #"number("12.5") == 12.5"#, #"not defined(number("x"))"#, "number(true) == 1",
    "string(12) == \"12\"",
    "floor(1.9) == 1 and ceil(1.1) == 2 and round(1.5) == 2", #"event["$event"] == "Sample""#,
    #"event["$time"] == datetime(1763400000)"#, #"event["$time"] == datetime(1763400000000)"#,
    #"event["$time"] == datetime("2025-11-17T17:20:00Z")"#, #"event["$time"] == datetime("2025-11-17T18:20:00")"#,
    #"event["$time"] > datetime("2025-11-17") and event["$time"] < datetime("2025-11-18")"#, #"properties["time"] == 1763400000"#,
    "NOW == 1790000000", #""\"q\"" == '"q"'"#, #""\\" == '\\'"#, "false or true and true", #"properties["yes"]"#, "1e3 == 1000",
    "[] == [] ",
    #"not (event["$time"] < 5)"#, #"not defined(properties["deep"]) "#,
  ])
  func isSo(text: String) throws {
    #expect(try holds(text))
  }

  @Test(arguments: [
    "false", "1", #""x""#, #"properties["n"]"#, "properties[\"absent\"]", #"properties["nothing"]"#, "1 and true", "[1]", "NOW",
  ])
  func whatIsNotTrueLeavesTheEventOut(text: String) throws {
    #expect(try holds(text) == false)
  }

  @Test(arguments: [
    "(", ")", "1 +", "properties", "properties[", "properties[n]", "properties[\"n\"", "user[\"x\"] == 1", "event[\"x\"]", "\"open", "1 2",
    "a == 1",
    "1 = 2", "defined properties[\"n\"]", "1 & 2", "..", "[1,", "not", "é == 1", String(repeating: "(", count: 4000),
    String(repeating: "[", count: 4000), String(repeating: "x", count: 9000),
  ])
  func whatCannotBeMeantIsRefused(text: String) {
    let error = #expect(throws: APIError.self) { try WhereExpression(parsing: text) }
    #expect(error?.field == "where" && error?.code == "bad_request")
  }
}
