import Events
import Ledger

/// Who gets part of a project's events, outside of the company.
package struct Vendor: Sendable, Hashable {
  /// Lower-case letters, digits and `-`, at most 40: for ever the same, since its pseudonyms are derived from it.
  package struct ID: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init?(rawValue: String) {
      let isGood = rawValue.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "-")
      }
      guard isGood, (1...40).contains(rawValue.utf8.count), !rawValue.hasPrefix("-") else { return nil }
      self.rawValue = rawValue
    }

    package var description: String { rawValue }
    package static func < (left: ID, right: ID) -> Bool { left.rawValue < right.rawValue }
  }

  package enum State: String, Sendable, Hashable, CaseIterable {
    /// No version of its declaration has been agreed to yet: nothing flows.
    case declared
    case flowing
    case paused
    /// For good: nothing flows any more, and what it holds is asked back.
    case killed
  }

  package let id: ID
  package let project: ProjectID
  package var state: State
  /// The version of its declaration that a second person agreed to.
  package var inForce: Int?
  package let createdAt: Timestamp
  package var killedAt: Timestamp?
  package var progress: Progress

  /// How far its events have come.
  package struct Progress: Sendable, Hashable {
    /// Behind which commit and row the next batch begins; nil before the first version was agreed to.
    package var commit: UInt64?
    package var row: UInt32 = .max
    /// The version under which events of commits up to `changedAtCommit` leave, where they have not yet.
    package var previousVersion: Int?
    package var changedAtCommit: UInt64 = 0
    package var events = 0
    package var batches = 0
    /// Events that the vendor never took, one by one.
    package var deadLetters = 0
    /// Commits that were not kept until the vendor could take them.
    package var missedCommits: UInt64 = 0
    package var lastSuccessAt: Timestamp?
    package var lastFailureAt: Timestamp?
    package var lastError: String?

    package init() {}
  }
}

/// One declaration of a vendor, as somebody wrote it.
package struct VendorVersion: Sendable, Hashable {
  package enum State: String, Sendable, Hashable { case waiting, approved, refused, superseded }

  package let vendor: Vendor.ID
  /// From 1 on, without gaps.
  package let version: Int
  /// YAML, without secrets.
  package let source: String
  /// SHA-256 of the source, 64 hexadecimal digits.
  package let digest: String
  package let askedBy: Principal
  package let askedAt: Timestamp
  package let askedEntry: UInt64
  package var decidedBy: Principal?
  package var decidedAt: Timestamp?
  package var isApproved = false

  /// - Parameter newest: the number of the newest version.
  package func state(newest: Int) -> State {
    guard decidedAt == nil else { return isApproved ? .approved : .refused }
    return version < newest ? .superseded : .waiting
  }
}

/// An event that a vendor refuses: named by its place, so that nothing of it is kept here.
package struct DeadLetter: Sendable, Hashable {
  package let id: Int64
  package let vendor: Vendor.ID
  package let commit: UInt64
  package let row: UInt32
  package let event: String
  /// The vendor's answer, in a few words.
  package let reason: String
  package let at: Timestamp

  package init(id: Int64 = 0, vendor: Vendor.ID, commit: UInt64, row: UInt32, event: String, reason: String, at: Timestamp) {
    self.id = id
    self.vendor = vendor
    self.commit = commit
    self.row = row
    self.event = event
    self.reason = reason
    self.at = at
  }
}
