internal import Foundation

/// What somebody is known by in a statement: an e-mail address or an account's id, in the one spelling that stands for it.
///
/// A statement's leaf is made of `bytes`, so two people who write the same address differently must come to the same bytes, and no address may
/// come to those of an account's id.
package struct StatementName: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable, Decodable {
    case email, account
  }

  package let kind: Kind
  /// Normalised.
  package let value: String

  /// As long as an address may be (RFC 5321, section 4.5.3.1.3), and an id may be longer than any address.
  package static let longest = 1_024

  /// Unicode's form C, without blanks at either end; an address in lower case (each code point by itself), its local part too, since no provider of
  /// note tells them apart and people write both, and its domain in A-labels. Dots and what follows a plus stay: to somebody they make a difference. An
  /// account's id stays as it is.
  ///
  /// Nil for what is empty, too long, holds a control character, or is no address.
  package init?(_ kind: Kind, _ text: String) {
    var value = text.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
    guard !value.isEmpty, value.utf8.count <= Self.longest, !value.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
    else { return nil }
    if kind == .email {
      value = value.lowercased().precomposedStringWithCanonicalMapping
      let parts = value.split(separator: "@", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, !value.contains(where: \.isWhitespace),
        let domain = DomainLabels.ascii(String(parts[1]))
      else { return nil }
      value = "\(parts[0])@\(domain)"
    }
    self.kind = kind
    self.value = value
  }

  /// An address where it has an at sign, otherwise an account's id.
  package init?(guessing text: String) {
    if let email = StatementName(.email, text) {
      self = email
    } else {
      guard let account = StatementName(.account, text) else { return nil }
      self = account
    }
  }

  /// `email:` or `account:`, and the value; what the VOPRF is asked about.
  package var bytes: [UInt8] { Array("\(kind.rawValue):\(value)".utf8) }
}
