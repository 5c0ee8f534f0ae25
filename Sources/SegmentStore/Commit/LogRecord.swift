/// One entry of a frame: kind, length, content.
enum LogRecord {
  /// Decisions, then the batch.
  private static let batchKind: UInt8 = 1
  /// Wrapped keys up to this number were fetched and are deleted.
  private static let deleteKeysKind: UInt8 = 2

  /// Numbers whose subjects were deleted: no row comes behind it in its log file.
  private static let deleteSubjectsKind: UInt8 = 3
  /// Events before a time are expired, and for how many days they are kept from now on.
  private static let expireAllKind: UInt8 = 4
  /// A change of what is kept and seen, of single names too.
  private static let expireKind: UInt8 = 5

  case batch(BatchDecisions, IncomingBatch)
  case deleteKeys(through: UInt64)
  case deleteSubjects([DeletionJournal.Entry])
  case expire(Expiry.Change, now: Int64, marker: UInt64)
  case expireAll(before: Int64, keepDays: UInt64)

  static func appendBatch(_ decisions: BatchDecisions, bytes: [UInt8], to frame: inout ByteWriter) {
    var head = ByteWriter()
    decisions.write(to: &head)
    frame.byte(batchKind)
    frame.integer(UInt32(head.count + bytes.count))
    frame.raw(head.bytes)
    frame.raw(bytes)
  }

  static func appendDeleteKeys(through number: UInt64, to frame: inout ByteWriter) {
    frame.byte(deleteKeysKind)
    frame.integer(UInt32(8))
    frame.integer(number)
  }

  static func appendDeleteSubjects(_ entries: [DeletionJournal.Entry], to frame: inout ByteWriter) {
    var content = ByteWriter()
    content.varint(entries.count)
    for entry in entries { entry.write(to: &content) }
    frame.byte(deleteSubjectsKind)
    frame.integer(UInt32(content.count))
    frame.raw(content.bytes)
  }

  static func appendExpire(_ change: Expiry.Change, now: Int64, marker: UInt64, to frame: inout ByteWriter) {
    var content = ByteWriter()
    content.integer(now)
    content.integer(marker)
    change.write(to: &content)
    frame.byte(expireKind)
    frame.integer(UInt32(content.count))
    frame.raw(content.bytes)
  }

  /// The records of a frame's payload, in order.
  static func read(_ payload: UnsafeRawBufferPointer) throws(FormatError) -> [LogRecord] {
    var reader = ByteReader(payload)
    var records: [LogRecord] = []
    while !reader.isAtEnd {
      let kind = try reader.byte()
      let length: UInt32 = try reader.integer()
      var content = ByteReader(try reader.raw(Int(length)))
      switch kind {
      case batchKind:
        let decisions = try BatchDecisions(reading: &content)
        let batch = try IncomingBatch(reading: &content)
        guard decisions.numbers.count == batch.identities.count,
          (decisions.duplicates.last).map({ $0 < batch.rowCount }) ?? true
        else { throw FormatError("a batch's decisions do not fit it") }
        records.append(.batch(decisions, batch))
      case deleteKeysKind:
        let number: UInt64 = try content.integer()
        guard number <= Manifest.largestCount else { throw FormatError("a key's number is out of range") }
        records.append(.deleteKeys(through: number))
      case deleteSubjectsKind:
        var entries: [DeletionJournal.Entry] = []
        for _ in 0..<(try content.count(of: DeletionJournal.Entry.length)) {
          entries.append(try DeletionJournal.Entry(reading: &content))
        }
        records.append(.deleteSubjects(entries))
      case expireAllKind: records.append(.expireAll(before: try content.integer(), keepDays: try content.integer()))
      case expireKind:
        let (now, marker): (Int64, UInt64) = (try content.integer(), try content.integer())
        guard marker <= Manifest.largestCount else { throw FormatError("a deletion's number is out of range") }
        records.append(.expire(try Expiry.Change(reading: &content), now: now, marker: marker))
      default: throw FormatError("a record has an unknown kind")
      }
      try content.expectEnd()
    }
    return records
  }
}
