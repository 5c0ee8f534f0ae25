/// Bounds on what a message may ask of whoever reads it. Whatever lies beyond one is left out, and the message has a finding that says so.
package struct MailLimits: Sendable, Hashable {
  /// Of the whole message.
  package var bytes = 32 << 20
  /// Header fields of one part.
  package var fields = 1_000
  /// Of one field that is decoded; DKIM sees all of it.
  package var fieldBytes = 16 << 10
  /// Parts within parts.
  package var depth = 10
  /// Parts in all.
  package var parts = 200
  /// Of the text of one part, decoded.
  package var textBytes = 1 << 20
  /// Links of one reading.
  package var links = 1_000

  package init() {}

  package static let usual = MailLimits()
}
