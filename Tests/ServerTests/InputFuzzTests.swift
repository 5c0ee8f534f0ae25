import Events
import Foundation
import Gate
import Journeys
import Server
import TestSupport
import Testing

/// What people and programs write for the server: parameters, expressions, files. Read, or an error that says what is wrong; never the end of
/// the process. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct InputFuzzTests {
  private static func some(_ pieces: [String], _ most: Int, _ random: inout SeededGenerator) -> String {
    (0..<Int.random(in: 0...most, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }

  private static func altered(_ text: String, _ random: inout SeededGenerator, telling: String) -> String {
    var bytes = Array(text.utf8)
    random.alter(&bytes, places: 0...4, telling: Array(telling.utf8))
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("parameters of a query string") func fuzzParameters() {
    var random = Fuzzing.generator(2)
    let known: Set<String> = ["project_id", "from_date", "to_date", "event", "where", "limit", "time_in_ms", "held"]
    let pieces =
      known.sorted() + [
        "=", "&", "%", "%2", "%5B", "%22", "+", "[", "]", "\"", ",", "2026-11-28", "9223372036854775808", "-1", "0", "true", "false", "é",
        "\u{0}",
        "%ff", "%C3", "query_origin", "[\"A\",\"B\"]", "{", "A", "1e9", "2026-02-30",
      ]
    var read = 0
    Fuzzing.forAWhile { round in
      let text =
        Bool.random(using: &random)
        ? Self.some(pieces, 12, &random)
        : Self.altered(
          "project_id=1&from_date=2026-11-01&to_date=2026-11-28&event=%5B%22A%22%5D&limit=10&held=true", &random, telling: "&=%+[]\",0-")
      do throws(APIError) {
        let parameters = try QueryParameters(query: text, known: known)
        _ = (try parameters.project(), try parameters.events(), try parameters.flag("held"))
        let limit = try parameters.count("limit", default: 7, atMost: 5_000)
        #expect((1...5_000).contains(limit), "round \(round)")
        _ = (try parameters.date("from_date"), try parameters.date("to_date"))
        read += 1
      } catch {
        #expect(error.code == "bad_request" && error.message.hasSuffix("."), "round \(round): \(text.debugDescription): \(error.message)")
      }
    }
    #expect(read > 0)
  }

  @Test("expressions of where, and what they say of an event") func fuzzWhere() throws {
    var random = Fuzzing.generator(3)
    let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
    let event = JourneyEvent(
      name: "Sample", time: Timestamp(milliseconds: 1_763_400_000_000), subject: nil, original: nil,
      properties: [
        StoredProperty("n", .number(7)), StoredProperty("big", .number(1e308)), StoredProperty("s", .string("seven")),
        StoredProperty("nothing", .null), StoredProperty("tags", .list([.string("a"), .number(2)])), StoredProperty("deep", .object([])),
      ], cursor: EventCursor(text: ""))
    let pieces = [
      "properties[\"n\"]", "properties[\"big\"]", "properties['s']", "properties[\"tags\"]", "event[\"$time\"]", "event[\"$event\"]", "(",
      ")", "[", "]",
      ",", " and ", " or ", "not ", " in ", " not in ", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "1", "0", "1e308", "-7",
      ".5", "1e", "\"a\"",
      "'", "\"", "\\", "defined(", "boolean(", "number(", "string(", "list(", "datetime(", "floor(", "ceil(", "round(", "NOW", "true",
      "false", "null", "é",
      " ", "\n", "\"2026-11-28T12:00:00Z\"", "99999999999999999999", "properties", "x",
    ]
    let whole = #"properties["n"] > 3 and not (string(properties["big"] * 10) in ["a", 'b'] or datetime(1763400000) < event["$time"])"#
    var read = 0
    Fuzzing.forAWhile { round in
      let text =
        Bool.random(using: &random) ? Self.some(pieces, 14, &random) : Self.altered(whole, &random, telling: "()[]\"'\\+-*/%<>=!,.0e ")
      do throws(APIError) {
        let filter = WhereFilter(
          try WhereExpression(parsing: text), zone: zone, now: Timestamp(milliseconds: 1_790_000_000_000), groupKeys: ["org_id"])
        _ = filter.holds(of: event)
        read += 1
      } catch {
        #expect(
          error.code == "bad_request" && error.field == "where" && error.message.hasSuffix("."),
          "round \(round): \(text.debugDescription): \(error.message)")
      }
    }
    #expect(read > 0)
  }

  private static func inFile(_ body: (URL) throws -> Void) rethrows {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file)
  }

  static let signsOfYAML = "{}[]:,-?&*!|>'\"%@`#~\n\t \u{0}<=.0"

  @Test("the configuration file") func fuzzConfiguration() throws {
    var random = Fuzzing.generator(4)
    let whole = """
      data: /d
      listen: 127.0.0.1:8000
      intake: "[::1]:8001"
      origin: https://x.example
      trusted_proxies: [10.0.0.1, 10.0.0.2]
      max_requests: 300
      scan_threads: 2
      segment_counts: true
      query_memory: 1000000
      # a remark
      user_agents: none

      """
    let pieces =
      Setting.allCases.map { $0.rawValue + ": " } + [
        "\n", "- ", "{", "[", "}", "]", "&a ", "*a", "<<: ", "!!int ", "1", "-1", "1e99", "true", "~", "\t", "'", "|\n  ",
      ]
    var read = 0
    try Self.inFile { file in
      try Fuzzing.forAWhile { round in
        let text =
          Bool.random(using: &random)
          ? "data: /d\n" + Self.some(pieces, 8, &random) : Self.altered(whole, &random, telling: Self.signsOfYAML)
        try Data(text.utf8).write(to: file)
        do throws(ConfigurationError) {
          _ = try ServerConfiguration(try Settings(flags: [:], environment: [:], file: file))
          read += 1
        } catch {
          #expect(error.description.count > 20, "round \(round): \(text.debugDescription): \(error)")
        }
      }
    }
    #expect(read > 0)
  }

  @Test("the file of user agents' expressions") func fuzzUserAgentFile() throws {
    var random = Fuzzing.generator(5)
    let whole = #"""
      user_agent_parsers:
        - regex: '(Firefox|Waterfox)/(\d+)\.(\d+)'
        - regex: '(curl|Wget)/'
          family_replacement: '$1 tool'
        - regex: 'MSIE (\d{1,3})'
          family_replacement: "IE"
      os_parsers:
        - regex: '(Windows NT) (\d+)'
          os_replacement: 'Windows'
        - regex: '(Android)[ -]?(\d*)'
          regex_flag: i
      device_parsers: []

      """#
    var read = 0
    try Self.inFile { file in
      try Fuzzing.forAWhile { round in
        let text = Self.altered(whole, &random, telling: Self.signsOfYAML + "()|\\$+")
        try Data(text.utf8).write(to: file)
        do throws(ConfigurationError) {
          let agents = try UserAgentFile.open(file)
          read += 1
          for agent in ["Mozilla/5.0 (Windows NT 10.0) Firefox/115.0", "curl/8.1", "", "Android 4"] {
            let names = agents.names(in: agent)
            #expect(!names.isEmpty && agents.names(in: agent) == names, "round \(round): \(text.debugDescription)")
          }
        } catch {
          #expect(error.description.contains("uap-core"), "round \(round): \(text.debugDescription): \(error)")
        }
      }
    }
    #expect(read > 0)
  }
}
