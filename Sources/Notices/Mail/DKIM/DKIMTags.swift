/// A list of tags and values (RFC 6376, section 3.2).
struct DKIMTags: Sendable {
  private(set) var values: [String: [UInt8]] = [:]
  private(set) var first: String?

  /// Nil for what is no list, or has a tag twice.
  init?(_ bytes: ArraySlice<UInt8>) {
    for piece in bytes.split(separator: 0x3B, maxSplits: 50, omittingEmptySubsequences: true) {
      let piece = piece.trimmed
      if piece.isEmpty { continue }
      guard let equals = piece.firstIndex(of: 0x3D) else { return nil }
      let name = piece[..<equals].trimmed
      guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x5F }) else { return nil }
      let tag = String(decoding: name, as: UTF8.self)
      guard values[tag] == nil else { return nil }
      if first == nil { first = tag }
      values[tag] = Array(piece[(equals + 1)...].trimmed)
    }
  }

  /// Without the blanks that may stand anywhere in most values.
  subscript(tag: String) -> String? { values[tag].map { String(decoding: $0.filter { !$0.isBlank }, as: UTF8.self) } }

  /// Base64, where a value may be folded anywhere.
  func base64(_ tag: String) -> [UInt8]? {
    guard let value = values[tag] else { return nil }
    let decoded = TransferEncoding.base64(value[...])
    return decoded.isClean ? decoded.bytes : nil
  }
}
