/// The one edit that makes a name of another.
enum SingleEdit {
  /// What kind of edit; nil where it takes none or more. Linear.
  static func between(_ name: [UInt8], _ other: [UInt8]) -> LookAlikeReason? {
    guard abs(name.count - other.count) <= 1, name != other else { return nil }
    var start = 0
    while start < name.count, start < other.count, name[start] == other[start] { start += 1 }
    let rest = name[start...]
    let otherRest = other[start...]
    if name.count == other.count {
      if rest.dropFirst().elementsEqual(otherRest.dropFirst()) { return replacement(rest[start], otherRest[start]) }
      if rest.count >= 2, rest[start] == otherRest[start + 1], rest[start + 1] == otherRest[start],
        rest.dropFirst(2).elementsEqual(otherRest.dropFirst(2))
      {
        return .transposition
      }
      return nil
    }
    if name.count > other.count { return rest.dropFirst().elementsEqual(otherRest) ? .omission : nil }
    guard rest.elementsEqual(otherRest.dropFirst()) else { return nil }
    let added = other[start]
    if added == 0x2D { return .hyphenation }
    return start > 0 && other[start - 1] == added || start + 1 < other.count && other[start + 1] == added ? .repetition : .insertion
  }

  private static func replacement(_ letter: UInt8, _ other: UInt8) -> LookAlikeReason {
    let vowels = Set("aeiouy".utf8)
    if vowels.contains(letter), vowels.contains(other) { return .vowelSwap }
    return (letter ^ other).nonzeroBitCount == 1 ? .bitsquatting : .replacement
  }
}
