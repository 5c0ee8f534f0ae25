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

  static let largestSite = 1 << 20

  /// - Throws: a sentence about what is wrong with either.
  init(_ settings: TrustSettings) throws {
    anchors = try TrustAnchors(json: Array(settings.anchors.utf8))
    guard case .object(let members)? = try? JSONValue(parsing: Array(settings.site.utf8), limit: Self.largestSite) else {
      throw TrustSiteDocument.Malformed(reason: "it is no JSON object.")
    }
    site = try TrustSiteDocument(members)
  }

  /// - Parameters:
  ///   - commitments: the newest first, each with the proof of its entry.
  ///   - warnings: of the project.
  func content(
    _ commitments: [(commitment: PublishedCommitment, proof: LedgerProof)], warnings: [TrustWarning], at now: Timestamp
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
      questions: site.questions, checkpoint: commitments.first?.proof.note, madeAt: now)
  }

  /// What the company wrote itself, and beside it the warnings; of the same domain or subject the newest.
  private func lures(with warnings: [TrustWarning]) -> [TrustContent.SeenLure] {
    var lures = site.lures
    for warning in warnings {
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
  /// What the custodian committed to in a project, the newest first, each with the proof of its entry under the newest checkpoint.
  func provenCommitments(of project: ProjectID) async throws -> [(commitment: PublishedCommitment, proof: LedgerProof)] {
    // What was entered a moment ago is under no checkpoint yet.
    _ = try await ledger.publish()
    return try await access.commitments().filter { $0.project == project }.map {
      ($0, try Ledger.proof(of: $0.entry, directory: directory.ledger))
    }
  }

  /// The trust pages as they are now, by path: for a folder or a listener. `TrustSite` says how each is sent.
  ///
  /// - Throws: `AccessError` `inUse` before they are set; a sentence where something stored does not verify by the anchors.
  package func trustFiles(of project: ProjectID) async throws -> [String: [UInt8]] {
    guard let settings = try await access.trustSettings() else {
      throw AccessError(.inUse, "The trust pages are not set yet: sealane trust set --trust FILE --site FILE.")
    }
    let warnings = try await access.trustWarnings().filter { $0.project == project }
    let commitments = try await provenCommitments(of: project)
    do {
      return TrustSite.files(try TrustPublication(settings).content(commitments, warnings: warnings, at: now()))
    } catch let error as AccessError { throw error } catch {
      throw APIError(.conflict, "trust_pages", "The trust pages cannot be made. \(error)")
    }
  }
}
