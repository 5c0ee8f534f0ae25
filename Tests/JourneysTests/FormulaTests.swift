import Journeys
import TestSupport
import Testing

struct FormulaTests {
  static func value(_ text: String, _ figures: [Double?] = [6, 3, nil, 0]) throws -> Double? {
    try FormulaExpression(text).value { figures[$0] }
  }

  @Test("sums, products and parentheses as in school") func arithmetic() throws {
    #expect(try Self.value("A + B * 2") == 12)
    #expect(try Self.value("(A+B)*2") == 18)
    #expect(try Self.value("A-B-1") == 2)
    #expect(try Self.value("A/B/2") == 1)
    #expect(try Self.value("-A*-B") == 18)
    #expect(try Self.value("100*B/A") == 50)
    #expect(try Self.value(".5 + 1e1") == 10.5)
  }

  @Test("what cannot be said is nothing") func nothing() throws {
    #expect(try Self.value("A/D") == nil)
    #expect(try Self.value("A+C") == nil)
    #expect(try Self.value("C*0") == nil)
    #expect(try Self.value("1e300*1e300") == nil)
  }

  @Test(
    "a mistake is an error that says where",
    arguments: [
      ("", "at its end"), ("A+", "at its end"), ("A B", "at character 3"), ("a+B", "at character 1"), ("(A", "at its end"),
      ("A)", "at character 2"), ("Z", "at character 1"), ("1e999", "at character 1"), (".", "at character 1"), ("A ^ 2", "at character 3"),
    ]) func mistakes(text: String, place: String)
  {
    let error = #expect(throws: QueryError.self) { try FormulaExpression(text) }
    #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
  }

  @Test("depth and length are bounded") func bounds() {
    let deep = String(repeating: "(", count: 40) + "A" + String(repeating: ")", count: 40)
    #expect(throws: QueryError.self) { try FormulaExpression(deep) }
    #expect(throws: QueryError.self) { try FormulaExpression(String(repeating: "-", count: 100) + "A") }
    #expect(throws: QueryError.self) { try FormulaExpression("A" + String(repeating: "+A", count: 300)) }
  }

  @Test("letters beyond the series are refused") func unknownLetters() {
    let text =
      #"{"report":"insights","range":{"from":"2026-01-01","to":"2026-01-02"},"series":[{}],"formulas":[{"name":"x","expression":"A+B"}]}"#
    #expect(QueryJSONTests.error(text)?.field == "formulas[0].expression")
  }

  @Test("what is written is read as the same expression") func fuzzRoundTrip() throws {
    try Fuzzing.rounds(2_000) { round in
      let seed = UInt64(round) &+ Fuzzing.seed
      var random = Randomness(seed: seed)
      let expression = RandomCase.formula(4, &random, depth: 6)
      guard expression.text.utf8.count <= QueryLimits.formulaBytes else { return }
      let again = try FormulaExpression(expression.text)
      #expect(again == expression, "seed \(seed): \(expression.text)")
    }
  }

  @Test("any text is an expression or an error, never a crash") func fuzz() throws {
    var random = Randomness(seed: 5 &+ Fuzzing.seed)
    try Fuzzing.rounds(20_000) { _ in
      let text = String((0..<random.below(24)).map { _ in random.pick(Array("AB(Z)+-*/ .0129eE\u{e9}")) })
      guard let expression = try? FormulaExpression(text) else { return }
      let again = try FormulaExpression(expression.text)
      #expect(again == expression, "\(text)")
    }
  }
}
