import Gate
import Journeys

/// Writes a plan as YAML for people to go on with. Whatever the plan, `PlanReader` reads the same plan in it.
package enum PlanText {
  package static func yaml(_ plan: TrackingPlan, comments: [String: String] = [:]) -> String {
    var lines = ["plan: 1", "unknown: \(unknown(plan))"]
    if !plan.everyEvent.isEmpty || !plan.events.isEmpty { lines.append("events:") }
    if !plan.everyEvent.isEmpty {
      lines += ["  \"*\":", "    properties:"] + properties(plan.everyEvent, indent: 6)
    }
    for (name, event) in plan.events.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(quoted(name)):\(comments[name].map { "  # \($0)" } ?? "")")
      if let owner = event.owner { lines.append("    owner: \(quoted(owner))") }
      if let description = event.description { lines.append("    description: \(quoted(description))") }
      if event.treatment != .keep { lines.append("    treatment: \(event.treatment.rawValue)") }
      if let days = event.keepDays { lines.append("    keep_days: \(days)") }
      if !event.properties.isEmpty { lines += ["    properties:"] + properties(event.properties, indent: 6) }
    }
    for (section, fields) in [("people", plan.people), ("groups", plan.groups)] where !fields.isEmpty {
      lines += ["\(section):"] + properties(fields, indent: 2)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func unknown(_ plan: TrackingPlan) -> String {
    plan.unknownEvents == plan.unknownProperties
      ? plan.unknownEvents.rawValue : "{events: \(plan.unknownEvents.rawValue), properties: \(plan.unknownProperties.rawValue)}"
  }

  private static func properties(_ properties: [String: TrackingPlan.Property], indent: Int) -> [String] {
    properties.sorted { $0.key < $1.key }.map { name, property in
      var members: [String] = []
      if let kind = property.kind { members.append("type: \(kind.rawValue)") }
      members.append("treatment: \(property.treatment.word)")
      if case .coarsen(let coarsening) = property.treatment {
        members.append("to: \(coarsening.word)")
        if case .bucket(let edges) = coarsening { members.append("edges: [\(edges.map(String.init).joined(separator: ", "))]") }
      }
      if let derivative = property.derivative {
        members += ["keep: \(derivative.kind.rawValue)", "at_least: \(derivative.atLeast)"]
      }
      if let weight = property.weight { members.append("field: \(weight.rawValue)") }
      if let owner = property.owner { members.append("owner: \(quoted(owner))") }
      if let description = property.description { members.append("description: \(quoted(description))") }
      return String(repeating: " ", count: indent) + "\(quoted(name)): {\(members.joined(separator: ", "))}"
    }
  }

  /// As it is where that is one plain text in YAML whatever the version, else in quotes.
  private static func quoted(_ name: String) -> String {
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    let isPlain =
      name.utf8.allSatisfy { isLetter($0) || $0 == 0x5F || $0 == 0x20 || (0x30...0x39).contains($0) }
      && name.utf8.first.map(isLetter) == true && name.utf8.last != 0x20
      && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(name.lowercased())
    // What a reader could take for an anchor is written as an escape.
    return isPlain ? name : JSONValue.string(name).text.replacing("&", with: "\\u0026")
  }
}
