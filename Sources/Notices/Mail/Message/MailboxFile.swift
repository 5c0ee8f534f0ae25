internal import Foundation

/// The messages of an mbox file (RFC 4155), one after the other: a file of any size in the memory of its largest message.
///
/// A message begins with a line `From ` at the beginning of the file or behind an empty line. Quoted ones lose a `>` where `isQuoted`
/// (mboxrd; of mboxo the ones with a single `>`, which come out alike).
package struct MailboxFile: Sequence, IteratorProtocol {
  package struct Entry: Sendable {
    /// Without the line `From `.
    package let bytes: [UInt8]
    /// Whether it was longer than allowed, and the rest left out.
    package let isCut: Bool
  }

  private let handle: FileHandle
  private let limit: Int
  private let isQuoted: Bool
  private var buffer: [UInt8] = []
  private var place = 0
  private var ended = false
  private var started = false
  /// A line longer than this is handed on in pieces.
  private static let pieceSize = 64 << 10

  /// - Parameter limit: the most bytes of one message.
  /// - Throws: where the file cannot be opened.
  package init(path: String, limit: Int = MailLimits.usual.bytes, isQuoted: Bool = true) throws {
    handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    self.limit = limit
    self.isQuoted = isQuoted
  }

  /// Whether a file begins as an mbox does.
  package static func isMailbox(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: Array("From ".utf8)) }

  package mutating func next() -> Entry? {
    if !started {
      started = true
      // What stands before the first line that begins a message is none.
      while let piece = piece() { if Self.begins(piece.bytes) { return message() } }
      return nil
    }
    return pending ? message() : nil
  }

  /// Whether the line that begins the next message has been read.
  private var pending = false

  private mutating func message() -> Entry {
    pending = false
    var bytes: [UInt8] = []
    var isCut = false
    var afterEmpty = false
    var atStart = true
    while let piece = piece() {
      if atStart, afterEmpty, Self.begins(piece.bytes) {
        pending = true
        break
      }
      var line = piece.bytes
      if atStart, isQuoted, line.first == 0x3E, Self.begins(line.drop { $0 == 0x3E }) { line.removeFirst() }
      afterEmpty = atStart && line.allSatisfy { $0 == 0x0A || $0 == 0x0D }
      atStart = piece.endsLine
      if !isCut, bytes.count + line.count <= limit { bytes += line } else { isCut = true }
    }
    // The empty line behind a message belongs to the file.
    if afterEmpty, !isCut, bytes.last == 0x0A {
      bytes.removeLast()
      if bytes.last == 0x0D { bytes.removeLast() }
    }
    return Entry(bytes: bytes, isCut: isCut)
  }

  private static func begins(_ line: some Collection<UInt8>) -> Bool { line.starts(with: Array("From ".utf8)) }

  /// A line with its end, or as much of it as fits.
  private mutating func piece() -> (bytes: ArraySlice<UInt8>, endsLine: Bool)? {
    while true {
      if let feed = buffer[...].firstPlace(of: 0x0A, from: place) {
        defer { place = feed + 1 }
        return (buffer[place...feed], true)
      }
      if ended || buffer.count - place >= Self.pieceSize {
        guard place < buffer.count else { return nil }
        defer { place = buffer.count }
        return (buffer[place...], ended)
      }
      buffer.removeFirst(place)
      place = 0
      let more = (try? handle.read(upToCount: Self.pieceSize)) ?? nil
      if let more, !more.isEmpty { buffer += more } else { ended = true }
    }
  }
}
