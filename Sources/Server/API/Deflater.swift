import CZlib
import HTTPTypes
import NIOCore

/// Packs an answer piece by piece as one gzip member (RFC 1952). Each piece comes out whole, so that what was asked for page by page also
/// arrives page by page.
struct Deflater: ~Copyable {
  // zlib's state points back at its stream, which therefore may not move: it stands in memory of its own.
  private let stream: UnsafeMutablePointer<z_stream>

  init() throws(APIError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // The lowest level: an export is as fast as its reader, and half of the ratio comes for a quarter of the work.
    let status = deflateInit2_(stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw APIError(.internalServerError, "internal", "The answer could not be packed.") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// - Parameter isLast: whether the member ends here.
  mutating func pack(_ bytes: ByteBuffer, isLast: Bool, allocator: ByteBufferAllocator = ByteBufferAllocator()) -> ByteBuffer {
    // With room for the marks of a flush, one call of zlib takes everything.
    var output = allocator.buffer(capacity: Int(deflateBound(stream, UInt(bytes.readableBytes))) + 64)
    bytes.withUnsafeReadableBytes { input in
      // zlib takes a mutable pointer for history's sake and does not write through it.
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = UInt32(input.count)
      var status = Z_OK
      repeat {
        let written = output.writeWithUnsafeMutableBytes(minimumWritableBytes: 64) { room in
          stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
          stream.pointee.avail_out = UInt32(room.count)
          status = deflate(stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
          return room.count - Int(stream.pointee.avail_out)
        }
        if written == 0 { break }
      } while stream.pointee.avail_out == 0 && status == Z_OK
      stream.pointee.next_in = nil
    }
    return output
  }
}

/// What a client says about packed answers (RFC 9110, section 12.5.3).
enum AcceptEncoding {
  /// Whether gzip is welcome: named, or covered by `*`, and not with a weight of zero.
  static func takesGzip(_ header: String?) -> Bool {
    var star = false
    for item in (header ?? "").split(separator: ",") {
      let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      guard let name = parts.first else { continue }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      if name == "gzip" || name == "x-gzip" { return weight > 0 }
      if name == "*" { star = weight > 0 }
    }
    return star
  }
}
