internal import Foundation

/// Judges `<password>value</password>`, `<string name="api_key">value</string>`, and property lists, where the name stands in the element before.
enum MarkupJudge {
  static func value(_ bytes: Bytes, close: Int) -> Candidate? {
    let start = close + 1
    guard start < bytes.count, bytes[start] != .of("<"), !bytes[start].isBlank, !bytes[start].isLineEnd, bytes.byte(close - 1) != .of("/"),
      bytes.byte(close - 1) != .of("="), bytes.byte(close - 1) != .of("-")
    else { return nil }
    var end = start
    while end < bytes.count, end - start < 300, bytes[end] != .of("<"), !bytes[end].isLineEnd { end += 1 }
    guard bytes.byte(end) == .of("<"), bytes.byte(end + 1) == .of("/"), end - start >= 5 else { return nil }
    var open = close
    while open > 0, close - open < 160, bytes[open] != .of("<"), !bytes[open].isLineEnd { open -= 1 }
    guard bytes[open] == .of("<"), bytes.byte(open + 1).isWordByte else { return nil }
    guard let name = name(bytes, open: open, close: close), let meaning = SecretName.meaning(of: bytes.piece(name)) else { return nil }
    return AssignmentJudge(kind: FileKind("values.xml")).value(bytes, start..<end, name: name, meaning: meaning, isQuoted: true)
  }

  private static func name(_ bytes: Bytes, open: Int, close: Int) -> Range<Int>? {
    if let attribute = (open..<close).first(where: { bytes.holds("name=", at: $0) || bytes.holds("key=", at: $0) }) {
      var start = attribute
      while start < close, !bytes[start].isQuote { start += 1 }
      var end = start + 1
      while end < close, !bytes[end].isQuote { end += 1 }
      return start + 1 < end ? start + 1..<end : nil
    }
    var end = open + 1
    while end < close, bytes[end].isWordByte || bytes[end] == .of("_") || bytes[end] == .of("-") || bytes[end] == .of(".") { end += 1 }
    let tag = open + 1..<end
    guard bytes.holds("string", at: open + 1), tag.count == 6 else { return tag }
    // A property list.
    var index = open - 1
    while index > 0, bytes[index].isBlank || bytes[index].isLineEnd { index -= 1 }
    guard bytes[index] == .of(">"), bytes.holds("</key>", at: index - 5) else { return nil }
    let last = index - 5
    var first = last
    while first > 0, last - first < 100, bytes[first - 1] != .of(">") { first -= 1 }
    return first < last ? first..<last : nil
  }
}

enum Base64 {
  /// RFC 4648, either alphabet, with or without padding.
  static func decoded(_ text: Bytes) -> [UInt8]? {
    var plain = String(decoding: text, as: UTF8.self).replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    plain = String(plain.prefix { $0 != "=" })
    plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    return Data(base64Encoded: plain).map { Array($0) }
  }
}
