import Crypto
import Foundation

/// One append of the ledger's journal: the entries of one group commit with their sealed details.
///
/// ```
/// offset size
///      0    4  "SLJ1"
///      4    4  body length in bytes
///      8    8  index of the first entry
///     16    4  number of entries
///     20    …  body: per entry u16 length, entry, u32 length, sealed details
///      …   32  SHA-256 of everything before it
/// ```
/// A record is valid if its hash fits. An invalid one is the torn end of a crash (and is cut) if no valid record begins anywhere
/// behind it; otherwise acknowledged entries are damaged, and the ledger does not open.
struct JournalRecord: Sendable {
  struct Item: Sendable {
    let entry: [UInt8]
    let details: [UInt8]
  }

  static let path = "journal"
  private static let magic: [UInt8] = Array("SLJ1".utf8)
  private static let headerBytes = 20
  private static let hashBytes = 32

  let first: UInt64
  let items: [Item]

  var bytes: [UInt8] {
    var body: [UInt8] = []
    for item in items {
      body.append(littleEndian: UInt16(item.entry.count))
      body += item.entry
      body.append(littleEndian: UInt32(item.details.count))
      body += item.details
    }
    var bytes = Self.magic
    bytes.append(littleEndian: UInt32(body.count))
    bytes.append(littleEndian: first)
    bytes.append(littleEndian: UInt32(items.count))
    bytes += body
    return bytes + SHA256.hash(data: bytes)
  }

  /// The records of a journal, and the length up to which it is valid: what follows was torn by a crash.
  ///
  /// - Throws: `damaged` where a valid record that is not published yet stands behind an invalid one.
  static func read(_ journal: [UInt8], publishedSize: UInt64) throws(LedgerError) -> (records: [JournalRecord], validLength: Int) {
    var records: [JournalRecord] = []
    var position = 0
    while position < journal.count {
      guard let (record, end) = record(in: journal, at: position) else {
        let later = (position + 1..<max(journal.count, position + 1)).first { start in
          record(in: journal, at: start).map { $0.0.first + UInt64($0.0.items.count) > publishedSize } ?? false
        }
        if let later {
          throw LedgerError(
            .damaged,
            "The ledger's journal is damaged at byte \(position), while byte \(later) begins a whole record: acknowledged entries may be "
              + "lost. Restore the ledger from its backup.")
        }
        break
      }
      records.append(record)
      position = end
    }
    return (records, position)
  }

  private static func record(in journal: [UInt8], at start: Int) -> (JournalRecord, end: Int)? {
    guard start + headerBytes + hashBytes <= journal.count, journal[start] == magic[0], Array(journal[start..<start + 4]) == magic else {
      return nil
    }
    var reader = ByteReader(journal, at: start + 4)
    guard let length = reader.integer(UInt32.self), let first = reader.integer(UInt64.self), let count = reader.integer(UInt32.self),
      reader.remaining >= Int(length) + hashBytes
    else { return nil }
    let end = start + headerBytes + Int(length)
    guard SHA256.hash(data: journal[start..<end]) == journal[end..<(end + hashBytes)] else { return nil }
    var items: [Item] = []
    while reader.position < end {
      guard let size = reader.integer(UInt16.self), let entry = reader.run(Int(size)), let detailSize = reader.integer(UInt32.self),
        let details = reader.run(Int(detailSize)), reader.position <= end
      else { return nil }
      items.append(Item(entry: Array(entry), details: Array(details)))
    }
    guard items.count == Int(count) else { return nil }
    return (JournalRecord(first: first, items: items), end + hashBytes)
  }
}
