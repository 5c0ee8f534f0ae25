import Events
import Foundation
import Gate
import Journeys
import Outbound
import Synchronization

/// Counts what a plan would do otherwise than the one in force to the events of the last days and to profiles, as they are stored.
package struct PlanComparison: Sendable {
  let client: ControlClient
  let project: Int64?
  let days: Int

  package init(client: ControlClient, project: Int64?, days: Int) {
    self.client = client
    self.project = project
    self.days = days
  }

  package func run(_ new: TrackingPlan) async throws -> PlanDifference {
    let reply = try PlanReply(try await client.send("GET", path("/api/v1/plan")).body)
    let old = try reply.canonical.map { try PlanReader.plan(yaml: $0) }
    guard case .object(let settings) = try JSONValue(parsing: try await client.send("GET", path("/api/v1/settings")).body),
      case .list(let keys)? = settings["group_keys"]
    else { throw CommandError("The server gave no answer that this program knows.") }
    let groupKeys = Set(keys.compactMap { if case .string(let key) = $0 { key } else { nil } })
    let now = Date()
    let range = [("from_date", now.addingTimeInterval(-86_400 * Double(days))), ("to_date", now.addingTimeInterval(86_400))]
    let dates = range.map { "\($0)=\($1.formatted(.iso8601.year().month().day()))" }.joined(separator: "&")
    let tally = Tally(old: old, new: new, groupKeys: groupKeys)
    let response = try await client.download(path("/api/2.0/export", dates), deadline: .seconds(86_400)) { tally.take($0) }
    guard response.status == 200 else {
      throw ControlClient.error(OutboundResponse(status: response.status, headers: response.headers, body: tally.rest))
    }
    var difference = tally.difference(days: days)
    let profiles = try JSONValue(parsing: try await client.send("GET", path("/api/v1/plan/profiles")).body, limit: 1 << 26)
    for section in ProfileValues.Section.allCases {
      guard let (count, all) = ProfileValues.read(section, profiles) else {
        throw CommandError("The server gave no answer that this program knows.")
      }
      if section == .people { difference.people = count } else { difference.groups = count }
      for values in all {
        if let (before, after) = values.effects(old, new, groupKeys) { difference.count(values, before, after) }
      }
    }
    return difference
  }

  private func path(_ path: String, _ more: String? = nil) -> String {
    let parameters = [more, project.map { "project_id=\($0)" }].compactMap(\.self)
    return path + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
  }

  /// Takes the lines of an export in. The mutex guards `state`; only one piece comes at a time.
  private final class Tally: Sendable {
    private struct State {
      var line: [UInt8] = []
      var difference = PlanDifference()
      var effects: [Seen: (PlanEffect, PlanEffect)] = [:]
    }
    private struct Seen: Hashable {
      let event: String
      let property: String
      let kind: TrackingPlan.Kind?
    }
    private let state = Mutex(State())
    private let old: TrackingPlan?
    private let new: TrackingPlan
    private let groupKeys: Set<String>

    init(old: TrackingPlan?, new: TrackingPlan, groupKeys: Set<String>) {
      self.old = old
      self.new = new
      self.groupKeys = groupKeys
    }

    /// What came after the last line: of a refusal everything.
    var rest: [UInt8] { state.withLock { $0.line } }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
      state.withLock { state in
        state.line.append(contentsOf: bytes)
        guard let end = state.line.lastIndex(of: UInt8(ascii: "\n")) else { return true }
        // A refusal is one object with “error”; it stays for whoever tells of it.
        if state.line.starts(with: Array(#"{"error":"#.utf8)) { return true }
        for line in state.line[..<end].split(separator: UInt8(ascii: "\n")) { count(line, &state) }
        state.line.removeSubrange(...end)
        return true
      }
    }

    func difference(days: Int) -> PlanDifference {
      var difference = state.withLock { $0.difference }
      difference.days = days
      return difference
    }

    /// What the export adds to an event.
    private static let added: Set<String> = ["time", "distinct_id", "$distinct_id_before_identity"]

    private func count(_ line: ArraySlice<UInt8>, _ state: inout State) {
      guard case .object(let members)? = try? JSONValue(parsing: line, limit: 1 << 26), case .string(let event)? = members["event"],
        case .object(let properties)? = members["properties"]
      else { return }
      state.difference.events += 1
      let before = PlanEffect(onEvent: event, of: old)
      let after = PlanEffect(onEvent: event, of: new)
      if before != after { state.difference.count(event, nil, before, after) }
      guard after == .stored else { return }
      for (name, value) in properties where !Self.added.contains(name) {
        state.difference.values += 1
        let seen = Seen(event: event, property: name, kind: value.planKind)
        let effects: (PlanEffect, PlanEffect)
        if let known = state.effects[seen] {
          effects = known
        } else {
          effects = (
            PlanEffect(onProperty: name, seen.kind, of: event, old, groupKeys),
            PlanEffect(onProperty: name, seen.kind, of: event, new, groupKeys)
          )
          state.effects[seen] = effects
        }
        if effects.0 != effects.1 { state.difference.count(event, name, effects.0, effects.1) }
      }
    }
  }
}

extension JSONValue {
  fileprivate var planKind: TrackingPlan.Kind? {
    switch self {
    case .null: nil
    case .boolean: .boolean
    case .number: .number
    case .string: .string
    case .list: .list
    case .object: .object
    }
  }
}
