import Glibc

/// Cuts a stream of bytes into JSON records: the elements of an array, or lines. Keeps nothing but the record that is under way.
///
/// It looks at brackets and quotes only; whether a record is JSON is judged when it is whole.
package struct RecordCutter {
  /// A piece of the stream that is done.
  package enum Piece {
    /// One record on one line, without the line's end. `line`: where it begins, from 1.
    case record([UInt8], line: Int)
    case reject(line: Int, reason: String)
  }

  private enum Mode {
    case undecided, lines, array, afterArray
  }

  private let maximumBytes: Int
  private var mode = Mode.undecided
  private var record: [UInt8] = []
  private var isTooLong = false
  private var line = 1
  private var recordLine = 1
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var position = 0

  package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// Takes the next bytes; `emit` is called for every piece that they complete.
  package mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, emit: (Piece) -> Void) {
    var at = 0
    while at < bytes.count {
      switch mode {
      case .undecided:
        let byte = bytes[at]
        if position < 3, byte == [0xEF, 0xBB, 0xBF][position] || Self.isSpace(byte) {
          if byte == 0x0A { line += 1 }
          position += Self.isSpace(byte) ? 3 : 1
          at += 1
        } else if Self.isSpace(byte) {
          if byte == 0x0A { line += 1 }
          at += 1
        } else if byte == UInt8(ascii: "[") {
          mode = .array
          at += 1
        } else {
          mode = .lines
          recordLine = line
        }
      case .lines: at = takeLine(bytes, from: at, emit: emit)
      case .array: at = takeElement(bytes, from: at, emit: emit)
      case .afterArray:
        if bytes[at] == 0x0A { line += 1 }
        if !Self.isSpace(bytes[at]), !isTooLong {
          isTooLong = true
          emit(.reject(line: line, reason: "more text after the end of the array"))
        }
        at += 1
      }
    }
  }

  /// The stream is over: what is under way is the last record of a file of lines, or is cut off.
  package mutating func finish(emit: (Piece) -> Void) {
    switch mode {
    case .undecided, .afterArray: break
    case .lines: endLine(emit: emit)
    case .array: emit(.reject(line: record.isEmpty ? line : recordLine, reason: "the file ends in the middle of the array"))
    }
    mode = .afterArray
  }

  private mutating func takeLine(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, emit: (Piece) -> Void) -> Int {
    let end = Self.lineEnd(bytes, from: start)
    append(UnsafeBufferPointer(rebasing: bytes[start..<end]))
    guard end < bytes.count else { return end }
    endLine(emit: emit)
    line += 1
    recordLine = line
    return end + 1
  }

  private static func lineEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard let base = bytes.baseAddress, let end = memchr(base + start, 0x0A, bytes.count - start) else { return bytes.count }
    return UnsafeRawPointer(end) - UnsafeRawPointer(base)
  }

  private mutating func endLine(emit: (Piece) -> Void) {
    while let last = record.last, Self.isSpace(last) { record.removeLast() }
    endRecord(emit: emit)
  }

  private mutating func takeElement(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, emit: (Piece) -> Void) -> Int {
    var at = start
    var kept = start
    while at < bytes.count {
      let byte = bytes[at]
      if byte == 0x0A { line += 1 }
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "]") where depth == 0, UInt8(ascii: ",") where depth == 0:
          append(UnsafeBufferPointer(rebasing: bytes[kept..<at]))
          while let last = record.last, Self.isSpace(last) { record.removeLast() }
          endRecord(emit: emit)
          if byte == UInt8(ascii: "]") { mode = .afterArray }
          return at + 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
        case 0x20, 0x09, 0x0A, 0x0D:
          // A line's end between tokens means nothing, and would end the record where it goes next.
          append(UnsafeBufferPointer(rebasing: bytes[kept..<at]))
          if !record.isEmpty, byte == 0x20 { record.append(0x20) }
          kept = at + 1
        default: break
        }
      }
      if record.isEmpty, kept == at { recordLine = line }
      at += 1
    }
    append(UnsafeBufferPointer(rebasing: bytes[kept..<at]))
    return at
  }

  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard !isTooLong else { return }
    if record.count + bytes.count > maximumBytes {
      isTooLong = true
      record.removeAll()
    } else {
      record.append(contentsOf: bytes)
    }
  }

  private mutating func endRecord(emit: (Piece) -> Void) {
    if isTooLong {
      emit(.reject(line: recordLine, reason: "a record must be smaller than \(maximumBytes) bytes"))
    } else if !record.isEmpty {
      emit(.record(record, line: recordLine))
    }
    isTooLong = false
    record.removeAll(keepingCapacity: true)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
