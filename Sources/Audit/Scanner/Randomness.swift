internal import Glibc

/// Whether letters and digits look drawn by lot. Counts only; no copy is made.
struct Randomness {
  private(set) var count = 0
  private(set) var capitals = 0
  private(set) var small = 0
  private(set) var digits = 0
  private(set) var others = 0
  private(set) var isHexadecimal = true
  private var beyondHexadecimal = 0
  /// How often the class changes from one to the next: names and paths change seldom.
  private(set) var changes = 0
  /// Neighbours that are equal, or one more or less: `aaaa`, `1234`, `fedc`.
  private(set) var steps = 0
  /// Capitals behind capitals: names of types have few.
  private var capitalPairs = 0
  private(set) var entropy = 0.0
  private(set) var distinct = 0

  init(_ bytes: Bytes) {
    var table = [UInt16](repeating: 0, count: 256)
    count = bytes.count
    var previousClass = 0
    var previous: UInt8 = 0
    for byte in bytes {
      table[Int(byte)] &+= table[Int(byte)] == .max ? 0 : 1
      let kind = byte.isCapital ? 1 : byte.isSmall ? 2 : byte.isDecimal ? 3 : 0
      if kind == 1 { capitals += 1 } else if kind == 2 { small += 1 } else if kind == 3 { digits += 1 } else { others += 1 }
      if !byte.isHexadecimal {
        isHexadecimal = false
        beyondHexadecimal += 1
      }
      if kind != 0 {
        if previousClass != 0, kind != previousClass { changes += 1 }
        previousClass = kind
        if kind != 0, previous != 0, byte == previous || byte == previous &+ 1 || byte == previous &- 1 { steps += 1 }
      }
      if byte.isCapital, previous.isCapital { capitalPairs += 1 }
      previous = byte
    }
    let total = Double(max(1, count))
    for number in table where number > 0 {
      distinct += 1
      entropy -= Double(number) / total * log2(Double(number) / total)
    }
  }

  /// Bits of a character that so many drawn ones have at least, nearly always: fewer characters repeat less.
  private var expected: Double {
    let alphabet: Double = beyondHexadecimal * 8 < count ? 16 : capitals > 0 && small > 0 ? 60 : 34
    return 0.75 * log2(min(alphabet, Double(max(2, count))))
  }

  /// Rows such as `0123456789abcdef` and `xxxxxxxx` have too many neighbours.
  var isEven: Bool { entropy >= expected && steps * 2 < max(8, count) }

  /// Digits and letters that nobody would type: of keys, tokens and digests.
  var isDrawn: Bool {
    guard count >= 12, isEven else { return false }
    if isHexadecimal { return digits >= count / 5 && capitals + small >= 1 && (capitals == 0 || small == 0) && changes * 8 >= count }
    guard others * 4 < count else { return false }
    if digits <= 1 {
      return capitals * 5 >= count && small >= 3 && capitalPairs >= max(2, count / 16) && changes * 4 >= count && count >= 20
    }
    return changes * 4 >= count
  }

  /// The same without doubt, for what no name speaks for.
  var isClearlyDrawn: Bool {
    isDrawn && !isHexadecimal && capitals >= 4 && small >= 4 && digits >= 1 && changes * 5 >= count * 2 && entropy >= 3.9
  }
}
