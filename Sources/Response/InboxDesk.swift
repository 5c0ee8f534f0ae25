import Access
import Events
import Foundation
import Journeys
import Ledger
import Notices

/// Messages that people reported with an incident: judged, counted, grouped into campaigns, and warned of.
///
/// Of a message its traces are kept alone (`ReportTraces`). Reports come in as events do, without an entry of the ledger each; what is found out
/// is read, and customers are warned, with one.
package final class InboxDesk: Sendable {
  /// What was found out.
  package struct Inbox: Sendable {
    package let counts: IncidentInbox
    /// The one with most reports first.
    package let campaigns: [Campaign]
    package let warnings: [TrustWarning]
    /// Whether messages can be judged: the trust anchors are set.
    package let canJudge: Bool
    /// Of the letters that people were sent: whoever copies one copies its subject, and nobody is warned of it.
    let ownSubjects: [OwnSubject]

    package func isOwn(subject: String) -> Bool { ownSubjects.contains { $0.matches(subject) } }
  }

  let control: ControlDatabase
  let ledger: Ledger
  let incidents: IncidentDesk
  private let key: ReportKey
  let mask: @Sendable (String) -> String
  let clock: @Sendable () -> Timestamp
  /// One message after the other: each may take the memory and the time that the largest takes. Small ones do not wait for large ones.
  private let turns = Turns()
  private let turnsOfLarge = Turns()
  private static let small = 1 << 20

  /// - Parameter mask: replaces what identifies somebody in a subject.
  package init(
    control: ControlDatabase, ledger: Ledger, incidents: IncidentDesk, key: ReportKey, mask: @escaping @Sendable (String) -> String,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.control = control
    self.ledger = ledger
    self.incidents = incidents
    self.key = key
    self.mask = mask
    self.clock = clock
  }

  /// What messages are judged by.
  ///
  /// - Throws: `AccessError` `inUse` before they are set.
  func anchors() async throws -> TrustAnchors {
    guard let settings = try await control.trustSettings() else {
      throw AccessError(.inUse, "Nothing can be judged before the trust anchors are set: sealane trust set --trust FILE --site FILE.")
    }
    return try TrustAnchors(json: Array(settings.anchors.utf8))
  }

  /// The largest message that is judged.
  package static let largest = MailLimits.usual.bytes

  /// What was made of a message that somebody handed in.
  package struct Taken: Sendable {
    /// As `sealane verify` says it.
    package let verdict: MessageVerdict
    /// That it was counted, if any that it encloses was.
    package let outcome: ReportOutcome
    /// Messages that it encloses beyond those that were looked at.
    package let leftOut: Int
  }

  /// Judges a message and counts it, if it did not come before; of one that encloses others each of these.
  package func take(_ message: [UInt8], of incident: Incident) async throws -> Taken {
    guard incident.state != .closed else {
      throw AccessError(.inUse, "The incident is closed. Open another one, and have reports sent there.")
    }
    guard !message.isEmpty else { throw AccessError(.invalid, "The message is empty.") }
    guard ProofFile(message) == nil else {
      throw AccessError(.invalid, "This is a proof by itself, and no message. Hand in the message that it came with.")
    }
    let anchors = try await anchors()
    let now = clock()
    let read = try await (message.count > Self.small ? turnsOfLarge : turns).take {
      await ReportReader(anchors, key: key, now: now, mask: mask).read(message)
    }
    var outcomes: Set<ReportOutcome> = []
    for report in read.reports { outcomes.insert(try await count(report, at: now, of: incident)) }
    let outcome = [ReportOutcome.counted, .uncounted].first(where: outcomes.contains) ?? .known
    return Taken(verdict: read.verdict, outcome: outcome, leftOut: read.leftOut)
  }

  private func count(_ report: ReadReport, at now: Timestamp, of incident: Incident) async throws -> ReportOutcome {
    var lure: IncidentLure?
    if report.verdict.word != .genuine {
      let at = Self.seen(report.sentAt, at: now)
      lure = IncidentLure(
        verdict: report.verdict.word.rawValue, traces: try Self.text(of: report.traces), kin: report.traces.kin,
        sketch: report.traces.sketch?.bytes ?? [], reports: 1, firstAt: at, lastAt: at)
    }
    return try await control.count(report: report.digest, lure, of: incident.id)
  }

  /// When a message says that it was sent, where that can be: anybody can write another time.
  private static func seen(_ sentAt: Timestamp?, at now: Timestamp) -> Timestamp {
    guard let sentAt, sentAt <= now, sentAt.milliseconds >= now.milliseconds - 366 * 86_400_000 else { return now }
    return sentAt
  }

  package func inbox(of incident: Incident) async throws -> Inbox {
    let (counts, lures) = try await control.inbox(of: incident.id)
    return Inbox(
      counts: counts, campaigns: Campaign.campaigns(of: lures.compactMap(Self.shape)),
      warnings: try await control.trustWarnings(of: incident.id), canJudge: try await control.trustSettings() != nil,
      ownSubjects: try await ownSubjects())
  }

  func ownSubjects() async throws -> [OwnSubject] {
    Set(try await control.commitments().flatMap { $0.letters.map(\.subject) }).map { OwnSubject($0) }
  }

  // MARK: As they are kept

  private struct Kept: Codable {
    let imitations: [ReportTraces.Imitation]
    let hosts: [String]
    let signs: [LureSign.Kind]
    let subject: String?
  }

  static func text(of traces: ReportTraces) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let kept = Kept(imitations: traces.imitations, hosts: traces.hosts, signs: traces.signs, subject: traces.subject)
    return String(decoding: try encoder.encode(kept), as: UTF8.self)
  }

  /// Nil for what cannot be read, as another version wrote it.
  static func shape(_ lure: IncidentLure) -> ReportShape? {
    guard let word = MessageVerdict.Word(rawValue: lure.verdict),
      let kept = try? JSONDecoder().decode(Kept.self, from: Data(lure.traces.utf8))
    else { return nil }
    return ReportShape(
      ReportTraces(
        verdict: word, imitations: kept.imitations, hosts: kept.hosts, signs: kept.signs, subject: kept.subject,
        sketch: TextSketch(bytes: lure.sketch)),
      reports: lure.reports, first: lure.firstAt, last: lure.lastAt)
  }
}
