/// Judges texts that their names call passwords: a word of a form, a rule, a label and a template are none.
enum PasswordJudge {
  private static let words: [StaticString] = [
    "password", "passwd", "passphrase", "secret", "token", "required", "min:", "credential", "enter", "please", "forgot", "must", "invalid",
    "string", "varchar",
  ]

  static func isPassword(_ text: Bytes, isConfiguration: Bool, isTemplate: Bool) -> Bool {
    guard (5...200).contains(text.count), !Placeholder.isPlaceholderPassword(text), !isTemplate else { return false }
    guard !text.contains(where: { $0.isBlank || $0.isLineEnd || $0 < 0x20 }) else { return false }
    guard !words.contains(where: { text.holds($0, in: 0..<text.count) }) else { return false }
    // Paths, globs, expressions, tags of YAML.
    switch text[0] {
    case .of("/"), .of("."), .of("\\"), .of("|"): return false
    case .of("*"), .of("^"), .of("~"), .of(":"), .of("="), .of("+"), .of("?"), .of("-"), .of("!"):
      if !text.contains(where: \.isDecimal) { return false }
    default: break
    }
    let last = text[text.count - 1]
    if last == .of(":") || last == .of("?") && text.count(where: { $0 == .of("?") }) == 1 && !text.contains(where: \.isDecimal)
      || last == .of(".")
    {
      return false
    }
    let random = Randomness(text)
    let letters = random.capitals + random.small
    guard letters > 0, random.distinct >= 4 else { return false }
    // Other scripts are labels.
    guard !text.contains(where: { $0 >= 0x80 }) else { return false }
    // `user.password`, `someFunction`, `SOME_NAME`, `node:18`: names of things in programs.
    let signs = text.count { !$0.isWordByte && $0 != .of("_") && $0 != .of("-") && $0 != .of(".") && $0 != .of("/") && $0 != .of(":") }
    let isLikeName = signs == 0
    if random.digits == 0 {
      if isConfiguration {
        return isLikeName
          ? text.count >= 8 && !text.contains(where: { $0 == .of("_") || $0 == .of(".") || $0 == .of("/") || $0 == .of(":") })
          : letters >= 5
      }
      // Four words and more are a pass phrase.
      let hyphens = text.count { $0 == .of("-") }
      if isLikeName { return hyphens >= 3 && text.count >= 18 && random.small + hyphens == text.count }
      return signs >= 1 && letters >= 4 && random.small > 0
    }
    if isConfiguration { return true }
    if isLikeName {
      // `password2`, `sha256`, `step-1`: a number behind a word.
      let body = text.reversed().drop { $0.isDecimal }
      let isNumbered = body.allSatisfy { !$0.isDecimal }
      if isNumbered { return text.count >= 8 && text.count - body.count >= 2 && random.capitals > 0 && random.small > 0 }
      return text.count >= 8 || random.capitals > 0 && random.small > 0
    }
    return true
  }
}

/// Connection strings with a key in the middle.
enum SharedKeyJudge {
  static func holdsKey(_ text: Bytes) -> Bool {
    for (index, byte) in text.enumerated() where byte == .of("=") {
      guard text.holds("accountkey", at: index - 10) || text.holds("sharedaccesskey", at: index - 15) else { continue }
      let rest = text[(index + 1)...].prefix { $0.isCoded }
      if rest.count >= 40, Randomness(Bytes(rebasing: rest)).isDrawn, !Placeholder.isPlaceholder(Bytes(rebasing: rest)) { return true }
    }
    return false
  }
}
