import Events
import Foundation
import Gate
import Glibc
import Outbound
import Server
import Testing
import Yams

/// uap-core's own expressions and cases, as Debian's package has them.
struct UserAgentFileTests {
  static let folder = URL(fileURLWithPath: UserAgentFile.standard).deletingLastPathComponent()

  static func cases(_ file: String) throws -> [(text: String, family: String)] {
    let text = try String(contentsOf: folder.appendingPathComponent("tests/\(file)"), encoding: .utf8)
    let cases = try #require(Yams.compose(yaml: text)?.mapping?["test_cases"]?.sequence)
    return try cases.map { node in
      (try #require(node.mapping?["user_agent_string"]?.string), try #require(node.mapping?["family"]?.string))
    }
  }

  @Test(
    "uap-core's cases: its family, or Other where the sender would have chosen the name",
    arguments: [("test_ua.yaml", true, 1425, 556), ("test_os.yaml", false, 456, 6)])
  func conformance(file: String, isBrowser: Bool, count: Int, others: Int) throws {
    let agents = try UserAgentFile.open(URL(fileURLWithPath: UserAgentFile.standard))
    #expect(agents.unreadable.isEmpty)
    var (same, other) = (0, 0)
    let cases = try Self.cases(file)
    for (text, family) in cases {
      // Names of browsers may hold the comma, so the end that is known is taken off.
      let names = agents.names(in: text)
      let given = isBrowser ? Self.browser(of: names) : names.split(separator: ", ").last.map(String.init) ?? ""
      if given.lowercased() == family.lowercased() {
        same += 1
      } else if given == UserAgents.other {
        other += 1
      } else {
        Issue.record("\(text) is \(family), not \(given)")
      }
    }
    print("\(file): \(cases.count) cases, \(same) the same, \(other) Other; \(agents.count)")
    // Of the version that these figures were taken of; a newer package has more cases.
    if cases.count == count { #expect(other <= others && same + other == count) }
    #expect(same * 2 > cases.count)
  }

  private static func browser(of names: String) -> String {
    guard let comma = names.range(of: ", ", options: .backwards) else { return names }
    return String(names[..<comma.lowerBound])
  }

  @Test func aUsersOwnWordsAreInNoName() throws {
    let agents = try UserAgentFile.open(URL(fileURLWithPath: UserAgentFile.standard))
    for text in [
      "AnnMiller/1 CFNetwork/1", "AnnMillerBot/1.0", "ann miller crawler/1", "Mozilla/5.0 (compatible; annmiller-spider/2)",
      "WeSEE:annmiller",
      "HbbTV/1.1.1 (; AnnMiller; KDL32W650A; PKG3.211EUA; 2013;)", "Accoona-annmiller-Agent", "Nutch annmiller", "AnnMillerfavicon/3",
    ] {
      #expect(!agents.names(in: text).lowercased().contains("miller"), "\(text): \(agents.names(in: text))")
    }
  }

  /// The figure is printed; what is judged leaves room for other work on the machine.
  @Test("user agents of which none comes twice cost tens of microseconds", arguments: ["changed", "hostile"])
  func cost(_ kind: String) throws {
    let agents = try UserAgentFile.open(URL(fileURLWithPath: UserAgentFile.standard))
    var generator = SplitMix(state: 7)
    let known = try Self.cases("test_ua.yaml").map(\.text)
    let words = known.flatMap { $0.split { !$0.isLetter && !$0.isNumber }.map(String.init) }
    let texts = (0..<20_000).map { number -> String in
      if kind == "changed" {
        return (known.randomElement(using: &generator) ?? "") + " \(number)." + String(Int.random(in: 0...999_999, using: &generator))
      }
      var text = "\(number)"
      while text.utf8.count < UserAgents.longest {
        text += [" ", "/", ";", "-", "("].randomElement(using: &generator) ?? ""
        text += words.randomElement(using: &generator) ?? ""
      }
      return text
    }
    let start = Self.processorNanoseconds()
    var length = 0
    for text in texts { length += agents.names(in: text).utf8.count }
    let each = Double(Self.processorNanoseconds() - start) / Double(texts.count) / 1000
    print("user agents, \(kind): \(each) µs each, \(length) bytes of names")
    #expect(each < 200)
  }

  private static func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  @Test(
    "a file that is none is an error that says what to do",
    arguments: [
      nil, "", "just text", "user_agent_parsers: []\nos_parsers: []\n", "a: [",
      "user_agent_parsers:\n  - name: x\nos_parsers:\n  - regex: x\n",
      "user_agent_parsers:\n  - regex: x\n",
    ])
  func wrongFiles(_ text: String?) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("agents-\(UUID().uuidString).yaml")
    if let text { try Data(text.utf8).write(to: file) }
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: ConfigurationError.self) { try UserAgentFile.open(file) }
    #expect(error.map { "\($0)".contains("uap-core") && "\($0)".contains(file.path) } == true)
  }

  @Test func doctorTellsOfTheFileAndOfPlansThatWantOne() async throws {
    try await TestServer.inDirectory { root in
      _ = try await Initialization(data: root).run()
      let settings = try Settings(flags: [.data: root.path, .userAgents: "none"], environment: [:], file: nil)
      let configuration = try ServerConfiguration(settings)
      #expect(configuration.userAgents == nil)
      let answer = try await ControlSession.run(configuration) { client in
        let plan = "plan: 1\nevents:\n  Call:\n    properties:\n      caller: {treatment: coarsen, to: user_agent}\n"
        let headers = [("Content-Type", "application/yaml")]
        return String(decoding: try await client.send("PUT", "/api/v1/plan", headers: headers, body: Array(plan.utf8)).body, as: UTF8.self)
      }
      #expect(answer.contains("no file of user agents") && !answer.contains("places database"))
      let without = await Doctor(data: root).run()
      #expect(without.contains { $0.severity == .warning && $0.sentence.contains("no file of user agents") })
      let standard = URL(fileURLWithPath: UserAgentFile.standard)
      let with = await Doctor(data: root, userAgents: standard).run()
      #expect(!with.contains { $0.sentence.contains("no file of user agents") })
      #expect(with.contains { $0.severity == .ok && $0.sentence.contains(" browsers and ") })
      let wrong = await Doctor(data: root, places: root, userAgents: root.appendingPathComponent("nowhere")).run()
      #expect(wrong.filter { $0.severity == .problem }.map(\.subject) == ["places", "user agents"])
    }
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
