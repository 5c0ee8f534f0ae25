/// A property as it was sent: a name and a JSON value.
package struct Property: Sendable, Hashable {
  package var name: String
  package var value: PropertyValue

  package init(_ name: String, _ value: PropertyValue) {
    self.name = name
    self.value = value
  }
}

/// A JSON value as it was sent. It may be personal or secret: it does not print, and only the gate may let it through.
///
/// Not `indirect`: the arrays carry the recursion, and a box for every number and string would cost the intake half its speed.
package enum PropertyValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  case list([PropertyValue])
  case object([Property])
}

extension PropertyValue: Silent {
  package var description: String {
    switch self {
    case .null: "<null>"
    case .boolean: "<boolean>"
    case .number: "<number>"
    case .string: "<string>"
    case .list(let elements): "<list of \(elements.count)>"
    case .object(let members): "<object of \(members.count)>"
    }
  }
}

extension Property: Silent {
  package var description: String { "<property>" }
}
