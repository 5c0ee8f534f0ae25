/// A place that a message leads to.
package struct MailLink: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable {
    case anchor, form, frame, refresh
    /// Written out in the text.
    case text
  }

  package let kind: Kind
  /// As it stands, cut at 2,048 bytes.
  package let target: String
  /// What a reader sees in its place, cut at 512 bytes.
  package let shown: String

  package init(kind: Kind, target: String, shown: String) {
    self.kind = kind
    self.target = target
    self.shown = shown
  }
}

/// What somebody sees of a message.
package struct MailReading: Sendable {
  package let text: String
  /// What stands in the message and nobody sees.
  package let hidden: String
  package let links: [MailLink]
  /// Where images are fetched from when the message is shown.
  package let remoteImages: [String]
  package let findings: Set<MailFinding>
  package let holdsHTML: Bool
}

/// Walks the parts of a message as a program does that shows it.
struct MailReadingMaker {
  let prefersHTML: Bool
  let limits: MailLimits
  /// Places of the parts that were shown, to tell whether two readings are one.
  private(set) var shown: [Int] = []
  /// How many bytes of text may still be read.
  private(set) var left: Int
  private var text = ""
  private var hidden = ""
  private var links: [MailLink] = []
  private var images: [String] = []
  private var findings: Set<MailFinding> = []
  private var holdsHTML = false

  init(prefersHTML: Bool, limits: MailLimits, left: Int) {
    self.prefersHTML = prefersHTML
    self.limits = limits
    self.left = left
  }

  var reading: MailReading {
    MailReading(text: text, hidden: hidden, links: links, remoteImages: images, findings: findings, holdsHTML: holdsHTML)
  }

  mutating func walk(_ part: MailPart) {
    switch part.content {
    case .message: break
    case .parts(let parts):
      switch part.type {
      case "multipart/alternative": choose(parts)
      case "multipart/related":
        let start = part.parameters["start"]
        let root = parts.first { start != nil && $0.headers.text("content-id") == start } ?? parts.first
        if let root { walk(root) }
      default: for part in parts { walk(part) }
      }
    case .bytes:
      if part.type.hasPrefix("text/"), part.disposition != "attachment" { show(part) }
    }
  }

  private mutating func choose(_ parts: [MailPart]) {
    for leaf in parts.flatMap(\.leaves) where leaf.type.hasPrefix("text/") && leaf.disposition != "attachment" {
      if leaf.type != "text/plain", leaf.type != "text/html" { findings.insert(.otherAlternative) }
    }
    func holds(_ type: String) -> (MailPart) -> Bool { { part in part.leaves.contains { $0.type == type } } }
    let wanted = prefersHTML ? parts.last(where: holds("text/html")) : parts.first { $0.type == "text/plain" }
    let other = prefersHTML ? parts.last(where: holds("text/plain")) : parts.last(where: holds("text/html"))
    if let choice = wanted ?? other ?? parts.last { walk(choice) }
  }

  private mutating func show(_ part: MailPart) {
    shown.append(part.body.startIndex)
    guard left > 0 else {
      findings.insert(.textTooLong)
      return
    }
    var (bytes, finding) = part.decodedBody()
    if let finding { findings.insert(finding) }
    let most = min(limits.textBytes, left)
    if bytes.count > most {
      findings.insert(.textTooLong)
      bytes.removeLast(bytes.count - most)
    }
    left -= bytes.count
    let (decoded, outcome) = MailCharset.decode(bytes, part.parameters["charset"])
    switch outcome {
    case .clean: break
    case .badBytes: findings.insert(.badCharset)
    case .unknown: findings.insert(.unknownCharset)
    }
    if !text.isEmpty { text += "\n" }
    if part.type == "text/html" {
      holdsHTML = true
      let view = HTMLView(decoded, links: limits.links - min(limits.links, links.count))
      text += view.text
      hidden += view.hidden
      links += view.links
      images += view.remoteImages
      findings.formUnion(view.findings)
    } else {
      text += part.parameters["delsp"]?.lowercased() == "yes" ? Self.joined(decoded) : decoded
    }
    let turns: Set<UInt32> = [0x202A, 0x202B, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068]
    if decoded.utf8.contains(0xE2), decoded.unicodeScalars.contains(where: { turns.contains($0.value) }) { findings.insert(.bidirectional) }
  }

  /// Lines that flow, where the blank at a line's end is none of the text (RFC 3676, section 4.2).
  private static func joined(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      if byte == 0x0D { continue }
      if byte == 0x0A, result.last == 0x20, !result.suffix(4).elementsEqual(Array("\n-- ".utf8)) {
        result.removeLast()
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
