import Foundation
import Gate
import Server
import TestSupport
import Testing

struct PlanReaderTests {
  private static func faults(_ yaml: String) -> [String] {
    do {
      _ = try PlanReader.plan(yaml: yaml)
      return []
    } catch { return error.all.map(\.description) }
  }

  @Test func aPlanSaysWhatItSays() throws {
    let plan = try PlanReader.plan(yaml: Self.whole)
    #expect(plan.unknownEvents == .accept && plan.unknownProperties == .quarantine)
    #expect(plan.everyEvent["$current_url"] == .init(.coarsen(.url), kind: .string))
    #expect(plan.events["Page View"]?.properties["seats"] == .init(.coarsen(.bucket([0, 10, 100])), kind: .number, owner: "growth"))
    #expect(plan.events["Debug Ping"]?.treatment == .drop && plan.events["Signed Up"] == .init())
    #expect(plan.events["Page View"]?.properties["note"]?.treatment == .refuse)
    #expect(plan.people["role"]?.weight == .authority && plan.people["$email"] == .init(.seal, weight: .identity))
    #expect(plan.groups["tier"] == .init())
    #expect(plan.events["Page View"]?.description == "A page was shown.\nOnce a page.")
  }

  @Test("the canonical form is read as the same plan, and its digest is known")
  func canonicalForm() throws {
    let plan = try PlanReader.plan(yaml: Self.whole)
    let again = try PlanReader.plan(yaml: plan.canonical)
    #expect(again == plan && again.canonical == plan.canonical)
    // The order of lines, comments and short forms say nothing.
    let other = try PlanReader.plan(yaml: "unknown: accept # all\nevents: {A: ~}\nplan: 1\n")
    let same = try PlanReader.plan(yaml: "plan: 1\nevents:\n  A: {treatment: keep, properties: {}}\n")
    #expect(other.digest == same.digest && other.digest != plan.digest)
    // The vector of docs/FORMATS.md.
    #expect(other.canonical == #"{"events":{"A":{"treatment":"keep"}},"plan":1,"unknown":{"events":"accept","properties":"accept"}}"#)
    let page = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/FORMATS.md"), encoding: .utf8)
    #expect(page.contains(other.canonical) && page.contains(other.digest), "\(other.digest)")
  }

  @Test("the example of docs/PLAN.md is a good plan")
  func example() throws {
    let page = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/PLAN.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    #expect(!blocks.isEmpty)
    for block in blocks { #expect(Self.faults(block) == [], "\(block)") }
  }

  @Test(
    "a mistake is told with its line, its key and what to do",
    arguments: [
      ("", "it is empty"), ("events: {}\n", "line 1: the line “plan: 1” is missing"),
      ("plan: 2\n", "line 1, plan: this program reads plans of version 1"),
      ("plan: 1\nevnts: {}\n", "line 2, evnts: this means nothing here"),
      ("plan: 1\nevents:\n  A: {keep_days: 0}\n", "line 3, events / A / keep_days: this must be a whole number of days"),
      ("plan: 1\nunknown: perhaps\n", "line 2, unknown: this must be one of accept, quarantine, refuse"),
      (
        "plan: 1\nevents:\n  A:\n    properties:\n      x: keeep\n",
        "line 5, events / A / properties / x / treatment: this must be one of keep"
      ),
      ("plan: 1\nevents:\n  A: {properties: {x: {treatment: coarsen}}}\n", "say with “to:”"),
      ("plan: 1\nevents:\n  A: {properties: {x: {treatment: coarsen, to: bucket}}}\n", "a bucket needs"),
      ("plan: 1\nevents:\n  A: {properties: {x: {treatment: coarsen, to: bucket, edges: [1, 1]}}}\n", "edges must ascend"),
      ("plan: 1\nevents:\n  A: {properties: {x: {treatment: coarsen, to: bucket, edges: [1.5]}}}\n", "whole number"),
      ("plan: 1\nevents:\n  A: {properties: {x: {treatment: coarsen, to: url, edges: [1]}}}\n", "“to: bucket” only"),
      ("plan: 1\nevents:\n  A: {properties: {x: {type: boolean, treatment: coarsen, to: hour}}}\n", "a boolean cannot become this"),
      ("plan: 1\nevents:\n  A: {properties: {x: {to: url}}}\n", "goes with “treatment: coarsen” only"),
      ("plan: 1\nevents:\n  A: {properties: {x: seal}}\n", "only profiles have sealed values"),
      ("plan: 1\nevents:\n  A: {properties: {x: {field: authority}}}\n", "only fields of people and groups"),
      ("plan: 1\npeople:\n  x: {field: identity}\n", "an identity is sealed, pseudonymized, dropped or refused"),
      ("plan: 1\nevents:\n  \"*\": {treatment: drop}\n", "stands for all events"), ("plan: 1\nevents:\n  *: {}\n", "this is not YAML"),
      ("plan: 1\nevents:\n  A: {}\n  A: {}\n", "it stands here twice"), ("plan: 1\nplan: 1\n", "it stands here twice"),
      ("plan: 1\nevents: [A]\n", "line 2, events: here must be lines"), ("plan: 1\nevents: &a {A: *a}\n", "anchors (&name) are not read"),
      ("plan: 1\nevents:\n  A: {owner: \"a\\u0007b\"}\n", "control character"),
      ("plan: 1\nevents:\n  \"a\\nb\": {}\n", "control character"),
      ("plan: 1\nevents: {<<: {A: {}}}\n", "merging (<<)"), ("plan: 1\nevents: {? [a] : b}\n", "a name must be one text"),
      ("plan: 1\npeople:\n  x: {keep: domain}\n", "line 3, people / x / keep: something is kept beside sealed fields of people only"),
      ("plan: 1\ngroups:\n  x: {treatment: seal, keep: domain}\n", "beside sealed fields of people only"),
      ("plan: 1\npeople:\n  x: {treatment: seal, keep: city}\n", "this must be one of domain"),
      ("plan: 1\npeople:\n  x: {treatment: seal, keep: domain, at_least: 1}\n", "a whole number, 2 to 1000"),
      ("plan: 1\npeople:\n  x: {treatment: seal, keep: domain, at_least: ten}\n", "a whole number, 2 to 1000"),
      ("plan: 1\npeople:\n  x: {treatment: seal, at_least: 10}\n", "this goes with “keep: domain” only"),
      ("plan: 1\npeople:\n  x: {type: list, treatment: seal, keep: domain}\n", "a list has no domain"),
      ("plan: 1\npeople:\n  x: {treatment: seal, keep: domain}\n  x_domain: keep\n", "what a seal keeps stands under this name"),
      ("plan: 1\n\tevents: {}\n", "this is not YAML"), ("- plan\n", "here must be lines"),
    ])
  func mistakes(_ yaml: String, _ sentence: String) {
    let faults = Self.faults(yaml)
    #expect(faults.contains { $0.contains(sentence) }, "\(faults)")
  }

  @Test("what is kept beside a seal stands in the canonical form, and nowhere where nothing is")
  func derivatives() throws {
    let plan = try PlanReader.plan(
      yaml: "plan: 1\npeople:\n  $email: {treatment: seal, keep: domain}\n  b: {treatment: seal, keep: domain, at_least: 3}\n")
    #expect(plan.derivatives == ["$email_domain": .init(.domain, atLeast: 10), "b_domain": .init(.domain, atLeast: 3)])
    #expect(
      plan.canonical
        == #"{"people":{"$email":{"at_least":10,"keep":"domain","treatment":"seal"},"b":{"at_least":3,"keep":"domain","treatment":"seal"}},"plan":1,"unknown":{"events":"accept","properties":"accept"}}"#
    )
    #expect(try PlanReader.plan(yaml: plan.canonical) == plan)
    #expect(try PlanReader.plan(yaml: "plan: 1\npeople: {$email: seal}\n").canonical.contains(#"{"$email":{"treatment":"seal"}}"#))
  }

  @Test("all mistakes are told at once, a bounded number of them")
  func many() {
    let lines = (0..<200).map { "  E\($0): {properties: {x: wrong}}" }.joined(separator: "\n")
    let faults = Self.faults("plan: 1\nevents:\n" + lines)
    #expect(faults.count == 50 && faults[1].hasPrefix("line 4, events / E1"))
  }

  @Test("what is too large is refused, in little time")
  func bounds() {
    let clock = ContinuousClock()
    let started = clock.now
    #expect(Self.faults("plan: 1\n#" + String(repeating: "x", count: 1 << 20))[0].contains("at most"))
    #expect(Self.faults("plan: 1\nevents:\n" + (0..<2001).map { "  E\($0):\n" }.joined())[0].contains("at most 2000"))
    let names = (0..<4001).map { "p\($0): " }.joined(separator: ", ")
    #expect(Self.faults("plan: 1\nevents: {A: {properties: {\(names)}}}")[0].contains("different properties"))
    let many = (0..<11).map { "  E\($0): {properties: {\((0..<1900).map { "p\($0): " }.joined(separator: ", "))}}\n" }.joined()
    #expect(Self.faults("plan: 1\nevents:\n" + many).first?.contains("more than 20000 properties") == true)
    for nest in ["[", "{", "- ", "? ", "{a: ", "[[{"] {
      #expect(Self.faults("plan: 1\nevents: " + String(repeating: nest, count: 50_000)).count == 1, "\(nest)")
      #expect(!Self.faults("plan: 1\nevents:\n  " + String(repeating: nest, count: 50_000)).isEmpty, "\(nest)")
    }
    #expect(clock.now - started < .seconds(30))
  }

  @Test("random lines: no crash, and what is read has one form", arguments: 1...8 as ClosedRange<UInt64>)
  func fuzz(seed: UInt64) throws {
    var state = seed &+ Fuzzing.seed
    func next(_ bound: Int) -> Int {
      // SplitMix64.
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
    let pieces = [
      "plan: 1\n", "events:\n", "people:\n", "groups:\n", "unknown: accept\n", "  A:\n", "  \"*\":\n", "    properties:\n", "      x: ",
      "      y: {",
      "treatment: ", "coarsen", "keep", "seal", "drop", "to: url", "to: bucket, edges: [1, 2]", "type: number", "field: identity",
      "keep: domain", "at_least: 3", "}", "{",
      "[", "]",
      ": ", ", ", "\n", "\t", "- ", "? ", "|\n", ">-\n", "'", "\"", "\\", "\u{0}", "\u{85}", "\u{2028}", "\u{FEFF}", "ü", "👋", "&a ", "*a",
      "<<: ", "!!binary ",
      "%YAML 1.1\n", "---\n", "...\n", "#", "~", "null", "owner: me\n", "description: ", "\r\n", "  ", "0x10", "1e3",
    ]
    var read = 0
    Fuzzing.rounds(2000, arguments: 8) { round in
      var text: String
      if round % 2 == 0 {
        text = (0..<next(14)).map { _ in pieces[next(pieces.count)] }.joined()
      } else {
        // The good one with a few bytes changed, cut out or put in.
        var bytes = Array(Self.whole.utf8)
        for _ in 0...next(3) {
          let place = next(bytes.count)
          switch next(3) {
          case 0: bytes[place] = UInt8(next(128))
          case 1: bytes.removeSubrange(place..<min(bytes.count, place + next(12)))
          default: bytes.insert(contentsOf: Array(pieces[next(pieces.count)].utf8), at: place)
          }
        }
        text = String(decoding: bytes, as: UTF8.self)
      }
      do throws(PlanFaults) {
        let plan = try PlanReader.plan(yaml: text)
        read += 1
        let again = try PlanReader.plan(yaml: plan.canonical)
        #expect(again == plan && again.digest == plan.digest, "seed \(seed) round \(round): \(text.debugDescription)")
      } catch {
        #expect(!error.all.isEmpty && error.all.allSatisfy { $0.sentence.hasSuffix(".") }, "seed \(seed) round \(round): \(error)")
      }
    }
    #expect(read > 50, "seed \(seed): some are good")
  }

  @Test("what is written is read as the same plan") func writing() throws {
    var plan = try PlanReader.plan(yaml: Self.whole)
    plan.events["a: b # &x \"y\" 'z' \\ 😀 \u{0301}yes"] = TrackingPlan.Event(
      .refuse, owner: "x: y", description: "- one\n\ttwo", properties: ["*": TrackingPlan.Property(.drop, owner: "null", description: "{}")]
    )
    plan.events["no"] = TrackingPlan.Event(keepDays: 3)
    plan.groups["1"] = TrackingPlan.Property(.seal, kind: .list, weight: .authority)
    plan.people["$email"] = TrackingPlan.Property(.seal, weight: .identity, derivative: TrackingPlan.Derivative(.domain, atLeast: 3))
    let written = PlanText.yaml(plan)
    #expect(try PlanReader.plan(yaml: written) == plan, "\(written)")
    #expect(try PlanReader.plan(yaml: PlanText.yaml(TrackingPlan())) == TrackingPlan())
  }

  static let whole = """
    # The plan of a fictional platform.
    plan: 1
    unknown: {events: accept, properties: quarantine}
    events:
      "*":
        properties:
          $current_url: {type: string, treatment: coarsen, to: url}
          plan: keep
      Page View:
        owner: web
        keep_days: 90
        description: |
          A page was shown.
          Once a page.
        properties:
          page: {type: string, description: "Which: “home” or \\"docs\\" — \\\\"}
          seats: {type: number, treatment: coarsen, to: bucket, edges: [0, 10, 100], owner: growth}
          at: {type: time, treatment: coarsen, to: hour}
          client_ip: {treatment: coarsen, to: place}
          agent: {treatment: coarsen, to: user_agent}
          ref: pseudonymize
          note: refuse
      Signed Up:
      Debug Ping: drop
    people:
      $email: {treatment: seal, field: identity}
      role: {type: string, field: authority}
    groups:
      tier:
    """
}
