package import Events
internal import Foundation
internal import Vault

/// Why a backup cannot be written, opened or restored.
package enum BackupError: Error, Sendable, Hashable, CustomStringConvertible {
  case notABackup
  case otherVersion
  case cutShort
  case damagedHeader
  /// Counted from 1.
  case damagedFrame(UInt64)
  case malformed(String)
  case expired(made: Timestamp, expired: Timestamp)
  case fromTheFuture(made: Timestamp, now: Timestamp)
  case tooFewShares
  case sameShareTwice
  case shareOfAnother(share: UInt8, of: [UInt8], wanted: [UInt8])
  case sharesDisagree
  /// What was restored is no sound custodian.
  case unsound(String)
  case changedMeanwhile

  package var description: String {
    switch self {
    case .notABackup: "This file is no backup of a custodian."
    case .otherVersion: "This backup was written by another version of sealane-custodian; use that one."
    case .cutShort: "The backup is cut short: its end is missing. Use another copy of it, or another backup."
    case .damagedHeader: "The backup's first lines are damaged. Use another copy of it, or another backup."
    case .damagedFrame(1):
      "The backup does not open: it was altered in its beginning, or these are not the shares that it was written with. Use another copy of it, or another backup."
    case .damagedFrame(let number):
      "The backup is damaged or cut short: its frame \(number) does not open, about \((number - 1) * UInt64(BackupFrames.size)) bytes from its beginning. Use another copy of it, or another backup."
    case .malformed(let what): "The backup opens and is not what this version writes: \(what)."
    case .expired(let made, let expired):
      "This backup of \(Self.text(made)) expired on \(Self.text(expired)) and is not restored: keys that were erased since would come back. Destroy it and its shares, and use a newer one."
    case .fromTheFuture(let made, let now):
      "This backup says that it was made at \(Self.text(made)), and this machine's clock says \(Self.text(now)). Set the clock right."
    case .tooFewShares: "Two different shares of the backup are needed."
    case .sameShareTwice: "This is the same share twice. Two different ones are needed: ask another holder."
    case .shareOfAnother(let share, let of, let wanted):
      "Share \(share) belongs to backup \(of.hexadecimal), and this file is backup \(wanted.hexadecimal). Ask its holder for the share of that backup."
    case .sharesDisagree: "The three shares are not of one key: one of them was made by somebody else. Try two of them at a time."
    case .unsound(let what): "What the backup holds is no sound custodian, and was removed again: \(what)"
    case .changedMeanwhile:
      "The custodian's keys changed while they were copied, several times over. Nothing was written; try again."
    }
  }

  /// A moment in UTC, to the second.
  package static func text(_ time: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(time.milliseconds) / 1000).formatted(.iso8601)
  }
}
