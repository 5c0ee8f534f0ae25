import Journeys

/// How a property is typed: its name; `profile:` before it looks at the subject's profile, `event:` at the event where the name itself
/// begins with one of the two.
enum PropertyText {
  static func text(_ property: PropertyReference) -> String {
    switch property.scope {
    case .subject: "profile:" + property.name
    case .event:
      rest(property.name, after: "profile:") != nil || rest(property.name, after: "event:") != nil
        ? "event:" + property.name : property.name
    }
  }

  /// Nil for empty text: nothing is chosen yet.
  static func property(_ text: String) -> PropertyReference? {
    if let name = rest(text, after: "profile:") { return name.isEmpty ? nil : PropertyReference(name, scope: .subject) }
    if let name = rest(text, after: "event:") { return name.isEmpty ? nil : PropertyReference(name) }
    return text.isEmpty ? nil : PropertyReference(text)
  }

  /// By code points: a combining mark at the beginning of a name must not hide the colon before it.
  private static func rest(_ text: String, after prefix: String) -> String? {
    guard text.unicodeScalars.starts(with: prefix.unicodeScalars) else { return nil }
    return String(text.unicodeScalars.dropFirst(prefix.unicodeScalars.count))
  }
}
