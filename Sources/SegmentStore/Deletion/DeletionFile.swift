/// Entries of the deletion journal, from one on.
///
/// Section `entries`: u64 index of the first entry, u64 count, then for each: u32 number, i64 time.
final class DeletionFile: Sendable {
  let file: SectionFileReader
  let first: Int
  let entries: [DeletionJournal.Entry]

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    (first, entries) = try file.read("entries") { reader in
      let first: UInt64 = try reader.integer()
      let count: UInt64 = try reader.integer()
      guard count <= UInt64(reader.remaining / DeletionJournal.Entry.length), first <= UInt64(Int32.max) else {
        throw FormatError("its count is wrong")
      }
      var entries: [DeletionJournal.Entry] = []
      for _ in 0..<count { entries.append(try DeletionJournal.Entry(reading: &reader)) }
      return (Int(first), entries)
    }
  }

  static func write(disk: any Disk, directory: String, number: UInt64, first: Int, entries: ArraySlice<DeletionJournal.Entry>)
    throws(DiskError) -> FileReference
  {
    var file = try SectionFileWriter(disk: disk, directory: directory, kind: .deletions, number: number)
    var section = ByteWriter()
    section.integer(UInt64(first))
    section.integer(UInt64(entries.count))
    for entry in entries { entry.write(to: &section) }
    try file.section("entries", section)
    return try file.finish()
  }
}
