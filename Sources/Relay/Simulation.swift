import Events
import Journeys

/// What a vendor would have got of the last seven days by a declaration: for whoever is to agree to it.
package struct Simulation: Sendable, Hashable {
  package struct Field: Sendable, Hashable {
    package let name: String
    /// People with an event that has it.
    package let people: Int
  }

  package let from: Timestamp
  package let to: Timestamp
  package let events: Int
  package let people: Int
  /// In the order of the declaration.
  package let fields: [Field]
  /// More events were named than a question takes: people are those with any event, which is more.
  package let isUpperBound: Bool
  package let dataVersion: UInt64

  static let days = 7
  private static let mostEvents = 20

  /// One question for the events and one for each field; a bounded number, whatever the traffic.
  package init(_ declaration: VendorDeclaration, engine: any Engine, rules: ReportRules, at instant: Timestamp) async throws {
    let rules = ReportRules(calendar: rules.calendar, smallestGroup: 1)
    let from = instant.milliseconds - Int64(Self.days) * 86_400_000
    let names = declaration.events.flatMap { $0.count <= Self.mostEvents ? $0 : nil }
    func count(with field: String?) async throws -> (size: Int, version: UInt64) {
      let filter: JSONValue? = field.map { ["property": .string($0), "operator": "is_set"] }
      let rules: [JSONValue] = (names.map { $0.map(Optional.some) } ?? [nil]).map { name in
        var did: [String: JSONValue] = ["last_days": .number(Double(Self.days))]
        if let name { did["event"] = .string(name) }
        if let filter { did["filter"] = filter }
        return ["did": .object(did)]
      }
      return try await size(rules)
    }
    func size(_ parts: [JSONValue]) async throws -> (size: Int, version: UInt64) {
      guard !parts.isEmpty else { return (0, 0) }
      let question: JSONValue = ["report": "cohort", "cohort": ["any": .list(parts)]]
      let query = try Query(json: question)
      let report = try await engine.report(query, rules, at: instant)
      guard case .cohort(let cohort) = report.content else { return (0, report.notes.dataVersion) }
      return (cohort.size, report.notes.dataVersion)
    }
    let all = try await count(with: nil)
    var fields: [Field] = []
    for field in declaration.fields { fields.append(Field(name: field, people: try await count(with: field).size)) }
    var events = 0
    for name in declaration.events.map({ $0.map(Optional.some) }) ?? [nil] {
      events += try await Self.count(of: name, engine: engine, rules: rules, from: from, at: instant)
    }
    self.from = Timestamp(milliseconds: from)
    to = instant
    self.events = events
    people = all.size
    self.fields = fields
    isUpperBound = names == nil && declaration.events != nil
    dataVersion = all.version
  }

  private static func count(
    of event: String?, engine: any Engine, rules: ReportRules, from: Int64, at instant: Timestamp
  ) async throws -> Int {
    var series: [String: JSONValue] = ["measure": "total"]
    if let event { series["event"] = .string(event) }
    func day(_ milliseconds: Int64) -> JSONValue { .string(String(Timestamp(milliseconds: milliseconds).text.prefix(10))) }
    // Whole days, today included: what is told of events is how many they are, about.
    let question: JSONValue = [
      "report": "insights", "range": ["from": day(from + 86_400_000), "to": day(instant.milliseconds)], "series": .list([.object(series)]),
    ]
    let query = try Query(json: question)
    let report = try await engine.report(query, rules, at: instant)
    guard case .insights(let insights) = report.content,
      let overall = insights.lines.first?.overall
    else { return 0 }
    return Int(overall)
  }
}

extension Simulation {
  package var json: JSONValue {
    [
      "from": .string(from.text), "to": .string(to.text), "events": .number(Double(events)), "people": .number(Double(people)),
      "upper_bound": .boolean(isUpperBound),
      "fields": .list(fields.map { ["field": .string($0.name), "people": .number(Double($0.people))] }),
    ]
  }

  /// Subjects behind each figure, for the ledger.
  package var groupSizes: [Int] { [people] + fields.map(\.people) }
}
