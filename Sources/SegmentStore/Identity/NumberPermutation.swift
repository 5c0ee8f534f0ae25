/// Hands out subject numbers in random order: a keyed permutation of 0, 1, 2, ... over 32 bits that never yields `UInt32.max`.
///
/// A balanced Feistel network of four rounds over 16-bit halves; the round function is XXH64, seeded with one word of the key, of
/// (round, half, other word). It hides the order of arrival from whoever sees a number; it is not meant to resist whoever holds the store.
struct NumberPermutation: Sendable, Equatable {
  let key0: UInt64
  let key1: UInt64
  /// The ordinal that the bare network maps to `UInt32.max`; it takes the number of the ordinal `UInt32.max`, which is never used.
  private let exceptional: UInt32
  private let substitute: UInt32

  init(key0: UInt64, key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
    exceptional = Self.inverse(.max, key0, key1)
    substitute = Self.forward(.max, key0, key1)
  }

  func number(ofOrdinal ordinal: UInt32) -> UInt32 { ordinal == exceptional ? substitute : Self.forward(ordinal, key0, key1) }

  func ordinal(ofNumber number: UInt32) -> UInt32 { number == substitute ? exceptional : Self.inverse(number, key0, key1) }

  private static func forward(_ value: UInt32, _ key0: UInt64, _ key1: UInt64) -> UInt32 {
    var left = value >> 16
    var right = value & 0xFFFF
    for round in 0..<UInt64(4) { (left, right) = (right, left ^ mix(round, right, key0, key1)) }
    return left << 16 | right
  }

  private static func inverse(_ value: UInt32, _ key0: UInt64, _ key1: UInt64) -> UInt32 {
    var left = value >> 16
    var right = value & 0xFFFF
    for round in (0..<UInt64(4)).reversed() { (left, right) = (right ^ mix(round, left, key0, key1), left) }
    return left << 16 | right
  }

  private static func mix(_ round: UInt64, _ half: UInt32, _ key0: UInt64, _ key1: UInt64) -> UInt32 {
    var words = (round << 16 | UInt64(half), key1)
    words.0 = words.0.littleEndian
    words.1 = words.1.littleEndian
    return withUnsafeBytes(of: &words) { UInt32(truncatingIfNeeded: Checksum.of($0, seed: key0)) & 0xFFFF }
  }
}
