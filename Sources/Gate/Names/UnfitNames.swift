/// Names that cannot be stored themselves: they are or hold an identifier or a secret, or are too long.
struct UnfitNames: NameStep {
  /// UTF-8 bytes; intake refuses longer names already.
  static let longest = 255

  func rule(for name: String, words: NameWords) -> NameRule? {
    guard name.utf8.count <= Self.longest, Redaction.ofName(name) == nil else {
      return NameRule(action: .remove, reason: .unfitName)
    }
    return nil
  }
}
