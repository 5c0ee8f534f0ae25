/// Texts of one batch that the steps let pass as they are: pages, versions and labels come again with almost every event.
///
/// What is remembered holds for every event of the batch. The steps are pure but for one, `OwnIdentifiersInside`, and that one passes where
/// none of an event's ids stands in the text or in what it reads as; so a text that passed once passes again wherever that is so. Gone with
/// the batch, since texts come from people.
struct PassingTexts {
  private struct Key: Hashable {
    let text: String
    /// What the name said of it.
    let flags: UInt8
  }

  private static let limit = 2048
  private static let longest = 256

  /// What each text reads as, where that is another.
  private var hidden: [Key: String?] = [:]

  func has(_ text: String, _ rule: NameRule, own: OwnIdentifiers) -> Bool {
    guard text.utf8.count <= Self.longest, let hidden = hidden[Self.key(text, rule)] else { return false }
    return !own.occurs(in: text) && !(hidden.map { own.occurs(in: $0) } ?? false)
  }

  /// - Parameter text: one that the steps have let pass.
  mutating func remember(_ text: String, _ rule: NameRule) {
    guard text.utf8.count <= Self.longest, hidden.count < Self.limit else { return }
    hidden[Self.key(text, rule)] = .some(Unfolding.text(text))
  }

  private static func key(_ text: String, _ rule: NameRule) -> Key {
    Key(text: text, flags: (rule.namesVersion ? 1 : 0) | (rule.namesLink ? 2 : 0) | (rule.namesPhone ? 4 : 0))
  }
}
