import Foundation
import Notices
import TestSupport
import Testing

struct StatementNameTests {
  private struct Vector: Decodable {
    var kind: StatementName.Kind
    var text: String
    var name: String?
  }

  @Test("the vectors, which the trust pages and a stranger's program are held to as well") func vectors() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Mail/names.json")
    let vectors = try JSONDecoder().decode([Vector].self, from: Data(contentsOf: file))
    #expect(vectors.count >= 30)
    for vector in vectors {
      let found = StatementName(vector.kind, vector.text).map { String(decoding: $0.bytes, as: UTF8.self) }
      #expect(found == vector.name, "\(vector.text): \(found ?? "none")")
      // What is one spelling stays it.
      if let found {
        #expect(StatementName(vector.kind, String(found.dropFirst(vector.kind.rawValue.count + 1)))?.bytes == Array(found.utf8))
      }
    }
  }

  @Test func anAddressHasOneSpelling() {
    #expect(StatementName(.email, " Ada@Orrery.Example\n")?.bytes == Array("email:ada@orrery.example".utf8))
    #expect(StatementName(.email, "e\u{301}va@orrery.example") == StatementName(.email, "\u{E9}va@orrery.example"))
    #expect(StatementName(.email, "a.da+x@orrery.example") != StatementName(.email, "ada@orrery.example"))
  }

  @Test("a stranger's program spells 20,000 domains alike") func peer() throws {
    let pieces = [
      "a", "b", "z", "0", "1", "9", ".", ".", "-", "_", "A", "/", ":", "%", "#", "xn--", "xn--bcher-kva.", ".example", "ü", "Ü", "ß",
      "\u{1E9E}", "ς", "σ", "Σ",
      "İ", "ı", "ſ", "é", "א", "ב", "د", "я", "Я", "例", "日", "。", "．", "｡", "１", "ｘ", "／", "％", "ー", "・", "\u{200D}", "\u{200C}", "\u{AD}",
      "\u{301}",
      "\u{308}", "ª", "Ⅳ", "㎏", "ﬁ", "🚀", "Ꭰ", "ꭰ", "\u{660}", "\u{6F0}", "≠", "\u{5B0}", "\u{94D}", "क",
    ]
    var generator = SeededGenerator(seed: 17)
    let texts = (0..<20_000).map { _ in
      "ada@" + (0..<Int.random(in: 1...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
    }
    let script = """
      import json, sys
      sys.path.insert(0, "\(Peer.root.path)/Tests/Stranger")
      from statement_names import name
      print(json.dumps([name("email", text) for text in json.load(sys.stdin)]))
      """
    let theirs = try JSONDecoder().decode([String?].self, from: Peer.run(script, JSONEncoder().encode(texts)))
    #expect(theirs.count == texts.count && theirs.count { $0 != nil } > 3_000)
    let differences = zip(texts, theirs).filter { text, name in
      StatementName(.email, text).map { String(decoding: $0.bytes, as: UTF8.self) } != name
    }
    #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(40).map { "\($0.0.debugDescription) \($0.1 ?? "none")" })")
  }

  @Test(arguments: ["", " ", "ada", "@orrery.example", "ada@", "a@b@c", "ada b@orrery.example", "ada@orrery\u{0}.example"])
  func whatIsNoAddressIsNone(text: String) { #expect(StatementName(.email, text) == nil) }

  @Test func anAccountIsNoAddress() {
    #expect(StatementName(.account, "Ada")?.bytes == Array("account:Ada".utf8))
    #expect(StatementName(guessing: "u_17")?.kind == .account)
    #expect(StatementName(guessing: "ada@orrery.example")?.kind == .email)
    #expect(StatementName(.account, String(repeating: "a", count: 1_025)) == nil)
  }
}
