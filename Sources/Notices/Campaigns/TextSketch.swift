/// What is kept of a text to tell whether another is nearly the same: in each of 64 orders, which a key fixes, the first of the text's shingles
/// (MinHash; Broder, 1997). As many values as agree are the share of shingles that two texts have in common, give or take a few.
package struct TextSketch: Sendable, Hashable {
  package static let count = 64
  /// Half of the shingles: a lure that was forwarded with a greeting and a footer is the same, two letters about invoices are not.
  static let near = 32
  /// In a row; fewer words than `fewestWords` say too little.
  private static let shingle = 3
  private static let fewestWords = 8
  private static let mostWords = 4_000
  /// Of a text, in characters.
  private static let mostRead = 256 << 10

  package let values: [UInt32]

  package init?(values: [UInt32]) {
    guard values.count == Self.count else { return nil }
    self.values = values
  }

  /// Nil for a text of too few words.
  init?(_ words: [String], key: ReportKey) {
    guard words.count >= Self.fewestWords else { return nil }
    let words = words.prefix(Self.mostWords)
    var least = [UInt32](repeating: .max, count: Self.count)
    for start in words.indices.dropLast(Self.shingle - 1) {
      let hash = key.hash(shingle: words[start..<start + Self.shingle])
      for order in least.indices {
        let value = UInt32(truncatingIfNeeded: Self.mixed(hash &+ UInt64(order) &* 0x9E37_79B9_7F4A_7C15) >> 32)
        if value < least[order] { least[order] = value }
      }
    }
    values = least
  }

  /// The end of SplitMix64 (Steele, Lea, Flood 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 256 bytes, each value with its highest byte first.
  package var bytes: [UInt8] { values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } } }

  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.count * 4 else { return nil }
    values = (0..<Self.count).map { index in bytes[index * 4..<index * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) } }
  }

  package func agreement(with other: TextSketch) -> Int { zip(values, other.values).count { $0 == $1 } }

  package func isNear(_ other: TextSketch) -> Bool { agreement(with: other) >= Self.near }
}

extension TextSketch {
  /// The words that count: as they look, without numbers, addresses and links, which differ from one recipient to the next.
  static func words(of text: String, without names: Set<String>) -> [String] {
    let start = String(text.prefix(mostRead))
    let words = CanonicalWords(start).words.prefix(mostWords).filter { word in
      !word.utf8.contains(UInt8(ascii: "@")) && !word.utf8.contains(UInt8(ascii: "/")) && !names.contains(RecipientNames.bare(word))
    }
    return LureText(words.map { $0.contains(where: \.isNumber) ? "number" : $0 }).words.map(\.folded)
  }
}
