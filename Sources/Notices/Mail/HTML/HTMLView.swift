/// HTML as a reader sees it: text without tags, what is hidden, and where it leads. Nothing is fetched and nothing is laid out.
package struct HTMLView: Sendable {
  /// A line for each block; blanks as they are shown.
  package private(set) var text = ""
  /// Text that a style hides; see `HTMLStyle` for what that takes in.
  package private(set) var hidden = ""
  package private(set) var links: [MailLink] = []
  /// Addresses of images on other hosts.
  package private(set) var remoteImages: [String] = []
  package private(set) var findings: Set<MailFinding> = []

  private struct Element {
    var name: String
    var style: HTMLStyle
    var isPreformatted: Bool
  }
  private struct Anchor {
    var target: String
    var shown: [UInt8]
  }

  private let mostLinks: Int
  private var stack: [Element] = []
  private var openNames: [String: Int] = [:]
  private var rules = HTMLRules()
  private var visibleText = HTMLLines()
  private var hiddenText = HTMLLines()
  private var anchor: Anchor?
  private var base: String?

  /// Declarations that style sheets had applied: few of them can be about very many elements.
  private var styleWork = 0

  private static let deepest = 500
  private static let mostStyleWork = 100_000
  private static let void: Set<String> = [
    "br", "img", "hr", "meta", "link", "input", "area", "base", "col", "embed", "source", "track", "wbr", "param",
  ]
  private static let blocks: Set<String> = [
    "p", "div", "br", "tr", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "hr", "pre", "section", "article",
    "header", "footer", "center", "form", "dl", "dt", "dd", "address", "body", "html", "head", "tbody", "thead", "fieldset", "main", "nav",
    "aside", "figure", "option", "title",
  ]

  /// - Parameter links: the most that are kept.
  package init(_ source: String, links: Int = MailLimits.usual.links) {
    mostLinks = links
    var tokens = HTMLTokens(Array(source.utf8))
    let bytes = tokens.bytes
    // A style at the end is about what stands before it too.
    var sheets = tokens
    while let token = sheets.next() {
      guard case .raw("style", let range) = token else { continue }
      rules.add(String(decoding: bytes[range].prefix(256 << 10), as: UTF8.self))
    }
    if rules.mayHide { findings.insert(.hidingStyle) }
    while let token = tokens.next() {
      switch token {
      case .text(let range): show(bytes[range])
      case .open(let name, let attributes): open(name, attributes)
      case .close(let name): close(name)
      case .raw(let name, let range):
        switch name {
        case "textarea", "xmp": show(bytes[range])
        default: break
        }
      }
    }
    closeAnchor()
    text = visibleText.text
    hidden = hiddenText.text
    if !hidden.isEmpty { findings.insert(.hiddenText) }
    if !remoteImages.isEmpty { findings.insert(.remoteImage) }
  }

  private var style: HTMLStyle { stack.last?.style ?? HTMLStyle() }

  private mutating func show(_ bytes: ArraySlice<UInt8>) {
    var decoded: [UInt8] = []
    HTMLText.append(bytes, to: &decoded)
    let isPreformatted = stack.last?.isPreformatted ?? false
    if style.hidesText {
      hiddenText.append(decoded, isPreformatted: isPreformatted)
    } else {
      visibleText.append(decoded, isPreformatted: isPreformatted)
      if let length = anchor?.shown.count, length < 512 { anchor?.shown += decoded.prefix(512 - length) }
    }
  }

  private mutating func open(_ name: String, _ attributes: [String: String]) {
    if Self.blocks.contains(name) { breakLine() } else if name == "td" || name == "th" { space() }
    note(name, attributes)
    guard !Self.void.contains(name) else { return }
    var next = Element(name: name, style: style, isPreformatted: stack.last?.isPreformatted ?? false)
    var sheets: [[(property: String, value: String)]] = []
    if styleWork < Self.mostStyleWork {
      sheets = rules.matching(name: name, attributes: attributes)
      styleWork += sheets.reduce(0) { $0 + $1.count }
    } else {
      findings.insert(.tooLarge)
    }
    next.style.apply(attributes: attributes, sheets: sheets, name: name)
    if next.style.isTurned { findings.insert(.bidirectional) }
    if name == "pre" || name == "textarea" { next.isPreformatted = true }
    if name == "template" || name == "head" || name == "object" { next.style.isGone = name != "object" }
    // A paragraph or list item ends the one before it.
    if name == "p" || name == "li" || name == "tr" || name == "td", stack.last?.name == name { close(name) }
    guard stack.count < Self.deepest else {
      findings.insert(.nestedTooDeep)
      return
    }
    if name == "body", openNames["head", default: 0] > 0 { close("head") }
    if name == "body" { next.style.isGone = false }
    stack.append(next)
    openNames[name, default: 0] += 1
  }

  private mutating func close(_ name: String) {
    if name == "a" { closeAnchor() }
    if Self.blocks.contains(name) { breakLine() }
    guard openNames[name, default: 0] > 0 else { return }
    while let last = stack.popLast() {
      openNames[last.name, default: 1] -= 1
      if last.name == name { return }
    }
  }

  /// Links, images and what should not be in a message.
  private mutating func note(_ name: String, _ attributes: [String: String]) {
    switch name {
    case "a", "area":
      closeAnchor()
      if let target = attributes["href"] { anchor = Anchor(target: resolved(target), shown: []) }
    case "base": if base == nil { base = attributes["href"] }
    case "form":
      findings.insert(.form)
      add(.form, attributes["action"])
    case "button", "input":
      findings.insert(.form)
      add(.form, attributes["formaction"])
    case "iframe", "frame", "embed", "object":
      findings.insert(.frame)
      add(.frame, attributes["src"] ?? attributes["data"])
    case "script": findings.insert(.script)
    case "link": if attributes["rel"]?.lowercased().contains("stylesheet") == true { findings.insert(.hidingStyle) }
    case "meta":
      if attributes["http-equiv"]?.lowercased() == "refresh", let content = attributes["content"],
        let mark = content.firstIndex(of: "=")
      {
        add(.refresh, resolved(String(content[content.index(after: mark)...])))
      }
    default: break
    }
    if ["img", "video", "source", "input", "body", "table", "td"].contains(name) {
      let sources = [attributes["src"], attributes["background"], attributes["poster"], attributes["srcset"]]
      for case let source? in sources where remoteImages.count < mostLinks && Self.isRemote(resolved(source)) {
        remoteImages.append(String(source.prefix(2_048)))
      }
    }
  }

  private static func isRemote(_ source: String) -> Bool {
    let start = source.drop(while: \.isWhitespace).prefix(8).lowercased()
    return start.hasPrefix("http:") || start.hasPrefix("https:") || start.hasPrefix("//")
  }

  private func resolved(_ target: String) -> String {
    let trimmed = String(decoding: Array(target.utf8)[...].trimmed.filter { $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }, as: UTF8.self)
    guard let base, !trimmed.hasPrefix("#"), !trimmed.utf8.prefix(20).contains(UInt8(ascii: ":")), !trimmed.hasPrefix("//") else {
      return trimmed
    }
    return base + trimmed
  }

  private mutating func add(_ kind: MailLink.Kind, _ target: String?, shown: String = "") {
    guard let target, !target.isEmpty else { return }
    guard links.count < mostLinks else {
      findings.insert(.tooManyLinks)
      return
    }
    links.append(MailLink(kind: kind, target: String(decoding: target.utf8.prefix(2_048), as: UTF8.self), shown: shown))
  }

  private mutating func closeAnchor() {
    guard let open = anchor else { return }
    anchor = nil
    let shown = String(decoding: open.shown, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    add(.anchor, open.target, shown: shown)
  }

  private mutating func breakLine() { if style.hidesText { hiddenText.breakLine() } else { visibleText.breakLine() } }
  private mutating func space() { if style.hidesText { hiddenText.space() } else { visibleText.space() } }
}
