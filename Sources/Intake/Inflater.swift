import CZlib

/// What cannot be inflated, and why.
enum InflateError: Error {
  /// It would grow beyond the bound.
  case tooLarge
  /// It ends before its end.
  case truncated
  /// It is not what the header says.
  case corrupt
}

/// Inflates whole bodies: gzip (RFC 1952, several members too) and deflate (RFC 1950, and the headerless RFC 1951 that some senders mean).
enum Inflater {
  enum Format {
    case gzip, zlib, raw

    fileprivate var windowBits: Int32 {
      switch self {
      case .gzip: 15 + 16
      case .zlib: 15
      case .raw: -15
      }
    }
  }

  /// The format that `deflate` stands for in this body: zlib's header is a multiple of 31 and says method 8.
  static func deflateFormat(of body: [UInt8]) -> Format {
    guard body.count >= 2, body[0] & 0x0F == 8, (UInt16(body[0]) << 8 | UInt16(body[1])) % 31 == 0 else { return .raw }
    return .zlib
  }

  /// At most `bound` bytes come out; memory stays within a small multiple of that whatever comes in.
  static func inflated(_ body: [UInt8], format: Format, bound: Int) throws(InflateError) -> [UInt8] {
    var stream = z_stream()
    guard inflateInit2_(&stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw .corrupt }
    defer { inflateEnd(&stream) }
    // JSON is packed to a fifth or a tenth; what needs more room gets twice as much each time.
    var output = [UInt8](repeating: 0, count: min(bound, max(65536, body.count * 8)) + 1)
    var end = 0
    var consumed = 0
    while true {
      let before = consumed
      var status = Z_OK
      var produced = 0
      body.withUnsafeBufferPointer { input in
        output.withUnsafeMutableBufferPointer { room in
          // zlib takes a mutable pointer for history's sake and does not write through it.
          stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + consumed) }
          stream.avail_in = UInt32(min(input.count - consumed, 1 << 30))
          stream.next_out = room.baseAddress.map { $0 + end }
          stream.avail_out = UInt32(min(room.count - end, 1 << 30))
          let offered = (in: Int(stream.avail_in), out: Int(stream.avail_out))
          status = inflate(&stream, Z_NO_FLUSH)
          consumed += offered.in - Int(stream.avail_in)
          produced = offered.out - Int(stream.avail_out)
        }
      }
      end += produced
      guard end <= bound else { throw .tooLarge }
      // One byte more than the bound, so that it shows.
      if end == output.count { output.append(contentsOf: repeatElement(0, count: min(output.count, bound + 1 - output.count))) }
      switch status {
      case Z_STREAM_END:
        guard format == .gzip, consumed < body.count else {
          output.removeLast(output.count - end)
          return output
        }
        // Another member may follow; zero padding may too, and ends it.
        guard body[consumed...].contains(where: { $0 != 0 }) else {
          output.removeLast(output.count - end)
          return output
        }
        guard inflateReset(&stream) == Z_OK else { throw .corrupt }
      case Z_OK, Z_BUF_ERROR:
        if consumed == body.count && produced == 0 { throw .truncated }
        if status == Z_BUF_ERROR && consumed == before && produced == 0 { throw .truncated }
      default: throw .corrupt
      }
    }
  }
}
