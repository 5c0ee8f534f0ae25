import Access
import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Notices
import Trust

/// The company's trust pages: of what is stored about them, what the custodian committed to, and the lures that somebody warned of.
struct TrustPublication: Sendable {
  let anchors: TrustAnchors
  let site: TrustSiteDocument
  private let setAt: Timestamp

  static let largestSite = 1 << 20

  /// - Throws: a sentence about what is wrong with either.
  init(_ settings: TrustSettings) throws {
    anchors = try TrustAnchors(json: Array(settings.anchors.utf8))
    guard case .object(let members)? = try? JSONValue(parsing: Array(settings.site.utf8), limit: Self.largestSite) else {
      throw TrustSiteDocument.Malformed(reason: "it is no JSON object.")
    }
    site = try TrustSiteDocument(members)
    setAt = settings.setAt
  }

  /// - Parameters:
  ///   - commitments: the newest first, each with the proof of its entry.
  ///   - askPath: where questions are taken if the company says nothing of it; nil: nowhere.
  func content(
    _ commitments: [(commitment: PublishedCommitment, proof: LedgerProof)], warnings: [TrustWarning], askPath: String?, at now: Timestamp
  ) throws -> TrustContent {
    // The oldest first, so that what was published keeps its address.
    let statements = try commitments.reversed().filter { $0.commitment.kind == .statement }.map {
      try PublishedStatement(CommittedText(note: $0.commitment.note, ledger: $0.proof), by: anchors)
    }
    let letters = commitments.first { $0.commitment.kind == .dispatch }?.commitment.letters ?? []
    return try TrustContent(
      anchors: anchors, statements: statements,
      letters: letters.map { letter in
        guard let kind = LetterKind(text: letter.kind) else { throw TrustContent.Malformed(reason: "there is no such kind of letter.") }
        return LetterTemplate(kind, subject: letter.subject, body: letter.body)
      }, advice: site.advice, contact: site.contact, securityText: site.securityText(at: now), lures: lures(with: warnings),
      questions: questions(askPath), checkpoint: commitments.first?.proof.note, madeAt: madeAt(commitments, warnings))
  }

  private func questions(_ askPath: String?) throws -> TrustContent.Questions? {
    guard let key = anchors.questionKey, let path = site.questionPath ?? askPath else { return nil }
    return try TrustContent.Questions(key: key, path: path)
  }

  /// When something that is there was made last: the same pages are the same bytes. A warning that is withdrawn takes its time with it.
  private func madeAt(_ commitments: [(commitment: PublishedCommitment, proof: LedgerProof)], _ warnings: [TrustWarning]) -> Timestamp {
    ([setAt] + commitments.map(\.commitment.madeAt) + warnings.map(\.madeAt)).max() ?? setAt
  }

  /// What the company wrote itself, and beside it the warnings; of the same domain or subject the newest.
  private func lures(with warnings: [TrustWarning]) -> [TrustContent.SeenLure] {
    var lures = site.lures
    for warning in warnings {
      // It may have become one of the company's own since.
      if warning.kind == .domain, LureDomain(warning.text)?.isOwn(by: anchors) ?? false { continue }
      let kind: TrustContent.SeenLure.Kind = warning.kind == .domain ? .domain : .subject
      let lure = TrustContent.SeenLure(kind, warning.text, seenAt: warning.seenAt)
      if let place = lures.firstIndex(where: { $0.kind == kind && $0.text == lure.text }) {
        if lures[place].seenAt < lure.seenAt { lures[place] = lure }
      } else {
        lures.append(lure)
      }
    }
    return lures
  }
}

extension Installation {
  /// What the custodian committed to, in one project or in all, the newest first, each with the proof of its entry under the newest checkpoint.
  func provenCommitments(of project: ProjectID? = nil) async throws -> [(commitment: PublishedCommitment, proof: LedgerProof)] {
    // What was entered a moment ago is under no checkpoint yet.
    _ = try await ledger.publish()
    return try await access.commitments().filter { project == nil || $0.project == project }.map {
      ($0, try Ledger.proof(of: $0.entry, directory: directory.ledger))
    }
  }

  /// The trust pages as they are now, by path: for a folder or a listener. A company has one, whatever its projects. `TrustSite` says how each is sent.
  ///
  /// - Throws: `AccessError` `inUse` before they are set; a sentence where something stored does not verify by the anchors.
  ///
  /// - Parameter askPath: where whoever serves them takes questions.
  package func trustFiles(askPath: String? = nil) async throws -> [String: [UInt8]] {
    guard let settings = try await access.trustSettings() else {
      throw AccessError(.inUse, "The trust pages are not set yet: sealane trust set --trust FILE --site FILE.")
    }
    let warnings = try await access.trustWarnings()
    let commitments = try await provenCommitments()
    // By the day, so that an hour later the pages are the same.
    let today = Timestamp(milliseconds: now().milliseconds / 86_400_000 * 86_400_000)
    do {
      return TrustSite.files(try TrustPublication(settings).content(commitments, warnings: warnings, askPath: askPath, at: today))
    } catch let error as AccessError { throw error } catch {
      throw APIError(.conflict, "trust_pages", "The trust pages cannot be made. \(error)")
    }
  }
}
