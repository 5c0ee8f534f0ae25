/// Why a message did not arrive. The reason is a sentence without secrets.
package struct DeliveryError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    /// The other side cannot be reached, or is not ready: everything for this channel waits.
    case unreachable
    /// It does not want this message; another may be taken.
    case rejected
    /// It never wants any more (410).
    case gone
    /// A file or a secret of the channel cannot be used.
    case misconfigured
  }
  package let kind: Kind
  package let reason: String
  /// When the other side asked to be left alone until.
  package var retryAfter: Duration?

  init(_ kind: Kind, _ reason: String, retryAfter: Duration? = nil) {
    self.kind = kind
    self.reason = reason
    self.retryAfter = retryAfter
  }

  package var description: String { reason }
}
