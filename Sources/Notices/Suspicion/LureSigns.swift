/// Finds the signs of `LureSign` in a text, its links and attachments. English and French; other languages show their links only.
package enum LureSigns {
  /// Of one reading of a message, each kind once with the words that gave rise to it first.
  package static func of(_ reading: MailReading, attachments: [MailPart] = []) -> [LureSign] {
    of(text: reading.text, links: reading.links, attachments: attachments.map { ($0.fileName ?? "", $0.type) })
  }

  /// - Parameter attachments: names and content types.
  package static func of(text: String, links: [MailLink] = [], attachments: [(name: String, type: String)] = []) -> [LureSign] {
    var signs = LureLinks.signs(links + LureLinks.written(in: text)) + LureFiles.signs(attachments)
    let words = LureText(CanonicalWords(text).words)
    signs += subjects(in: words) + secrets(in: words)
    var seen: Set<LureSign.Kind> = []
    return signs.filter { seen.insert($0.kind).inserted }
  }

  private typealias Rule = (kind: LureSign.Kind, phrase: LurePhrase)

  private static func table(_ source: [(LureSign.Kind, [String])]) -> [String: [Rule]] {
    var table: [String: [Rule]] = [:]
    for (kind, phrases) in source {
      for text in phrases {
        let phrase = LurePhrase(text)
        for word in phrase.first { table[word, default: []].append((kind, phrase)) }
      }
    }
    return table
  }

  private static let subjectRules = table(LurePhrases.subjects)
  private static let secretRules = table(LurePhrases.secrets)
  private static let asking = Set(LurePhrases.asking.map(LurePhrase.folded))
  private static let negations = Set(LurePhrases.negations.map(Skeleton.foldLetters))
  private static let conditions = Set(LurePhrases.conditions.map(Skeleton.foldLetters))
  private static let hurrying = Set(LurePhrases.hurrying.map(Skeleton.foldLetters))

  private static func subjects(in text: LureText) -> [LureSign] {
    var signs: [LureSign] = []
    var seen: Set<LureSign.Kind> = []
    for index in text.words.indices {
      for rule in subjectRules[text.words[index].folded] ?? [] where !seen.contains(rule.kind) {
        guard let end = rule.phrase.end(in: text.words, at: index),
          !isNegated(text, from: index, to: rule.phrase.holdsNegation ? index : end)
        else {
          continue
        }
        seen.insert(rule.kind)
        signs.append(sign(rule.kind, text, index, end))
      }
    }
    return signs
  }

  /// A secret, and a word that asks within eight words before it or four behind it, in one sentence.
  private static func secrets(in text: LureText) -> [LureSign] {
    var signs: [LureSign] = []
    var seen: Set<LureSign.Kind> = []
    for index in text.words.indices {
      for rule in secretRules[text.words[index].folded] ?? [] where !seen.contains(rule.kind) {
        guard let end = rule.phrase.end(in: text.words, at: index) else { continue }
        let sentence = text.words[index].sentence
        let near = max(0, index - 8)..<min(text.words.count, end + 4)
        guard
          let verb = near.last(where: { place in
            (place < index || place >= end) && text.words[place].sentence == sentence && asking.contains(text.words[place].folded)
          })
        else { continue }
        let (start, stop) = (min(verb, index), max(verb + 1, end))
        guard !isNegated(text, from: start, to: stop) else { continue }
        seen.insert(rule.kind)
        signs.append(sign(rule.kind, text, start, stop))
      }
    }
    return signs
  }

  private static func sign(_ kind: LureSign.Kind, _ text: LureText, _ start: Int, _ end: Int) -> LureSign {
    LureSign(kind: kind, words: Harmless.text(text.canonical[text.words[start].place...text.words[max(start, end - 1)].place]))
  }

  /// Whether the sentence says that it is not so: a negation within ten words before or inside, unless a condition stands before it or it
  /// only hurries.
  private static func isNegated(_ text: LureText, from start: Int, to end: Int) -> Bool {
    let sentence = text.words[start].sentence
    let near = (max(0, start - 10)..<end).filter { text.words[$0].sentence == sentence }
    for place in near where negations.contains(text.words[place].folded) {
      let following = text.words[(place + 1)...].prefix(3).prefix { $0.sentence == sentence }
      if following.contains(where: { hurrying.contains($0.folded) }) { continue }
      let before = text.words[max(0, place - 6)..<place]
      if before.contains(where: { $0.sentence == sentence && conditions.contains($0.folded) }) { continue }
      return true
    }
    return false
  }
}
