package import Events

/// Judges messages that people reported exactly as `MessageJudge` does, and takes from each what tells campaigns apart.
///
/// A report holds suspicious messages as parts, or is one, or quotes one. Of somebody who writes to the company and encloses messages, these
/// are looked at, each for itself. What a message encloses in its turn counts with it: an innocent one hides nothing, and neither does one of ours.
package struct ReportReader: Sendable {
  let judge: MessageJudge
  private let key: ReportKey
  private let mask: @Sendable (String) -> String

  /// As many as the judge looks at.
  private static let mostEnclosed = 5
  /// Bytes of text of all that one report encloses. Whatever lies beyond leaves no trace.
  private static let mostText = 2 << 20
  private static let longestSubject = 120

  /// - Parameter mask: replaces what identifies somebody in a subject.
  package init(_ anchors: TrustAnchors, key: ReportKey, now: Timestamp, mask: @escaping @Sendable (String) -> String) {
    judge = MessageJudge(anchors, now: now)
    self.key = key
    self.mask = mask
  }

  package func read(_ bytes: [UInt8]) async -> ReadReports {
    let verdict = await judge.judge(bytes)
    let outer = MailMessage(bytes)
    var budget = Self.mostText
    let enclosed = outer.enclosed
    guard !enclosed.isEmpty, isWrapper(outer, &budget) else {
      return ReadReports(verdict: verdict, reports: [await report(verdict, outer, in: nil, &budget)], leftOut: 0)
    }
    guard enclosed.count > 1 else {
      return ReadReports(verdict: verdict, reports: [await report(verdict, enclosed[0], in: outer, &budget)], leftOut: 0)
    }
    var reports: [ReadReport] = []
    for message in enclosed.prefix(Self.mostEnclosed) {
      // By itself: what stands around several is of who reports them.
      reports.append(await report(await judge.judge(Array(message.bytes)), message, in: outer, &budget))
    }
    return ReadReports(verdict: verdict, reports: reports, leftOut: enclosed.count - reports.count)
  }

  private func report(
    _ verdict: MessageVerdict, _ message: MailMessage, in wrapper: MailMessage?, _ budget: inout Int
  ) async -> ReadReport {
    let enclosing = ReportLevel.enclosing(message)
    var levels: [ReportLevel] = []
    // Of what is ours nothing is kept.
    if verdict.word == .genuine {
      if let innermost = enclosing.last { levels.append(level(innermost, .genuine, &budget)) }
    } else {
      for message in enclosing {
        var word = verdict.word
        if word == .altered, enclosing.count > 1 || wrapper != nil { word = await judge.judge(Array(message.bytes)).word }
        if word != .genuine { levels.append(level(message, word, &budget)) }
      }
    }
    // All that somebody enclosed is ours after all, and words around it are not.
    let isOfReporter = levels.isEmpty
    if isOfReporter { levels = [level(wrapper ?? message, .notOurs, &budget, withSenders: wrapper == nil)] }
    let chosen =
      levels.firstIndex(where: \.deceives) ?? levels.firstIndex { !($0.encloses && isToUs($0.message)) }
      ?? levels.index(before: levels.endIndex)
    let it = levels[chosen]
    var traces = ReportTraces(verdict: verdict.word, imitations: [], hosts: [], signs: [], subject: nil, sketch: nil)
    if verdict.word != .genuine { traces = self.traces(verdict, levels, chosen, in: wrapper, isOfReporter: isOfReporter) }
    return ReadReport(
      verdict: verdict, digest: digest(of: it.message, it.readings, verdict.word), traces: traces,
      sentAt: it.message.headers.text("date").flatMap(MailDate.parse))
  }

  private func level(
    _ message: MailMessage, _ word: MessageVerdict.Word, _ budget: inout Int, withSenders: Bool = true
  ) -> ReportLevel {
    ReportLevel(message, judged: word, looks: judge.looks, withSenders: withSenders, budget: &budget)
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
    _ verdict: MessageVerdict, _ levels: [ReportLevel], _ chosen: Int, in wrapper: MailMessage?, isOfReporter: Bool
  ) -> ReportTraces {
    let it = levels[chosen]
    let company = [judge.anchors.organization] + judge.anchors.brands + judge.anchors.domains
    var names = RecipientNames(it.message, withSender: isOfReporter || Self.isPassedOn(it.message), besides: company)
    if let wrapper { names.formUnion(RecipientNames(wrapper, withSender: true, besides: company)) }
    for around in levels where around.encloses && !around.deceives {
      names.formUnion(RecipientNames(around.message, withSender: true, besides: company))
    }
    var found = it.found
    for (place, level) in levels.enumerated() where place != chosen { found.formUnion(level.found) }
    let own = ownDomains(of: it.message, in: wrapper)
    // An altered message has our own subject, unless it is said to differ: nobody is warned of that.
    let isOurSubject = it.word == .altered && !it.encloses && !verdict.reasons.contains { $0.code == .subjectDiffers }
    let words = it.readings.first.map { TextSketch.words(of: $0.text, without: names.words) } ?? []
    return ReportTraces(
      verdict: verdict.word, imitations: found.imitations, hosts: found.hosts.filter { !own.contains($0) }, signs: levels.flatMap(\.signs),
      subject: it.deceives && !isOurSubject && !isOfReporter ? subject(of: it.message, names.words) : nil,
      sketch: TextSketch(words, key: key))
  }

  // MARK: Who passed it on

  private static let forwarding: Set<String> = ["fw", "fwd", "tr", "wg", "rv", "enc", "vs", "vb", "doorst", "i"]
  private static let answering: Set<String> = ["re", "aw", "sv", "réf", "ref"]

  private static func isPassedOn(_ message: MailMessage) -> Bool {
    forwarding.contains(message.subject.prefix { $0 != ":" }.trimmingBlanks.lowercased()) && message.subject.contains(":")
  }

  /// Whether somebody wrote it to the company, as who reports something does.
  private func isToUs(_ message: MailMessage) -> Bool {
    ["to", "cc", "delivered-to", "x-original-to"].flatMap(message.addresses).contains { address in
      switch judge.looks.judge(address.domain) {
      case .own, .ownSubdomain: true
      case .lookAlike, .unrelated: false
      }
    }
  }

  /// Whether what encloses messages is of somebody who passes them on, and not itself what deceives.
  private func isWrapper(_ message: MailMessage, _ budget: inout Int) -> Bool {
    guard !isToUs(message) else { return true }
    // It is read again, as a level, where it is none.
    var half = budget / 2
    return !level(message, .notOurs, &half).deceives
  }

  /// Domains of whoever passed it on: what stands there in footers leads to themselves. Who writes a lure has no say in it, whatever the lure
  /// is addressed to: where it is enclosed, the message around it says who; else the message itself, if it is one to the company.
  private func ownDomains(of message: MailMessage, in wrapper: MailMessage?) -> Set<String> {
    func domains(_ message: MailMessage, _ fields: [String]) -> Set<String> {
      Set(fields.flatMap(message.addresses).map { FoundDomains.shown(FoundDomains.registered($0.domain)) })
    }
    guard let wrapper else { return Self.isPassedOn(message) && isToUs(message) ? domains(message, ["from"]) : [] }
    return domains(wrapper, ["from", "to", "cc", "delivered-to"]).subtracting(domains(message, ["from", "reply-to"]))
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
