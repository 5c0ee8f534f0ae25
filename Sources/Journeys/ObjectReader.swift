/// Reads the members of one JSON object by name, knows where it stands in the query, and in the end names what nobody asked for.
struct ObjectReader {
  let path: String
  private let members: [String: JSONValue]
  private var asked: [String] = []

  init(_ value: JSONValue, at path: String) throws(QueryError) {
    guard case .object(let members) = value else {
      throw QueryError(.invalid, "\(path.isEmpty ? "The query" : "`\(path)`") must be an object, not \(value.kind).", field: path)
    }
    self.members = members
    self.path = path
  }

  func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  func has(_ name: String) -> Bool { members[name] != nil }

  /// Nil if absent or null.
  mutating func optional(_ name: String) -> JSONValue? {
    asked.append(name)
    guard let value = members[name], value != .null else { return nil }
    return value
  }

  mutating func required(_ name: String) throws(QueryError) -> JSONValue {
    if let value = optional(name) { return value }
    throw QueryError(.invalid, "`\(place(name))` is missing.", field: place(name))
  }

  mutating func optionalString(_ name: String) throws(QueryError) -> String? {
    guard let value = optional(name) else { return nil }
    return try Self.string(value, at: place(name))
  }

  mutating func requiredString(_ name: String) throws(QueryError) -> String {
    try Self.string(try required(name), at: place(name))
  }

  mutating func number(_ name: String) throws(QueryError) -> Double {
    let value = try required(name)
    guard case .number(let number) = value else {
      throw QueryError(.invalid, "`\(place(name))` must be a number, not \(value.kind).", field: place(name))
    }
    return number
  }

  mutating func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws(QueryError) -> Int {
    guard let value = optional(name) else { return standard }
    guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
      throw QueryError(
        .invalid, "`\(place(name))` must be a whole number from \(range.lowerBound) to \(range.upperBound).", field: place(name))
    }
    return whole
  }

  mutating func requiredInteger(_ name: String, in range: ClosedRange<Int>) throws(QueryError) -> Int {
    _ = try required(name)
    return try integer(name, default: range.lowerBound, in: range)
  }

  mutating func boolean(_ name: String, default standard: Bool) throws(QueryError) -> Bool {
    guard let value = optional(name) else { return standard }
    guard case .boolean(let truth) = value else {
      throw QueryError(.invalid, "`\(place(name))` must be true or false, not \(value.kind).", field: place(name))
    }
    return truth
  }

  /// One word of a closed set.
  mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, default standard: Word) throws(QueryError) -> Word
  where Word.RawValue == String {
    guard let text = try optionalString(name) else { return standard }
    guard let word = Word(rawValue: text) else {
      throw QueryError(
        .invalid, "`\(place(name))` must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")).", field: place(name))
    }
    return word
  }

  /// The same where absent is a choice of its own.
  mutating func optionalWord<Word: RawRepresentable & CaseIterable>(_ name: String) throws(QueryError) -> Word?
  where Word.RawValue == String {
    guard let first = Word.allCases.first, has(name), optional(name) != nil else { return nil }
    return try word(name, default: first)
  }

  mutating func list(_ name: String) throws(QueryError) -> [JSONValue]? {
    guard let value = optional(name) else { return nil }
    guard case .list(let elements) = value else {
      throw QueryError(.invalid, "`\(place(name))` must be a list, not \(value.kind).", field: place(name))
    }
    return elements
  }

  /// - Throws: if there is a member that nobody asked for: a misspelt option must not be ignored.
  func finish() throws(QueryError) {
    let known = Set(asked)
    guard let unknown = members.keys.filter({ !known.contains($0) }).min() else { return }
    let allowed = known.sorted().joined(separator: ", ")
    throw QueryError(
      .invalid,
      "`\(place(String(unknown.prefix(64))))` is not known; \(path.isEmpty ? "a query of this kind" : "`\(path)`") may have \(allowed).",
      field: place(String(unknown.prefix(64))))
  }

  static func string(_ value: JSONValue, at place: String) throws(QueryError) -> String {
    guard case .string(let text) = value else {
      throw QueryError(.invalid, "`\(place)` must be a string, not \(value.kind).", field: place)
    }
    guard text.utf8.count <= QueryLimits.textBytes else {
      throw QueryError(.tooLarge, "`\(place)` has \(text.utf8.count) bytes; at most \(QueryLimits.textBytes) are allowed.", field: place)
    }
    return text
  }
}
