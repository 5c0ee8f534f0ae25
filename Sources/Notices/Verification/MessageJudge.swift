package import Events
internal import Foundation
internal import Ledger

/// Judges messages by what somebody pinned beforehand: whether the company wrote them, whether they were changed since, and what in them would deceive.
/// Asks nobody, unless it is given something to ask DNS with.
///
/// What is proven is the text in the proof. A message is genuine if what it shows is that text: gateways may wrap it and put words around it, but no
/// link, no question for a secret, no file and nothing hidden.
package struct MessageJudge: Sendable {
  private let anchors: TrustAnchors
  private let looks: LookAlike
  private let dkim: DKIMVerifier?

  /// - Parameter records: for DKIM's keys; nil: DNS is not asked.
  package init(_ anchors: TrustAnchors, records: (any DNSTextRecords)? = nil, now: Timestamp) {
    self.anchors = anchors
    looks = LookAlike(own: anchors.domains, brands: anchors.brands)
    dkim = records.map { DKIMVerifier(records: $0, now: Int(now.milliseconds / 1000)) }
  }

  private typealias Reason = MessageVerdict.Reason

  /// Messages inside of a message that are looked at: one that was forwarded as a file is inside another.
  private static let mostEnclosed = 5

  /// - Parameter reader: whose message it should be, where whoever asks says so.
  package func judge(_ bytes: [UInt8], reader: StatementName? = nil) async -> MessageVerdict {
    let message = MailMessage(bytes)
    var verdict = await judge(message, reader)
    // Forwarded as a file: the one inside counts, if it is ours or says more.
    for enclosed in message.enclosed.prefix(Self.mostEnclosed) where verdict.word == .notOurs {
      let inside = await judge(enclosed, reader)
      if inside.word != .notOurs { verdict = inside }
    }
    return verdict
  }

  private func judge(_ message: MailMessage, _ reader: StatementName?) async -> MessageVerdict {
    var reasons = senderReasons(message) + (await dkimReasons(message))
    let proofs = message.attachments.prefix(20).compactMap { part -> (ProofFile, MailPart)? in
      guard part.type == "application/json" || part.fileName?.hasSuffix(".json") == true else { return nil }
      return ProofFile(part.decoded()).map { ($0, part) }
    }
    guard case .notice(let proof)? = proofs.first?.0 else {
      reasons.insert(Reason(.noProof, .bad, "It carries no proof. Every notice of \(anchors.organization) does."), at: 0)
      return MessageVerdict(.notOurs, reasons + suspicions(message))
    }
    let verified: NoticeProof.Verified
    do { verified = try proof.verify(by: anchors) } catch {
      reasons.insert(Reason(.proofFails, .bad, "It carries a proof that does not hold. \(error)"), at: 0)
      return MessageVerdict(.notOurs, reasons + suspicions(message))
    }
    reasons.insert(
      Reason(
        .proofHolds, .good,
        "\(anchors.organization) wrote the text in its proof: it is signed, and in the ledger under a checkpoint that was cosigned (\(verified.checkpoint.size) entries)."
      ),
      at: 0)
    reasons += readerReasons(verified, message, reader)
    reasons += textReasons(verified.letter, message)
    reasons += foreignReasons(message, proofPart: proofs.first?.1)
    let isAltered = reasons.contains { $0.weight == .bad }
    return MessageVerdict(
      isAltered ? .altered : .genuine, reasons, caseNumber: verified.statement.caseNumber, checkCode: proof.checkCode,
      writtenAt: verified.dispatch.madeAt)
  }

  // MARK: The text

  private func textReasons(_ letter: Letter, _ message: MailMessage) -> [Reason] {
    var reasons: [Reason] = []
    let readings = message.readings()
    for (place, reading) in readings.enumerated() {
      let which = readings.count > 1 ? (place == 0 ? " as plain text" : " as a page") : ""
      switch MailText.match(signed: letter.body, shown: reading.text) {
      case .whole: reasons.append(Reason(.textWhole, .good, "The message\(which) shows that text, and nothing else."))
      case .wrapped(let before, let after):
        let count = before.count + after.count
        reasons.append(
          Reason(
            .textWrapped, .note,
            "The message\(which) shows that text whole. \(count) words around it are not ours, such as a gateway's banner or a footer: “\(Harmless.text((before.suffix(6) + after.prefix(6))))”."
          ))
        reasons += addedReasons((before.joined(separator: " ") + "\n" + after.joined(separator: " ")))
      case .altered(let difference):
        reasons.append(
          Reason(
            .textAltered, .bad, "The text\(which) was changed. Where we wrote “\(difference.expected)”, it says “\(difference.found)”."))
      case .absent: reasons.append(Reason(.textAbsent, .bad, "The message\(which) shows another text than the one that we wrote."))
      }
    }
    let subject = MailText.match(signed: letter.subject, shown: message.subject)
    switch subject {
    case .whole, .wrapped: break
    case .altered, .absent:
      reasons.append(
        Reason(
          .subjectDiffers, .note,
          "Its subject is not the one that we wrote: “\(Harmless.text(message.subject.split(separator: " ").map(String.init)))”."))
    }
    return reasons
  }

  /// What stands around our text is somebody else's: it may be a banner, it may not ask for anything.
  private func addedReasons(_ text: String) -> [Reason] {
    LureSigns.of(text: text).compactMap { sign in
      switch sign.kind {
      case .link, .linkElsewhere, .shortened, .rawAddress, .punycode, .nameInLink, .runningLink: return nil
      case .runningFile, .pageFile: return nil
      case let kind where kind.asksForSecret:
        return Reason(.asksForSecret, .bad, "What was added around our text asks for a secret: “\(sign.words)”. We never do.")
      default: return Reason(.addedLure, .bad, "What was added around our text has the words of a lure: “\(sign.words)”.")
      }
    }
  }

  /// Links, files and what does not show: our letters have none.
  private func foreignReasons(_ message: MailMessage, proofPart: MailPart?) -> [Reason] {
    var reasons: [Reason] = []
    var seen: Set<String> = []
    for reading in message.readings() {
      let written = LureSigns.of(text: reading.text).filter {
        [.link, .linkElsewhere, .shortened, .rawAddress, .punycode, .nameInLink, .runningLink].contains($0.kind)
      }
      let links = reading.links.map { ($0.target, $0.kind) }
      for (target, _) in links.prefix(20) where seen.insert(target).inserted && seen.count <= 3 {
        reasons.append(Reason(.addedLink, .bad, "It has a link that we did not write: “\(Harmless.word(target))”. Do not follow it."))
        reasons += lookAlikeLink(target)
      }
      if links.isEmpty, let sign = written.first, seen.insert(sign.words).inserted {
        reasons.append(Reason(.addedLink, .bad, "It has a link that we did not write: “\(sign.words)”. Do not follow it."))
      }
      if !reading.hidden.isEmpty, !CanonicalWords(reading.hidden).words.isEmpty {
        reasons.append(Reason(.hiddenText, .bad, "It holds text that does not show."))
      }
      if !reading.remoteImages.isEmpty {
        reasons.append(Reason(.activeContent, .bad, "It fetches images from elsewhere when it is shown. Ours fetch nothing."))
      }
      if !reading.findings.isDisjoint(with: [.form, .script, .frame]) {
        reasons.append(Reason(.activeContent, .bad, "It holds a form, a script or another page."))
      }
    }
    for part in message.attachments where part.body.startIndex != proofPart?.body.startIndex {
      // What mail programs and gateways add: signatures of the transport, cards.
      if ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"].contains(part.type) { continue }
      reasons.append(
        Reason(.addedFile, .bad, "It has a file that we did not attach: “\(Harmless.word(part.fileName ?? part.type))”. Do not open it."))
      break
    }
    if message.findings.contains(.repeatedField) {
      reasons.append(Reason(.form, .note, "A header stands twice, so that programs may show different ones."))
    }
    return reasons
  }

  private func lookAlikeLink(_ target: String) -> [Reason] {
    guard let host = URLComponents(string: target)?.host, case .lookAlike(let reason, let of) = looks.judge(host) else { return [] }
    return [Reason(.linkLookAlike, .bad, "It leads to \(Harmless.word(host)), which looks like \(of) and is not (\(Self.words(reason))).")]
  }

  // MARK: Who wrote to whom

  private func readerReasons(_ verified: NoticeProof.Verified, _ message: MailMessage, _ reader: StatementName?) -> [Reason] {
    guard let name = verified.name else { return [] }
    if let reader {
      guard reader == name || reader.kind != name.kind else {
        return [Reason(.otherReader, .bad, "It was written to somebody else, and not to you.")]
      }
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

  private func senderReasons(_ message: MailMessage) -> [Reason] {
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
    for reply in message.addresses("reply-to") {
      if case .lookAlike(_, let of) = looks.judge(reply.domain) {
        reasons.append(
          Reason(.senderLookAlike, .bad, "Answers would go to \(Harmless.word(reply.domain)), which looks like \(of) and is not."))
      }
    }
    return reasons
  }

  private func dkimReasons(_ message: MailMessage) async -> [Reason] {
    guard let dkim else { return [] }
    switch DKIMVerifier.result(of: await dkim.check(message)) {
    case .pass(let domain):
      switch looks.judge(domain) {
      case .own, .ownSubdomain: return [Reason(.dkimPasses, .good, "Its transport is signed by \(domain), which is ours (DKIM).")]
      default: return [Reason(.dkimPasses, .note, "Its transport is signed by \(Harmless.word(domain)), which is not ours (DKIM).")]
      }
    case .fail(let failure):
      return [
        Reason(
          .dkimFails, .note, "The signature of its transport does not hold (DKIM: \(failure.rawValue)), as after a gateway changed it.")
      ]
    case .none: return [Reason(.dkimUnknown, .note, "Its transport is not signed (DKIM).")]
    case .silent: return [Reason(.dkimUnknown, .note, "DNS did not say with which key its transport is signed (DKIM).")]
    }
  }

  // MARK: What deceives

  /// Of a message that is not ours: why it may be a lure.
  private func suspicions(_ message: MailMessage) -> [Reason] {
    var reasons: [Reason] = []
    var seen: Set<String> = []
    for reading in message.readings() {
      for sign in LureSigns.of(reading, attachments: message.attachments) where seen.insert(sign.kind.rawValue).inserted {
        let words = "“\(sign.words)”"
        switch sign.kind {
        case .link, .linkElsewhere, .shortened, .rawAddress, .punycode, .nameInLink, .runningLink:
          reasons.append(
            Reason(.link, .bad, "It has a link (\(sign.kind.rawValue.replacing("-", with: " "))): \(words). Our notices have none."))
        case .runningFile, .pageFile: reasons.append(Reason(.addedFile, .bad, "It has a file that could do harm: \(words)."))
        case let kind where kind.asksForSecret:
          reasons.append(
            Reason(.asksForSecret, .bad, "It asks for what we never ask for (\(kind.rawValue.replacing("-", with: " "))): \(words)."))
        default:
          reasons.append(
            Reason(.lureWording, .bad, "It speaks of what lures speak of (\(sign.kind.rawValue.replacing("-", with: " "))): \(words)."))
        }
      }
      for link in reading.links.prefix(50) {
        for reason in lookAlikeLink(link.target) where seen.insert(reason.sentence).inserted { reasons.append(reason) }
      }
      if !reading.findings.isDisjoint(with: [.form, .script, .frame]), seen.insert("active").inserted {
        reasons.append(Reason(.activeContent, .bad, "It holds a form, a script or another page."))
      }
    }
    return reasons
  }

  private static func words(_ reason: LookAlikeReason) -> String { reason.rawValue.replacing("-", with: " ") }
}
