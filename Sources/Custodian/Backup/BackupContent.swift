internal import Vault

/// What a backup's frames hold: one file after the other, then a zero. docs/FORMATS.md, "Custodian backup".
///
/// | size | field |
/// | 1 | length of the name, 1 to 64; 0: the end |
/// | n | name: lower-case letters, digits, `.`, `_`, `-`, with no `.` at its beginning |
/// | 8 | length of the content (uint64) |
/// | m | content |
enum BackupContent {
  static let mostFiles = 10_000
  /// Of every file but the database.
  static let largestSecret = 1 << 20

  /// What is never in a backup: letters of a trial, which are in the clear; what SQLite keeps beside its database (the copy has none), locks, and links that make approvers,
  /// which would be good a second time.
  static let excluded: Set<String> = [
    CustodianDirectory.database + "-wal", CustodianDirectory.database + "-shm", CustodianDirectory.database + "-journal",
    CustodianDirectory.setupLinks, DirectoryLock.serving, DirectoryLock.backup, FileTransport.folder,
  ]

  static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count) && !name.hasPrefix(".") && !excluded.contains(name)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }

  static func head(_ name: String, length: UInt64) -> [UInt8] {
    var bytes = [UInt8(name.utf8.count)] + Array(name.utf8)
    bytes.append(littleEndian: length)
    return bytes
  }

  /// Name and length of the next file; nil at the end.
  static func nextHead(_ reader: inout BackupFrameReader) throws -> (name: String, length: UInt64)? {
    let count = Int(try reader.read(1)[0])
    guard count > 0 else { return nil }
    let name = String(decoding: try reader.read(count), as: UTF8.self)
    guard isName(name) else { throw BackupError.malformed("a file has a name that none has") }
    let length = try reader.read(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    guard name == CustodianDirectory.database || length <= UInt64(largestSecret) else { throw BackupError.malformed("\(name) is too long") }
    return (name, length)
  }
}
