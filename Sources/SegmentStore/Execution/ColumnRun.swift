package import Events

/// An immutable, sorted piece of a store: its rows by (canonical subject as of `journalVersion`, time, arrival).
///
/// What the scan reads. A write-ahead log's tail and a segment on disk both become one. Rows and columns are addressed by position.
package final class ColumnRun: Sendable {
  /// In `subjects`, the block of the events without an actor. It is the last one where it occurs.
  package static let noActor = UInt32.max

  /// Merges newer than this are not applied in the order of the rows.
  package let journalVersion: UInt64
  /// Distinct canonical subject numbers, ascending.
  package let subjects: [UInt32]
  /// Row at which each subject begins, and `rowCount` at the end: `subjects.count + 1` offsets.
  package let starts: [UInt32]
  /// Milliseconds since 1970, by row; ascending within a subject.
  package let times: [Int64]
  /// Codes of the snapshot's `eventNames`, by row.
  package let events: [UInt16]
  /// The number under whose id each row arrived; `noActor` where there is none.
  package let rawSubjects: [UInt32]

  /// Properties that at least one row has, in no particular order.
  package let properties: [String]
  private let load: @Sendable (String) throws -> Column?

  package var rowCount: Int { times.count }

  /// - Parameter load: decodes the column of a property, nil if no row has it. Called from any thread, often for the same property:
  ///   it keeps what it decoded (in a bounded cache) and is safe to call concurrently.
  /// - Precondition: The arrays agree with each other as described at each; the caller has checked what came from outside.
  package init(
    journalVersion: UInt64, subjects: [UInt32], starts: [UInt32], times: [Int64], events: [UInt16], rawSubjects: [UInt32],
    properties: [String], load: @escaping @Sendable (String) throws -> Column?
  ) {
    precondition(starts.count == subjects.count + 1 && Int(starts[subjects.count]) == times.count)
    precondition(events.count == times.count && rawSubjects.count == times.count)
    self.journalVersion = journalVersion
    self.subjects = subjects
    self.starts = starts
    self.times = times
    self.events = events
    self.rawSubjects = rawSubjects
    self.properties = properties
    self.load = load
  }

  /// The column of an event property, with a code for every row; nil if no row has it.
  package func column(_ property: String) throws -> Column? { try load(property) }
}

/// One event property of a run: a code for each row into a dictionary of distinct values.
package final class Column: Sendable {
  /// 0: the row lacks the property; otherwise one more than an index of `values`.
  package let codes: [UInt32]
  package let values: [StoredValue]
  /// The numbers of `values`; NaN where the value is not a number.
  package let numbers: [Double]

  package init(codes: [UInt32], values: [StoredValue]) {
    self.codes = codes
    self.values = values
    numbers = values.map { if case .number(let number) = $0 { number } else { Double.nan } }
  }
}
