import Events
import Foundation
import Intake
import TestSupport
import Testing

/// Tables: RFC 4180 and what a mapping makes of it.
struct TableTests {
  struct Seen {
    var events: [ReceivedEvent] = []
    var rejects: [ImportFile.Reject] = []
    var lines: [Int] = []
  }

  static func read(_ text: String, _ mapping: TableMapping = TableMapping(), chunkBytes: Int = 1 << 18) throws -> Seen {
    let path = try ImportFileTests.file(Array(text.utf8))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try ImportFile(path: path, format: .table(mapping), chunkBytes: chunkBytes)
    var seen = Seen()
    while let batch = file.next() {
      seen.rejects += batch.rejects
      seen.lines += batch.lines
      let body = String(decoding: batch.body, as: UTF8.self)
      guard batch.recordCount > 0 else { continue }
      let outcome = BodyEncodingTests.intake.read(.json(.import, body, query: "strict=1", type: ImportFile.contentType))
      #expect(outcome.events.count == batch.recordCount, "\(outcome.reply.text)")
      seen.events += outcome.events
    }
    return seen
  }

  @Test("the usual columns need no mapping", arguments: [1, 2, 3, 7, 1 << 18])
  func usualColumns(chunkBytes: Int) throws {
    let text =
      "\u{FEFF}event,time,distinct_id,plan,amount,code,ok,note\r\nPaid,1795435100,u1,pro,12.50,007,true,\"a \"\"b\"\", c\r\nd\"\r\n\r\n"
      + "Paid,2026-11-23T10:00:00+01:00,,,,,,5\" pipe\n\"Left\",1795435100123,u2,\"\",1e3,+1,false,"
    let seen = try Self.read(text, chunkBytes: chunkBytes)
    #expect(seen.rejects.isEmpty && seen.events.count == 3 && seen.lines == [2, 5, 6])
    let first = try #require(seen.events.first)
    #expect(first.name == "Paid" && first.time.milliseconds == 1_795_435_100_000 && first.identity.distinctID == "u1")
    #expect(first.property("plan") == .string("pro") && first.property("amount") == .number(12.5))
    #expect(first.property("code") == .string("007") && first.property("ok") == .boolean(true))
    #expect(first.property("note") == .string("a \"b\", c\r\nd"))
    #expect(seen.events[1].identity.actor == nil && seen.events[1].property("plan") == nil)
    #expect(seen.events[1].time.milliseconds == 1_795_424_400_000 && seen.events[1].property("note") == .string("5\" pipe"))
    #expect(seen.events[2].name == "Left" && seen.events[2].property("amount") == .number(1000))
    #expect(seen.events[2].property("code") == .string("+1") && seen.events[2].time.milliseconds == 1_795_435_100_123)
    #expect(Set(seen.events.map(\.insertID)).count == 3)
  }

  @Test func aMappingSaysWhatIsWhat() throws {
    var mapping = TableMapping()
    mapping.event = .constant("Order placed")
    mapping.delimiter = UInt8(ascii: ";")
    mapping.time = "at"
    mapping.timeFormat = try #require(TimeFormat("%d.%m.%Y %H:%M"))
    mapping.clock = WallClock { _ in 3600 }
    mapping.distinctID = "kunde"
    mapping.insertID = "nr"
    mapping.properties = [
      .init(column: "summe", name: "total", kind: .number), .init(column: "neu", kind: .boolean), .init(column: "tags", kind: .json),
      .init(column: "plz", kind: .string), .init(column: "bis", kind: .time),
    ]
    let text = """
      nr;at;kunde;summe;neu;tags;plz;bis;rest
      A-1;23.11.2026 09:30;k1;99.5;yes;"[""a"",
      ""b""]";12345;24.12.2026 00:30;x
      A-2;23.11.2026 9:30;k1;viel;yes;[];1;;x
      A-3;31.02.2026 09:30;k1;1;yes;[];1;;x
      A-4;23.11.2026 09:30;k1;1;maybe;[];1;;x
      A-5;23.11.2026 09:30;k1;1;no;"1},{";1;;x
      A-6;23.11.2026 09:30;k1
      "A-7"x;23.11.2026 09:30;k1;1;no;1;1;;x
      """
    let seen = try Self.read(text, mapping)
    #expect(seen.events.count == 1 && seen.lines == [2])
    let event = try #require(seen.events.first)
    #expect(event.name == "Order placed" && event.insertID == "A-1" && event.time.milliseconds == 1_795_422_600_000)
    #expect(event.property("total") == .number(99.5) && event.property("neu") == .boolean(true))
    #expect(event.property("tags") == .list([.string("a"), .string("b")]) && event.property("plz") == .string("12345"))
    #expect(event.property("bis") == .string("2026-12-23T23:30:00") && event.property("rest") == nil)
    #expect(seen.rejects.map(\.line) == [4, 5, 6, 7, 8, 9])
    #expect(
      seen.rejects.map(\.reason) == [
        "column “summe” does not hold a number", "column “at” does not hold a time", "column “neu” does not hold true or false",
        "column “tags” does not hold JSON", "the row has 3 fields, the first row 9", "text stands after the closing quote of field 1",
      ])
    #expect(seen.rejects.first.map { String(decoding: $0.text, as: UTF8.self) } == "A-2;23.11.2026 9:30;k1;viel;yes;[];1;;x")
  }

  @Test func whatDoesNotFitIsSaidBeforeAnythingIsRead() throws {
    for text in ["a,b\n1,2\n", "event,time,event\n", "event;time\n", "\"event,time\n", "\"event\"x,time\n"] {
      #expect(throws: ImportFileError.self) { try Self.read(text) }
    }
    var mapping = TableMapping()
    mapping.distinctID = "nobody"
    #expect(throws: ImportFileError.self) { try Self.read("event,time,distinct_id\na,1,b\n", mapping) }
    #expect(try Self.read("").events.isEmpty)
  }

  @Test func aQuoteLeftOpenCostsOneRow() throws {
    let long = "event,time,distinct_id\na,1795435100,u1\na,1795435100,\"" + String(repeating: "x,\n", count: 500_000) + "a,1795435100,u2\n"
    let seen = try Self.read(long)
    #expect(seen.rejects.first?.line == 3 && seen.rejects.first?.reason.contains("is a quote left open?") == true)
    #expect(seen.events.map { $0.identity.distinctID } == ["u1", "u2"])
    #expect(seen.rejects.dropFirst().allSatisfy { $0.reason == "the row has 2 fields, the first row 3" })
    let cut = try Self.read("event,time,distinct_id\na,1795435100,u1\na,1795435100,\"u2")
    #expect(cut.events.count == 1 && cut.rejects == [.init(line: 3, reason: "the file ends within quotes")])
  }

  @Test(
    "times by pattern",
    arguments: [
      ("%Y-%m-%d %H:%M:%S", "2026-11-23 09:30:05", 1_795_426_205_000), ("%m/%d/%y %I:%M %p", "11/23/26 9:30 PM", 1_795_469_400_000),
      ("%d %b %Y %H:%M:%S.%f %z", "23 Nov 2026 09:30:05.250 -0130", 1_795_431_605_250), ("%Y%m%d", "20240229", 1_709_164_800_000),
      ("100%% %Y-%m-%dT%H%z", "100% 2026-11-23T10Z", 1_795_428_000_000), ("seconds", "1795426205.5", 1_795_426_205_500),
      ("milliseconds", "1795426205123", 1_795_426_205_123), ("auto", " 2026-11-23 ", 1_795_392_000_000),
    ] as [(String, String, Int64)])
  func patterns(format: String, text: String, expected: Int64) throws {
    #expect(try #require(TimeFormat(format)).milliseconds(Array(text.utf8)[...], clock: nil) == expected)
  }

  @Test(
    "no time at all",
    arguments: [
      ("%Y-%m-%d", "2026-02-29"), ("%Y-%m-%d", "2026-1-1x"), ("%H", "24"), ("%I %p", "13 pm"), ("auto", ""), ("auto", "soon"),
      ("seconds", "1e5"), ("seconds", "99999999999999999999"), ("%Y", "26"), ("%z", "+25"),
    ])
  func noTimes(format: String, text: String) throws {
    #expect(try #require(TimeFormat(format)).milliseconds(Array(text.utf8)[...], clock: nil) == nil)
  }

  @Test func unknownPatternsAreNone() {
    for text in ["%Q", "%", "yesterday", "%Y-%"] { #expect(TimeFormat(text) == nil) }
  }

  @Test func randomTablesComeOutAsTheyWentIn() throws {
    var random = SeededGenerator(seed: 20_261_125)
    let letters = Array("abü,\"\n\r; \\\u{1}{}é0")
    for number in 0..<400 {
      let rows = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        (0..<3).map { _ in String((0..<Int.random(in: 0...9, using: &random)).compactMap { _ in letters.randomElement(using: &random) }) }
      }
      let ends = ["\n", "\r\n"]
      var text = "event,time,distinct_id,a,b,c\n"
      for row in rows {
        let fields = row.map { field in
          let needsQuotes = field.contains { $0 == "," || $0 == "\"" || $0.isNewline }
          return needsQuotes || Bool.random(using: &random) ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
        }
        text += "e,1795435100,u," + fields.joined(separator: ",") + (ends.randomElement(using: &random) ?? "\n")
      }
      var mapping = TableMapping()
      mapping.properties = ["a", "b", "c"].map { .init(column: $0, kind: .string) }
      let seen = try Self.read(text, mapping, chunkBytes: Int.random(in: 1...40, using: &random))
      #expect(seen.rejects.isEmpty, "table \(number)")
      for (event, row) in zip(seen.events, rows) {
        for (name, value) in zip(["a", "b", "c"], row) {
          #expect(event.property(name) == (value.isEmpty ? nil : .string(value)), "table \(number)")
        }
      }
      #expect(seen.events.count == rows.count)
    }
  }
}
