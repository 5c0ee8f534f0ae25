/// Cuts a stream of bytes into rows of a table (RFC 4180): fields may stand in quotes, with line ends and doubled quotes inside. Keeps
/// nothing but the row that is under way.
package struct RowCutter {
  package enum Piece {
    /// One row as it stands in the file, without its line's end. `line`: where it begins, from 1.
    case row([UInt8], line: Int)
    case reject(line: Int, reason: String)
  }

  private enum State {
    case fieldStart, plain, quoted
    /// After a quote within quotes: the end of the field, or half of a doubled one.
    case quote
    /// Passing over what is too long.
    case lost
  }

  private let maximumBytes: Int
  private let delimiter: UInt8
  private var state = State.fieldStart
  private var row: [UInt8] = []
  private var line = 1
  private var rowLine = 1
  private var position = 0

  package init(delimiter: UInt8, maximumBytes: Int) {
    self.delimiter = delimiter
    self.maximumBytes = maximumBytes
  }

  package mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, emit: (Piece) -> Void) {
    var kept = 0
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if position < 3 {
        // A byte order mark.
        if byte == [0xEF, 0xBB, 0xBF][position], row.isEmpty, kept == at {
          position += 1
          at += 1
          kept = at
          continue
        }
        position = 3
      }
      if byte == 0x0A {
        line += 1
        if state != .quoted {
          append(bytes, kept..<at, emit)
          endRow(emit)
          at += 1
          kept = at
          continue
        }
      }
      switch state {
      case .fieldStart: state = byte == UInt8(ascii: "\"") ? .quoted : byte == delimiter ? .fieldStart : .plain
      case .plain: if byte == delimiter { state = .fieldStart }
      case .quoted: if byte == UInt8(ascii: "\"") { state = .quote }
      case .quote: state = byte == UInt8(ascii: "\"") ? .quoted : byte == delimiter ? .fieldStart : .plain
      case .lost: break
      }
      at += 1
      // A quote that is left open would swallow the file: the row is given up as soon as it is too long.
      if row.count + at - kept > maximumBytes {
        append(bytes, kept..<at, emit)
        kept = at
      }
    }
    append(bytes, kept..<at, emit)
  }

  package mutating func finish(emit: (Piece) -> Void) {
    if state == .quoted {
      emit(.reject(line: rowLine, reason: "the file ends within quotes"))
    } else {
      endRow(emit)
    }
    row = []
    state = .fieldStart
  }

  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ emit: (Piece) -> Void) {
    guard state != .lost, !range.isEmpty else { return }
    if row.count + range.count > maximumBytes {
      state = .lost
      row.removeAll(keepingCapacity: true)
      emit(.reject(line: rowLine, reason: "a row must be smaller than \(maximumBytes) bytes; is a quote left open?"))
    } else {
      row.append(contentsOf: bytes[range])
    }
  }

  private mutating func endRow(_ emit: (Piece) -> Void) {
    if row.last == 0x0D { row.removeLast() }
    if state != .lost, !row.isEmpty { emit(.row(row, line: rowLine)) }
    row.removeAll(keepingCapacity: true)
    rowLine = line
    state = .fieldStart
  }
}

/// The fields of one row, unquoted.
package struct RowFields {
  private(set) var bytes: [UInt8] = []
  private(set) var ends: [Int] = []

  package init() {}

  package var count: Int { ends.count }
  package subscript(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Reads a row; returns what is wrong with it, nil if nothing is. Quotes inside of a field that does not begin with one stand for
  /// themselves.
  package mutating func read(_ row: [UInt8], delimiter: UInt8) -> String? {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    var at = 0
    while true {
      if at < row.count, row[at] == UInt8(ascii: "\"") {
        at += 1
        while true {
          guard at < row.count else { return "a quote is left open in field \(count + 1)" }
          if row[at] == UInt8(ascii: "\"") {
            at += 1
            guard at < row.count, row[at] == UInt8(ascii: "\"") else { break }
          }
          bytes.append(row[at])
          at += 1
        }
        guard at == row.count || row[at] == delimiter else { return "text stands after the closing quote of field \(count + 1)" }
      } else {
        while at < row.count, row[at] != delimiter {
          bytes.append(row[at])
          at += 1
        }
      }
      ends.append(bytes.count)
      guard at < row.count else { return nil }
      at += 1
    }
  }
}
