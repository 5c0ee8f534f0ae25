/// Puts what saved cohorts say in place of their numbers.
///
/// It works on the JSON form, where a number stands as `{"saved": 5}` and nothing else has a member of that name, so that no place of a
/// query where a cohort can stand is forgotten.
package struct SavedCohorts: Sendable {
  package struct Definition: Sendable {
    package var name: String
    /// Of a `Cohort`.
    package var json: JSONValue
    package init(name: String, json: JSONValue) {
      self.name = name
      self.json = json
    }
  }

  /// Values that all definitions put in place may have together: a few cohorts that name each other must not become an endless text.
  private static let weightLimit = 1_000_000
  private static let chainLimit = 32

  private let definitions: [Int64: Definition]
  private var weight = 0

  /// - Parameter definitions: all that the query asks for, and those that they ask for.
  package init(_ definitions: [Int64: Definition]) { self.definitions = definitions }

  /// The numbers that stand in a query or a cohort, ascending.
  package static func ids(in value: JSONValue) -> [Int64] {
    var found: Set<Int64> = []
    collect(value, &found)
    return found.sorted()
  }

  private static func collect(_ value: JSONValue, _ found: inout Set<Int64>) {
    switch value {
    case .list(let elements): for element in elements { collect(element, &found) }
    case .object(let members):
      if let id = id(members) { found.insert(id) }
      for member in members.values { collect(member, &found) }
    case .null, .boolean, .number, .string: break
    }
  }

  /// - Throws: `invalid` for an unknown number, a circle, or a cohort of other actors than those that it stands among; `too_large`.
  package func resolved(_ query: Query) throws(QueryError) -> Query {
    let json = query.json
    guard !Self.ids(in: json).isEmpty else { return query }
    var work = self
    return try Query(json: try work.replaced(json, among: nil, path: []))
  }

  package func resolved(_ cohort: Cohort) throws(QueryError) -> Cohort {
    var work = self
    return try Cohort(json: try work.cohort(cohort.json, path: []))
  }

  package static func unknown(_ id: Int64) -> QueryError {
    QueryError(.invalid, "There is no saved cohort \(id): it was deleted, or belongs to another project.", field: "saved")
  }

  private static func id(_ members: [String: JSONValue]) -> Int64? {
    if case .number(let number)? = members["saved"] { Int64(exactly: number) } else { nil }
  }

  /// - Parameter level: of the cohort whose rules these are; nil outside of cohorts.
  private mutating func replaced(_ value: JSONValue, among level: JSONValue?, path: [Int64]) throws(QueryError) -> JSONValue {
    switch value {
    case .null, .boolean, .number, .string: return value
    case .list(let elements):
      var result: [JSONValue] = []
      result.reserveCapacity(elements.count)
      for element in elements { result.append(try replaced(element, among: level, path: path)) }
      return .list(result)
    case .object(var members):
      if let id = Self.id(members) { return try rule(id, among: level ?? .null, path: path) }
      if let name = name(for: members) { members["name"] = .string(name) }
      for (name, member) in members {
        members[name] =
          name == "in_cohort" || name == "cohort" ? try cohort(member, path: path) : try replaced(member, among: level, path: path)
      }
      return .object(members)
    }
  }

  private mutating func cohort(_ value: JSONValue, path: [Int64]) throws(QueryError) -> JSONValue {
    guard case .object(let members) = value else { return value }
    guard let id = Self.id(members) else { return try replaced(value, among: members["level"] ?? .null, path: path) }
    let found = try definition(id, path: path)
    if let level = members["level"], level != Self.level(of: found) { throw mixed(id) }
    return found
  }

  /// As one of the rules of a cohort, whose level it must have.
  private mutating func rule(_ id: Int64, among level: JSONValue, path: [Int64]) throws(QueryError) -> JSONValue {
    let found = try definition(id, path: path)
    guard Self.level(of: found) == level else { throw mixed(id) }
    guard case .object(var members) = found else { return found }
    members["level"] = nil
    return .object(members)
  }

  private mutating func definition(_ id: Int64, path: [Int64]) throws(QueryError) -> JSONValue {
    guard let definition = definitions[id] else { throw Self.unknown(id) }
    guard !path.contains(id) else {
      let way = (path.drop { $0 != id } + [id]).map(String.init).joined(separator: " → ")
      throw QueryError(.invalid, "Saved cohorts ask for each other in a circle: \(way). Change one of them.", field: "saved")
    }
    guard path.count < Self.chainLimit else {
      throw QueryError(.tooLarge, "Saved cohorts ask for each other more than \(Self.chainLimit) deep; make them flatter.", field: "saved")
    }
    weight += Self.weight(of: definition.json)
    guard weight <= Self.weightLimit else {
      throw QueryError(.tooLarge, "The saved cohorts of the question are too large together; ask for fewer of them.", field: "saved")
    }
    return try cohort(definition.json, path: path + [id])
  }

  /// A cohort of a breakdown goes by the name that it was saved under, unless it was given another.
  private func name(for members: [String: JSONValue]) -> String? {
    guard members["name"] == nil, members["report"] == nil, case .object(let cohort)? = members["cohort"], let id = Self.id(cohort) else {
      return nil
    }
    return definitions[id]?.name
  }

  private func mixed(_ id: Int64) -> QueryError {
    QueryError(
      .invalid, "Saved cohort \(id) is of other actors than those it stands among: people and organizations cannot be mixed in one cohort.",
      field: "saved")
  }

  private static func level(of cohort: JSONValue) -> JSONValue {
    if case .object(let members) = cohort { members["level"] ?? .null } else { .null }
  }

  private static func weight(of value: JSONValue) -> Int {
    switch value {
    case .null, .boolean, .number, .string: 1
    case .list(let elements): elements.reduce(1) { $0 + weight(of: $1) }
    case .object(let members): members.reduce(1) { $0 + weight(of: $1.value) }
    }
  }
}
