package import Events
internal import Foundation
internal import Ledger

/// Judges messages by what somebody pinned beforehand: whether the company wrote them, whether they were changed since, and what in them would deceive.
/// Asks nobody, unless it is given something to ask DNS with.
///
/// What is proven is the text in the proof. A message is genuine if what it shows is that text: gateways may wrap it and put words around it, but no
/// link, no question for a secret, no file and nothing hidden.
package struct MessageJudge: Sendable {
  let anchors: TrustAnchors
  let looks: LookAlike
  private let dkim: DKIMVerifier?

  /// - Parameter records: for DKIM's keys; nil: DNS is not asked.
  package init(_ anchors: TrustAnchors, records: (any DNSTextRecords)? = nil, now: Timestamp) {
    self.anchors = anchors
    looks = LookAlike(own: anchors.domains, brands: anchors.brands)
    dkim = records.map { DKIMVerifier(records: $0, now: Int(now.milliseconds / 1000)) }
  }

  typealias Reason = MessageVerdict.Reason

  /// Messages inside of a message that are looked at, and how deep: one that was forwarded as a file is inside another.
  private static let mostEnclosed = 5
  private static let deepest = 3

  /// - Parameter reader: whose message it should be, where whoever asks says so.
  package func judge(_ bytes: [UInt8], reader: StatementName? = nil) async -> MessageVerdict {
    await judge(MailMessage(bytes), reader, depth: 0)
  }

  private func judge(_ message: MailMessage, _ reader: StatementName?, depth: Int) async -> MessageVerdict {
    let verdict = await judgeAlone(message, reader)
    guard verdict.word == .notOurs, depth < Self.deepest else { return verdict }
    // Forwarded as a file: the one inside counts if it is ours, with what the message around it adds.
    for enclosed in message.enclosed.prefix(Self.mostEnclosed) {
      let inside = await judge(enclosed, reader, depth: depth + 1)
      if inside.word != .notOurs { return inside.adding(aroundReasons(message)) }
    }
    return verdict
  }

  private func judgeAlone(_ message: MailMessage, _ reader: StatementName?) async -> MessageVerdict {
    var reasons = senderReasons(message) + (await dkimReasons(message))
    let proofs = message.attachments.prefix(20).compactMap { part -> (ProofFile, MailPart)? in
      guard part.type == "application/json" || part.fileName?.hasSuffix(".json") == true else { return nil }
      return ProofFile(part.decoded()).map { ($0, part) }
    }
    let found: ProvenMessage?
    do { found = try proofs.first?.0.message(by: anchors) } catch {
      reasons.insert(Reason(.proofFails, .bad, "It carries a proof that does not hold. \(error)"), at: 0)
      return MessageVerdict(.notOurs, reasons + suspicions(message))
    }
    guard let proven = found else {
      reasons.insert(Reason(.noProof, .bad, "It carries no proof. Every notice of \(anchors.organization) does."), at: 0)
      return MessageVerdict(.notOurs, reasons + suspicions(message))
    }
    let text = textReasons(proven, message)
    if text.contains(where: { $0.code == .textAbsent }),
      !text.contains(where: { [.textWhole, .textWrapped, .textAltered].contains($0.code) })
    {
      // A real proof beside a text of somebody else: anybody who has one can attach it.
      reasons.insert(
        Reason(
          .proofHolds, .note, "The proof in it is real, but it is of another text, which the message does not show: somebody copied it."),
        at: 0)
      return MessageVerdict(.notOurs, reasons + text + suspicions(message))
    }
    reasons.insert(
      Reason(
        .proofHolds, .good,
        "\(anchors.organization) wrote the text in its proof: it is signed, and in the ledger under a checkpoint that \(anchors.policy == nil ? "nobody was asked to cosign" : "was cosigned") (\(proven.checkpoint.size) entries)."
      ),
      at: 0)
    reasons += readerReasons(proven, message, reader)
    reasons += text
    reasons += foreignReasons(message, ours: proven, proofPart: proofs.first?.1)
    let verdict = MessageVerdict(
      .genuine, reasons, caseNumber: proven.caseNumber, checkCode: proven.checkCode, writtenAt: proven.writtenAt)
    return verdict.adding([])
  }

  // MARK: The text

  private func textReasons(_ proven: ProvenMessage, _ message: MailMessage) -> [Reason] {
    var reasons: [Reason] = []
    let readings = message.readings()
    for (place, reading) in readings.enumerated() {
      let which = readings.count > 1 ? (place == 0 ? " as plain text" : " as a page") : ""
      switch MailText.match(signed: proven.body, shown: reading.text) {
      case .whole: reasons.append(Reason(.textWhole, .good, "The message\(which) shows that text, and nothing else."))
      case .wrapped(let before, let after):
        let count = before.count + after.count
        reasons.append(
          Reason(
            .textWrapped, .note,
            "The message\(which) shows that text whole. \(count) words around it are not ours, such as a gateway's banner or a footer: “\(Harmless.text((before.suffix(6) + after.prefix(6))))”."
          ))
        // Each for itself: a “not” above our text negates nothing below it.
        reasons += addedReasons([before.joined(separator: " "), after.joined(separator: " ")])
      case .altered(let difference):
        reasons.append(
          Reason(
            .textAltered, .bad, "The text\(which) was changed. Where we wrote “\(difference.expected)”, it says “\(difference.found)”."))
      case .absent: reasons.append(Reason(.textAbsent, .bad, "The message\(which) shows another text than the one that we wrote."))
      }
    }
    return reasons + subjectReasons(proven, message)
  }

  private func subjectReasons(_ proven: ProvenMessage, _ message: MailMessage) -> [Reason] {
    var reasons: [Reason] = []
    switch MailText.match(signed: proven.subject, shown: message.subject) {
    case .whole: break
    case .wrapped(let before, let after): reasons += addedReasons([before.joined(separator: " "), after.joined(separator: " ")])
    case .altered, .absent:
      reasons.append(
        Reason(
          .subjectDiffers, .note,
          "Its subject is not the one that we wrote: “\(Harmless.text(message.subject.split(separator: " ").map(String.init)))”."))
      reasons += addedReasons([message.subject])
    }
    for link in LureLinks.written(in: message.subject).prefix(1) {
      reasons.append(Reason(.addedLink, .bad, "Its subject has a link that we did not write: “\(Harmless.word(link.target))”."))
    }
    return reasons
  }

  // MARK: The transport

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
}
