import Events

/// Exactly who was exposed, as the ledger knows it, by raw subject number.
package struct ExposureAnswer: Sendable {
  /// An entry that might be meant, and of which nobody can tell any more whom it showed.
  package struct Untold: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable {
      /// Its details were erased.
      case erased
      /// Its details are missing, or do not open with the keys at hand.
      case unreadable
    }

    package let index: UInt64
    package let time: Timestamp
    package let reason: Reason

    package init(index: UInt64, time: Timestamp, reason: Reason) {
      self.index = index
      self.time = time
      self.reason = reason
    }
  }

  package let question: ExposureQuestion
  /// Entries of the ledger that were looked at.
  package let size: UInt64
  /// Those that show at least one of the subjects; ascending.
  package let entries: [UInt64]
  package let subjects: ExposedSubjects
  /// By field, whose value of it was shown. A field that only entries without names of fields would have is not there.
  package let fields: [String: ExposedSubjects]
  /// Of the first and the last of the entries.
  package let first: Timestamp?
  package let last: Timestamp?
  /// Of the entries, those by which the custodian opened identities.
  package let openings: Int
  /// Shown by the entries, all together.
  package let rows: Int
  /// Ascending. Where there are any, nobody who existed at their times can be excluded.
  package let untold: [Untold]
  /// Everybody of the project who has been erased, exposed or not, as entries `subject_erased` name them: no store knows them any more.
  package let erased: ExposedSubjects
}

/// Who, of all who were shown anything, was shown some of certain subjects.
package struct ExposureHolder: Sendable, Hashable {
  package let kind: Principal.Kind
  package let id: String
  package let credential: String
  /// Of an export, by its canaries: 32 hexadecimal digits.
  package let export: String?
  /// How many of the subjects asked about.
  package let people: Int
  package let entries: Int
  package let first: Timestamp
  package let last: Timestamp
}

/// An entry that shows certain subjects.
package struct ExposureProof: Sendable, Hashable {
  package let index: UInt64
  package let time: Timestamp
  package let fields: [String]
}
