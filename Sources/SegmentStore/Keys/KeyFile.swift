internal import Vault

/// Wrapped keys that wait for the custodian, numbered without gaps.
///
/// | section | |
/// | `range` | u64 number of the first key, u64 count |
/// | `k:0`, `k:1`, ... | 1,024 keys each (the last: the rest), as in a log record: epochs, then keys |
final class KeyFile: Sendable {
  static let chunk = 1024

  let file: SectionFileReader
  let first: UInt64
  let count: Int

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    (first, count) = try file.read("range") { reader in
      let first: UInt64 = try reader.integer()
      let count: UInt64 = try reader.integer()
      guard count <= UInt64(Int32.max), first <= Manifest.largestCount else { throw FormatError("its count is wrong") }
      return (first, Int(count))
    }
  }

  /// Keys from `number` on to the end of their chunk; empty past the end.
  func keys(from number: UInt64) throws(StoreError) -> ArraySlice<WrappedKey> {
    guard number >= first, number - first < UInt64(count) else { return [] }
    let index = Int(number - first)
    return try chunk(index / Self.chunk)[(index % Self.chunk)...]
  }

  func chunk(_ chunk: Int) throws(StoreError) -> [WrappedKey] {
    let expected = min(Self.chunk, count - chunk * Self.chunk)
    return try file.read("k:\(chunk)") { reader in
      let keys = try reader.keys()
      guard keys.count == expected else { throw FormatError("its count is wrong") }
      return keys
    }
  }

  static func write(disk: any Disk, directory: String, number: UInt64, first: UInt64, keys: [WrappedKey]) throws(DiskError) -> FileReference
  {
    var file = try SectionFileWriter(disk: disk, directory: directory, kind: .keys, number: number)
    var section = ByteWriter()
    section.integer(first)
    section.integer(UInt64(keys.count))
    try file.section("range", section)
    for start in stride(from: 0, to: keys.count, by: chunk) {
      section = ByteWriter()
      section.keys(Array(keys[start..<min(start + chunk, keys.count)]))
      try file.section("k:\(start / chunk)", section)
    }
    return try file.finish()
  }
}
