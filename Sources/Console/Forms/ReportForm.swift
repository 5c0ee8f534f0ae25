import Journeys
import Web

/// The state of a report's page: all of it stands in the address. Drafts that make no query yet are part of it.
protocol ReportForm: Sendable, Hashable {
  static var path: String { get }
  static var name: String { get }
  var range: RangeForm { get set }

  init(fields: FormFields, today: CalendarDate)
  /// Without the level, which `reading` adds. Nil for a query of another report.
  init?(query: Query)
  /// In a fixed order, defaults left out.
  var parameters: [Address.Parameter] { get }
  /// Without the level, which `question` adds.
  ///
  /// - Throws: what is missing or wrong, as a sentence.
  func query() throws(QueryError) -> Query

  /// With another range, and with a unit that suits it where the report has one.
  func spanning(_ range: RangeForm) -> Self

  /// The filter whose fields begin with `prefix`; nil if there is none.
  subscript(filter prefix: String) -> FilterForm? { get set }
  /// Adds an empty series or step.
  mutating func grow()
  mutating func drop(_ index: Int)
  mutating func raise(_ index: Int)
  /// What only one report knows.
  mutating func change(_ command: String, _ argument: String)
}

extension ReportForm {
  var address: Address { Address(Self.path, parameters) }

  /// Nil for a query of another report.
  static func reading(_ query: Query) -> Self? {
    guard var form = Self(query: query) else { return nil }
    if case .group(let key) = query.level { form.range.groupKey = key }
    return form
  }

  /// What the page asks.
  ///
  /// - Throws: what is missing or wrong, as a sentence.
  func question() throws(QueryError) -> Query {
    var query = try query()
    query.level = range.level
    return query
  }

  func spanning(_ range: RangeForm) -> Self {
    var other = self
    other.range = range
    return other
  }

  mutating func change(_ command: String, _ argument: String) {}

  /// What the buttons inside the form do without a script: `grow`, `drop:2`, `raise:2`, `condition:s0`, `incohort:s0`, `uncondition:s0.1`,
  /// `unfilter:f`.
  mutating func edit(_ command: String) {
    let parts = command.split(separator: ":", maxSplits: 1).map(String.init)
    let argument = parts.count > 1 ? parts[1] : ""
    switch parts.first {
    case "grow": grow()
    case "drop": if let index = Int(argument) { drop(index) }
    case "raise": if let index = Int(argument) { raise(index) }
    case "condition":
      if let filter = self[filter: argument], filter.conditions.count < FilterForm.maximumConditions {
        self[filter: argument]?.conditions.append(FilterForm.Condition())
      }
    case "incohort":
      if let filter = self[filter: argument], filter.conditions.count < FilterForm.maximumConditions {
        self[filter: argument]?.conditions.append(FilterForm.Condition(cohort: ""))
      }
    case "uncondition":
      let place = argument.split(separator: ".").map(String.init)
      guard place.count == 2, let row = Int(place[1]), let filter = self[filter: place[0]], filter.conditions.indices.contains(row) else {
        return
      }
      self[filter: place[0]]?.conditions.remove(at: row)
      if filter.conditions.count <= 2 { self[filter: place[0]]?.holdsAny = false }
    case "unfilter": self[filter: argument] = FilterForm()
    case let command?: change(command, argument)
    case nil: break
    }
  }
}

/// Numbered parts of a form (`s0`, `s1`, …).
enum NumberedParts {
  /// How many of them the fields hold: up to the last one that is there.
  static func count(_ fields: FormFields, _ letter: String, limit: Int) -> Int {
    ((0..<limit).last { fields["\(letter)\($0)"] != nil } ?? -1) + 1
  }

  /// `s3` → 3
  static func index(_ prefix: String, _ letter: String) -> Int? {
    prefix.hasPrefix(letter) ? Int(prefix.dropFirst(letter.count)) : nil
  }
}
