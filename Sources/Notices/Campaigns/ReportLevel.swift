/// One message of a report: the one that was reported, or one that it encloses.
struct ReportLevel {
  let message: MailMessage
  /// By itself.
  let word: MessageVerdict.Word
  let readings: [MailReading]
  let encloses: Bool
  let found: FoundDomains
  let signs: [LureSign.Kind]

  private static let deepest = 3
  private static let mostEnclosed = 5
  private static let most = 20
  private static let mostDomains = 20

  /// - Parameters:
  ///   - withSenders: whether whom it says that it is from counts; not of somebody who only passes it on.
  ///   - budget: bytes of text that may be read, less what was.
  init(_ message: MailMessage, judged word: MessageVerdict.Word, looks: LookAlike, withSenders: Bool, budget: inout Int) {
    self.message = message
    self.word = word
    let readings = message.readings(within: &budget)
    self.readings = readings
    encloses = !message.enclosed.isEmpty
    guard word != .genuine else {
      (found, signs) = (FoundDomains(looks, most: Self.mostDomains), [])
      return
    }
    var found = FoundDomains(looks, most: Self.mostDomains)
    if withSenders { found.take(message) }
    found.take(readings)
    self.found = found
    let attachments = message.attachments
    signs = readings.flatMap { LureSigns.of($0, attachments: attachments).map(\.kind) } + LureSigns.of(text: message.subject).map(\.kind)
  }

  /// Whether it wants to deceive. Any mail has links.
  var deceives: Bool {
    !found.imitations.isEmpty || signs.contains { $0 != .link } || (word == .altered && !encloses)
  }

  /// A message and those inside it, as far as the judge looks, from the outside in.
  static func enclosing(_ message: MailMessage) -> [MailMessage] {
    var levels: [MailMessage] = []
    func take(_ message: MailMessage, depth: Int) {
      guard levels.count < most else { return }
      levels.append(message)
      guard depth < deepest else { return }
      for inside in message.enclosed.prefix(mostEnclosed) { take(inside, depth: depth + 1) }
    }
    take(message, depth: 0)
    return levels
  }
}
