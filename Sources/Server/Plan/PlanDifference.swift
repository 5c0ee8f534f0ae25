import Journeys

/// Where two plans differ over some traffic and over profiles, and how often.
package struct PlanDifference: Sendable, CustomStringConvertible {
  enum Section: String, Hashable, CaseIterable {
    case events, people, groups
  }

  struct Place: Hashable {
    let section: Section
    /// Of events alone.
    let event: String?
    /// Nil: the event as a whole.
    let property: String?
    let before: PlanEffect
    let after: PlanEffect

    fileprivate var words: String {
      switch (event, property) {
      case (let event?, let property?): "\(event) / \(property)"
      case (let event?, nil): "\(event) (whole events)"
      case (nil, let property): "\(section.rawValue) / \(property ?? "")"
      }
    }
  }

  var days = 0
  var events = 0
  var values = 0
  var people = ProfileCount()
  var groups = ProfileCount()
  private(set) var counts: [Place: Int] = [:]

  /// How many profiles were looked at.
  struct ProfileCount {
    var count = 0
    /// Whether there are more.
    var isBounded = false
  }

  mutating func count(_ event: String, _ property: String?, _ before: PlanEffect, _ after: PlanEffect) {
    counts[Place(section: .events, event: event, property: property, before: before, after: after), default: 0] += 1
  }

  mutating func count(_ values: ProfileValues, _ before: PlanEffect, _ after: PlanEffect) {
    let section: Section = values.section == .people ? .people : .groups
    counts[Place(section: section, event: nil, property: values.property, before: before, after: after), default: 0] += values.count
  }

  private var sorted: [(key: Place, value: Int)] {
    func order(_ place: Place) -> (Int, String, String) {
      (Section.allCases.firstIndex(of: place.section) ?? 0, place.event ?? "", place.property ?? "")
    }
    return counts.sorted { left, right in
      let (first, second) = (order(left.key), order(right.key))
      if first != second { return first < second }
      if left.value != right.value { return left.value > right.value }
      return "\(left.key.before) \(left.key.after)" < "\(right.key.before) \(right.key.after)"
    }
  }

  package var description: String {
    let span = days == 1 ? "the last day" : "the last \(days) days"
    let looked = "Of \(events) events of \(span), \(people.count) profiles of people and \(groups.count) of groups,"
    var lines: [String] = []
    if counts.isEmpty {
      lines.append("\(looked) nothing would be treated otherwise.")
    } else {
      lines.append("\(looked) as they are stored:")
      for (place, count) in sorted { lines.append("  \(count)  \(place.words): \(place.before) → \(place.after)") }
      lines.append("What was not stored is not counted: under the plan in force nobody can tell any more what it was.")
    }
    if people.isBounded || groups.isBounded { lines.append("There are more profiles than were looked at.") }
    return lines.joined(separator: "\n")
  }

  package var json: String {
    JSONValue.object([
      "days": .number(Double(days)), "events": .number(Double(events)), "values": .number(Double(values)),
      "people": Self.json(people), "groups": Self.json(groups),
      "differences": .list(
        sorted.map { place, count in
          [
            "section": .string(place.section.rawValue), "event": place.event.map { .string($0) } ?? .null,
            "property": place.property.map { .string($0) } ?? .null, "before": .string("\(place.before)"),
            "after": .string("\(place.after)"), "count": .number(Double(count)),
          ]
        }),
    ]).text
  }

  private static func json(_ profiles: ProfileCount) -> JSONValue {
    ["profiles": .number(Double(profiles.count)), "more": .boolean(profiles.isBounded)]
  }
}
