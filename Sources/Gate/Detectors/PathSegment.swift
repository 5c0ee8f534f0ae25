/// Judges one segment of a path.
enum PathSegment {
  /// What stands in its place and why; nil: it stays.
  static func judge(_ segment: UnsafeBufferPointer<UInt8>) -> (placeholder: String, reason: Reason)? {
    guard segment.count >= 3 else { return nil }
    let scan = TextScan(segment)
    // What a step left here before.
    if segment[0] == .ascii("["), segment[segment.count - 1] == .ascii("]") { return nil }
    if scan.mayHoldEmail || scan.mayHoldAddress || scan.mayHoldPhone,
      let first = Identities.find(in: segment, scan: scan, versionsExpected: false).all.first
    {
      return (first.replacement, first.reason)
    }
    return segment.count >= 12 && isToken(segment) ? ("[id]", .link) : nil
  }

  /// UUIDs, rows of 12 digits or hexadecimal digits, and mixed letters and digits too long for a word.
  private static func isToken(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = 0
    while start < segment.count {
      var end = start
      var digits = 0
      var hex = 0
      var capitals = 0
      var changes = 0
      while end < segment.count, segment[end].isAlphanumeric {
        let byte = segment[end]
        if byte.isDigit { digits += 1 }
        if byte.isHex { hex += 1 }
        if byte.isUpper { capitals += 1 }
        if end > start, segment[end - 1].isDigit != byte.isDigit { changes += 1 }
        end += 1
      }
      let length = end - start
      if length >= 12, hex == length, digits > 0 { return true }
      if length >= 16, digits >= 2, changes >= 2 || capitals >= 2 { return true }
      if length >= 24, digits > 0 || capitals >= 4 { return true }
      start = max(end, start + 1)
    }
    return segment.count == 36 && segment[8] == .ascii("-") && segment[13] == .ascii("-") && segment[18] == .ascii("-")
      && segment[23] == .ascii("-") && segment.allSatisfy { $0.isHex || $0 == .ascii("-") }
  }
}
