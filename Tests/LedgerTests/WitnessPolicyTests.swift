import Ledger
import Testing

struct WitnessPolicyTests {
  static func key(_ name: String, _ seed: UInt8, kind: NoteKey.Kind = .cosignature) throws -> NoteKey {
    try #require(NoteSigner(name: name, kind: kind, seed: [UInt8](repeating: seed, count: 32))).key
  }

  /// The example of C2SP tlog-policy, with keys.
  private static func example() throws -> (text: String, keys: [String: NoteKey]) {
    let names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    var keys: [String: NoteKey] = [:]
    for (number, name) in names.enumerated() { keys[name] = try key("\(name.lowercased()).example", UInt8(number + 1)) }
    func line(_ name: String, _ url: String = "") -> String { "witness \(name) \(keys[name].map(\.description) ?? "") \(url)\n" }
    let text =
      "# two organizations\nlog \(try key("log.example", 99, kind: .ed25519))\n\n" + line("X1", "https://x1.example/") + line("X2")
      + line("X3")
      + "group X-witnesses 2 X1 X2 X3\n" + line("Y1") + line("Y2") + line("Y3")
      + "\tgroup  Y-witnesses any Y1 Y2 Y3 \n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    return (text, keys)
  }

  private static func keys(_ names: [String], _ all: [String: NoteKey]) -> Set<NoteKey> { Set(names.compactMap { all[$0] }) }

  @Test func groupsOfGroupsAreCounted() throws {
    let (text, all) = try Self.example()
    let policy = try WitnessPolicy(Array(text.utf8))
    #expect(policy.logs.count == 1 && policy.witnesses.count == 6)
    #expect(policy.witnesses.first?.url == "https://x1.example/" && policy.witnesses[1].url == nil)
    #expect(policy.isMet(by: Self.keys(["X1", "X3", "Y2"], all)))
    #expect(policy.isMet(by: Self.keys(["X1", "X2", "X3", "Y1", "Y2", "Y3"], all)))
    for few in [["X1", "Y1"], ["X1", "X2"], ["Y1", "Y2", "Y3"], []] { #expect(!policy.isMet(by: Self.keys(few, all)), "\(few)") }
  }

  @Test("the witnessed size is what enough have cosigned, each that or more")
  func witnessedSize() throws {
    let (text, all) = try Self.example()
    let policy = try WitnessPolicy(Array(text.utf8))
    func size(_ sizes: [String: UInt64]) -> UInt64 {
      policy.witnessedSize(Dictionary(uniqueKeysWithValues: sizes.compactMap { name, size in all[name].map { ($0, size) } }))
    }
    #expect(size(["X1": 10, "X2": 8, "Y1": 12]) == 8)
    #expect(size(["X1": 10, "X2": 8, "X3": 9, "Y1": 12]) == 9)
    #expect(size(["X1": 10, "X2": 8, "X3": 9, "Y1": 5]) == 5)
    #expect(size(["X1": 10, "Y1": 12]) == 0)
    #expect(size([:]) == 0)
  }

  @Test func noneAsksForNobody() throws {
    let policy = try WitnessPolicy(Array("quorum none\n".utf8))
    #expect(policy.isMet(by: []) && !policy.needsWitnesses)
  }

  @Test("what is no policy is refused, with its line")
  func malformed() throws {
    let witness = try Self.key("w.example", 1)
    let log = try Self.key("l.example", 2, kind: .ed25519)
    let other = try Self.key("v.example", 3)
    let cases: [(String, Int)] = [
      ("", 0), ("log \(log)\n", 0), ("quorum w\n", 1), ("quorum none\nquorum none\n", 2), ("quorum\n", 1), ("quorum none x\n", 1),
      ("witness none \(witness)\nquorum none\n", 1), ("witness w \(log)\nquorum w\n", 1), ("log \(witness)\nquorum none\n", 1),
      ("witness w \(witness)\nwitness v \(witness)\nquorum w\n", 2), ("witness w \(witness)\nwitness w \(other)\nquorum w\n", 2),
      ("log \(log)\nlog \(log)\nquorum none\n", 2), ("quorum w\nwitness w \(witness)\n", 1),
      ("witness w \(witness)\ngroup g 2 w\nquorum g\n", 2), ("witness w \(witness)\ngroup g 0 w\nquorum g\n", 2),
      ("witness w \(witness)\ngroup g 01 w\nquorum g\n", 2), ("witness w \(witness)\ngroup g any\nquorum g\n", 2),
      ("witness w \(witness)\ngroup g any none\nquorum g\n", 2), ("witness w \(witness)\ngroup g any w w\nquorum g\n", 2),
      ("witness w \(witness)\ngroup g any w\ngroup h any w\nquorum h\n", 3), ("group g any g\nquorum g\n", 1),
      ("witness w \(witness) https://x y\nquorum w\n", 1), ("wittness w \(witness)\nquorum none\n", 1), ("quorum none\r\n", 0),
    ]
    for (text, line) in cases {
      do {
        _ = try WitnessPolicy(Array(text.utf8))
        Issue.record("taken: \(text)")
      } catch { #expect(error.line == line, "\(text): \(error)") }
    }
  }

  @Test func theDigestIsOfTheFile() throws {
    #expect(try WitnessPolicy(Array("quorum none\n".utf8)).digest != WitnessPolicy(Array("quorum none\n\n".utf8)).digest)
  }
}

/// What is sent to a witness and what its answers mean.
struct AddCheckpointTests {
  private static let signer = NoteSigner(name: "log.example", seed: [UInt8](repeating: 7, count: 32))
  private static let witness = NoteSigner(name: "w.example", kind: .cosignature, seed: [UInt8](repeating: 1, count: 32))
  private static let other = NoteSigner(name: "v.example", kind: .cosignature, seed: [UInt8](repeating: 2, count: 32))

  private static func note() throws -> String {
    try Checkpoint(origin: "log.example", size: 3, root: .emptyTree).signed(by: try #require(signer))
  }

  @Test func theBodyIsThatOfTheSpecification() throws {
    let body = String(decoding: AddCheckpoint.body(old: 2, proof: [.emptyTree], note: try Self.note()), as: UTF8.self)
    #expect(body.hasPrefix("old 2\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nlog.example\n3\n"))
  }

  @Test func aCosignatureIsTakenWithOthersBesideIt() throws {
    let (witness, other) = (try #require(Self.witness), try #require(Self.other))
    let note = try Self.note()
    let text = try SignedNote(Array(note.utf8)).text
    let lines = try other.line(for: text, time: 5) + witness.line(for: text, time: 5)
    guard
      case .cosigned(let cosigned) = AddCheckpoint.answer(
        status: 200, contentType: nil, body: Array(lines.utf8), to: note, from: witness.key)
    else {
      Issue.record("refused")
      return
    }
    #expect(cosigned == note + (try witness.line(for: text, time: 5)), "only what is known goes on the checkpoint")
    let wrong = try witness.line(for: text + "x\n", time: 5)
    for body in [wrong, try other.line(for: text, time: 5), "", "\u{2014} w.example AAAA\n", "<html>"] {
      guard case .refused = AddCheckpoint.answer(status: 200, contentType: nil, body: Array(body.utf8), to: note, from: witness.key) else {
        Issue.record("taken: \(body)")
        continue
      }
    }
  }

  @Test func sizesAndRefusalsAreToldApart() throws {
    let key = try #require(Self.witness).key
    let note = try Self.note()
    func answer(_ status: Int, _ type: String? = nil, _ body: String = "") -> AddCheckpoint.Answer {
      AddCheckpoint.answer(status: status, contentType: type, body: Array(body.utf8), to: note, from: key)
    }
    #expect(answer(409, "text/x.tlog.size", "17\n") == .known(size: 17))
    for body in ["017", "-1"] { if case .refused = answer(409, "text/x.tlog.size", body) {} else { Issue.record("a size out of \(body)") } }
    // Another root of this size, and a proof that does not hold: the log is not what it was.
    for (status, type, body) in [(409, "text/plain", "17\n"), (409, nil, ""), (422, nil, "")] {
      if case .contradicted = answer(status, type, body) {} else { Issue.record("\(status) \(body)") }
    }
    for status in [400, 403, 404] { if case .refused = answer(status) {} else { Issue.record("\(status)") } }
    for status in [500, 502, 503, 429, 301] { if case .failed = answer(status) {} else { Issue.record("\(status)") } }
  }
}
