/// The write-ahead log's bytes (docs/FORMATS.md, "Write-ahead log").
///
/// A log is a series of files `log-NNNNNNNNNNNNNNNN` (number in hexadecimal). Each is a header and frames; one frame is what one sync
/// made durable. A frame is only written after the one before it was synchronized. So: an invalid frame with nothing valid behind it
/// is a torn tail, of which nothing was acknowledged; an invalid frame with a valid one behind it is damage.
///
/// | header, 48 bytes | |
/// | 0 | 8 | `SEALANEL` |
/// | 8 | 4 | format version |
/// | 12 | 4 | 0 |
/// | 16 | 8 | file number |
/// | 24 | 8 | sequence number of the first frame |
/// | 32 | 8 | salt, random: content that was sent in cannot be made to look like a frame |
/// | 40 | 8 | XXH64 of bytes 0..<40 |
///
/// | frame | |
/// | 0 | 4 | `FRAM` |
/// | 4 | 4 | length of the payload, n |
/// | 8 | 8 | sequence number: one more than the frame before, across files |
/// | 16 | 8 | XXH64 of the payload, seeded with (XXH64 of bytes 0..<16, seeded with the salt) |
/// | 24 | n | payload: records |
enum LogFormat {
  static let headerLength = 48
  static let frameHeaderLength = 24
  static let magic: [UInt8] = Array("SEALANEL".utf8)
  static let frameMagic: [UInt8] = Array("FRAM".utf8)
  /// The format versions that are read; the last one is written. Version 1 had no records of deletion and expiry, version 2
  /// none of the expiry of single names.
  static let versions: ClosedRange<UInt32> = 1...3
  /// A frame is never longer; a length beyond it is damage.
  static let longestPayload = 1 << 30

  static func name(_ number: UInt64) -> String { "log-" + hexadecimal(number) }

  static func number(ofName name: String) -> UInt64? {
    guard name.hasPrefix("log-"), name.utf8.count == 20 else { return nil }
    return UInt64(name.dropFirst(4), radix: 16)
  }

  static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  struct Header: Equatable {
    var number: UInt64
    var firstSequence: UInt64
    var salt: UInt64

    var bytes: [UInt8] {
      var writer = ByteWriter()
      writer.raw(LogFormat.magic)
      writer.integer(LogFormat.versions.upperBound)
      writer.integer(UInt32(0))
      writer.integer(number)
      writer.integer(firstSequence)
      writer.integer(salt)
      writer.integer(Checksum.of(writer.bytes))
      return writer.bytes
    }

    /// - Throws: `FormatError`, or `UnknownVersion` if the header is whole but of another version.
    init(_ bytes: [UInt8]) throws {
      guard bytes.count >= headerLength, Array(bytes[0..<8]) == magic else { throw FormatError("it does not begin as a log does") }
      self = try bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[8..<headerLength]))
        let version: UInt32 = try reader.integer()
        let reserved: UInt32 = try reader.integer()
        let header = Header(number: try reader.integer(), firstSequence: try reader.integer(), salt: try reader.integer())
        let checksum: UInt64 = try reader.integer()
        guard checksum == Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[0..<40])) else {
          throw FormatError("its header fails its checksum")
        }
        guard LogFormat.versions.contains(version) else { throw UnknownVersion(version: version) }
        guard reserved == 0 else { throw FormatError("its header has an unknown field") }
        guard header.firstSequence <= Manifest.largestCount else { throw FormatError("its header's sequence number is out of range") }
        return header
      }
    }

    init(number: UInt64, firstSequence: UInt64, salt: UInt64) {
      self.number = number
      self.firstSequence = firstSequence
      self.salt = salt
    }
  }

  /// Puts the header before a payload that was written at offset `frameHeaderLength` of `frame`.
  static func finish(frame: inout [UInt8], sequence: UInt64, salt: UInt64) {
    var header = ByteWriter()
    header.raw(frameMagic)
    header.integer(UInt32(frame.count - frameHeaderLength))
    header.integer(sequence)
    for (index, byte) in header.bytes.enumerated() { frame[index] = byte }
    let checksum = checksum(ofFrame: frame, salt: salt)
    withUnsafeBytes(of: checksum.littleEndian) { for (index, byte) in $0.enumerated() { frame[16 + index] = byte } }
  }

  static func checksum(ofFrame frame: [UInt8], salt: UInt64) -> UInt64 {
    frame.withUnsafeBytes { checksum(ofFrame: $0, salt: salt) }
  }

  static func checksum(ofFrame frame: UnsafeRawBufferPointer, salt: UInt64) -> UInt64 {
    // The head's checksum is the seed of the payload's: that covers both without copying them together.
    let head = Checksum.of(UnsafeRawBufferPointer(rebasing: frame[0..<16]), seed: salt)
    return Checksum.of(UnsafeRawBufferPointer(rebasing: frame[frameHeaderLength...]), seed: head)
  }
}

/// A file of another format version than the one that this program knows.
struct UnknownVersion: Error { let version: UInt32 }
