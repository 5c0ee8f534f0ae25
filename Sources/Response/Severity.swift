/// ENISA's recommendations for the severity of personal data breaches (2013): SE = DPC × EI + CB. An aid with its arithmetic shown; what is
/// decided is a person's to decide.
///
/// Everything is counted in quarters, so that nothing is rounded.
package struct Severity: Sendable, Hashable {
  /// DPC: what kind of data it is, by its most telling field.
  package enum Category: Int, Sendable, Hashable, CaseIterable {
    case simple = 1
    case behavioural, financial, sensitive
  }

  /// EI: how easily whoever has the data finds the person.
  package enum Identification: Int, Sendable, Hashable, CaseIterable {
    case negligible = 1
    case limited, significant, maximum
  }

  /// CB: how far a property of the data was lost.
  package enum Loss: Int, Sendable, Hashable, CaseIterable {
    case none = 0
    /// To known recipients; recoverable.
    case partial
    /// To an unknown number of recipients; not recoverable.
    case whole
  }

  package enum Level: String, Sendable, Hashable, CaseIterable {
    case low, medium, high
    case veryHigh = "very_high"
  }

  package enum Flag: String, Sendable, Hashable, CaseIterable {
    case moreThanAHundredPeople = "more_than_100_people"
    /// Nobody but the holder of a key that was not lost can read them.
    case unintelligible
  }

  package var category: Category
  /// What the context adds to the category or takes away; the sum stays between 1 and 4.
  package var adjustment: Int
  package var identification: Identification
  package var confidentiality: Loss
  package var integrity: Loss
  package var availability: Loss
  package var isMalicious: Bool
  package var people: Int
  package var isUnintelligible: Bool

  package init(
    category: Category, adjustment: Int = 0, identification: Identification, confidentiality: Loss, integrity: Loss = .none,
    availability: Loss = .none, isMalicious: Bool, people: Int, isUnintelligible: Bool = false
  ) {
    self.category = category
    self.adjustment = adjustment
    self.identification = identification
    self.confidentiality = confidentiality
    self.integrity = integrity
    self.availability = availability
    self.isMalicious = isMalicious
    self.people = people
    self.isUnintelligible = isUnintelligible
  }

  /// DPC.
  package var processingContext: Int { min(max(category.rawValue + adjustment, 1), 4) }

  /// CB in quarters.
  private var circumstances: Int { confidentiality.rawValue + integrity.rawValue + availability.rawValue + (isMalicious ? 2 : 0) }

  /// SE in quarters.
  package var quarters: Int { processingContext * identification.rawValue + circumstances }

  package var score: Double { Double(quarters) / 4 }

  package var level: Level {
    switch quarters {
    case ..<8: .low
    case ..<12: .medium
    case ..<16: .high
    default: .veryHigh
    }
  }

  package var flags: [Flag] {
    (people > 100 ? [.moreThanAHundredPeople] : []) + (isUnintelligible ? [.unintelligible] : [])
  }

  /// As one would write it down: `2 × 1 + 0.5 + 0.5 = 3 (high)`. Losses in the order confidentiality, integrity, availability, malice.
  package var arithmetic: String {
    let terms = [confidentiality.rawValue, integrity.rawValue, availability.rawValue, isMalicious ? 2 : 0].filter { $0 > 0 }
    let sum = (["\(processingContext) × \(Self.text(identification.rawValue))"] + terms.map(Self.text)).joined(separator: " + ")
    return "\(sum) = \(Self.text(quarters)) (\(level.rawValue.replacing("_", with: " ")))"
  }

  private static func text(_ quarters: Int) -> String {
    "\(quarters / 4)" + ["", ".25", ".5", ".75"][quarters % 4]
  }
}
