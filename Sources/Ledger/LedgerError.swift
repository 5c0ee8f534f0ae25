/// Why the ledger did not do what it was asked. The message is a sentence without personal data or secrets.
package struct LedgerError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// Another process has the directory open.
    case locked
    /// What is on disk contradicts itself: restore or verify; never repaired silently.
    case damaged
    /// The disk refused a read. May be tried again.
    case unreadable
    /// The disk refused a write; the ledger is poisoned from then on.
    case unwritable
    /// An earlier write failed: nothing is disclosed until the process starts anew and the ledger has been read back.
    case poisoned
    /// Witnesses are too far behind, or one refuses this log: nothing about subjects is disclosed until they have caught up.
    case unwitnessed
    /// The request itself is at fault: too many rows, too large, an index that does not exist.
    case refused
    /// The credential's quota does not reach that far.
    case overQuota = "over_quota"
    /// The credential gets nothing until somebody lifts its freeze.
    case frozen
    /// The credential was good when it was asked with, and is no more.
    case revoked
    case closed
  }

  package let code: Code
  package let message: String
  /// With `overQuota`: how many rows would pass still.
  package let rowsLeft: Int

  package init(_ code: Code, _ message: String, rowsLeft: Int = 0) {
    self.code = code
    self.message = message
    self.rowsLeft = rowsLeft
  }

  package var description: String { message }
}
