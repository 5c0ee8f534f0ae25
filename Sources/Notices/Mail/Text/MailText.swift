/// Whether a message shows a text that was signed, whatever a gateway did to its form.
package enum MailText {
  package enum Match: Sendable, Hashable {
    /// The message shows these words and no others.
    case whole
    /// All words stand in their order with nothing in between; the message shows others before and after.
    case wrapped(before: [String], after: [String])
    /// A part that tells is there, and it is not the same.
    case altered(Difference)
    case absent
  }

  /// The first place where a shown text is not the signed one.
  package struct Difference: Sendable, Hashable {
    /// Which word of the signed text, from zero.
    package let place: Int
    /// The signed words from there on, and some that stand before; made harmless.
    package let expected: String
    /// What is shown in their place.
    package let found: String
    /// How much of the signed text is shown, from 0 to 1, counted in runs of four words.
    package let share: Double
  }

  /// Below this share of the signed text a message does not show it.
  static let leastShare = 0.2
  private static let run = 4

  /// Linear in the length of both.
  package static func match(signed: String, shown: String) -> Match {
    match(signed: CanonicalWords(signed).words, shown: CanonicalWords(shown).words)
  }

  package static func match(signed: [String], shown: [String]) -> Match {
    guard !signed.isEmpty else { return .absent }
    if signed == shown { return .whole }
    var numbers: [String: Int32] = [:]
    let wanted = signed.map { word in
      let number = numbers[word] ?? Int32(numbers.count)
      numbers[word] = number
      return number
    }
    let present = shown.map { numbers[$0] ?? -1 }
    let (longest, end) = longestBeginning(of: wanted, in: present)
    if longest == wanted.count {
      return .wrapped(before: Array(shown[..<(end - longest)]), after: Array(shown[end...]))
    }
    let runs = SharedRuns(of: wanted, in: present, length: min(run, wanted.count))
    guard runs.share >= leastShare || longest * 2 >= wanted.count else { return .absent }
    var place = longest
    var shownPlace = end
    if longest < runs.length, let first = runs.first {
      // The beginning is what differs: what stands before the first run that is shared, word by word.
      place = 0
      shownPlace = first.shown - first.signed
      while place < first.signed, shownPlace >= 0, present[shownPlace] == wanted[place] {
        place += 1
        shownPlace += 1
      }
    }
    return .altered(
      Difference(
        place: place, expected: excerpt(signed, place), found: excerpt(shown, max(0, shownPlace)), share: min(1, runs.share)))
  }

  private static func excerpt(_ words: [String], _ place: Int) -> String {
    Harmless.text(words[max(0, min(place, words.count) - 3)..<min(words.count, place + 6)])
  }

  /// The longest beginning of one sequence that stands somewhere in the other, and where it ends there (Knuth, Morris and Pratt 1977).
  private static func longestBeginning(of wanted: [Int32], in present: [Int32]) -> (length: Int, end: Int) {
    var fallback = [Int](repeating: 0, count: wanted.count + 1)
    var length = 0
    for index in 1..<max(1, wanted.count) {
      while length > 0, wanted[index] != wanted[length] { length = fallback[length] }
      if wanted[index] == wanted[length] { length += 1 }
      fallback[index + 1] = length
    }
    var best = (length: 0, end: 0)
    length = 0
    for (index, number) in present.enumerated() {
      while length > 0, wanted[length] != number { length = fallback[length] }
      if wanted[length] == number { length += 1 }
      if length > best.length { best = (length, index + 1) }
      if length == wanted.count { return best }
    }
    return best
  }
}

/// Runs of a few words that two sequences share.
private struct SharedRuns {
  let length: Int
  private(set) var share = 0.0
  /// The first of the signed ones that is shown, and where.
  private(set) var first: (signed: Int, shown: Int)?

  private struct Key: Hashable {
    var numbers: SIMD4<Int32>

    init(_ sequence: [Int32], _ start: Int, _ length: Int) {
      numbers = SIMD4(repeating: -2)
      for offset in 0..<length { numbers[offset] = sequence[start + offset] }
    }
  }

  init(of wanted: [Int32], in present: [Int32], length: Int) {
    self.length = length
    var places: [Key: Int] = [:]
    for start in stride(from: wanted.count - length, through: 0, by: -1) { places[Key(wanted, start, length)] = start }
    var seen: Set<Int> = []
    for start in stride(from: 0, through: present.count - length, by: 1) {
      guard present[start] >= 0, let place = places[Key(present, start, length)] else { continue }
      seen.insert(place)
      if place < first?.signed ?? .max { first = (place, start) }
    }
    share = places.isEmpty ? 0 : Double(seen.count) / Double(places.count)
  }
}
