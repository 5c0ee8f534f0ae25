internal import CZstd

/// Bytes that may be compressed: a byte (0: as they are, 1: a Zstandard frame, RFC 8878), varint length of the original, and the rest.
enum Compression {
  /// No chunk is longer than this when unpacked: a damaged length must not take all memory.
  static let limit = 1 << 30
  private static let level: Int32 = 3

  static func pack(_ bytes: [UInt8]) -> ByteWriter {
    var writer = ByteWriter()
    let bound = ZSTD_compressBound(bytes.count)
    let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, initialized in
      let size = bytes.withUnsafeBytes { ZSTD_compress(buffer.baseAddress, bound, $0.baseAddress, $0.count, level) }
      initialized = ZSTD_isError(size) == 0 ? size : 0
    }
    let pays = !packed.isEmpty && packed.count < bytes.count - bytes.count / 16
    writer.byte(pays ? 1 : 0)
    writer.varint(bytes.count)
    writer.raw(pays ? packed : bytes)
    return writer
  }

  /// Reads to the end of what the reader has.
  static func unpack(_ reader: inout ByteReader) throws(FormatError) -> [UInt8] {
    let form = try reader.byte()
    let length = try reader.number(through: limit)
    let rest = try reader.raw(reader.remaining)
    switch form {
    case 0:
      guard rest.count == length else { throw FormatError("a chunk has another length than it says") }
      return [UInt8](rest)
    case 1:
      // The frame states the length too: nothing is reserved on the word of a damaged byte.
      guard ZSTD_getFrameContentSize(rest.baseAddress, rest.count) == UInt64(length) else {
        throw FormatError("a compressed chunk has another length than it says")
      }
      let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
        let size = ZSTD_decompress(buffer.baseAddress, length, rest.baseAddress, rest.count)
        initialized = ZSTD_isError(size) == 0 ? size : 0
      }
      guard bytes.count == length else { throw FormatError("a compressed chunk is damaged") }
      return bytes
    default: throw FormatError("a chunk is in an unknown form")
    }
  }
}
