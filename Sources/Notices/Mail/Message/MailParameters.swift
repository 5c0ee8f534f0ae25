/// A value with parameters: Content-Type and Content-Disposition (RFC 2045, section 5.1; RFC 2183; RFC 2231).
struct MailParameters: Sendable {
  /// In lower case.
  let value: String
  private(set) var parameters: [String: String] = [:]

  private struct Piece {
    var number: Int
    var bytes: [UInt8]
    var isEncoded: Bool
  }

  init(_ field: [UInt8]) {
    var reader = HeaderTokens(field[...])
    var value: [UInt8] = []
    while let byte = reader.peek, byte != 0x3B {
      if byte == 0x28 { reader.skipComment() } else { value.append(reader.take()) }
    }
    self.value = value[...].trimmed.token
    var pieces: [String: [Piece]] = [:]
    var count = 0
    while reader.peek != nil, count < 64 {
      if reader.peek == 0x3B { _ = reader.take() }
      reader.skipBlanks()
      let name = reader.token(until: [0x3D, 0x3B]).trimmed.token
      guard reader.peek == 0x3D else { continue }
      _ = reader.take()
      reader.skipBlanks()
      let text = reader.peek == 0x22 ? reader.quoted() : Array(reader.token(until: [0x3B]).trimmed)
      // What stands between a quoted value and the next semicolon.
      _ = reader.token(until: [0x3B])
      count += 1
      guard !name.isEmpty else { continue }
      let parts = name.split(separator: "*", omittingEmptySubsequences: false)
      if parts.count == 1 {
        // The first of a name counts, as with most readers.
        if parameters[name] == nil { parameters[name] = EncodedWords.decode(text[...]) }
      } else {
        let number = Int(parts[1]) ?? 0
        pieces[String(parts[0]), default: []].append(Piece(number: number, bytes: text, isEncoded: name.hasSuffix("*")))
      }
    }
    for (name, found) in pieces { parameters[name] = Self.joined(found) }
  }

  private static func joined(_ pieces: [Piece]) -> String {
    var charset: String?
    var bytes: [UInt8] = []
    for (index, piece) in pieces.sorted(by: { $0.number < $1.number }).enumerated() {
      var text = piece.bytes[...]
      if piece.isEncoded, index == 0, let first = text.firstIndex(of: 0x27), let second = text[(first + 1)...].firstIndex(of: 0x27) {
        charset = text[..<first].token
        text = text[(second + 1)...]
      }
      bytes += piece.isEncoded ? unescaped(text) : Array(text)
    }
    return MailCharset.decode(bytes, charset).text
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == 0x25, index + 2 < bytes.endIndex, let high = bytes[index + 1].hexadecimal, let low = bytes[index + 2].hexadecimal {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}

/// Pieces of a structured field (RFC 5322, section 3.2).
struct HeaderTokens {
  private let bytes: ArraySlice<UInt8>
  private var index: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
  }

  var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

  mutating func take() -> UInt8 {
    defer { index += 1 }
    return bytes[index]
  }

  mutating func skipBlanks() {
    while let byte = peek {
      if byte == 0x28 { skipComment() } else if byte.isBlank { index += 1 } else { return }
    }
  }

  /// A comment, with those inside it.
  mutating func skipComment() {
    var depth = 0
    while let byte = peek {
      index += 1
      if byte == 0x5C { index = min(index + 1, bytes.endIndex) } else if byte == 0x28 { depth += 1 } else if byte == 0x29 { depth -= 1 }
      if depth == 0 { return }
    }
  }

  mutating func token(until ends: Set<UInt8>) -> ArraySlice<UInt8> {
    let start = index
    while let byte = peek, !ends.contains(byte) { index += 1 }
    return bytes[start..<index]
  }

  /// A quoted string without its marks.
  mutating func quoted() -> [UInt8] {
    var result: [UInt8] = []
    index += 1
    while let byte = peek {
      index += 1
      if byte == 0x22 { return result }
      if byte == 0x5C, let next = peek {
        result.append(next)
        index += 1
      } else {
        result.append(byte)
      }
    }
    return result
  }
}
