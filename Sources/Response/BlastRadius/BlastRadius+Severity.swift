import Events

/// How severe a theft would be, by the rules of docs/EXPOSURE.md.
///
/// What Sealane stores in the clear is what pseudonymous people did: behavioural data, category 2. Whoever has it without any key finds
/// nobody (EI 0.25), unless a field tells people apart by something that others know too, such as the city (EI 0.5). A theft is
/// malicious, and to an unknown number of recipients.
extension BlastRadius {
  package enum Identifiability: Sendable, Hashable {
    /// Pseudonyms alone.
    case pseudonymous
    /// And a field by which people are told apart, or a key that lets one guess.
    case linkable
    /// Names and addresses in the clear.
    case identified
  }

  package static func severity(_ identifiability: Identifiability, people: Int) -> Severity? {
    guard people > 0 else { return nil }
    let identification: Severity.Identification =
      switch identifiability {
      case .pseudonymous: .negligible
      case .linkable: .limited
      case .identified: .maximum
      }
    return Severity(
      category: .behavioural, identification: identification, confidentiality: .whole, isMalicious: true, people: people)
  }

  /// The same data with names and e-mail addresses beside it, as analytics elsewhere have them: for comparison.
  package static func unsealed(people: Int) -> Severity? { severity(.identified, people: people) }

  /// Words of which one in a field's name makes it one that tells people apart by what others know: places finer than a country, age and
  /// sex, and work.
  static let tellingWords: Set<String> = [
    "city", "town", "region", "zip", "zipcode", "postcode", "postal", "latitude", "longitude", "lat", "lon", "lng", "birth", "birthday",
    "birthdate", "age", "gender", "sex", "employer", "company", "occupation", "profession",
  ]

  /// Whether a field tells people apart by what others know too. `$city`, `billingCity` and `city_of_birth` do, `capacity` does not.
  package static func tellsApart(_ field: String) -> Bool { !tellingWords.isDisjoint(with: words(of: field)) }

  private static func words(of field: String) -> [String] {
    var words: [String] = []
    var word = ""
    var wasSmall = false
    for character in field {
      guard character.isLetter else {
        if !word.isEmpty { words.append(word) }
        (word, wasSmall) = ("", false)
        continue
      }
      if character.isUppercase, wasSmall {
        words.append(word)
        word = ""
      }
      word += character.lowercased()
      wasSmall = character.isLowercase
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  /// - Parameter hidden: fields of which the tracking plan keeps no readable value.
  static func identifiability(of fields: [String], hidden: Set<String>) -> Identifiability {
    fields.contains { tellsApart($0) && !hidden.contains($0) } ? .linkable : .pseudonymous
  }
}
