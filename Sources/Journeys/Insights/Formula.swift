/// A figure that is computed from the series' figures, bucket by bucket, after they are aggregated (semantics A.2).
package struct Formula: Sendable, Hashable {
  package var name: String
  package var expression: FormulaExpression
  package init(name: String, expression: FormulaExpression) {
    self.name = name
    self.expression = expression
  }
}

/// `+ - * /` over numbers and series, which letters stand for: A is the first.
package indirect enum FormulaExpression: Sendable, Hashable {
  package enum Operation: Character, Sendable, Hashable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
  }
  case number(Double)
  case series(Int)
  case negated(FormulaExpression)
  case binary(FormulaExpression, Operation, FormulaExpression)

  package static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(65 + index % 26))) }

  /// The series that it uses.
  package var letters: Set<Int> {
    switch self {
    case .number: []
    case .series(let index): [index]
    case .negated(let inner): inner.letters
    case .binary(let left, _, let right): left.letters.union(right.letters)
    }
  }

  /// Nil where a part of it is, where it divides by zero, and where the result is no number that a figure can be: a zero would be a claim.
  package func value(_ figure: (Int) -> Double?) -> Double? {
    switch self {
    case .number(let number): return number
    case .series(let index): return figure(index)
    case .negated(let inner): return inner.value(figure).map { -$0 }
    case .binary(let left, let operation, let right):
      guard let left = left.value(figure), let right = right.value(figure) else { return nil }
      let result: Double
      switch operation {
      case .add: result = left + right
      case .subtract: result = left - right
      case .multiply: result = left * right
      case .divide: result = right == 0 ? .nan : left / right
      }
      return result.isFinite ? result : nil
    }
  }

  /// Without blanks and with no parentheses but those that matter: reading it gives the same expression.
  package var text: String {
    switch self {
    case .number(let number): JSONValue.number(number).text
    case .series(let index): Self.letter(index)
    case .negated(let inner): "-" + inner.wrapped(where: inner.rank < 3)
    case .binary(let left, let operation, let right):
      left.wrapped(where: left.rank < rank) + String(operation.rawValue) + right.wrapped(where: right.rank <= rank)
    }
  }

  private func wrapped(where isWeaker: Bool) -> String { isWeaker ? "(\(text))" : text }

  /// How strongly it binds.
  private var rank: Int {
    switch self {
    case .binary(_, .add, _), .binary(_, .subtract, _): 1
    case .binary: 2
    case .negated: 3
    case .number, .series: 4
    }
  }
}

extension Formula {
  init(_ value: JSONValue, at path: String) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let name = try reader.requiredString("name")
    let text = try reader.requiredString("expression")
    try reader.finish()
    self.init(name: name, expression: try FormulaExpression(text, field: "\(path).expression"))
  }

  var json: JSONValue { ["name": .string(name), "expression": .string(expression.text)] }
}
