import Foundation
import Notices
import Testing

struct CanonicalWordsTests {
  private struct Vector: Decodable {
    var text: String
    var words: [String]
  }

  @Test("the vectors, which the browser's script is held to as well") func vectors() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("canonical-words.json")
    let vectors = try JSONDecoder().decode([Vector].self, from: Data(contentsOf: file))
    #expect(vectors.count >= 10)
    for vector in vectors { #expect(CanonicalWords(vector.text).words == vector.words, "\(vector.text.debugDescription)") }
  }

  @Test func canonicalWordsAreTheirOwn() {
    let words = CanonicalWords("“Don’t” re-use a *well—known* ½ caf\u{65}\u{301} ①").words
    #expect(CanonicalWords(words.joined(separator: " ")).words == words)
  }

  @Test func manyCombiningMarksCostNoMore() {
    let text = "a" + String(repeating: "\u{301}\u{327}", count: 500_000)
    let start = ContinuousClock.now
    #expect(CanonicalWords(text).words.count == 1)
    #expect(ContinuousClock.now - start < .seconds(2))
  }
}
