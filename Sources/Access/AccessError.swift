/// Why the control database did not do what it was asked. The message is a sentence without personal data or secrets.
package struct AccessError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// The request itself is at fault.
    case invalid
    case notFound = "not_found"
    /// A setup link that is unknown, used or expired; the three are not told apart.
    case linkNotValid = "link_not_valid"
    /// Whose passkey it is may not sign in.
    case suspended
    /// Something else needs it.
    case inUse = "in_use"
    /// The database cannot be read or written.
    case unavailable
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
