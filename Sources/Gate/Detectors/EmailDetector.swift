/// Finds e-mail addresses: RFC 5321's mailbox as people write it, with letters of any script, `%40` for `@`, quoted local parts and
/// bracketed hosts. Not found: hosts without a dot (`root@localhost`), package versions (`left-pad@1.3.0`), `icon@2x.png`.
enum EmailDetector {
  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 0
    var free = 0
    while index < bytes.count {
      let width = markWidth(bytes, index)
      guard width > 0 else {
        index += 1
        continue
      }
      if let start = localStart(bytes, mark: index, notBefore: free), let end = domainEnd(bytes, from: index + width),
        !isImageName(bytes, index + width, end)
      {
        let whole = bytes.has("mailto:", at: start - 7) && start - 7 >= free ? start - 7 : start
        findings.add(Finding(range: whole..<end, replacement: "[email]", reason: .emailInside))
        index = end
        free = end
      } else {
        index += width
      }
    }
  }

  /// `@`, its percent escape, and the full-width form U+FF20.
  private static func markWidth(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
    switch bytes[index] {
    case .ascii("@"): 1
    case .ascii("%"): bytes.at(index + 1) == .ascii("4") && bytes.at(index + 2) == .ascii("0") ? 3 : 0
    case 0xEF: bytes.at(index + 1) == 0xBC && bytes.at(index + 2) == 0xA0 ? 3 : 0
    default: 0
    }
  }

  private static func localStart(_ bytes: UnsafeBufferPointer<UInt8>, mark: Int, notBefore: Int) -> Int? {
    if bytes.at(mark - 1) == .ascii("\"") {
      var start = mark - 2
      while start >= notBefore, bytes[start] != .ascii("\"") { start -= 1 }
      return start >= notBefore ? start : nil
    }
    var start = mark
    while start > notBefore, isLocal(bytes[start - 1]) { start -= 1 }
    return start < mark ? start : nil
  }

  private static func isLocal(_ byte: UInt8) -> Bool {
    if byte.isAlphanumeric || byte.isWide { return true }
    return switch byte {
    case .ascii("."), .ascii("_"), .ascii("+"), .ascii("-"), .ascii("%"), .ascii("'"), .ascii("!"), .ascii("#"), .ascii("$"),
      .ascii("&"), .ascii("*"), .ascii("^"), .ascii("|"), .ascii("~"):
      true
    default: false
    }
  }

  /// The end of the longest row of labels whose last could be a top-level domain; nil if there is none with a dot.
  private static func domainEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    if bytes.at(start) == .ascii("[") {
      var end = start + 1
      while end < bytes.count, bytes[end].isHex || bytes[end] == .ascii(".") || bytes[end] == .ascii(":") { end += 1 }
      return bytes.at(end) == .ascii("]") && end > start + 2 ? end + 1 : nil
    }
    var best: Int?
    var label = start
    var labels = 0
    while label < bytes.count {
      var end = label
      while end < bytes.count, bytes[end].isAlphanumeric || bytes[end].isWide || bytes[end] == .ascii("-") || bytes[end] == .ascii("_") {
        end += 1
      }
      guard end > label else { break }
      labels += 1
      if labels >= 2 {
        var letters = label
        while letters < end, bytes[letters].isLetter || bytes[letters].isWide { letters += 1 }
        if letters - label >= 2 { best = end }
      }
      guard bytes.at(end) == .ascii(".") else { break }
      label = end + 1
    }
    return best
  }

  /// Pictures for dense screens: `icon@2x.png`.
  private static func isImageName(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard bytes.at(start).isDigit, bytes.at(start + 1).lowercased == .ascii("x"), bytes.at(start + 2) == .ascii(".") else { return false }
    let length = end - start
    return
      (length == 6
      && (bytes.has("png", at: start + 3) || bytes.has("jpg", at: start + 3) || bytes.has("gif", at: start + 3)
        || bytes.has("svg", at: start + 3)))
      || (length == 7 && (bytes.has("webp", at: start + 3) || bytes.has("jpeg", at: start + 3)))
  }
}
