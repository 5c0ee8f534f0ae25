import Foundation
import Gate
import Journeys

/// What `sealane plan check` says of a plan in which nothing is wrong.
package struct PlanSummary: Sendable {
  private let plan: TrackingPlan

  package init(_ plan: TrackingPlan) { self.plan = plan }

  private var counts: [(name: String, count: Int)] {
    [
      ("events", plan.events.count), ("properties", plan.everyEvent.count + plan.events.values.reduce(0) { $0 + $1.properties.count }),
      ("fields of people", plan.people.count), ("fields of groups", plan.groups.count),
    ]
  }

  /// Who owns nothing is nobody's to decide.
  private var ownerless: Int { plan.events.values.count { $0.owner == nil } }

  package var description: String {
    var text = "The plan is good: " + counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ") + ".\nSHA-256 \(plan.digest)"
    if ownerless > 0 { text += "\n\(ownerless) event\(ownerless == 1 ? " has" : "s have") no owner." }
    return text
  }

  package var json: String {
    JSONValue.object([
      "digest": .string(plan.digest), "events": .number(Double(counts[0].count)), "properties": .number(Double(counts[1].count)),
      "people": .number(Double(counts[2].count)), "groups": .number(Double(counts[3].count)),
      "events_without_owner": .number(Double(ownerless)),
    ]).text
  }
}

/// What the server answers about a plan, as the commands need it.
package struct PlanReply: Sendable {
  package let canonical: String?
  private let source: String?
  private let header: String
  private let unplanned: [String]
  private let held: [String]

  package init(_ body: [UInt8]) throws {
    guard case .object(let members) = try JSONValue(parsing: body, limit: 1 << 24) else {
      throw CommandError("The server gave no answer that this program knows.")
    }
    canonical = Self.string(members["canonical"])
    source = Self.string(members["plan"])
    if case .number(let version)? = members["version"], let digest = Self.string(members["digest"]),
      case .number(let entry)? = members["ledger_index"], let time = Self.string(members["created_at"])
    {
      let isCurrent = members["current"] == .number(version)
      header =
        "# Version \(Int(version))\(isCurrent ? ", in force" : ""), set \(time), entry \(Int(entry)) of the ledger, SHA-256 \(digest)"
    } else {
      header = "# No plan is in force: the gate's own steps alone decide."
    }
    var lines: [String] = []
    if case .object(let lists)? = members["unplanned"] {
      for (kind, key) in [("event", "events"), ("property", "properties")] {
        for element in Self.elements(lists[key]) {
          guard let name = Self.string(element["name"]), case .number(let count)? = element["count"] else { continue }
          lines.append("#   \(kind) \(JSONValue.string(name).text): \(Int(count))")
        }
      }
    }
    unplanned = lines
    held = Self.elements(members["held"]).compactMap { events in
      guard let name = Self.string(events["name"]), case .number(let count)? = events["count"], let last = Self.string(events["last"])
      else {
        return nil
      }
      return "#   event \(JSONValue.string(name).text): \(Int(count)), the last \(last)"
    }
  }

  private static func elements(_ value: JSONValue?) -> [[String: JSONValue]] {
    guard case .list(let elements)? = value else { return [] }
    return elements.compactMap { if case .object(let members) = $0 { members } else { nil } }
  }

  package var text: String {
    var lines = [header]
    if let source { lines.append(source.trimmingCharacters(in: .newlines)) }
    if !held.isEmpty { lines += ["# Held, until the plan says what becomes of them, or until they expire:"] + held }
    if !unplanned.isEmpty { lines += ["# Came without being in the plan, since it is in force or since the server's start:"] + unplanned }
    return lines.joined(separator: "\n")
  }

  private static func string(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }
}
