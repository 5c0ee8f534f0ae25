/// Reads a formula by recursive descent:
///
///     sum     = product (("+" | "-") product)*
///     product = factor (("*" | "/") factor)*
///     factor  = "-" factor | "(" sum ")" | letter | number
struct FormulaParser {
  private let bytes: [UInt8]
  private let field: String
  private var position = 0
  private var depth = 0

  init(_ text: String, field: String) throws(QueryError) {
    bytes = Array(text.utf8)
    self.field = field
    guard bytes.count <= QueryLimits.formulaBytes else {
      throw QueryError(
        .tooLarge, "The formula has \(bytes.count) bytes; at most \(QueryLimits.formulaBytes) are allowed.", field: field)
    }
  }

  mutating func whole() throws(QueryError) -> FormulaExpression {
    let expression = try sum()
    guard next() == nil else { throw mistake("a + - * / or the end") }
    return expression
  }

  private mutating func sum() throws(QueryError) -> FormulaExpression {
    var left = try product()
    while let operation = take([.add, .subtract]) { left = .binary(left, operation, try product()) }
    return left
  }

  private mutating func product() throws(QueryError) -> FormulaExpression {
    var left = try factor()
    while let operation = take([.multiply, .divide]) { left = .binary(left, operation, try factor()) }
    return left
  }

  private mutating func factor() throws(QueryError) -> FormulaExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= QueryLimits.formulaDepth else {
      throw QueryError(
        .tooLarge, "The formula is nested more than \(QueryLimits.formulaDepth) deep at character \(position + 1); write it flatter.",
        field: field)
    }
    switch next() {
    case UInt8(ascii: "-"):
      position += 1
      return .negated(try factor())
    case UInt8(ascii: "("):
      position += 1
      let inner = try sum()
      guard next() == UInt8(ascii: ")") else { throw mistake("a closing parenthesis") }
      position += 1
      return inner
    case let byte? where (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte):
      let index = Int(byte - UInt8(ascii: "A"))
      guard index < QueryLimits.series else { throw mistake("a letter up to \(FormulaExpression.letter(QueryLimits.series - 1))") }
      position += 1
      return .series(index)
    case let byte? where Self.isDigit(byte) || byte == UInt8(ascii: "."): return .number(try number())
    default: throw mistake("a letter of a series, a number, a minus or an opening parenthesis")
    }
  }

  private mutating func number() throws(QueryError) -> Double {
    let start = position
    skipDigits()
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      skipDigits()
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: "e") || bytes[position] == UInt8(ascii: "E") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
      skipDigits()
    }
    guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)), number.isFinite else {
      position = start
      throw mistake("a number that can be read")
    }
    return number
  }

  private mutating func skipDigits() {
    while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  /// The next byte that is no blank; nil at the end.
  private mutating func next() -> UInt8? {
    while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func take(_ operations: [FormulaExpression.Operation]) -> FormulaExpression.Operation? {
    guard let byte = next(), let operation = FormulaExpression.Operation(rawValue: Character(UnicodeScalar(byte))),
      operations.contains(operation)
    else { return nil }
    position += 1
    return operation
  }

  private func mistake(_ expected: String) -> QueryError {
    let place = position < bytes.count ? "at character \(position + 1)" : "at its end"
    return QueryError(.invalid, "The formula cannot be read \(place): there must be \(expected).", field: field)
  }
}

extension FormulaExpression {
  /// - Throws: `QueryError` that names the position in the text.
  package init(_ text: String, field: String = "expression") throws(QueryError) {
    var parser = try FormulaParser(text, field: field)
    self = try parser.whole()
  }
}
