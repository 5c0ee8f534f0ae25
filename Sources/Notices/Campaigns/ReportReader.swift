package import Events

/// Judges messages that people reported exactly as `MessageJudge` does, and takes from each what tells campaigns apart.
///
/// A report holds the suspicious message as a part, or is that message, or quotes it. What is looked at is the innermost message; where that one
/// is ours and what was put around it deceives, the outermost.
package struct ReportReader: Sendable {
  private let judge: MessageJudge
  private let key: ReportKey
  private let mask: @Sendable (String) -> String

  private static let deepest = 3
  private static let mostDomains = 20
  private static let longestSubject = 120

  /// - Parameter mask: replaces what identifies somebody in a subject.
  package init(_ anchors: TrustAnchors, key: ReportKey, now: Timestamp, mask: @escaping @Sendable (String) -> String) {
    judge = MessageJudge(anchors, now: now)
    self.key = key
    self.mask = mask
  }

  package func read(_ bytes: [UInt8]) async -> ReadReport {
    let verdict = await judge.judge(bytes)
    let outer = MailMessage(bytes)
    var levels = [outer]
    while levels.count <= Self.deepest, let next = levels.last?.enclosed.first { levels.append(next) }
    if levels.count > 1, verdict.word == .altered, let inner = levels.last, await judge.judge(Array(inner.bytes)).word == .genuine {
      levels = [outer]
    }
    let message = levels[levels.count - 1]
    let readings = message.readings()
    return ReadReport(
      verdict: verdict, digest: digest(of: message, readings, verdict.word), traces: traces(verdict, levels, message, readings),
      sentAt: message.headers.text("date").flatMap(MailDate.parse))
  }

  /// Line ends, quoting in mailbox files and whoever passed it on are none of the message.
  private func digest(of message: MailMessage, _ readings: [MailReading], _ verdict: MessageVerdict.Word) -> [UInt8] {
    guard message.headers.first("message-id").map({ !$0.unfolded.isEmpty }) ?? false else {
      var bytes = message.bytes.filter { $0 != 0x0D }
      while bytes.last == 0x0A { bytes.removeLast() }
      return key.digest("bytes", [Array(verdict.rawValue.utf8), bytes])
    }
    let fields = ["message-id", "date", "from", "to", "cc", "reply-to", "subject"].map { message.headers.first($0)?.unfolded ?? [] }
    let shown = readings.map { Array(CanonicalWords($0.text).words.joined(separator: " ").utf8) }
    let links = readings.map { Array($0.links.map(\.target).joined(separator: " ").utf8) }
    return key.digest("report", [Array(verdict.rawValue.utf8)] + fields + shown + links)
  }

  private func traces(
    _ judged: MessageVerdict, _ levels: [MailMessage], _ message: MailMessage, _ readings: [MailReading]
  ) -> ReportTraces {
    let verdict = judged.word
    // Of what is ours nothing is kept.
    guard verdict != .genuine else {
      return ReportTraces(verdict: verdict, imitations: [], hosts: [], signs: [], subject: nil, sketch: nil)
    }
    let isPassedOn = Self.isPassedOn(message)
    let company = [judge.anchors.organization] + judge.anchors.brands + judge.anchors.domains
    var names = RecipientNames(message, withSender: isPassedOn, besides: company)
    for around in levels.dropLast() { names.formUnion(RecipientNames(around, withSender: true, besides: company)) }
    var found = FoundDomains(judge.looks, most: Self.mostDomains)
    for level in levels { found.take(level) }
    found.take(readings, besides: Self.ownDomains(of: levels, isPassedOn: isPassedOn))
    var signs: [LureSign.Kind] = []
    for reading in readings { signs += LureSigns.of(reading, attachments: message.attachments).map(\.kind) }
    signs += LureSigns.of(text: message.subject).map(\.kind)
    // An altered message has our own subject, unless it is said to differ: nobody is warned of that.
    let isOurSubject = verdict == .altered && !judged.reasons.contains { $0.code == .subjectDiffers }
    let deceives = !isOurSubject && (verdict == .altered || !signs.isEmpty || !found.imitations.isEmpty)
    let words = readings.first.map { TextSketch.words(of: $0.text, without: names.words) } ?? []
    return ReportTraces(
      verdict: verdict, imitations: found.imitations, hosts: found.hosts, signs: signs,
      subject: deceives ? subject(of: message, names.words) : nil, sketch: TextSketch(words, key: key))
  }

  // MARK: Who passed it on

  private static let forwarding: Set<String> = ["fw", "fwd", "tr", "wg", "rv", "enc", "vs", "vb", "doorst", "i"]
  private static let answering: Set<String> = ["re", "aw", "sv", "réf", "ref"]

  private static func isPassedOn(_ message: MailMessage) -> Bool {
    forwarding.contains(message.subject.prefix { $0 != ":" }.trimmingBlanks.lowercased()) && message.subject.contains(":")
  }

  /// Domains of whoever got it, and of whoever passed it on: what stands there in footers leads to themselves.
  private static func ownDomains(of levels: [MailMessage], isPassedOn: Bool) -> Set<String> {
    var domains: Set<String> = []
    for (place, level) in levels.enumerated() {
      let passes = place + 1 < levels.count || isPassedOn
      for field in ["to", "cc", "delivered-to"] + (passes ? ["from"] : []) {
        domains.formUnion(level.addresses(field).map { FoundDomains.registered($0.domain) })
      }
    }
    return domains
  }

  /// Without what forwarding put before it, nil if nothing is left.
  private func subject(of message: MailMessage, _ names: Set<String>) -> String? {
    let scalars = message.subject.unicodeScalars.prefix(2_000).map { scalar -> Unicode.Scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: " "
      default: scalar
      }
    }
    var words = String(String.UnicodeScalarView(scalars)).split(whereSeparator: \.isWhitespace).map(String.init)
    while let first = words.first?.lowercased(), first.hasSuffix(":"),
      Self.forwarding.union(Self.answering).contains(String(first.dropLast()))
    { words.removeFirst() }
    let named = words.map { names.contains(RecipientNames.bare($0)) ? "[name]" : $0 }
    let text = mask(String(named.joined(separator: " ").prefix(1_000)))
    let short = text.count > Self.longestSubject ? text.prefix(Self.longestSubject - 1) + "…" : text[...]
    return short.isEmpty ? nil : String(short)
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
