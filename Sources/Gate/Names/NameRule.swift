/// What a property's name alone says about its value. Found once a name and remembered (`NameRules`).
struct NameRule: Sendable {
  enum Action: UInt8, Sendable {
    /// The name says nothing: the value decides.
    case judge
    /// Nothing under this name is stored.
    case remove
    /// Strings, lists, objects and numbers are removed; a boolean or null says nothing about anybody.
    case removeAllButFlags
    /// Strings, lists and objects are removed: `input: "…"` is payload, `input: 512` is a count.
    case removeText
    /// Sealed on profiles, dropped on events.
    case identity
    /// Sealed on profiles; on events the value decides.
    case identityOnProfiles
    /// The id of a person, account or device.
    case identifier
    /// The id of a device without its `$device:`, so that its pseudonym is the device's own.
    case deviceIdentifier
    case group
    /// An IP address: forgotten.
    case address
    /// Degrees, rounded to whole ones.
    case coordinate
  }

  var action: Action
  var reason: Reason
  /// Four numbers with dots between them are a version here, not an address.
  var namesVersion = false
  /// The value is an address of a page, even without a scheme.
  var namesLink = false
  /// A bare row of digits is a phone number.
  var namesPhone = false

  static let judge = NameRule(action: .judge, reason: .kept)
}

/// One step that decides by names. The first of `NameSteps.inOrder` that knows a name decides.
protocol NameStep: Sendable {
  /// Nil: the name says nothing to this step.
  func rule(for name: String, words: NameWords) -> NameRule?
}

/// The order of the steps that decide by names, in one place. docs/GATE.md describes each.
struct NameSteps: Sendable {
  let inOrder: [any NameStep]

  init(groupKeys: [String]) {
    inOrder = [
      UnfitNames(),
      GroupKeys(keys: Set(groupKeys)),
      IdentifierNames(),
      SecretNames(),
      PayloadNames(),
      PlaceNames(),
      IdentifyingNames(),
    ]
  }

  func rule(for name: String) -> NameRule {
    let words = NameWords(name)
    var rule = NameRule.judge
    for step in inOrder {
      guard let found = step.rule(for: name, words: words) else { continue }
      rule = found
      break
    }
    // For rules that leave it to the value.
    rule.namesVersion = VersionNames.matches(words)
    rule.namesLink = LinkNames.matches(words)
    rule.namesPhone = PhoneNames.matches(words)
    return rule
  }
}
