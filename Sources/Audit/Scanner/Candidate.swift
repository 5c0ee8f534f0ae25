/// What kind of secret something is.
package enum SecretKind: String, Sendable, Codable, CaseIterable {
  case providerKey = "provider_key"
  case webToken = "json_web_token"
  case privateKey = "private_key"
  case password
  case urlPassword = "password_in_url"
  /// A value that its name calls a key, a token or a secret.
  case namedSecret = "named_secret"
  case authorization
  /// Letters and digits that look drawn by lot, in quotes, with no name that says what they are.
  case drawn = "unnamed_random_text"
}

/// How sure it is that something is a secret that works or once worked.
package enum Confidence: Int, Sendable, Comparable, Codable {
  /// Somebody has to look.
  case possible = 1
  case likely
  /// A provider's own shape, of the right length, its checksum right where it has one.
  case certain

  package static func < (left: Confidence, right: Confidence) -> Bool { left.rawValue < right.rawValue }
  package var word: String { self == .certain ? "certain" : self == .likely ? "likely" : "possible" }
}

/// A place in a text where a secret seems to be: positions only, so that none is copied.
package struct Candidate: Sendable, Hashable {
  package var range: Range<Int>
  package var kind: SecretKind
  /// Whose key it is, as people call them; empty: nobody knows.
  package var provider = ""
  /// What of it is public: `sk-proj-`.
  package var prefix = ""
  package var confidence: Confidence
  /// The name that it is assigned to.
  package var name: Range<Int>?
  /// What else is known: `encrypted`, `test mode`, `expired`.
  package var remark = ""
}
