import Events
import Foundation
import Intake
import Testing

/// Every record of a file has an insert id when it leaves, so that the same file twice counts once.
struct ContentIDTests {
  static func ids(_ text: String, skipping: Int = 0) throws -> [String] {
    try events(text, skipping: skipping).map { $0.insertID ?? "-" }
  }

  static func events(_ text: String, format: ImportFile.Format = .json(), skipping: Int = 0) throws -> [ReceivedEvent] {
    let path = try ImportFileTests.file(Array(text.utf8))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try ImportFile(path: path, format: format, skipping: skipping)
    var events: [ReceivedEvent] = []
    while let batch = file.next() {
      #expect(batch.rejects.isEmpty, "\(batch.rejects.map(\.reason))")
      let body = String(decoding: batch.body, as: UTF8.self)
      events += BodyEncodingTests.intake.read(.json(.import, body, query: "strict=1", type: ImportFile.contentType)).events
    }
    return events
  }

  static func record(_ more: String = "") -> String { #"{"event":"a","properties":{"time":1795435100,"distinct_id":"u1"\#(more)}}"# }

  @Test func aFileSentTwiceHasTheSameIDsAndOneThatGrewKeepsThem() throws {
    let lines = [Self.record(), Self.record(), Self.record(#","x":1"#), Self.record(#","$insert_id":"own-1""#), Self.record()]
    let first = try Self.ids(lines.joined(separator: "\n"))
    #expect(first.count == 5 && Set(first).count == 5 && first[3] == "own-1")
    #expect(try Self.ids(lines.joined(separator: "\n")) == first)
    #expect(try Self.ids((lines + lines).joined(separator: "\n")).prefix(5) == first[...])
    #expect(try Self.ids("[" + lines.joined(separator: ",") + "]") == first)
    // After an interruption the rest is given under the same ids.
    for skipped in 0...5 { #expect(try Self.ids(lines.joined(separator: "\n"), skipping: skipped) == Array(first[skipped...])) }
    let other = try Self.ids(([Self.record(#","y":1"#)] + lines).joined(separator: "\n"))
    #expect(Set(other).intersection(first) == ["own-1"])
  }

  @Test(
    "an id of another shape keeps equal ids equal",
    arguments: [#""order_17""#, "1234", #""ü""#, #""\#(String(repeating: "x", count: 300))""#])
  func unfitIDs(sent: String) throws {
    let line = Self.record(#","$insert_id":\#(sent)"#)
    let ids = try Self.ids([line, Self.record(), line].joined(separator: "\n"))
    #expect(ids.count == 3 && ids[0] == ids[2] && ids[0] != ids[1])
  }

  @Test("words that stand for no id are none", arguments: ["null", #""""#, #""null""#, #""undefined""#, "[]", "true", "0"])
  func noIDs(sent: String) throws {
    let line = Self.record(#","$insert_id":\#(sent)"#)
    let ids = try Self.ids([line, line].joined(separator: "\n"))
    #expect(ids.count == 2 && ids[0] != ids[1])
  }

  @Test func nothingElseOfARecordChanges() throws {
    let more = [
      #","a":"}]{[\"\\","n":12345678901234567890.5,"l":[{"properties":"{"}],"token":"foreign""#, #","properties":{"x":1}"#,
      #","e":"\u0041""#,
    ]
    for extra in more {
      let seen = try #require(try Self.events(Self.record(extra)).first)
      var expected = try #require(
        BodyEncodingTests.intake.read(
          .json(
            .import, Self.record(extra.replacingOccurrences(of: #","token":"foreign""#, with: "") + #","$insert_id":"i""#),
            query: "strict=1")
        ).events.first)
      expected.insertID = seen.insertID
      #expect(seen.contents == expected.contents)
    }
    // Members beside the properties, in any order, and properties given twice.
    let twice =
      #"{"properties":{"a":{"b":"}"}},"x":{"properties":{}},"event":"a","properties":{"time":1795435100,"distinct_id":"u","z":1}}"#
    let seen = try #require(try Self.events(twice).first)
    #expect(seen.insertID?.count == 32 && seen.property("z") == .number(1) && seen.property("a") == nil)
    #expect(try Self.events(#"{"event":"a","properties":{}}"#).isEmpty)
  }

  @Test func timesOfAZoneBecomeInstants() throws {
    // UTC+1, and from 1,000,000,000 on UTC+2.
    let clock = WallClock { $0 < 1_000_000_000 ? 3600 : 7200 }
    func time(_ wall: String) throws -> Int64 {
      try #require(
        try Self.events(#"{"event":"a","properties":{"distinct_id":"u","time":\#(wall)}}"#, format: .json(clock: clock)).first
      ).time.milliseconds
    }
    #expect(try time("900000000") == 899_996_400_000)
    #expect(try time("1100000000.5") == 1_099_992_800_500)
    // The clock jumps from 1,000,003,600 to 1,000,007,200: what it never shows counts on from the jump.
    #expect(try time("1000003599") == 999_999_999_000)
    #expect(try time("1000005000") == 1_000_001_400_000)
    #expect(try time("1000007200") == 1_000_000_000_000)
    // And back: what it shows twice is the first.
    let back = WallClock { $0 < 1_000_000_000 ? 7200 : 3600 }
    #expect(back.instant(1_000_005_000_000) == 999_997_800_000)
    #expect(back.instant(1_000_007_200_000) == 1_000_003_600_000)
  }
}
