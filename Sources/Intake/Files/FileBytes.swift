import Glibc

/// The bytes of a file or of standard input, unpacked where they are gzip or zstd (told by the first four bytes, whatever the name).
package final class FileBytes {
  /// Bytes of the file as it lies on disk; 0 where nobody can say (a pipe).
  let size: UInt64
  /// How many of them are behind us.
  private(set) var offset: UInt64 = 0

  private let name: String
  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var available = 0..<0
  private var isAtEnd = false
  /// Nil for plain bytes.
  private var unpacker: (any Unpacker)?

  /// - Parameter path: `-` for standard input.
  package init(path: String) throws(ImportFileError) {
    name = path == "-" ? "standard input" : path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ImportFileError("cannot open \(path): \(String(cString: strerror(errno)))") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      if descriptor != STDIN_FILENO { close(descriptor) }
      throw ImportFileError("\(path) is no file")
    }
    size = status.st_mode & S_IFMT == S_IFREG ? UInt64(max(0, status.st_size)) : 0
    do {
      // A pipe may hand over its first bytes one by one.
      while !isAtEnd, available.count < 4 { try fill() }
      unpacker = try Self.unpacker(for: buffer[available])
    } catch {
      if descriptor != STDIN_FILENO { close(descriptor) }
      throw error
    }
  }

  deinit {
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  private static func unpacker(for head: ArraySlice<UInt8>) throws(ImportFileError) -> (any Unpacker)? {
    if head.starts(with: [0x1F, 0x8B]) { return try GzipUnpacker() }
    let magic = head.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    // A frame of zstd, or one of those that its readers pass over (RFC 8878, section 3.1).
    if head.count >= 4, magic == 0xFD2F_B528 || magic & 0xFFFF_FFF0 == 0x184D_2A50 { return try ZstdUnpacker() }
    return nil
  }

  /// Fills `room` with the next bytes; 0 at the end. Throws for a packed file that is cut off or damaged.
  package func read(into room: UnsafeMutableBufferPointer<UInt8>) throws(ImportFileError) -> Int {
    while true {
      if available.isEmpty { try fill() }
      guard let unpacker else {
        let count = min(room.count, available.count)
        buffer.withUnsafeBufferPointer { buffer in
          guard count > 0, let from = buffer.baseAddress, let to = room.baseAddress else { return }
          to.update(from: from + available.lowerBound, count: count)
        }
        available = (available.lowerBound + count)..<available.upperBound
        return count
      }
      let offered = available
      let step = buffer.withUnsafeBufferPointer { buffer in
        unpacker.unpack(UnsafeBufferPointer(rebasing: buffer[offered]), into: room)
      }
      available = (offered.lowerBound + step.consumed)..<offered.upperBound
      if step.produced > 0 { return step.produced }
      if let reason = step.failure { throw damaged(unpacker, reason) }
      if offered.isEmpty {
        guard unpacker.isBetweenMembers else {
          throw ImportFileError("\(name) ends before its \(unpacker.kind) data does; fetch the file again")
        }
        return 0
      }
      // What takes nothing and gives nothing would do so for ever.
      if step.consumed == 0 { throw damaged(unpacker, nil) }
    }
  }

  private func damaged(_ unpacker: any Unpacker, _ reason: String?) -> ImportFileError {
    let place = offset - UInt64(available.count)
    return ImportFileError(
      "\(name) is damaged: its \(unpacker.kind) data cannot be unpacked around byte \(place)" + (reason.map { " (\($0))" } ?? ""))
  }

  /// Adds what comes next to what is there.
  private func fill() throws(ImportFileError) {
    guard !isAtEnd else { return }
    if available.isEmpty { available = 0..<0 }
    let start = available.upperBound
    var count = -1
    repeat {
      count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + start }, $0.count - start) }
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw ImportFileError("cannot read \(name): \(String(cString: strerror(errno)))") }
    isAtEnd = count == 0
    available = available.lowerBound..<(start + count)
    offset += UInt64(count)
  }
}

/// Why a file cannot be read, as a sentence.
package struct ImportFileError: Error, CustomStringConvertible {
  package let message: String
  package init(_ message: String) { self.message = message }
  package var description: String { message }
}
