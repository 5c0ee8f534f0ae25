/// What a style says about whether text is seen: enough of CSS for what mail hides text by. No layout is made, so text under other text or
/// outside of the window by other means counts as seen.
struct HTMLStyle: Hashable {
  /// Of red, green and blue; nil where nothing is known.
  typealias Color = UInt32

  /// Nobody sees the element or what is in it, whatever that says.
  var isGone = false
  /// Text runs against its direction.
  var isTurned = false
  /// These are inherited, and what is inside may say otherwise.
  var isInvisible = false
  var isTiny = false
  var color: Color? = 0x000000
  var background: Color? = 0xFFFFFF

  var hidesText: Bool { isGone || isInvisible || isTiny || isCamouflaged }

  private var isCamouflaged: Bool {
    guard let color, let background else { return false }
    return [0, 8, 16].allSatisfy { shift in abs(Int(color >> shift & 0xFF) - Int(background >> shift & 0xFF)) <= 12 }
  }

  /// - Parameter sheets: declarations of style sheets about the element, the most particular last.
  mutating func apply(attributes: [String: String], sheets: [[(property: String, value: String)]], name: String) {
    for declarations in sheets { apply(declarations) }
    if attributes["hidden"] != nil || name == "s" || name == "strike" || name == "del" { isGone = true }
    if name == "bdo" { isTurned = true }
    if let value = attributes["bgcolor"] { background = HTMLColor.named(value.lowercased()) }
    if attributes["background"] != nil { background = nil }
    if let value = attributes["color"], name == "font" { setColor(value.lowercased()) }
    if let style = attributes["style"] { apply(Self.declarations(style)) }
  }

  /// Properties and values of a style, in lower case.
  static func declarations(_ style: String, most: Int = 100) -> [(property: String, value: String)] {
    let text = String(decoding: HTMLRules.withoutComments(style.utf8.map(\.lowercased)), as: UTF8.self)
    return text.split(separator: ";", maxSplits: most).compactMap { declaration in
      guard let colon = declaration.firstIndex(of: ":") else { return nil }
      var value = declaration[declaration.index(after: colon)...]
      if let mark = value.firstIndex(of: "!") { value = value[..<mark] }
      let property = declaration[..<colon].filter { !$0.isWhitespace }
      return (property, value.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
  }

  private mutating func apply(_ declarations: [(property: String, value: String)]) {
    let clips = declarations.contains { $0.property.hasPrefix("overflow") && ($0.value == "hidden" || $0.value == "clip") }
    for (property, value) in declarations {
      switch property {
      case "display": if value == "none" { isGone = true }
      case "visibility": isInvisible = value == "hidden" || value == "collapse"
      case "opacity": if let number = Self.number(value), number < 0.1 { isGone = true }
      case "font-size": setSize(value)
      case "font": if let size = value.split(separator: " ").first(where: { $0.first?.isNumber == true }) { setSize(String(size)) }
      case "height", "width", "max-height", "max-width": if clips, let number = Self.number(value), number < 2 { isGone = true }
      case "mso-hide": if value == "all" { isGone = true }
      // Struck out is unsaid.
      case "text-decoration", "text-decoration-line": if value.contains("line-through") { isGone = true }
      case "unicode-bidi": if value.contains("override") { isTurned = true }
      case "left", "top", "text-indent", "margin-left", "margin-top":
        if let number = Self.number(value), number <= -500 { isGone = true }
      case "clip", "clip-path": if value.contains("rect(0") || value.contains("inset(50%") || value.contains("inset(100%") { isGone = true }
      case "transform": if value.contains("scale(0)") { isGone = true }
      case "color", "-webkit-text-fill-color": setColor(value)
      case "background", "background-color", "background-image":
        if value.contains("url(") || value.contains("gradient(") {
          background = nil
        } else if let found = HTMLColor.first(in: value) {
          background = found
        }
      default: break
      }
    }
  }

  private mutating func setColor(_ value: String) {
    if HTMLColor.isTransparent(value) { isInvisible = true } else if value != "inherit" { color = HTMLColor.named(value) }
  }

  private mutating func setSize(_ value: String) {
    guard let number = Self.number(value) else {
      if value.contains("small") || value.contains("medium") || value.contains("large") { isTiny = false }
      return
    }
    if value.contains("em") || value.contains("%") {
      // Of the size around: nothing of nothing stays nothing.
      let share = value.contains("%") ? number / 100 : number
      if share < 0.15 { isTiny = true } else if value.contains("rem") { isTiny = false }
    } else {
      isTiny = number < 3
    }
  }

  /// The number that a value begins with.
  private static func number(_ value: String) -> Double? {
    Double(value.prefix { $0.isNumber && $0.isASCII || $0 == "." || $0 == "-" })
  }
}
