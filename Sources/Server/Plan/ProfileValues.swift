import Gate
import Journeys

/// Values of a property that profiles have, by their kind and by who wrote them: `GET /api/v1/plan/profiles`, in which there is no value.
struct ProfileValues: Sendable, Hashable {
  enum Section: String, Sendable, CaseIterable { case people, groups }

  let section: Section
  let property: String
  /// Nil: null.
  let kind: PropertyStatistics.Kind?
  /// Whether a secret credential wrote them.
  let isVerified: Bool
  let count: Int

  /// What becomes of them under two plans, beyond what the gate's own steps do; nil where there is no difference, or where nobody sent them.
  func effects(_ old: TrackingPlan?, _ new: TrackingPlan, _ groupKeys: Set<String>) -> (before: PlanEffect, after: PlanEffect)? {
    if section == .people, old?.derivatives[property] != nil { return nil }
    var before = PlanEffect(onProfile: self, old, groupKeys)
    var after = PlanEffect(onProfile: self, new, groupKeys)
    // What the gate itself seals or makes a pseudonym of stays that, unless the plan wants nothing of it.
    let own: PlanEffect? =
      switch kind {
      case .sealed: .sealed
      case .pseudonym: .pseudonymized
      default: nil
      }
    if let own, before != own {
      if before.isOfSomething { before = own }
      if after.isOfSomething { after = own }
    }
    return before == after ? nil : (before, after)
  }
}

extension PlanEffect {
  fileprivate var isOfSomething: Bool { self != .dropped && self != .refused }
}

extension ProfileValues {
  /// The answer's form: `{"people": {"profiles", "more", "properties": [{"name", "count", "values": [{"kind", "layer", "count"}]}]}, "groups": …}`.
  static func json(_ statistics: EventStatistics) -> JSONValue {
    [
      "profiles": .number(Double(statistics.count)), "more": .boolean(statistics.count >= EventStatistics.mostProfiles),
      "properties": .list(
        statistics.properties.map { property in
          [
            "name": .string(property.name), "count": .number(Double(property.count)),
            "values": .list(
              property.profiles.sorted { order($0.key) < order($1.key) }.map { written, count in
                [
                  "kind": written.kind.map { .string($0.rawValue) } ?? .null,
                  "layer": .string(written.isVerified ? "verified" : "unverified"),
                  "count": .number(Double(count)),
                ]
              }),
          ]
        }),
    ]
  }

  private static func order(_ written: PropertyStatistics.Written) -> (String, Int) {
    (written.kind?.rawValue ?? "", written.isVerified ? 0 : 1)
  }

  /// Reads a section of the answer; nil for anything else.
  static func read(_ section: Section, _ answer: JSONValue) -> (profiles: PlanDifference.ProfileCount, values: [ProfileValues])? {
    guard case .object(let sections) = answer, case .object(let members)? = sections[section.rawValue],
      case .number(let profiles)? = members["profiles"], case .boolean(let more)? = members["more"],
      case .list(let properties)? = members["properties"]
    else { return nil }
    var all: [ProfileValues] = []
    for property in properties {
      guard case .object(let members) = property, case .string(let name)? = members["name"], case .list(let values)? = members["values"]
      else {
        return nil
      }
      for value in values {
        guard case .object(let members) = value, case .string(let layer)? = members["layer"], case .number(let count)? = members["count"]
        else {
          return nil
        }
        let kind: PropertyStatistics.Kind? =
          if case .string(let word)? = members["kind"] { PropertyStatistics.Kind(rawValue: word) } else { nil }
        all.append(
          ProfileValues(section: section, property: name, kind: kind, isVerified: layer == "verified", count: Int(count.rounded())))
      }
    }
    return (PlanDifference.ProfileCount(count: Int(profiles.rounded()), isBounded: more), all)
  }
}
