/// A part of a text that may not stay, by byte positions, and what stands there instead.
struct Finding {
  var range: Range<Int>
  var replacement: String
  var reason: Reason
}

/// The findings of several detectors in one text: in order, none overlapping another (the earlier detector wins).
struct Findings {
  private(set) var all: [Finding] = []

  var isEmpty: Bool { all.isEmpty }

  mutating func add(_ finding: Finding) {
    guard !all.contains(where: { $0.range.overlaps(finding.range) }) else { return }
    let place = all.firstIndex { $0.range.lowerBound > finding.range.lowerBound } ?? all.count
    all.insert(finding, at: place)
  }

  /// The text with every finding replaced.
  func applied(to bytes: UnsafeBufferPointer<UInt8>) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var position = 0
    for finding in all {
      result.append(contentsOf: bytes[position..<finding.range.lowerBound])
      result.append(contentsOf: finding.replacement.utf8)
      position = finding.range.upperBound
    }
    result.append(contentsOf: bytes[position...])
    return String(decoding: result, as: UTF8.self)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The byte at a position, or 0 outside.
  @inline(__always)
  func at(_ index: Int) -> UInt8 { index >= 0 && index < count ? self[index] : 0 }

  /// Whether the bytes from here on are these, letters compared without case. `word` is lower case.
  @inline(__always)
  func has(_ word: StaticString, at index: Int) -> Bool {
    guard index >= 0, index + word.utf8CodeUnitCount <= count else { return false }
    for offset in 0..<word.utf8CodeUnitCount where self[index + offset].lowercased != word.utf8Start[offset] { return false }
    return true
  }

  /// Whether a token can begin here: not inside of a word. The end of a percent escape counts as outside.
  @inline(__always)
  func isTokenStart(_ index: Int) -> Bool {
    index == 0 || !at(index - 1).isAlphanumeric || (at(index - 3) == .ascii("%") && at(index - 2).isHex && at(index - 1).isHex)
  }
}
