/// Rules of style sheets in a message: those with a simple selector (`p`, `.name`, `#name`, `p.name`), outside of any `@` block.
struct HTMLRules {
  /// Whether a rule that is not followed here hides text or adds some.
  private(set) var mayHide = false
  private var rules: [String: [(property: String, value: String)]] = [:]

  private static let most = 500
  private static let mostOfOne = 100

  mutating func add(_ sheet: String) {
    var rest = Self.withoutComments(Array(sheet.utf8))[...]
    while rules.count < Self.most, let open = rest.firstIndex(of: 0x7B) {
      let selector = String(decoding: rest[..<open].trimmed, as: UTF8.self)
      if selector.hasPrefix("@") {
        let following = Self.afterBlock(rest, open)
        if Self.canHide(selector), Self.hides(rest[open..<following.startIndex]) { mayHide = true }
        if selector.lowercased().hasPrefix("@import") { mayHide = true }
        rest = following
        continue
      }
      let close = rest[open...].firstIndex(of: 0x7D) ?? rest.endIndex
      let declarations = HTMLStyle.declarations(String(decoding: rest[(open + 1)..<close].prefix(4_096), as: UTF8.self))
      for part in selector.utf8.prefix(1_024).split(separator: 0x2C) {
        let name = part.drop(while: \.isBlank).map(\.lowercased)[...].trimmed
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isDigit || [0x2D, 0x2E, 0x23, 0x5F].contains($0) }) else {
          if Self.hides(rest[open..<close]) { mayHide = true }
          continue
        }
        let key = String(decoding: name, as: UTF8.self)
        if rules[key, default: []].count < Self.mostOfOne { rules[key, default: []] += declarations }
      }
      rest = close < rest.endIndex ? rest[(close + 1)...] : []
    }
  }

  /// From the least to the most particular.
  func matching(name: String, attributes: [String: String]) -> [[(property: String, value: String)]] {
    guard !rules.isEmpty else { return [] }
    let classes = (attributes["class"] ?? "").lowercased().split(whereSeparator: \.isWhitespace).prefix(20)
    var keys = [name] + classes.map { ".\($0)" } + classes.map { "\(name).\($0)" }
    if let id = attributes["id"] { keys.append("#\(id.lowercased())") }
    return keys.compactMap { rules[$0] }
  }

  static func withoutComments(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index] == 0x2F, index + 1 < bytes.count, bytes[index + 1] == 0x2A else {
        result.append(bytes[index])
        index += 1
        continue
      }
      index += 3
      while index < bytes.count, !(bytes[index] == 0x2F && bytes[index - 1] == 0x2A) { index += 1 }
      index += 1
    }
    return result
  }

  private static func afterBlock(_ bytes: ArraySlice<UInt8>, _ open: Int) -> ArraySlice<UInt8> {
    var depth = 0
    for index in open..<bytes.endIndex {
      if bytes[index] == 0x7B { depth += 1 } else if bytes[index] == 0x7D { depth -= 1 }
      if depth == 0 { return bytes[(index + 1)...] }
    }
    return bytes[bytes.endIndex...]
  }

  /// What hides text, or shows some that does not stand in the page.
  static let hiding = [
    "display:none", "visibility:hidden", "visibility:collapse", "opacity:0", "font-size:0", "font-size:1px", "height:0", "width:0", "clip:",
    "clip-path:", "text-indent:-", "scale(0", "content:", "left:-", "top:-", "transparent",
  ]

  /// Whether what an `@` rule says can be about the page's text; those of fonts, sheets and lists cannot.
  private static func canHide(_ selector: String) -> Bool {
    let name = selector.lowercased()
    return ["@media", "@supports", "@layer", "@container", "@scope", "@keyframes", "@-"].contains { name.hasPrefix($0) }
  }

  private static func hides(_ block: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: block.filter { !$0.isBlank }.map(\.lowercased), as: UTF8.self)
    return hiding.contains { text.contains($0) }
  }
}
