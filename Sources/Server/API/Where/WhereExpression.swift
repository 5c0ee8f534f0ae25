import Journeys

/// Mixpanel's expressions for `where` (mixpanel-api, 3.6), over events. Profiles (`user["…"]`) are not looked at here.
package indirect enum WhereExpression: Sendable, Hashable {
  package enum Operation: String, Sendable, Hashable {
    case or, and
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in`
    case notIn = "not in"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case dividedBy = "/"
    case modulo = "%"
  }

  package enum Function: String, Sendable, Hashable, CaseIterable {
    case floor, round, ceil, boolean, number, string, list, datetime, defined
  }

  case number(Double)
  case string(String)
  case boolean(Bool)
  case list([WhereExpression])
  case now
  case property(String)
  /// `event["…"]`: the name or the time.
  case eventName
  case eventTime
  case not(WhereExpression)
  case negative(WhereExpression)
  case binary(Operation, WhereExpression, WhereExpression)
  case call(Function, WhereExpression)

  static let longest = 8_192

  /// - Throws: a refusal that names the place.
  package init(parsing text: String) throws(APIError) {
    guard text.utf8.count <= Self.longest else { throw Self.error("is longer than \(Self.longest) bytes", at: nil) }
    var parser = WhereParser(tokens: try WhereToken.tokens(of: text))
    self = try parser.expression()
    try parser.finish()
  }

  static func error(_ what: String, at place: Int?) -> APIError {
    let place = place.map { " at character \($0 + 1)" } ?? ""
    return .badRequest(
      "“where” \(what)\(place). An example: properties[\"plan\"] == \"pro\" and properties[\"seats\"] > 3.", field: "where")
  }
}

/// A word of an expression and where it begins.
struct WhereToken: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case word(String)
    case number(Double)
    case string(String)
    /// Operators and brackets.
    case sign(String)
  }

  let kind: Kind
  let place: Int

  static func tokens(of text: String) throws(APIError) -> [WhereToken] {
    let characters = Array(text.unicodeScalars)
    var tokens: [WhereToken] = []
    var index = 0
    while index < characters.count {
      let start = index
      let scalar = characters[index]
      switch scalar {
      case " ", "\t", "\n", "\r": index += 1
      case "\"", "'": tokens.append(WhereToken(kind: .string(try string(characters, &index)), place: start))
      case "0"..."9", ".":
        while index < characters.count, isPartOfNumber(characters, index, from: start) { index += 1 }
        guard let number = Double(String(String.UnicodeScalarView(characters[start..<index]))), number.isFinite else {
          throw WhereExpression.error("has a number that is none", at: start)
        }
        tokens.append(WhereToken(kind: .number(number), place: start))
      case "a"..."z", "A"..."Z", "_":
        while index < characters.count, characters[index] == "_" || (characters[index].isASCII && characters[index].properties.isAlphabetic)
        {
          index += 1
        }
        tokens.append(WhereToken(kind: .word(String(String.UnicodeScalarView(characters[start..<index]))), place: start))
      default:
        let two = String(String.UnicodeScalarView(characters[index..<min(index + 2, characters.count)]))
        if ["==", "!=", "<=", ">="].contains(two) {
          tokens.append(WhereToken(kind: .sign(two), place: start))
          index += 2
        } else if "<>+-*/%()[],".unicodeScalars.contains(scalar) {
          tokens.append(WhereToken(kind: .sign(String(scalar)), place: start))
          index += 1
        } else {
          throw WhereExpression.error("has a character that means nothing here", at: start)
        }
      }
    }
    return tokens
  }

  private static func isPartOfNumber(_ characters: [Unicode.Scalar], _ index: Int, from start: Int) -> Bool {
    switch characters[index] {
    case "0"..."9", ".", "e", "E": true
    case "+", "-": index > start && (characters[index - 1] == "e" || characters[index - 1] == "E")
    default: false
    }
  }

  private static func string(_ characters: [Unicode.Scalar], _ index: inout Int) throws(APIError) -> String {
    let start = index
    let quote = characters[index]
    var text = String.UnicodeScalarView()
    index += 1
    while index < characters.count {
      let scalar = characters[index]
      index += 1
      if scalar == quote { return String(text) }
      if scalar == "\\", index < characters.count {
        text.append(characters[index])
        index += 1
      } else {
        text.append(scalar)
      }
    }
    throw WhereExpression.error("has a string without its end, which begins", at: start)
  }
}

/// Reads an expression by descent, loosest first: or, and, not, comparisons, sums, products, minus, atoms.
struct WhereParser {
  private let tokens: [WhereToken]
  private var index = 0
  private var depth = 0
  private static let deepest = 64

  init(tokens: [WhereToken]) { self.tokens = tokens }

  mutating func expression() throws(APIError) -> WhereExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw WhereExpression.error("is nested more than \(Self.deepest) deep", at: place) }
    var left = try conjunction()
    while takes(word: "or") { left = .binary(.or, left, try conjunction()) }
    return left
  }

  func finish() throws(APIError) {
    if index < tokens.count { throw WhereExpression.error("goes on where it should end,", at: place) }
  }

  private mutating func conjunction() throws(APIError) -> WhereExpression {
    var left = try negation()
    while takes(word: "and") { left = .binary(.and, left, try negation()) }
    return left
  }

  private mutating func negation() throws(APIError) -> WhereExpression {
    var count = 0
    while takes(word: "not") { count += 1 }
    let inner = try comparison()
    // Two of them make a boolean of what was none.
    return count == 0 ? inner : count % 2 == 1 ? .not(inner) : .not(.not(inner))
  }

  private mutating func comparison() throws(APIError) -> WhereExpression {
    var left = try sum()
    while true {
      if let operation = sign(of: [.equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater]) {
        left = .binary(operation, left, try sum())
      } else if takes(word: "in") {
        left = .binary(.in, left, try sum())
      } else if word == "not", index + 1 < tokens.count, tokens[index + 1].kind == .word("in") {
        index += 2
        left = .binary(.notIn, left, try sum())
      } else {
        return left
      }
    }
  }

  private mutating func sum() throws(APIError) -> WhereExpression {
    var left = try product()
    while let operation = sign(of: [.plus, .minus]) { left = .binary(operation, left, try product()) }
    return left
  }

  private mutating func product() throws(APIError) -> WhereExpression {
    var left = try factor()
    while let operation = sign(of: [.times, .dividedBy, .modulo]) { left = .binary(operation, left, try factor()) }
    return left
  }

  private mutating func factor() throws(APIError) -> WhereExpression {
    var isNegative = false
    while takes(sign: "-") { isNegative.toggle() }
    let inner = try atom()
    return isNegative ? .negative(inner) : inner
  }

  private mutating func atom() throws(APIError) -> WhereExpression {
    guard index < tokens.count else { throw WhereExpression.error("ends in the middle", at: nil) }
    let token = tokens[index]
    index += 1
    switch token.kind {
    case .number(let number): return .number(number)
    case .string(let text): return .string(text)
    case .sign("("):
      let inner = try expression()
      try demand(")")
      return inner
    case .sign("["): return .list(try elements())
    case .word("true"): return .boolean(true)
    case .word("false"): return .boolean(false)
    case .word("NOW"): return .now
    case .word("properties"): return .property(try name())
    case .word("event"):
      switch try name() {
      case "$time", "time": return .eventTime
      case "$event", "$name", "name": return .eventName
      default: throw WhereExpression.error("asks for something of an event other than its \"$event\" and \"$time\"", at: token.place)
      }
    case .word("user"):
      throw WhereExpression.error("asks for a profile, which this export does not look at,", at: token.place)
    case .word(let word):
      guard let function = WhereExpression.Function(rawValue: word) else {
        throw WhereExpression.error("has a word that means nothing here", at: token.place)
      }
      try demand("(")
      let argument = try expression()
      try demand(")")
      return .call(function, argument)
    case .sign: throw WhereExpression.error("lacks a value", at: token.place)
    }
  }

  private mutating func elements() throws(APIError) -> [WhereExpression] {
    var elements: [WhereExpression] = []
    if takes(sign: "]") { return elements }
    repeat { elements.append(try expression()) } while takes(sign: ",")
    try demand("]")
    return elements
  }

  private mutating func name() throws(APIError) -> String {
    try demand("[")
    guard index < tokens.count, case .string(let name) = tokens[index].kind else {
      throw WhereExpression.error("lacks a name in quotes", at: place)
    }
    index += 1
    try demand("]")
    return name
  }

  // MARK: Words

  private var place: Int? { index < tokens.count ? tokens[index].place : nil }
  private var word: String? {
    if index < tokens.count, case .word(let word) = tokens[index].kind { return word }
    return nil
  }

  private mutating func takes(word wanted: String) -> Bool {
    guard word == wanted else { return false }
    index += 1
    return true
  }

  private mutating func takes(sign wanted: String) -> Bool {
    guard index < tokens.count, tokens[index].kind == .sign(wanted) else { return false }
    index += 1
    return true
  }

  private mutating func sign(of operations: [WhereExpression.Operation]) -> WhereExpression.Operation? {
    for operation in operations where takes(sign: operation.rawValue) { return operation }
    return nil
  }

  private mutating func demand(_ wanted: String) throws(APIError) {
    guard takes(sign: wanted) else { throw WhereExpression.error("lacks a “\(wanted)”", at: place) }
  }
}
