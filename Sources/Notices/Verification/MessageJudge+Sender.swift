internal import Foundation
internal import Ledger

/// Who wrote to whom, and what deceives.
extension MessageJudge {
  func lookAlikeLink(_ target: String) -> [Reason] {
    let host = LinkPlace(target).host
    guard case .lookAlike(let reason, let of) = looks.judge(host) else { return [] }
    return [Reason(.linkLookAlike, .bad, "It leads to \(Harmless.word(host)), which looks like \(of) and is not (\(Self.words(reason))).")]
  }

  // MARK: Who wrote to whom

  func readerReasons(_ proven: ProvenMessage, _ message: MailMessage, _ reader: StatementName?) -> [Reason] {
    guard let name = proven.name else { return [] }
    // An account's id says nothing about whose address this is.
    if let reader, reader.kind == name.kind {
      guard reader == name else { return [Reason(.otherReader, .bad, "It was written to somebody else, and not to you.")] }
      return [Reason(.writtenTo, .good, "It was written to you.")]
    }
    let recipients = message.addresses("to").map { $0.address.lowercased() }
    let isAddressed = recipients.isEmpty || recipients.contains { StatementName(.email, $0) == name }
    return [
      Reason(
        .writtenTo, .note,
        "It was written to \(name.value). If that is not you, it is not about you.\(isAddressed ? "" : " The message names another recipient, as when it was forwarded.")"
      )
    ]
  }

  func senderReasons(_ message: MailMessage) -> [Reason] {
    guard let from = message.from.first else { return [Reason(.senderOther, .note, "It names no sender.")] }
    var reasons: [Reason] = []
    switch looks.judge(from.domain) {
    case .own, .ownSubdomain:
      reasons.append(
        Reason(.senderOwn, .note, "It says that it comes from \(Harmless.word(from.domain)), which is ours. Anybody can write that."))
    case .lookAlike(let reason, let of):
      reasons.append(
        Reason(
          .senderLookAlike, .bad, "It comes from \(Harmless.word(from.domain)), which looks like \(of) and is not (\(Self.words(reason))).")
      )
    case .unrelated:
      reasons.append(
        Reason(.senderOther, .note, "It comes from \(Harmless.word(from.domain)), which is not ours: somebody forwarded it, or pretends."))
    }
    if from.nameHoldsAddress, let shown = MailAddress.list(Array(from.name.utf8)).first?.domain, looks.judge(from.domain) == .unrelated,
      [.own, .ownSubdomain].contains(looks.judge(shown))
    {
      reasons.append(
        Reason(.senderLookAlike, .bad, "It shows an address of ours as a name, and comes from \(Harmless.word(from.domain))."))
    }
    for reply in message.addresses("reply-to") {
      if case .lookAlike(_, let of) = looks.judge(reply.domain) {
        reasons.append(
          Reason(.senderLookAlike, .bad, "Answers would go to \(Harmless.word(reply.domain)), which looks like \(of) and is not."))
      }
    }
    return reasons
  }

  // MARK: What deceives

  /// Of a message that is not ours: why it may be a lure.
  func suspicions(_ message: MailMessage) -> [Reason] {
    var reasons: [Reason] = []
    var seen: Set<String> = []
    for reading in message.readings() {
      for sign in LureSigns.of(reading, attachments: message.attachments) where seen.insert(sign.kind.rawValue).inserted {
        let words = "“\(sign.words)”"
        switch sign.kind {
        case let kind where kind.isOfLinks:
          reasons.append(
            Reason(
              .link, .bad,
              "It has a link\(kind == .link ? "" : " (\(kind.rawValue.replacing("-", with: " ")))"): \(words). Our notices have none."))
        case let kind where kind.isOfFiles: reasons.append(Reason(.addedFile, .bad, "It has a file that could do harm: \(words)."))
        case let kind where kind.asksForSecret:
          reasons.append(
            Reason(.asksForSecret, .bad, "It asks for what we never ask for (\(kind.rawValue.replacing("-", with: " "))): \(words)."))
        default:
          reasons.append(
            Reason(.lureWording, .bad, "It speaks of what lures speak of (\(sign.kind.rawValue.replacing("-", with: " "))): \(words)."))
        }
      }
      for target in (reading.links.map(\.target) + LureLinks.written(in: reading.text).map(\.target)).prefix(50) {
        for reason in lookAlikeLink(target) where seen.insert(reason.sentence).inserted { reasons.append(reason) }
      }
      if !reading.findings.isDisjoint(with: [.form, .script, .frame]), seen.insert("active").inserted {
        reasons.append(Reason(.activeContent, .bad, "It holds a form, a script or another page."))
      }
    }
    return reasons
  }

  private static func words(_ reason: LookAlikeReason) -> String { reason.rawValue.replacing("-", with: " ") }
}
