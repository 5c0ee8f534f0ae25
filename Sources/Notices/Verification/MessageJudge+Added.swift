internal import Ledger

/// What stands around our text is somebody else's: it may be words, such as a banner. It may not ask for anything, lead anywhere or hide.
extension MessageJudge {
  /// What footers say by habit (“notify the sender immediately”, “legal action”): alone they say nothing.
  private static let habitual: Set<LureSign.Kind> = [.urgency, .threat]

  func addedReasons(_ texts: [String]) -> [Reason] {
    var reasons: [Reason] = []
    for text in texts {
      let signs = LureSigns.of(text: text).filter { !$0.kind.isOfLinks && !$0.kind.isOfFiles }
      let areHabits = signs.allSatisfy { Self.habitual.contains($0.kind) }
      for sign in signs {
        if sign.kind.asksForSecret {
          reasons.append(Reason(.asksForSecret, .bad, "What was added around our text asks for a secret: “\(sign.words)”. We never do."))
        } else if areHabits {
          reasons.append(Reason(.addedLure, .note, "What was added around our text hurries or warns, as footers do: “\(sign.words)”."))
        } else {
          reasons.append(Reason(.addedLure, .bad, "What was added around our text has the words of a lure: “\(sign.words)”."))
        }
      }
    }
    return reasons
  }

  /// Of a message that holds one of ours as a file.
  func aroundReasons(_ message: MailMessage) -> [Reason] {
    var reasons = senderReasons(message).filter { $0.weight == .bad }
    reasons += addedReasons(message.readings().map(\.text))
    return reasons + foreignReasons(message, ours: nil, proofPart: nil)
  }

  /// Links, files and what does not show: our letters have none.
  ///
  /// - Parameter proven: what we wrote, if this is the message that should show it; nil for one around that message.
  func foreignReasons(_ message: MailMessage, ours proven: ProvenMessage?, proofPart: MailPart?) -> [Reason] {
    var reasons: [Reason] = []
    var seen: Set<String> = []
    // What looks like a link and stands in our own text.
    let ours = Set(proven.map { LureLinks.written(in: "\($0.subject)\n\($0.body)").map(\.target) } ?? [])
    for reading in message.readings() {
      let links = reading.links.filter { !$0.isWrittenAddress }.map(\.target)
      let written = LureLinks.written(in: reading.text).map(\.target).filter { !ours.contains($0) }
      for target in (links + written).prefix(20) where seen.count < 3 && seen.insert(target).inserted {
        reasons.append(Reason(.addedLink, .bad, "It has a link that we did not write: “\(Harmless.word(target))”. Do not follow it."))
        reasons += lookAlikeLink(target)
      }
      if !reading.hidden.isEmpty, !CanonicalWords(reading.hidden).words.isEmpty {
        reasons.append(Reason(.hiddenText, .bad, "It holds text that does not show."))
      }
      if reading.findings.contains(.hidingStyle) {
        reasons.append(Reason(.hiddenText, .bad, "It holds a style that may hide words, or show others."))
      }
      if !reading.remoteImages.isEmpty {
        reasons.append(Reason(.activeContent, .bad, "It fetches images from elsewhere when it is shown. Ours fetch nothing."))
      }
      if !reading.findings.isDisjoint(with: [.form, .script, .frame]) {
        reasons.append(Reason(.activeContent, .bad, "It holds a form, a script or another page."))
      }
      if reading.findings.contains(.otherAlternative) {
        reasons.append(Reason(.activeContent, .bad, "It holds a further version of itself, which some programs show instead."))
      }
      if reading.findings.contains(.textTooLong) {
        reasons.append(Reason(.form, .bad, "It is so long that its end was not looked at."))
      }
    }
    return reasons + fileReasons(message, isAround: proven == nil, proofPart: proofPart) + formReasons(message)
  }

  private func fileReasons(_ message: MailMessage, isAround: Bool, proofPart: MailPart?) -> [Reason] {
    for part in message.attachments where part.body.startIndex != proofPart?.body.startIndex {
      // What mail programs and gateways add: signatures of the transport.
      if ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"].contains(part.type) { continue }
      return [
        Reason(.addedFile, .bad, "It has a file that we did not attach: “\(Harmless.word(part.fileName ?? part.type))”. Do not open it.")
      ]
    }
    if message.enclosed.count > (isAround ? 1 : 0) {
      return [Reason(.addedFile, .bad, "It has another message attached, which we did not attach. Do not open it.")]
    }
    return []
  }

  private func formReasons(_ message: MailMessage) -> [Reason] {
    var reasons: [Reason] = []
    if !message.findings.isDisjoint(with: [.tooLarge, .tooManyParts, .nestedTooDeep]) {
      reasons.append(Reason(.form, .bad, "It is so large or so nested that not all of it was looked at."))
    }
    if ["content-type", "content-transfer-encoding"].contains(where: { message.headers.all($0).count > 1 }) {
      reasons.append(Reason(.form, .bad, "It says twice how it is to be read, so that programs may show different texts."))
    } else if message.findings.contains(.repeatedField) {
      reasons.append(Reason(.form, .note, "A header stands twice, so that programs may show different ones."))
    }
    return reasons
  }
}

extension MailLink {
  /// An address for mail or a telephone number that shows itself, as mail programs make of written ones: it says no more than the words do.
  var isWrittenAddress: Bool {
    let target = target.lowercased()
    let shown = shown.lowercased()
    if target.hasPrefix("mailto:") { return target.dropFirst(7) == shown }
    guard target.hasPrefix("tel:") else { return false }
    let digits = target.filter { $0.isNumber }
    return !digits.isEmpty && digits == shown.filter { $0.isNumber }
  }
}

extension LureSign.Kind {
  var isOfLinks: Bool { [.link, .linkElsewhere, .shortened, .rawAddress, .punycode, .nameInLink, .runningLink].contains(self) }
  var isOfFiles: Bool { [.runningFile, .pageFile].contains(self) }
}

extension MessageVerdict {
  /// With further reasons; a bad one alters what was genuine.
  func adding(_ further: [Reason]) -> MessageVerdict {
    let reasons = reasons + further
    let isAltered = word == .genuine && reasons.contains { $0.weight == .bad }
    return MessageVerdict(isAltered ? .altered : word, reasons, caseNumber: caseNumber, checkCode: checkCode, writtenAt: writtenAt)
  }
}
