import Journeys

/// How a property is typed: its name; `profile:` before it looks at the subject's profile, `event:` at the event where the name itself
/// begins with one of the two.
enum PropertyText {
  static func text(_ property: PropertyReference) -> String {
    switch property.scope {
    case .subject: "profile:" + property.name
    case .event: property.name.hasPrefix("profile:") || property.name.hasPrefix("event:") ? "event:" + property.name : property.name
    }
  }

  /// Nil for empty text: nothing is chosen yet.
  static func property(_ text: String) -> PropertyReference? {
    if text.hasPrefix("profile:") { return text.count > 8 ? PropertyReference(String(text.dropFirst(8)), scope: .subject) : nil }
    if text.hasPrefix("event:") { return text.count > 6 ? PropertyReference(String(text.dropFirst(6))) : nil }
    return text.isEmpty ? nil : PropertyReference(text)
  }
}
