/// What the committing thread decided about a batch. It stands before the batch in its log record, so that recovery repeats the decisions
/// instead of making them again.
struct BatchDecisions: Sendable, Equatable {
  /// By index of the batch's identities.
  var numbers: [UInt32] = []
  /// Rows that are duplicates, ascending.
  var duplicates: [UInt32] = []
  /// New entries of the merge journal.
  var journal: [MergeJournal.Entry] = []
  /// Rows whose link was refused, now or before. Not stored.
  var refusedLinks = 0

  func write(to writer: inout ByteWriter) {
    writer.varint(numbers.count)
    writer.array(numbers)
    writer.varint(duplicates.count)
    var previous: UInt32 = 0
    for row in duplicates {
      writer.varint(UInt64(row - previous))
      previous = row
    }
    writer.varint(journal.count)
    for entry in journal { entry.write(to: &writer) }
  }

  init() {}

  init(reading reader: inout ByteReader) throws(FormatError) {
    numbers = try reader.array(UInt32.self, count: try reader.count(of: 4))
    let count = try reader.count()
    var row = 0
    for index in 0..<count {
      let distance = try reader.number(through: Int(Int32.max))
      guard index == 0 || distance > 0 else { throw FormatError("a duplicate is named twice") }
      row += distance
      guard row < UInt32.max else { throw FormatError("a duplicate's row is out of range") }
      duplicates.append(UInt32(row))
    }
    for _ in 0..<(try reader.count(of: MergeJournal.Entry.length)) { journal.append(try MergeJournal.Entry(reading: &reader)) }
  }
}
