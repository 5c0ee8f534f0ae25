internal import Foundation

/// Whether a letter may be agreed to: what must stand in it does, and what must not does not. The rules are those of the guidelines on breach notices
/// (EDPB 9/2022): a message of its own, in plain words, and nothing in it that a phisher's message would have.
package enum LetterCheck {
  package struct Fault: Sendable, Hashable, CustomStringConvertible {
    package let kind: LetterKind
    package let sentence: String
    package var description: String { "\(kind.text): \(sentence)" }
  }

  package static let longestBody = 20_000
  package static let longestSubject = 150

  /// - Parameter template: with its common places filled in.
  package static func faults(of template: LetterTemplate) -> [Fault] {
    var sentences: [String] = []
    let places = LetterTemplate.places(in: template.subject) + LetterTemplate.places(in: template.body)
    for place in LetterTemplate.requiredOwnPlaces(template.kind.audience) where !places.contains(place.rawValue) {
      sentences.append("it lacks {{\(place.rawValue)}}, \(meaning(of: place)).")
    }
    for place in Set(places).sorted() {
      if LetterTemplate.OwnPlace(rawValue: place) == nil {
        let isCommon = LetterTemplate.CommonPlace(rawValue: place) != nil
        sentences.append(isCommon ? "nothing is filled in for {{\(place)}}." : "there is no such place as {{\(place)}}.")
      }
    }
    if template.subject.isEmpty || template.subject.utf8.count > longestSubject || template.subject.contains(where: \.isNewline) {
      sentences.append("its subject is one line of 1 to \(longestSubject) bytes.")
    }
    if template.body.utf8.count > longestBody { sentences.append("it is longer than \(longestBody) bytes.") }
    if places.contains(LetterTemplate.OwnPlace.people.rawValue), template.subject.contains("{{people}}") {
      sentences.append("people do not belong into a subject.")
    }
    let text = "\(template.subject)\n\(template.body)"
    if let link = link(in: text) { sentences.append("it holds a link, “\(link)”: say where to go in words.") }
    if text.contains("<"), text.contains(">") { sentences.append("it holds markup; it is sent as plain text.") }
    if let hidden = text.unicodeScalars.first(where: { isHidden($0) }) {
      sentences.append("it holds a character that does not show (U+\(String(hidden.value, radix: 16, uppercase: true))).")
    }
    let lowered = text.lowercased()
    for word in urgent[template.kind.language] ?? [] where lowered.contains(word) {
      sentences.append("“\(word)” hurries people, as lures do.")
    }
    return sentences.map { Fault(kind: template.kind, sentence: $0) }
  }

  private static func meaning(of place: LetterTemplate.OwnPlace) -> String {
    switch place {
    case .fields: "which of this person’s data are concerned"
    case .checkCode: "the code by which the message is compared with the console"
    case .people: "which people of the organization are concerned"
    case .organization: "which organization it is"
    }
  }

  /// A common place that a template lacks: without what happened, what was done, when it was known, what to do, whom to ask and what comes next, a
  /// notice is none (Art. 34(2) GDPR).
  package static func missingPlace(in template: LetterTemplate) -> String? {
    let places = LetterTemplate.places(in: template.subject) + LetterTemplate.places(in: template.body)
    return LetterTemplate.CommonPlace.allCases.map(\.rawValue).first { !places.contains($0) }
  }

  /// What a mail program would make a link of.
  package static func link(in text: String) -> String? {
    if let link = LureLinks.written(in: text).first { return Harmless.word(link.target) }
    let words = text.split { $0.isWhitespace || "()[]{}<>\"'“”«»,;".contains($0) }
    return words.first { word in
      let word = word.lowercased()
      return word.contains("://") || word.hasPrefix("mailto:") || word.hasPrefix("tel:")
    }.map { Harmless.word(String($0)) }
  }

  /// Format characters, and those that turn the direction of the text.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .format, .control: scalar != "\n"
    case .privateUse, .surrogate, .unassigned: true
    default: false
    }
  }

  private static let urgent: [LetterLanguage: [String]] = [
    .en: ["urgent", "immediately", "act now", "within 24 hours", "will be suspended", "will be closed", "click"],
    .fr: ["urgent", "immédiatement", "agissez maintenant", "sous 24 heures", "sera suspendu", "sera fermé", "cliquez"],
  ]
}
