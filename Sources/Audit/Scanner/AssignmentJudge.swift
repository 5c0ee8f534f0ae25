/// Judges `name = value` in the writing of many languages: a name that speaks of a secret, and a value that looks like one.
struct AssignmentJudge {
  let kind: FileKind
  private static let longestName = 80

  /// - Parameter sign: where `=` or `:` stands.
  func judge(_ bytes: Bytes, sign: Int) -> Candidate? {
    let before = bytes.byte(sign - 1)
    // The second half of `:=`, `==`, `::`; `<=` and `>=` compare numbers.
    if bytes[sign] == .of("="), [.of(":"), .of("="), .of("<"), .of(">"), .of("+")].contains(before) { return nil }
    if bytes[sign] == .of(":"), before == .of(":") { return nil }
    guard let name = name(bytes, before: sign) else { return nil }
    guard let meaning = SecretName.meaning(of: bytes.piece(name)) else { return nil }
    var start = sign + 1
    while start < bytes.count, [.of("="), .of(">"), .of(":")].contains(bytes[start]), start - sign < 4 { start += 1 }
    return judge(bytes, name: name, meaning: meaning, from: start)
  }

  /// `--password value`.
  func option(_ bytes: Bytes, at start: Int) -> Candidate? {
    var end = start + 2
    while bytes.byte(end).isWordByte || bytes.byte(end) == .of("-") { end += 1 }
    guard bytes.byte(end) == 0x20, end - start < 40, let meaning = SecretName.meaning(of: bytes.piece(start + 2..<end)) else { return nil }
    return judge(bytes, name: start + 2..<end, meaning: meaning, from: end, allowsBare: true)
  }

  /// `password value`, as in .netrc.
  func word(_ bytes: Bytes, blank: Int) -> Candidate? {
    guard bytes.holds("password", at: blank - 8), !bytes.byte(blank - 9).isWordByte else { return nil }
    return judge(bytes, name: blank - 8..<blank, meaning: .password, from: blank)
  }

  /// `put("X-Api-Key", "value")`: a comma between two quoted texts.
  func pair(_ bytes: Bytes, comma: Int) -> Candidate? {
    guard bytes.byte(comma - 1).isQuote, let name = name(bytes, before: comma), let meaning = SecretName.meaning(of: bytes.piece(name))
    else { return nil }
    var start = comma + 1
    while bytes.byte(start).isBlank { start += 1 }
    guard bytes.byte(start).isQuote, bytes.byte(name.lowerBound - 1).isQuote else { return nil }
    // The first of a list's or a call's two, not two neighbours of many.
    var open = name.lowerBound - 2
    while bytes.byte(open).isBlank { open -= 1 }
    guard [.of("("), .of("{"), .of("[")].contains(bytes.byte(open)) else { return nil }
    guard let candidate = judge(bytes, name: name, meaning: meaning, from: start) else { return nil }
    return Randomness(bytes.piece(candidate.range)).isDrawn ? candidate : nil
  }

  /// `setPassword("value")`: a parenthesis before a quoted text.
  func call(_ bytes: Bytes, open: Int) -> Candidate? {
    guard bytes.byte(open + 1).isQuote, let name = name(bytes, before: open), let meaning = SecretName.meaning(of: bytes.piece(name)) else {
      return nil
    }
    let verb = SecretName.words(bytes.piece(name)).first ?? ""
    guard
      !["get", "fetch", "find", "read", "load", "has", "is", "require", "delete", "remove", "lookup", "generate", "create", "env"].contains(
        verb)
    else { return nil }
    guard let candidate = judge(bytes, name: name, meaning: meaning, from: open + 1) else { return nil }
    let random = Randomness(bytes.piece(candidate.range))
    return random.isDrawn || meaning == .password && random.digits > 0 && random.others + random.capitals > 0 ? candidate : nil
  }

  // MARK: The name

  private func name(_ bytes: Bytes, before sign: Int) -> Range<Int>? {
    guard var name = identifier(bytes, before: sign) else { return nil }
    // `password: String = "…"`, `password string = "…"`: a type stands between.
    if SecretName.meaning(of: bytes.piece(name)) == nil, bytes[sign] == .of("=") {
      var index = name.lowerBound
      while bytes.byte(index - 1).isBlank { index -= 1 }
      if bytes.byte(index - 1) == .of(":") || index < name.lowerBound,
        let first = identifier(bytes, before: bytes.byte(index - 1) == .of(":") ? index - 1 : index)
      {
        let type = bytes.piece(name)
        if type.count >= 3, type.holds("str", in: 0..<type.count) || bytes.byte(index - 1) == .of(":") { name = first }
      }
    }
    // `{"name": "DB_PASSWORD", "value": "…"}`, `<add key="ApiKey" value="…">`, and the same on two lines of YAML.
    if name.count == 5, bytes.holds("value", at: name.lowerBound) {
      let from = max(0, name.lowerBound - 160)
      for index in stride(from: name.lowerBound - 4, through: from, by: -1) {
        guard bytes.holds("name", at: index) || bytes.holds("key", at: index) && !bytes.byte(index + 3).isWordByte else { continue }
        guard !bytes.byte(index - 1).isWordByte, bytes.byte(index - 1) != .of("_"), bytes.byte(index - 1) != .of("-") else { continue }
        var start = index + 3
        while start < name.lowerBound, !bytes[start].isWordByte || start == index + 3 && bytes.holds("name", at: index) { start += 1 }
        var end = start
        while end < name.lowerBound, bytes[end].isWordByte || [.of("_"), .of("-"), .of("."), .of(":")].contains(bytes[end]) { end += 1 }
        return end > start ? start..<end : nil
      }
    }
    return name
  }

  /// The word that ends before a position; quotes, brackets with numbers and blanks are passed over.
  private func identifier(_ bytes: Bytes, before position: Int) -> Range<Int>? {
    var end = position
    if bytes.byte(end - 1) == .of("!") { end -= 1 }
    while end > 0, bytes[end - 1].isBlank || bytes[end - 1].isQuote || [.of("\\"), .of("?"), .of("]"), .of("[")].contains(bytes[end - 1]) {
      end -= 1
      if bytes[end] == .of("]") { while end > 0, bytes[end - 1].isDecimal { end -= 1 } }
    }
    var start = end
    while start > 0, end - start < Self.longestName {
      let byte = bytes[start - 1]
      guard byte.isWordByte || byte == .of("_") || byte == .of("-") || byte == .of(".") || byte == .of("$") else { break }
      start -= 1
    }
    return end - start >= 2 && end - start < Self.longestName ? start..<end : nil
  }

  // MARK: The value

  private func judge(_ bytes: Bytes, name: Range<Int>, meaning: SecretName, from start: Int, allowsBare: Bool = false) -> Candidate? {
    var index = start
    while bytes.byte(index).isBlank { index += 1 }
    // `"password":\n "…"` does not come; `'b"…"'` and `\"…\"` do.
    var skipped = 0
    while skipped < 3, [.of("\\"), .of("@"), .of("b"), .of("r"), .of("u"), .of("f"), .of("("), .of("[")].contains(bytes.byte(index)) {
      guard (index + 1...index + 3).contains(where: { bytes.byte($0).isQuote }),
        bytes.byte(index + 1).isQuote || bytes.byte(index) != .of("b")
      else { break }
      index += 1
      skipped += 1
    }
    let quote = bytes.byte(index)
    if quote.isQuote {
      // Within a text that is quoted itself, `\"` ends what `\"` began.
      let isEscaped = bytes.byte(index - 1) == .of("\\")
      var end = index + 1
      while end < bytes.count, !bytes[end].isLineEnd, end - index < 600 {
        if bytes[end] == .of("\\"), bytes.byte(end + 1) == quote {
          if isEscaped { break }
          end += 2
          continue
        }
        if bytes[end] == quote { break }
        end += 1
      }
      guard end < bytes.count, bytes[end] == quote || isEscaped && bytes.byte(end + 1) == quote else { return nil }
      return value(bytes, index + 1..<max(index + 1, end), name: name, meaning: meaning, isQuoted: true)
    }
    var end = index
    while end < bytes.count, end - index < 600, !Self.isEnd(bytes[end]) { end += 1 }
    guard end > index else { return nil }
    if kind.isConfiguration || kind.traits.contains(.credentials) {
      // A comment after the value was cut by the blank; an expression is none.
      return value(bytes, index..<end, name: name, meaning: meaning, isQuoted: false)
    }
    // Elsewhere a bare word may be a variable: only what nobody would call one.
    let bare = bytes.piece(index..<end)
    guard meaning == .key || allowsBare, bare.count >= 20, bare.allSatisfy(\.isCoded),
      Randomness(bare).isClearlyDrawn || Randomness(bare).isDrawn && Randomness(bare).isHexadecimal
    else { return nil }
    return value(bytes, index..<end, name: name, meaning: meaning, isQuoted: false)
  }

  private static func isEnd(_ byte: UInt8) -> Bool {
    byte.isBlank || byte.isLineEnd || byte.isQuote || byte == .of(",") || byte == .of(";") || byte == .of("&") || byte == .of("}")
      || byte == .of(")") || byte == .of("<")
      || byte == .of("|")
  }

  func value(_ bytes: Bytes, _ range: Range<Int>, name: Range<Int>, meaning: SecretName, isQuoted: Bool) -> Candidate? {
    let text = bytes.piece(range)
    guard !text.isEmpty else { return nil }
    let isAside = kind.traits.contains(.test) || kind.traits.contains(.documentation) || kind.isTemplate
    switch meaning {
    case .password:
      guard
        PasswordJudge.isPassword(
          text, isConfiguration: kind.isConfiguration || kind.traits.contains(.environment), isTemplate: kind.isTemplate)
      else { return nil }
      return Candidate(
        range: range, kind: .password, provider: SecretName.provider(in: bytes.piece(name)), confidence: isAside ? .possible : .likely,
        name: name)
    case .key:
      guard text.count >= 12, text.count <= 400, !Placeholder.isPlaceholder(text) else {
        return passwordLike(bytes, range, name: name, isAside: isAside)
      }
      let random = Randomness(text)
      let isCoded = text.allSatisfy { $0.isCoded || $0 == .of(".") || $0 == .of("~") || $0 == .of(":") }
      guard isCoded ? random.isDrawn || isIdentifier(text) : isOfSigns(text, random) || SharedKeyJudge.holdsKey(text) else {
        return passwordLike(bytes, range, name: name, isAside: isAside)
      }
      guard !isPath(text), !isAside || text.count >= 20 else { return nil }
      let isBriefName = bytes.piece(name).count <= 4
      // `KEY = 2b7e…` in test vectors.
      if isBriefName, isAside || random.isHexadecimal { return nil }
      let isWeak = isAside || isIdentifier(text) || isBriefName || text.count < 16
      return Candidate(
        range: range, kind: .namedSecret, provider: SecretName.provider(in: bytes.piece(name)), confidence: isWeak ? .possible : .likely,
        name: name)
    }
  }

  /// `SECRET=Tr0ub4dor&3`: a secret that somebody typed. Only where secrets are configured, or where it has letters, digits and signs.
  private func passwordLike(_ bytes: Bytes, _ range: Range<Int>, name: Range<Int>, isAside: Bool) -> Candidate? {
    let text = bytes.piece(range)
    let words = SecretName.words(bytes.piece(name))
    guard text.count >= 8, !isAside, words.contains("secret") || words.contains("credential") || words.contains("credentials") else {
      return nil
    }
    guard PasswordJudge.isPassword(text, isConfiguration: false, isTemplate: false) else { return nil }
    let random = Randomness(text)
    guard random.digits > 0, random.capitals > 0 && random.small > 0, random.others > 0 || kind.traits.contains(.environment) else {
      return nil
    }
    return Candidate(range: range, kind: .password, confidence: .possible, name: name)
  }

  /// A UUID: some providers hand them out as keys.
  private func isIdentifier(_ text: Bytes) -> Bool {
    text.count == 36 && [8, 13, 18, 23].allSatisfy { text[$0] == .of("-") } && text.allSatisfy { $0.isHexadecimal || $0 == .of("-") }
      && Randomness(text).distinct >= 10
  }

  /// Frameworks make keys of all printable signs.
  private func isOfSigns(_ text: Bytes, _ random: Randomness) -> Bool {
    // Templates and expressions for letters.
    if text.contains(.of("{")) && text.contains(.of("}")) || text.holds("a-z", in: 0..<text.count) { return false }
    return text.count >= 24 && text.allSatisfy { $0 > 0x20 && $0 < 0x7F } && random.digits >= 2 && random.others >= 3
      && random.distinct >= 15
      && random.isEven
  }

  private func isPath(_ text: Bytes) -> Bool {
    let slashes = text.count { $0 == .of("/") }
    return slashes >= 3 && Randomness(text).changes * 4 < text.count || text[0] == .of("/") && text.count { $0 == .of(".") } > 0
  }
}
