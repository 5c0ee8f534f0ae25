/// Who was deleted, in the order of the deletions: an append-only list of subject numbers.
///
/// What stands in a file or in memory counts as written under a version of this journal: every later entry hides what it has of that
/// number. So rows that arrive after a deletion show, and a file needs no mark on its rows.
struct DeletionJournal: Sendable {
  struct Entry: Sendable, Hashable {
    static let length = 12
    /// A number as it arrived: a deletion of a canonical subject has an entry for each number that counts as it.
    var number: UInt32
    /// When it was asked for, milliseconds since 1970.
    var time: Int64

    /// Stands for event names of which all was discarded (`Expiry.Event.discarded`): it names nobody.
    static func discarded(time: Int64) -> Entry { Entry(number: ColumnRun.noActor, time: time) }

    var namesNobody: Bool { number == ColumnRun.noActor }

    init(number: UInt32, time: Int64) {
      self.number = number
      self.time = time
    }

    func write(to writer: inout ByteWriter) {
      writer.integer(number)
      writer.integer(time)
    }

    init(reading reader: inout ByteReader) throws(FormatError) {
      number = try reader.integer()
      time = try reader.integer()
    }
  }

  private(set) var entries: [Entry] = []
  /// Index of the last entry of each number.
  private var last: [UInt32: Int] = [:]

  /// The number of entries: it names the state of the journal.
  var version: UInt64 { UInt64(entries.count) }
  var isEmpty: Bool { entries.isEmpty }

  mutating func append(_ entry: Entry) {
    if !entry.namesNobody { last[entry.number] = entries.count }
    entries.append(entry)
  }

  func contains(_ number: UInt32) -> Bool { last[number] != nil }

  /// When a number was deleted last.
  func lastTime(of number: UInt32) -> Int64? { last[number].map { entries[$0].time } }

  /// Whether what was written of a number under a version is deleted.
  func hides(_ number: UInt32, since version: UInt64) -> Bool {
    guard let index = last[number] else { return false }
    return UInt64(index) >= version
  }

  /// The numbers of which what was written under a version is deleted.
  func numbers(since version: UInt64) -> Set<UInt32> {
    version < self.version ? Set(entries[Int(version)...].lazy.filter { !$0.namesNobody }.map(\.number)) : []
  }
}
