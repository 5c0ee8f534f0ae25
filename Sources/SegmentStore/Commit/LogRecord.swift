/// One entry of a frame: kind, length, content.
enum LogRecord {
  /// Decisions, then the batch.
  private static let batchKind: UInt8 = 1
  /// Wrapped keys up to this number were fetched and are deleted.
  private static let deleteKeysKind: UInt8 = 2

  case batch(BatchDecisions, IncomingBatch)
  case deleteKeys(through: UInt64)

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
      case deleteKeysKind: records.append(.deleteKeys(through: try content.integer()))
      default: throw FormatError("a record has an unknown kind")
      }
      try content.expectEnd()
    }
    return records
  }
}
