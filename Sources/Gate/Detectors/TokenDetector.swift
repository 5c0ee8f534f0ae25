internal import Glibc

/// Finds credentials of no known shape: long rows of letters of both cases and digits that look drawn by lot.
///
/// Digests and UUIDs are hexadecimal and pass, as do ids in one case; words and paths change between letters and digits too seldom.
enum TokenDetector {
  /// Bytes of a row. Ids that platforms hand out are shorter.
  static let shortest = 40
  /// Bits of a character, by its frequency in the row: 40 characters drawn from 62 have some 4.8.
  private static let entropy = 4.0

  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var start = 0
    while start + shortest <= bytes.count {
      var end = start
      while SecretShape.Alphabet.token.contains(bytes.at(end)) || bytes.at(end) == .ascii("+") { end += 1 }
      if end - start >= shortest, isDrawn(bytes, start..<end) {
        while bytes.at(end) == .ascii("=") { end += 1 }
        findings.add(Finding(range: start..<end, replacement: SecretDetector.replacement(.highEntropy), reason: .highEntropy))
      }
      start = max(end, start + 1)
    }
  }

  private static func isDrawn(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    var counts = [Int](repeating: 0, count: 256)
    var (upper, lower, digits, changes) = (0, 0, 0, 0)
    var previous = 0
    for byte in bytes[range] {
      counts[Int(byte)] += 1
      let kind = byte.isUpper ? 1 : byte.isLower ? 2 : byte.isDigit ? 3 : 0
      if kind == 1 { upper += 1 } else if kind == 2 { lower += 1 } else if kind == 3 { digits += 1 }
      // `SomeName` changes at each word; what is drawn, at some six places of ten.
      if kind == 0 { continue }
      if kind != previous { changes += 1 }
      previous = kind
    }
    guard upper >= 4, lower >= 4, digits >= 2, changes * 5 >= range.count * 2 else { return false }
    let total = Double(range.count)
    return counts.reduce(0.0) { $1 == 0 ? $0 : $0 - Double($1) / total * log2(Double($1) / total) } >= entropy
  }
}
