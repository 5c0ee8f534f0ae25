import Events
import Foundation
import Journeys
import Testing

struct QueryJSONTests {
  static let minimal = #"{"report":"funnel","range":{"from":"2026-01-01","to":"2026-01-31"},"steps":[{"event":"a"},{"event":"b"}]}"#

  static func error(_ text: String) -> QueryError? {
    do throws(QueryError) {
      _ = try Query(json: Array(text.utf8))
      return nil
    } catch { return error }
  }

  @Test("defaults are written out in canonical form") func canonical() throws {
    let query = try Query(json: Array(Self.minimal.utf8))
    #expect(
      query.canonicalJSON
        == #"{"counting":"unique","entry":"longest","order":"sequential","range":{"from":"2026-01-01","to":"2026-01-31"},"report":"funnel","steps":[{"event":"a"},{"event":"b"}],"window_seconds":604800}"#
    )
  }

  @Test("every query survives writing and reading", arguments: RandomCase.Kind.allCases) func roundTrip(kind: RandomCase.Kind) throws {
    for seed in 0..<UInt64(300) {
      let query = try RandomCase(kind, seed: seed).query
      let again = try Query(json: Array(query.canonicalJSON.utf8))
      #expect(again == query && again.canonicalJSON == query.canonicalJSON, "seed \(seed)")
    }
  }

  private static func replacing(_ old: String, _ new: String) -> String { minimal.replacingOccurrences(of: old, with: new) }
  private static func adding(_ member: String) -> String { String(minimal.dropLast()) + "," + member + "}" }
  private static let deep: String =
    "\"filter\":" + String(repeating: "{\"not\":", count: 9) + "{\"property\":\"p\",\"operator\":\"is_set\"}"
    + String(repeating: "}", count: 9)

  static let mistakes: [(text: String, field: String)] = {
    var mistakes: [(text: String, field: String)] = []
    func add(_ text: String, _ field: String) { mistakes.append((text, field)) }
    add(replacing("\"steps\"", "\"stepps\""), "stepps")
    add(replacing("{\"event\":\"b\"}", "{\"event\":7}"), "steps[1].event")
    add(replacing("{\"event\":\"b\"}", "{\"name\":\"b\"}"), "steps[1].name")
    add(replacing(",{\"event\":\"b\"}", ""), "steps")
    add(replacing("2026-01-31", "2026-01-32"), "range.to")
    add(replacing("2026-01-31", "2025-01-31"), "range")
    add(replacing("2026-01-31", "2036-01-31"), "range")
    add(replacing("funnel", "tunnel"), "report")
    add(adding(#""order":"reverse""#), "order")
    add(adding(#""window_seconds":1.5"#), "window_seconds")
    add(adding(#""window_seconds":0"#), "window_seconds")
    add(adding(#""window_seconds":true"#), "window_seconds")
    add(adding(#""breakdown":{"property":"p","limit":201}"#), "breakdown.limit")
    add(adding(#""filter":{"all":[]}"#), "filter.all")
    add(adding(#""filter":{"property":"p","operator":"like","value":1}"#), "filter.operator")
    add(adding(#""filter":{"property":"p","operator":"greater","value":"1"}"#), "filter.value")
    add(adding(#""filter":{"property":"p","operator":"equals","values":[null]}"#), "filter.values")
    add(adding(#""filter":{"property":"p","operator":"is_set","value":1}"#), "filter.value")
    add(adding(#""exclusions":[{"event":"x","from_step":1,"to_step":1}]"#), "exclusions[0]")
    add(adding(#""exclusions":[{"event":"x","to_step":2}]"#), "exclusions[0].to_step")
    add(adding(#""exclusions":[{"event":"x"}],"order":"strict""#), "exclusions")
    add(adding(#""exclusion_mode":"remove_subject""#), "exclusion_mode")
    add(adding(#""attribution":"last""#), "attribution")
    add(adding(#""attribution":{"step":2},"breakdown":{"property":"p"}"#), "attribution.step")
    add(adding(#""attribution":"middle","breakdown":{"property":"p"}"#), "attribution")
    add(adding(#""within_range":1"#), "within_range")
    add(adding(deep), "")
    let retention = #"{"report":"retention","range":{"from":"2026-01-01","to":"2026-01-31"},"start":{},"return":{},"brackets":"#
    add(retention + #"[[1,1],[1,7]]}"#, "brackets[1]")
    add(retention + #"[[0,1]]}"#, "brackets[0]")
    add(retention + #"[[3,2]]}"#, "brackets[0]")
    add(retention + #"[[1,367]]}"#, "brackets[0]")
    add(retention + #"[[1]]}"#, "brackets[0]")
    add(retention + #"[[1,7]],"periods":8}"#, "periods")
    add(retention + #"[],"base":"period_0"}"#, "base")
    let flows = #"{"report":"flows","range":{"from":"2026-01-01","to":"2026-01-31"},"anchor":{"event":"a"},"#
    add(flows + #""to":{"event":"b"},"forward":1}"#, "forward")
    add(flows + #""to":{"event":"b"},"backward":1}"#, "backward")
    add(flows + #""to":{"event":"b"},"incomplete":"dropped"}"#, "incomplete")
    add(flows + #""to":{"event":"b"},"hidden":["b"]}"#, "hidden")
    add(flows + #""to":{"name":"b"}}"#, "to.name")
    add(flows + #""session_gap_seconds":0}"#, "session_gap_seconds")
    add(flows + #""expand":[{"property":"p","limit":0}]}"#, "expand[0].limit")
    add(flows + #""expand":[{"property":"p"},{"property":"q"}]}"#, "expand[1].event")
    add(flows + #""expand":[{"event":"x"}]}"#, "expand[0].property")
    return mistakes
  }()

  @Test("a mistake is an error that names the field", arguments: mistakes.indices) func mistakesAreNamed(index: Int) throws {
    let (text, field) = Self.mistakes[index]
    let error = try #require(Self.error(text), "accepted: \(text)")
    #expect(!error.message.isEmpty)
    if !field.isEmpty { #expect(error.field == field, "\(error.message)") }
  }

  @Test("text that is too long or is not JSON") func notJSON() {
    #expect(Self.error("{")?.code == .invalid)
    #expect(Self.error("[]")?.code == .invalid)
    #expect(Self.error(String(repeating: " ", count: 300_000))?.code == .tooLarge)
    #expect(Self.error(String(repeating: "[", count: 100_000))?.code == .invalid)
  }

  @Test("mangled queries give errors or other queries, never a crash, and what is read is canonical") func mangled() throws {
    var random = Randomness(seed: 1)
    for round in 0..<3_000 {
      let kind = RandomCase.Kind.allCases[round % RandomCase.Kind.allCases.count]
      var bytes = Array(try RandomCase(kind, seed: UInt64(round % 40)).query.canonicalJSON.utf8)
      for _ in 0...random.below(3) where !bytes.isEmpty {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(random.pick(Array("{}[]\",:0-9e.ntfu\\".utf8)), at: place)
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.below(30))], at: random.below(bytes.count))
        }
      }
      if let query = try? Query(json: bytes) { #expect(try Query(json: Array(query.canonicalJSON.utf8)) == query) }
    }
  }

  @Test("doors survive writing and reading") func doors() throws {
    let query = try Query(json: Array(Self.minimal.utf8))
    let pseudonym = Pseudonym(high: 1, low: 2)
    let cells: [Door.Cell] = [
      .insights(series: 1, group: .value(.pseudonym(pseudonym)), bucket: 3), .insights(series: 0, group: .none, bucket: nil),
      .funnel(group: .value(.sealed(SealedValue(bytes: [], tag: pseudonym))), step: 2, droppedAfter: true),
      .funnel(group: .value(.string("x")), step: 0, droppedAfter: false), .funnelExcluded(group: .none),
      .funnelTrend(group: .none, step: 1, droppedAfter: true, bucket: 3), .retention(cohort: 4, period: nil),
      .retention(cohort: 4, period: 0), .retention(group: .other, cohort: 1, period: 2),
      .flows(position: -2, node: .event("a")), .flows(position: 0, node: .other), .flows(position: 1, node: .more),
      .flows(position: 2, node: .value(event: "a", .value(.number(1)))), .flows(position: 2, node: .value(event: "a", .none)),
      .flows(position: 1, node: .end),
    ]
    for cell in cells {
      let door = Door(query: query, cell: cell)
      let again = try Door(json: try JSONValue(parsing: Array(door.json.text.utf8)))
      #expect(again == door)
    }
  }

  @Test("what a sealed value holds is never in a report's JSON") func sealedStaysSealed() {
    let value = StoredValue.sealed(SealedValue(bytes: Array("secret".utf8), tag: Pseudonym(high: 0, low: 9)))
    #expect(value.json.text == #"{"sealed":"00000000000000000000000000000009"}"#)
  }
}
