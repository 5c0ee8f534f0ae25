import CZlib
import Glibc

/// The bytes of a file, inflated where it is gzip (told by its first two bytes, whatever its name).
final class FileBytes {
  /// Bytes of the file as it lies on disk.
  let size: UInt64
  /// How many of them are behind us.
  private(set) var offset: UInt64 = 0

  private let path: String
  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var available = 0..<0
  private var isAtEnd = false
  /// Allocated, since zlib remembers where its state stands. Nil for a plain file.
  private var stream: UnsafeMutablePointer<z_stream>?
  private var memberIsOver = false

  init(path: String) throws(ImportFileError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ImportFileError("cannot open \(path): \(String(cString: strerror(errno)))") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw ImportFileError("\(path) is no file")
    }
    size = UInt64(max(0, status.st_size))
    do {
      try fill()
      if buffer[available].starts(with: [0x1F, 0x8B]) { try startInflating() }
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit {
    if let stream {
      inflateEnd(stream)
      stream.deallocate()
    }
    close(descriptor)
  }

  /// Fills `room` with the next bytes; 0 at the end. Throws for a gzip file that is cut off or damaged.
  func read(into room: UnsafeMutableBufferPointer<UInt8>) throws(ImportFileError) -> Int {
    guard let stream else {
      if available.isEmpty { try fill() }
      let count = min(room.count, available.count)
      for position in 0..<count { room[position] = buffer[available.lowerBound + position] }
      available = (available.lowerBound + count)..<available.upperBound
      return count
    }
    while true {
      if available.isEmpty { try fill() }
      if available.isEmpty {
        guard memberIsOver else { throw ImportFileError("\(path) ends before its gzip data does; fetch the file again") }
        return 0
      }
      if memberIsOver {
        // gzip files may be joined; zeros at the end are padding.
        if buffer[available].allSatisfy({ $0 == 0 }) {
          available = 0..<0
          continue
        }
        inflateReset(stream)
        memberIsOver = false
      }
      let produced = try inflateOnce(stream, into: room)
      if produced > 0 { return produced }
    }
  }

  private func inflateOnce(_ stream: UnsafeMutablePointer<z_stream>, into room: UnsafeMutableBufferPointer<UInt8>) throws(ImportFileError)
    -> Int
  {
    let start = available.lowerBound
    let offered = available.count
    stream.pointee.next_out = room.baseAddress
    stream.pointee.avail_out = UInt32(room.count)
    let status = buffer.withUnsafeMutableBufferPointer { buffer in
      stream.pointee.next_in = buffer.baseAddress.map { $0 + start }
      stream.pointee.avail_in = UInt32(offered)
      return inflate(stream, Z_NO_FLUSH)
    }
    available = (available.upperBound - Int(stream.pointee.avail_in))..<available.upperBound
    if status == Z_STREAM_END {
      memberIsOver = true
    } else if status != Z_OK && status != Z_BUF_ERROR {
      throw ImportFileError("\(path) is damaged: its gzip data cannot be inflated around byte \(offset - UInt64(available.count))")
    }
    return room.count - Int(stream.pointee.avail_out)
  }

  private func startInflating() throws(ImportFileError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      throw ImportFileError("out of memory while opening \(path)")
    }
    self.stream = stream
  }

  private func fill() throws(ImportFileError) {
    guard !isAtEnd else { return }
    var count = -1
    repeat {
      count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw ImportFileError("cannot read \(path): \(String(cString: strerror(errno)))") }
    isAtEnd = count == 0
    available = 0..<count
    offset += UInt64(count)
  }
}
