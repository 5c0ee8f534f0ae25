/// To whom a letter is written.
package enum Audience: String, Sendable, Hashable, CaseIterable, Codable {
  /// Somebody whose data were exposed.
  case person
  /// An administrator of an organization, who is told which of its people are affected.
  case administrator
  /// The address that an organization gave for such things.
  case contact
}

package enum LetterLanguage: String, Sendable, Hashable, CaseIterable, Codable {
  case en, fr

  /// The language of a locale such as `fr-CA` or `fr_FR`; English for those that no template is written in.
  package init(locale: String?) {
    let code = (locale ?? "").lowercased().prefix { $0 != "-" && $0 != "_" }
    self = LetterLanguage(rawValue: String(code)) ?? .en
  }

  package var name: String {
    switch self {
    case .en: "English"
    case .fr: "French"
    }
  }
}

/// Which letter: to whom and in which language.
package struct LetterKind: Sendable, Hashable, Comparable {
  package let audience: Audience
  package let language: LetterLanguage

  package init(_ audience: Audience, _ language: LetterLanguage) {
    self.audience = audience
    self.language = language
  }

  package static let all = Audience.allCases.flatMap { audience in LetterLanguage.allCases.map { LetterKind(audience, $0) } }

  /// Such as `person.en`.
  package var text: String { "\(audience.rawValue).\(language.rawValue)" }

  package init?(text: some StringProtocol) {
    let parts = String(text).split(separator: ".").map { String($0) }
    guard parts.count == 2, let audience = Audience(rawValue: parts[0]), let language = LetterLanguage(rawValue: parts[1]) else {
      return nil
    }
    self.init(audience, language)
  }

  package static func < (left: LetterKind, right: LetterKind) -> Bool { left.text < right.text }
}

/// A letter with places for what is not the same for everybody, written `{{name}}`.
package struct LetterTemplate: Sendable, Hashable {
  /// What is filled in once for everybody, before people agree to the text.
  package enum CommonPlace: String, Sendable, Hashable, CaseIterable {
    case caseNumber = "case"
    case company
    case whatHappened = "what_happened"
    case notInvolved = "not_involved"
    case whenWeKnew = "when_we_knew"
    case whatWeDid = "what_we_did"
    case rotateKeys = "rotate_keys"
    case contact
    case nextUpdate = "next_update"
  }

  /// What is filled in for each recipient, after people agreed to everything else.
  package enum OwnPlace: String, Sendable, Hashable, CaseIterable {
    /// Which of this person's data.
    case fields
    case checkCode = "check_code"
    /// Which people of the organization.
    case people
    case organization
  }

  package let kind: LetterKind
  package let subject: String
  package let body: String

  package init(_ kind: LetterKind, subject: String, body: String) {
    self.kind = kind
    self.subject = subject
    self.body = body
  }

  /// What a letter of this kind cannot be without.
  package static func requiredOwnPlaces(_ audience: Audience) -> [OwnPlace] {
    switch audience {
    case .person: [.fields, .checkCode]
    case .administrator, .contact: [.people, .organization, .checkCode]
    }
  }

  /// Common places filled in; own ones stay.
  package func filled(_ values: [CommonPlace: String]) -> LetterTemplate {
    func fill(_ text: String) -> String {
      Self.replaced(text) { name in CommonPlace(rawValue: name).flatMap { values[$0] } }
    }
    return LetterTemplate(kind, subject: fill(subject), body: fill(body))
  }

  /// The letter to one recipient. What is filled in is not looked at for places again: whoever is called `{{people}}` stays called that.
  package func letter(_ values: [OwnPlace: String]) -> Letter {
    func fill(_ text: String) -> String { Self.replaced(text) { name in OwnPlace(rawValue: name).flatMap { values[$0] } } }
    return Letter(kind: kind, subject: fill(subject), body: fill(body))
  }

  /// Names of places that stand in the text, each as often as it does.
  package static func places(in text: String) -> [String] {
    var found: [String] = []
    _ = replaced(text) { name in
      found.append(name)
      return nil
    }
    return found
  }

  private static func replaced(_ text: String, _ value: (String) -> String?) -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
      let name = String(rest[open.upperBound..<close.lowerBound])
      result += rest[..<open.lowerBound]
      result += value(name) ?? "{{\(name)}}"
      rest = rest[close.upperBound...]
    }
    return result + rest
  }
}

/// What one recipient reads.
package struct Letter: Sendable, Hashable {
  package let kind: LetterKind
  package let subject: String
  package let body: String

  package init(kind: LetterKind, subject: String, body: String) {
    self.kind = kind
    self.subject = subject
    self.body = body
  }

  /// What is committed to: subject and body.
  package var text: String { "\(subject)\n\n\(body)" }
}
