import Journeys

extension Breakdown {
  /// What the groups are.
  var words: String { cohorts.isEmpty ? PropertyText.text(property) : "cohort" }
}

/// How a property is typed: its name; `profile:` before it looks at the subject's profile, `group:KEY:` at that of the
/// organization that the event names in the property KEY, `event:` at the event where the name itself begins with one of these.
enum PropertyText {
  static func text(_ property: PropertyReference) -> String {
    switch property.scope {
    case .subject: "profile:" + property.name
    case .group(let key): "group:\(key):\(property.name)"
    case .event:
      ["profile:", "group:", "event:"].contains { rest(property.name, after: $0) != nil } ? "event:" + property.name : property.name
    }
  }

  /// Nil for empty text: nothing is chosen yet.
  static func property(_ text: String) -> PropertyReference? {
    if let name = rest(text, after: "profile:") { return name.isEmpty ? nil : PropertyReference(name, scope: .subject) }
    if let rest = rest(text, after: "group:") {
      let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
      return PropertyReference(String(parts[1]), scope: .group(key: String(parts[0])))
    }
    if let name = rest(text, after: "event:") { return name.isEmpty ? nil : PropertyReference(name) }
    return text.isEmpty ? nil : PropertyReference(text)
  }

  /// By code points: a combining mark at the beginning of a name must not hide the colon before it.
  private static func rest(_ text: String, after prefix: String) -> String? {
    guard text.unicodeScalars.starts(with: prefix.unicodeScalars) else { return nil }
    return String(text.unicodeScalars.dropFirst(prefix.unicodeScalars.count))
  }
}
