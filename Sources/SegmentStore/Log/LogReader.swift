/// Reads one file of the log.
struct LogReader {
  struct Result {
    var header: LogFormat.Header?
    /// Sequence number that the next frame would have.
    var nextSequence: UInt64
    /// Bytes that are whole; what follows is a torn tail.
    var wholeLength: UInt64
    var length: UInt64
  }

  private static let chunk = 1 << 20

  let disk: any Disk
  let directory: String
  let number: UInt64
  /// Only the last file may end in a torn tail.
  let isLast: Bool

  private var name: String { LogFormat.name(number) }

  /// Calls `visit` with each frame's sequence number and payload.
  ///
  /// - Throws: `StoreError.corrupt` where a frame is damaged and later ones are not, or where the tail of a file that is not the last
  ///   is missing; `visit`'s errors as `.corrupt` of this file.
  func read(_ visit: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws(StoreError) -> Result {
    do {
      return try readFrames(visit)
    } catch let error as StoreError {
      throw error
    } catch let error as DiskError {
      throw .disk(error)
    } catch let error as UnknownVersion {
      throw .unsupported(file: name, version: error.version)
    } catch {
      throw .corrupt(file: name, reason: "\(error)")
    }
  }

  private func readFrames(_ visit: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws -> Result {
    let file = try disk.open(directory + "/" + name)
    guard file.length >= UInt64(LogFormat.headerLength) else {
      guard isLast else { throw FormatError("it is shorter than its header, and later log files exist") }
      return Result(header: nil, nextSequence: 0, wholeLength: 0, length: file.length)
    }
    let header: LogFormat.Header
    do {
      header = try LogFormat.Header(try file.bytes(at: 0, count: LogFormat.headerLength))
    } catch let error as FormatError {
      // The header is durable before the first frame is written, so a file that holds more than a header once had a valid one.
      guard isLast, file.length == UInt64(LogFormat.headerLength) else { throw error }
      return Result(header: nil, nextSequence: 0, wholeLength: 0, length: file.length)
    }
    guard header.number == number else { throw FormatError("its header bears another number") }
    var result = Result(
      header: header, nextSequence: header.firstSequence, wholeLength: UInt64(LogFormat.headerLength), length: file.length)
    while result.wholeLength < file.length {
      guard let frame = try Self.frame(of: file, at: result.wholeLength, header: header, sequence: result.nextSequence) else {
        if let later = try laterFrame(in: file, after: result.wholeLength, header: header, than: result.nextSequence) {
          throw FormatError(
            "the frame at byte \(result.wholeLength) fails its checksum, but a later one at byte \(later) is whole, so it was acknowledged once"
          )
        }
        guard isLast else { throw FormatError("its end is missing from byte \(result.wholeLength) on, and later log files exist") }
        return result
      }
      try frame.withUnsafeBytes {
        try visit(result.nextSequence, UnsafeRawBufferPointer(rebasing: $0[LogFormat.frameHeaderLength...]))
      }
      result.nextSequence += 1
      result.wholeLength += UInt64(frame.count)
    }
    return result
  }

  /// The whole frame at an offset; nil if what stands there is not a valid frame with that number.
  static func frame(of file: any ReadableFile, at offset: UInt64, header: LogFormat.Header, sequence: UInt64?) throws -> [UInt8]? {
    let rest = file.length - offset
    guard rest >= UInt64(LogFormat.frameHeaderLength) else { return nil }
    let head = try file.bytes(at: offset, count: LogFormat.frameHeaderLength)
    guard Array(head[0..<4]) == LogFormat.frameMagic else { return nil }
    let (length, number, checksum) = head.withUnsafeBytes {
      (
        Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      )
    }
    guard length <= LogFormat.longestPayload, UInt64(length) <= rest - UInt64(LogFormat.frameHeaderLength) else { return nil }
    if let sequence, number != sequence { return nil }
    let frame = try file.bytes(at: offset, count: LogFormat.frameHeaderLength + length)
    return LogFormat.checksum(ofFrame: frame, salt: header.salt) == checksum ? frame : nil
  }

  /// The length of the frame at an offset, if one of that number seems to begin there: what it holds is not looked at.
  static func frameLength(of file: any ReadableFile, at offset: UInt64, sequence: UInt64) throws -> UInt64? {
    guard file.length >= offset + UInt64(LogFormat.frameHeaderLength) else { return nil }
    let head = try file.bytes(at: offset, count: LogFormat.frameHeaderLength)
    guard Array(head[0..<4]) == LogFormat.frameMagic else { return nil }
    let (length, number) = head.withUnsafeBytes {
      (
        UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    guard number == sequence, Int(length) <= LogFormat.longestPayload else { return nil }
    return UInt64(LogFormat.frameHeaderLength) + UInt64(length)
  }

  /// The offset of a valid frame behind an invalid one: proof that the invalid one was durable once.
  private func laterFrame(in file: any ReadableFile, after start: UInt64, header: LogFormat.Header, than sequence: UInt64) throws -> UInt64?
  {
    var offset = start + 1
    while offset + UInt64(LogFormat.frameHeaderLength) <= file.length {
      let count = Int(min(UInt64(Self.chunk), file.length - offset))
      let bytes = try file.bytes(at: offset, count: count)
      var index = 0
      while index + 4 <= count {
        if bytes[index] == LogFormat.frameMagic[0], bytes[index + 1] == LogFormat.frameMagic[1],
          bytes[index + 2] == LogFormat.frameMagic[2],
          bytes[index + 3] == LogFormat.frameMagic[3],
          let frame = try Self.frame(of: file, at: offset + UInt64(index), header: header, sequence: nil)
        {
          let number = frame.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) }
          if number > sequence { return offset + UInt64(index) }
        }
        index += 1
      }
      if offset + UInt64(count) == file.length { return nil }
      offset += UInt64(count - 3)
    }
    return nil
  }
}
