/// The files of a key directory as one text: what a command prints for `exec:`, and what `sealane keys export` writes. docs/FORMATS.md,
/// "Key directory".
///
/// Read and written in `SecretMemory`, byte by byte: no string of it is ever made, since strings are neither wiped nor locked.
package enum KeyBundle {
  /// A thousand keys are less.
  package static let longest = 65_536

  /// A JSON object of file names and base64 (RFC 4648, section 4), in any order, with white space as JSON has it.
  package static func read(_ text: UnsafeRawBufferPointer) throws(KeyBundleError) -> KeyDirectory {
    var reader = Reader(text: text)
    var keys: [String: SecretKey] = [:]
    try reader.expect("{")
    repeat {
      let name = try reader.name()
      try reader.expect(":")
      guard let key = SecretKey(filling: { reader.base64(into: $0) }) else {
        throw KeyBundleError("what stands beside \(name) is not 32 bytes in base64")
      }
      guard keys.updateValue(key, forKey: name) == nil else { throw KeyBundleError("it names \(name) twice") }
    } while reader.skips(",")
    try reader.expect("}")
    guard reader.isAtEnd else { throw KeyBundleError("something follows the JSON object") }
    return try KeyDirectory(keys)
  }

  /// One line, ended by LF.
  package static func text(_ keys: KeyDirectory) -> (memory: SecretMemory, byteCount: Int) {
    let files = keys.files
    let memory = SecretMemory(byteCount: files.reduce(16) { $0 + $1.name.utf8.count + 64 })
    var end = 0
    func put(_ bytes: some Sequence<UInt8>) {
      for byte in bytes {
        memory.bytes[end] = byte
        end += 1
      }
    }
    for (position, file) in files.enumerated() {
      put((position == 0 ? "{\"" : ",\"").utf8)
      put(file.name.utf8)
      put("\":\"".utf8)
      file.key.withUnsafeBytes { key in
        for start in stride(from: 0, to: key.count, by: 3) {
          let group = key[start..<min(start + 3, key.count)]
          let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
          for place in 0..<4 { put([place <= group.count ? digit(UInt8(bits >> (18 - 6 * UInt32(place)) & 63)) : UInt8(ascii: "=")]) }
        }
      }
      put("\"".utf8)
    }
    put("}\n".utf8)
    return (memory, end)
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    switch value {
    case 0..<26: UInt8(ascii: "A") + value
    case 26..<52: UInt8(ascii: "a") + value - 26
    case 52..<62: UInt8(ascii: "0") + value - 52
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
  }

  private struct Reader {
    let text: UnsafeRawBufferPointer
    var position = 0

    private mutating func skipSpace() {
      while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
    }

    var isAtEnd: Bool {
      mutating get {
        skipSpace()
        return position == text.count
      }
    }

    mutating func skips(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(KeyBundleError) {
      guard skips(character) else { throw KeyBundleError("it is not a JSON object of file names and base64") }
    }

    /// Of letters, digits, points and dashes only: anything else is no file of a key directory, and may be a secret.
    mutating func name() throws(KeyBundleError) -> String {
      try expect("\"")
      let start = position
      while position < text.count, position - start < 64, text[position] != UInt8(ascii: "\"") {
        let byte = text[position] | 0x20
        guard (0x61...0x7A).contains(byte) || (0x2D...0x39).contains(text[position]) && text[position] != 0x2F else {
          throw KeyBundleError("it holds a name that is not one of a key directory")
        }
        position += 1
      }
      let name = String(decoding: text[start..<position], as: UTF8.self)
      try expect("\"")
      // Known before it is ever named in an error.
      let isSets = (2...KeyDirectory.setsLimit).contains { KeyDirectory.setsFile($0) == name }
      guard KeyDirectory.File(rawValue: name) != nil || isSets else {
        throw KeyBundleError("it holds a name that is not one of a key directory")
      }
      return name
    }

    /// A JSON string of base64 that makes exactly the bytes of `target`. `\/`, which some programs write, is a slash.
    mutating func base64(into target: UnsafeMutableRawBufferPointer) -> Bool {
      guard skips("\"") else { return false }
      var bits: UInt32 = 0
      var digits = 0
      var filled = 0
      while position < text.count {
        var byte = text[position]
        position += 1
        if byte == UInt8(ascii: "\"") { break }
        if byte == UInt8(ascii: "\\"), position < text.count, text[position] == UInt8(ascii: "/") {
          byte = text[position]
          position += 1
        }
        if byte == UInt8(ascii: "=") {
          // 32 bytes are 43 digits and one sign of padding.
          guard digits == 43, filled == target.count else { return false }
          digits += 1
          continue
        }
        guard let value = Self.value(byte), digits < 43 else { return false }
        bits = bits << 6 | UInt32(value)
        digits += 1
        let pending = digits * 6 - filled * 8
        if pending >= 8, filled < target.count {
          target[filled] = UInt8(truncatingIfNeeded: bits >> UInt32(pending - 8))
          filled += 1
        }
      }
      // The bits that are left over must be zero: there is one spelling of a key.
      return digits == 44 && filled == target.count && bits & 3 == 0
    }

    private static func value(_ byte: UInt8) -> UInt8? {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): 62
      case UInt8(ascii: "/"): 63
      default: nil
      }
    }
  }
}

/// Why a text is not the content of a key directory. Never quotes it.
package struct KeyBundleError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The end of a sentence that begins with what it is about.
  package let what: String

  init(_ what: String) { self.what = what }

  package var description: String { "This is not the content of a key directory: \(what)." }
}
