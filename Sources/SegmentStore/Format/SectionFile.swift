/// The container of all files but log and manifest: named sections, each with its checksum; written once, never changed.
///
/// | 0 | 8 | `SEALANE` and the kind's letter |
/// | 8 | 4 | format version |
/// | 12 | 4 | 0 |
/// | 16 | ... | the sections, one after the other |
/// | ... | ... | directory: for each section u16 length of its name, name, u64 offset, u64 length, u64 XXH64 |
/// | end - 32 | 8 | offset of the directory |
/// | end - 24 | 8 | length of the directory |
/// | end - 16 | 8 | XXH64 of the directory, seeded with XXH64 of (bytes 0..<16, then the two fields before) |
/// | end - 8 | 8 | `SEALEND` and the kind's letter |
///
/// Valid if the sections fill bytes 16 to the directory without gap or overlap, in the directory's order, under different names.
enum SectionFile {
  enum Kind: UInt8, Sendable, CaseIterable {
    case segment = 0x53  // S
    case identities = 0x49  // I
    case journal = 0x4A  // J
    case profiles = 0x50  // P
    case keys = 0x4B  // K
    case deletions = 0x44  // D

    var prefix: String {
      switch self {
      case .segment: "segment-"
      case .identities: "identities-"
      case .journal: "merges-"
      case .profiles: "profiles-"
      case .keys: "keys-"
      case .deletions: "deletions-"
      }
    }

    /// The format versions that are read; the last one is written.
    var versions: ClosedRange<UInt32> { self == .segment ? 1...3 : 1...1 }

    func name(_ number: UInt64) -> String { prefix + LogFormat.hexadecimal(number) }
  }

  static let headerLength = 16
  static let footerLength = 32

  static func header(_ kind: Kind, version: UInt32? = nil) -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(Array("SEALANE".utf8))
    writer.byte(kind.rawValue)
    writer.integer(version ?? kind.versions.upperBound)
    writer.integer(UInt32(0))
    return writer.bytes
  }

  static func ending(_ kind: Kind) -> [UInt8] { Array("SEALEND".utf8) + [kind.rawValue] }
}

/// How the manifest names a file: with what it must be like.
struct FileReference: Sendable, Hashable {
  var kind: SectionFile.Kind
  var number: UInt64
  var length: UInt64
  /// The checksum in the file's footer, which covers the checksums of all its sections.
  var checksum: UInt64
  /// Of a segment, identities or profiles: entries of the deletion journal that it was written after; later ones hide what it has.
  var deletions: UInt64 = 0

  var name: String { kind.name(number) }
}

/// Writes a section file. The file exists for nobody until the manifest names it.
struct SectionFileWriter {
  private let kind: SectionFile.Kind
  private let number: UInt64
  private let file: any WritableFile
  private var directory = ByteWriter()
  private var length: UInt64

  init(disk: any Disk, directory path: String, kind: SectionFile.Kind, number: UInt64) throws(DiskError) {
    self.kind = kind
    self.number = number
    file = try disk.create(path + "/" + kind.name(number))
    let header = SectionFile.header(kind)
    length = UInt64(header.count)
    try file.append(header)
  }

  mutating func section(_ name: String, _ writer: ByteWriter) throws(DiskError) {
    let bytes = writer.bytes
    directory.integer(UInt16(name.utf8.count))
    directory.raw(Array(name.utf8))
    directory.integer(length)
    directory.integer(UInt64(bytes.count))
    directory.integer(Checksum.of(bytes))
    try file.append(bytes)
    length += UInt64(bytes.count)
  }

  /// Writes directory and footer and waits until all of it is durable. The name is only durable once the directory was synchronized too.
  mutating func finish() throws(DiskError) -> FileReference {
    var footer = ByteWriter()
    footer.integer(length)
    footer.integer(UInt64(directory.count))
    let checksum = Checksum.of(directory.bytes, seed: Checksum.of(SectionFile.header(kind) + footer.bytes))
    footer.integer(checksum)
    footer.raw(SectionFile.ending(kind))
    try file.append(directory.bytes)
    try file.append(footer.bytes)
    // A crash before this line leaves a file, or half of one, that no manifest names: it is deleted at the next start.
    try file.synchronize()
    file.close()
    return FileReference(kind: kind, number: number, length: length + UInt64(directory.count + footer.count), checksum: checksum)
  }
}

/// Reads a section file. Stays readable after the file was replaced and deleted, as long as it is referenced.
final class SectionFileReader: Sendable {
  struct Section: Sendable {
    let name: String
    let offset: UInt64
    let length: UInt64
    let checksum: UInt64
  }

  let reference: FileReference
  /// Format version.
  let version: UInt32
  let sections: [Section]
  private let indexes: [String: Int]
  private let file: any ReadableFile

  var name: String { reference.name }

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    self.reference = reference
    do {
      let file = try disk.open(directory + "/" + reference.name)
      self.file = file
      (version, sections) = try Self.sections(of: file, reference: reference)
      indexes = Dictionary(sections.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      guard indexes.count == sections.count else { throw FormatError("two of its sections have one name") }
    } catch let error as DiskError {
      throw .disk(error)
    } catch let error as UnknownVersion {
      throw .unsupported(file: reference.name, version: error.version)
    } catch {
      throw .corrupt(file: reference.name, reason: "\(error)")
    }
  }

  private static func sections(of file: any ReadableFile, reference: FileReference) throws -> (version: UInt32, sections: [Section]) {
    guard file.length == reference.length else {
      throw FormatError("it is \(file.length) bytes long, the manifest says \(reference.length)")
    }
    guard file.length >= UInt64(SectionFile.headerLength + SectionFile.footerLength) else { throw FormatError("it is too short") }
    let header = try file.bytes(at: 0, count: SectionFile.headerLength)
    let version = header.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) }
    guard header[..<8] == SectionFile.header(reference.kind)[..<8] else { throw FormatError("it does not begin as such a file does") }
    guard reference.kind.versions.contains(version) else { throw UnknownVersion(version: version) }
    let footer = try file.bytes(at: file.length - UInt64(SectionFile.footerLength), count: SectionFile.footerLength)
    let (offset, length, checksum) = footer.withUnsafeBytes {
      (
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      )
    }
    let end = file.length - UInt64(SectionFile.footerLength)
    guard Array(footer[24...]) == SectionFile.ending(reference.kind), offset >= UInt64(SectionFile.headerLength), offset <= end,
      length == end - offset
    else { throw FormatError("its footer is damaged") }
    let directory = try file.bytes(at: offset, count: Int(length))
    guard checksum == Checksum.of(directory, seed: Checksum.of(header + footer[..<16])) else {
      throw FormatError("its directory fails its checksum")
    }
    guard checksum == reference.checksum else { throw FormatError("it is not the file that the manifest means") }
    let sections = try directory.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var sections: [Section] = []
      var expected = UInt64(SectionFile.headerLength)
      while !reader.isAtEnd {
        let nameLength: UInt16 = try reader.integer()
        guard let name = String(validating: try reader.raw(Int(nameLength)).bindMemory(to: UInt8.self), as: UTF8.self) else {
          throw FormatError("a section's name is not UTF-8")
        }
        let section = Section(
          name: name, offset: try reader.integer(), length: try reader.integer(), checksum: try reader.integer())
        guard section.offset == expected, section.length <= offset - expected else { throw FormatError("its sections overlap") }
        expected += section.length
        sections.append(section)
      }
      guard expected == offset else { throw FormatError("its sections leave a gap") }
      return sections
    }
    return (version, sections)
  }

  func contains(_ name: String) -> Bool { indexes[name] != nil }

  /// A section's bytes, checked.
  func bytes(of name: String) throws(StoreError) -> [UInt8] {
    guard let index = indexes[name] else { throw .corrupt(file: self.name, reason: "its section `\(name)` is missing") }
    let section = sections[index]
    let bytes: [UInt8]
    do { bytes = try file.bytes(at: section.offset, count: Int(section.length)) } catch { throw .disk(error) }
    guard Checksum.of(bytes) == section.checksum else {
      throw .corrupt(file: self.name, reason: "its section `\(name)` fails its checksum")
    }
    return bytes
  }

  /// Reads a section to its end; what does not follow the format becomes an error that names the file.
  func read<Result>(_ name: String, _ body: (inout ByteReader) throws -> Result) throws(StoreError) -> Result {
    let bytes = try bytes(of: name)
    do {
      return try bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        let result = try body(&reader)
        try reader.expectEnd()
        return result
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw .corrupt(file: self.name, reason: "in its section `\(name)`, \(error)")
    }
  }
}
