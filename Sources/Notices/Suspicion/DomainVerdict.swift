/// What a domain is to a company.
package enum DomainVerdict: Sendable, Hashable {
  case own
  case ownSubdomain
  case lookAlike(LookAlikeReason, of: String)
  case unrelated
}

/// By what a domain looks like another. The raw values are for people and programs alike.
package enum LookAlikeReason: String, Sendable, Hashable, CaseIterable {
  /// Letters of other scripts or signs that look the same.
  case skeleton
  /// Scripts mixed in one label, which no language does.
  case mixedScripts = "mixed-scripts"
  /// The name under another ending.
  case otherTopLevel = "other-top-level"
  /// The name in front of somebody else's domain.
  case brandInSubdomain = "brand-in-subdomain"
  /// The name and a further word.
  case brandAndWord = "brand-and-word"
  /// A letter is missing, one too many, doubled, another, or two have changed places.
  case omission, insertion, repetition, replacement, transposition
  /// Another letter by one bit, as memory errors make it.
  case bitsquatting
  case vowelSwap = "vowel-swap"
  case hyphenation
  /// A dot within the name.
  case dotted
}
