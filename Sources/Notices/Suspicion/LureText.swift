/// The words of a text as phrases are looked for: folded by `Skeleton`, without punctuation, sentences apart.
struct LureText {
  struct Word {
    /// As folded.
    var folded: String
    /// Which of the canonical words.
    var place: Int
    /// Counts sentences.
    var sentence: Int
  }

  private(set) var words: [Word] = []
  let canonical: [String]

  init(_ canonical: [String]) {
    self.canonical = canonical
    var known: [String: [String]] = [:]
    var sentence = 0
    for (place, word) in canonical.enumerated() {
      let pieces = known[word] ?? Self.pieces(word)
      known[word] = pieces
      for piece in pieces { words.append(Word(folded: piece, place: place, sentence: sentence)) }
      if let last = word.last(where: { !")'".contains($0) }), ".!?;".contains(last) { sentence += 1 }
    }
  }

  /// A word without what stands around its letters; French articles are words of their own; what was cut at a hyphen is so still.
  static func pieces(_ word: String) -> [String] {
    let trimmed = word.prefix(80).drop { !$0.isLetter && !$0.isNumber }
    guard let last = trimmed.lastIndex(where: { $0.isLetter || $0.isNumber }) else { return [] }
    let core = trimmed[...last]
    let parts = core.split(separator: "'", maxSplits: 1)
    if parts.count == 2, parts[0].count == 1 || ["qu", "lorsqu", "puisqu", "jusqu"].contains(parts[0].lowercased()) {
      return [Skeleton.foldLetters(String(parts[0]) + (parts[0].lowercased() == "n" ? "'" : "")), Skeleton.foldLetters(String(parts[1]))]
    }
    return [Skeleton.foldLetters(String(core))]
  }
}

/// A phrase of `LurePhrases`, ready to be looked for.
struct LurePhrase {
  private enum Piece {
    case words(Set<String>)
    case gap
  }

  let first: Set<String>
  /// Whether a negation is a part of it: one inside says nothing then.
  let holdsNegation: Bool
  private let pieces: [Piece]
  private static let widestGap = 5

  init(_ text: String) {
    var pieces: [Piece] = []
    for part in text.split(separator: " ") {
      // Canonical words are cut behind hyphens: what comes before is enough.
      pieces.append(part == "~" ? .gap : .words(Set(part.split(separator: "|").map { Self.folded(String($0)) })))
    }
    self.pieces = pieces
    holdsNegation = text.split { $0 == " " || $0 == "|" }.contains { LurePhrases.negations.contains(String($0)) }
    if case .words(let words)? = pieces.first { first = words } else { first = [] }
  }

  static func folded(_ word: String) -> String { Skeleton.foldLetters(word.split(separator: "-").first.map(String.init) ?? word) }

  /// Where the phrase ends that begins at a word; nil if none does.
  func end(in words: [LureText.Word], at start: Int) -> Int? {
    var index = start
    var gap = 0
    let sentence = words[start].sentence
    for piece in pieces {
      switch piece {
      case .gap: gap = Self.widestGap
      case .words(let wanted):
        let limit = min(index + gap, words.count - 1)
        guard index <= limit,
          let found = (index...limit).first(where: { wanted.contains(words[$0].folded) && words[$0].sentence == sentence })
        else {
          return nil
        }
        index = found + 1
        gap = 0
      }
    }
    return index
  }
}
