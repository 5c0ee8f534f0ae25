import CZlib
import CZstd

/// Unpacks a stream of packed members, one after the other, in memory that does not grow with them.
protocol Unpacker: AnyObject {
  /// For errors.
  var kind: String { get }
  /// Whether everything so far belongs to members that are whole.
  var isBetweenMembers: Bool { get }
  /// Takes some of `input`, gives some of what it stands for. Asked without input it gives what it still holds.
  func unpack(_ input: UnsafeBufferPointer<UInt8>, into room: UnsafeMutableBufferPointer<UInt8>) -> UnpackedStep
}

struct UnpackedStep {
  var consumed = 0
  var produced = 0
  /// Why it does not go on; empty where no more is known.
  var failure: String?
}

/// gzip (RFC 1952), members joined as `cat a.gz b.gz` does.
final class GzipUnpacker: Unpacker {
  let kind = "gzip"
  private(set) var isBetweenMembers = false
  /// Allocated, since zlib remembers where its state stands.
  private let stream: UnsafeMutablePointer<z_stream>

  init() throws(ImportFileError) {
    stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      throw ImportFileError("out of memory while opening a gzip file")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func unpack(_ input: UnsafeBufferPointer<UInt8>, into room: UnsafeMutableBufferPointer<UInt8>) -> UnpackedStep {
    if isBetweenMembers {
      // Zeros at the end are padding.
      if input.allSatisfy({ $0 == 0 }) { return UnpackedStep(consumed: input.count) }
      inflateReset(stream)
      isBetweenMembers = false
    }
    // zlib takes a mutable pointer for history's sake and does not write through it.
    stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = room.baseAddress
    stream.pointee.avail_out = UInt32(room.count)
    let status = inflate(stream, Z_NO_FLUSH)
    var step = UnpackedStep(consumed: input.count - Int(stream.pointee.avail_in), produced: room.count - Int(stream.pointee.avail_out))
    if status == Z_STREAM_END {
      isBetweenMembers = true
    } else if status != Z_OK && status != Z_BUF_ERROR {
      step.failure = stream.pointee.msg.map { String(cString: $0) } ?? ""
    }
    return step
  }
}

/// zstd (RFC 8878), frames joined, skippable frames passed over.
final class ZstdUnpacker: Unpacker {
  let kind = "zstd"
  private(set) var isBetweenMembers = false
  private let stream: OpaquePointer
  /// 128 MiB, what the format asks readers to support at least and `zstd` itself takes without `--long`: a frame that wants a larger window
  /// is refused instead of granted.
  private static let windowLog: Int32 = 27

  init() throws(ImportFileError) {
    guard let stream = ZSTD_createDStream() else { throw ImportFileError("out of memory while opening a zstd file") }
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.windowLog)
    self.stream = stream
  }

  deinit { ZSTD_freeDStream(stream) }

  func unpack(_ input: UnsafeBufferPointer<UInt8>, into room: UnsafeMutableBufferPointer<UInt8>) -> UnpackedStep {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
    let hint = ZSTD_decompressStream(stream, &target, &source)
    var step = UnpackedStep(consumed: source.pos, produced: target.pos)
    if ZSTD_isError(hint) != 0 {
      step.failure = String(cString: ZSTD_getErrorName(hint))
    } else if step.consumed > 0 || step.produced > 0 {
      // 0: a frame is over and all of it has been given.
      isBetweenMembers = hint == 0
    }
    return step
  }
}
