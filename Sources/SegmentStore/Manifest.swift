/// Which files a store consists of: the one file that is replaced in one step, and so the point at which changes of files take effect.
///
/// | 0 | 8 | `SEALANEM` |
/// | 8 | 4 | format version |
/// | 12 | 4 | length of the content, n |
/// | 16 | n | content |
/// | 16 + n | 8 | XXH64 of all before |
struct Manifest: Sendable, Equatable {
  static let name = "manifest"
  static let nextName = "manifest.next"
  static let magic: [UInt8] = Array("SEALANEM".utf8)
  /// The format versions that are read; the last one is written. Version 1 knew neither deletion nor expiry, version 2
  /// no expiry of single names.
  static let versions: ClosedRange<UInt32> = 1...3

  /// The key of the subject numbers' permutation.
  var numberKey0: UInt64
  var numberKey1: UInt64
  /// Number that the next section file gets.
  var nextFile: UInt64 = 1
  /// The first log file whose content is not in the other files.
  var firstLog: UInt64 = 1
  /// Sequence number of the last frame whose content is in the other files.
  var sequence: UInt64 = 0
  var deletedKeys: UInt64 = 0
  var nextKey: UInt64 = 1
  /// What the files hold, for cross-checking.
  var identityCount: UInt64 = 0
  var journalCount: UInt64 = 0
  var eventCount: UInt64 = 0
  var deletionCount: UInt64 = 0
  var expiry = Expiry()
  /// By kind, oldest first.
  var files: [FileReference] = []

  init(numberKey0: UInt64, numberKey1: UInt64) {
    self.numberKey0 = numberKey0
    self.numberKey1 = numberKey1
  }

  var bytes: [UInt8] {
    var content = ByteWriter()
    for field in [
      numberKey0, numberKey1, nextFile, firstLog, sequence, deletedKeys, nextKey, identityCount, journalCount, eventCount,
      deletionCount,
    ] {
      content.integer(field)
    }
    expiry.write(to: &content)
    content.integer(UInt32(files.count))
    for file in files {
      content.byte(file.kind.rawValue)
      content.integer(file.number)
      content.integer(file.length)
      content.integer(file.checksum)
      content.integer(file.deletions)
    }
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.integer(Self.versions.upperBound)
    writer.integer(UInt32(content.count))
    writer.raw(content.bytes)
    writer.integer(Checksum.of(writer.bytes))
    return writer.bytes
  }

  init(bytes: [UInt8]) throws {
    guard bytes.count >= 24, Array(bytes[..<8]) == Self.magic else { throw FormatError("it does not begin as a manifest does") }
    self = try bytes.withUnsafeBytes { all in
      var reader = ByteReader(UnsafeRawBufferPointer(rebasing: all[8...]))
      let version: UInt32 = try reader.integer()
      guard Self.versions.contains(version) else { throw UnknownVersion(version: version) }
      let length: UInt32 = try reader.integer()
      let content = try reader.raw(Int(length))
      let checksum: UInt64 = try reader.integer()
      try reader.expectEnd()
      guard checksum == Checksum.of(UnsafeRawBufferPointer(rebasing: all[..<(all.count - 8)])) else {
        throw FormatError("it fails its checksum")
      }
      return try Manifest(content: content, version: version)
    }
  }

  private init(content: UnsafeRawBufferPointer, version: UInt32) throws(FormatError) {
    var reader = ByteReader(content)
    numberKey0 = try reader.integer()
    numberKey1 = try reader.integer()
    nextFile = try reader.integer()
    firstLog = try reader.integer()
    sequence = try reader.integer()
    deletedKeys = try reader.integer()
    nextKey = try reader.integer()
    identityCount = try reader.integer()
    journalCount = try reader.integer()
    eventCount = try reader.integer()
    if version >= 2 {
      deletionCount = try reader.integer()
      expiry = version >= 3 ? try Expiry(reading: &reader) : try Expiry(ofAll: &reader)
    }
    let count: UInt32 = try reader.integer()
    for _ in 0..<count {
      guard let kind = SectionFile.Kind(rawValue: try reader.byte()) else { throw FormatError("it names a file of an unknown kind") }
      var file = FileReference(kind: kind, number: try reader.integer(), length: try reader.integer(), checksum: try reader.integer())
      if version >= 2 { file.deletions = try reader.integer() }
      files.append(file)
    }
    try reader.expectEnd()
    // Far beyond what a store can reach, and far enough from the end of 64 bits to count on from.
    let counters =
      [nextFile, firstLog, sequence, deletedKeys, nextKey, identityCount, journalCount, eventCount, deletionCount]
      + files.flatMap { [$0.number, $0.deletions] }
    guard counters.allSatisfy({ $0 <= Self.largestCount }), nextFile > 0, firstLog > 0, nextKey > 0 else {
      throw FormatError("a number is out of range")
    }
  }

  static let largestCount: UInt64 = 1 << 62

  /// Nil if there is none.
  static func read(disk: any Disk, directory: String) throws(StoreError) -> Manifest? {
    do {
      guard try disk.exists(directory + "/" + name) else { return nil }
      let file = try disk.open(directory + "/" + name)
      return try Manifest(bytes: try file.bytes(at: 0, count: Int(file.length)))
    } catch let error as DiskError {
      throw .disk(error)
    } catch let error as UnknownVersion {
      throw .unsupported(file: name, version: error.version)
    } catch {
      throw .corrupt(file: name, reason: "\(error)")
    }
  }

  func write(disk: any Disk, directory: String) throws(DiskError) {
    let file = try disk.create(directory + "/" + Self.nextName)
    try file.append(bytes)
    try file.synchronize()
    file.close()
    // A crash here leaves the old manifest and a `manifest.next` that nobody reads.
    try disk.rename(directory + "/" + Self.nextName, to: directory + "/" + Self.name)
    // A crash here leaves the old manifest or the new one. All files of both are there and durable.
    try disk.synchronizeDirectory(directory)
    // From here on only the new manifest: files that it does not name may be deleted.
  }
}
