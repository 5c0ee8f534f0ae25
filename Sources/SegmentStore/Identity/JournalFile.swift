/// An entry of an append-only list that is kept in files, all of one length.
protocol JournalEntry: Sendable {
  static var kind: SectionFile.Kind { get }
  /// Bytes.
  static var length: Int { get }
  func write(to writer: inout ByteWriter)
  init(reading reader: inout ByteReader) throws(FormatError)
}

/// Entries of a journal, from one on.
///
/// Section `entries`: u64 index of the first entry, u64 count, then the entries.
final class JournalFile<Entry: JournalEntry>: Sendable {
  let file: SectionFileReader
  let first: Int
  let entries: [Entry]

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    (first, entries) = try file.read("entries") { reader in
      let first: UInt64 = try reader.integer()
      let count: UInt64 = try reader.integer()
      guard count <= UInt64(reader.remaining / Entry.length), first <= UInt64(Int32.max) else {
        throw FormatError("its count is wrong")
      }
      var entries: [Entry] = []
      for _ in 0..<count { entries.append(try Entry(reading: &reader)) }
      return (Int(first), entries)
    }
  }

  static func write(disk: any Disk, directory: String, number: UInt64, first: Int, entries: ArraySlice<Entry>)
    throws(DiskError) -> FileReference
  {
    var file = try SectionFileWriter(disk: disk, directory: directory, kind: Entry.kind, number: number)
    var section = ByteWriter()
    section.integer(UInt64(first))
    section.integer(UInt64(entries.count))
    for entry in entries { entry.write(to: &section) }
    try file.section("entries", section)
    return try file.finish()
  }
}

/// u32 device, u32 user, u8 outcome, i64 time.
extension MergeJournal.Entry: JournalEntry {
  static var kind: SectionFile.Kind { .journal }
}

/// u32 number, i64 time.
extension DeletionJournal.Entry: JournalEntry {
  static var kind: SectionFile.Kind { .deletions }
}
