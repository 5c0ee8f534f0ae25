import Foundation
import Gate
import Journeys
import Outbound

/// Proposes a plan from what a project has: its events, their properties, and of the most frequent values the types.
package struct PlanInference: Sendable {
  let client: ControlClient
  let project: Int64?

  /// So many properties are looked at for their types, those of most events first: each is a question of its own.
  static let mostTypes = 300
  private static let mostValues = 20

  package init(client: ControlClient, project: Int64?) {
    self.client = client
    self.project = project
  }

  package func run() async throws -> String {
    guard case .object(let catalog) = try await get("/api/v1/catalog"), case .list(let found)? = catalog["events"] else {
      throw CommandError("The server gave no answer that this program knows.")
    }
    var events: [(name: String, count: Int, properties: [String])] = []
    for case .object(let event) in found.prefix(PlanReader.mostEvents) {
      guard case .string(let name)? = event["name"], TrackingPlan.canName(name), case .number(let count)? = event["count"],
        case .list(let properties)? = event["properties"]
      else { continue }
      let names = properties.compactMap { if case .string(let name) = $0 { name } else { nil } }
      events.append((name, Int(count), names.filter(TrackingPlan.canName)))
    }
    var uses: [String: Int] = [:]
    for name in events.flatMap(\.properties) where !ReservedNames.isProperty(name) { uses[name, default: 0] += 1 }
    var kinds: [String: TrackingPlan.Kind] = [:]
    for (name, _) in uses.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(Self.mostTypes) {
      guard case .object(let answer) = try await get("/api/v1/values", ["property": name, "limit": "\(Self.mostValues)"]),
        case .list(let values)? = answer["values"]
      else { continue }
      kinds[name] = Self.kind(of: values)
    }
    return PlanText.yaml(
      Self.plan(events.map { ($0.name, $0.properties) }, uses, kinds),
      comments: Dictionary(events.map { ($0.name, "\($0.count) so far") }, uniquingKeysWith: { $1 }))
  }

  /// What at least half of several events have belongs to all of them.
  static func plan(
    _ events: [(name: String, properties: [String])], _ uses: [String: Int], _ kinds: [String: TrackingPlan.Kind]
  ) -> TrackingPlan {
    var plan = TrackingPlan()
    func property(_ name: String) -> TrackingPlan.Property {
      let isLink = ["url", "uri", "href", "referrer", "link"].contains { name.lowercased().hasSuffix($0) }
      return isLink && kinds[name] == .string
        ? .init(.coarsen(.url), kind: .string) : .init(.keep, kind: kinds[name])
    }
    let common = events.count < 2 ? [] : uses.filter { $0.value >= 2 && $0.value * 2 >= events.count }.map(\.key)
    for name in common { plan.everyEvent[name] = property(name) }
    for event in events where !ReservedNames.isEvent(event.name) {
      var properties: [String: TrackingPlan.Property] = [:]
      for name in event.properties where !ReservedNames.isProperty(name) && plan.everyEvent[name] == nil {
        properties[name] = property(name)
      }
      plan.events[event.name] = TrackingPlan.Event(properties: properties)
    }
    return plan
  }

  /// Nil where the values disagree, or are pseudonyms, which were sent as whatever ids are.
  static func kind(of values: [JSONValue]) -> TrackingPlan.Kind? {
    var kinds: Set<TrackingPlan.Kind> = []
    for value in values {
      switch value {
      case .null: continue
      case .boolean: kinds.insert(.boolean)
      case .number: kinds.insert(.number)
      case .string(let text):
        if text.utf8.count == 34, text.hasPrefix("s_") || text.hasPrefix("g_") { return nil }
        kinds.insert(.string)
      case .list: kinds.insert(.list)
      case .object: kinds.insert(.object)
      }
    }
    return kinds.count == 1 ? kinds.first : nil
  }

  private func get(_ path: String, _ parameters: [String: String] = [:]) async throws -> JSONValue {
    var parameters = parameters
    if let project { parameters["project_id"] = String(project) }
    let query = parameters.sorted { $0.key < $1.key }.map { name, value in
      "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
    }
    let response = try await client.send("GET", path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
    return try JSONValue(parsing: response.body, limit: 1 << 26)
  }
}
