internal import Crypto
internal import Events
internal import Foundation
internal import Logging
internal import Vault

/// What an opening shows.
package struct Opening: Sendable {
  package struct Field: Sendable {
    package let name: String
    /// `verified`, `unverified`, or `id`: who wrote it.
    package let layer: String
    /// SHA-256 of the sealed bytes, hexadecimal: an export names its sealed places by it.
    package let digest: String
    /// The plaintext, or why it stays shut.
    package let outcome: Result<String, OpeningError>
  }

  package let request: CustodianRequest
  /// The number of the ledger's entry, which stood there before any of this was shown.
  package let ledgerEntry: UInt64
  /// For each subject that was asked for, in the request's order.
  package let subjects: [(subject: String, fields: [Field])]
}

extension Approvals {
  /// Opens what an approved request names, once: the server enters it in its ledger and hands over the sealed values; the custodian cosigns a
  /// checkpoint and verifies that this very entry is in it; only then is the request marked as done, and only then is anything opened. A crash
  /// in between leaves an entry for something that nobody saw.
  ///
  /// A value opens in its own place only. One that the server says is this subject's, and that was sealed for another, stays shut.
  package func open(_ digest: [UInt8], by approver: Approver, ticket: [UInt8]) async throws -> Opening {
    do {
      let now = clock()
      let stored = try carriedOut(digest, by: approver, at: now)
      guard case .open(let project, let subjects, let fields) = stored.request.wish else { throw ApprovalError.noSuchRequest }
      let left = try store.dailyLimit(at: now).left
      guard subjects.count <= left else { throw ApprovalError.overDailyLimit(left: left) }
      try take(ticket, for: digest, by: approver)
      let answer: ServerConnection.SealedAnswer
      do {
        answer = try await connection.sealedValues(
          project: project, subjects: subjects, fields: fields, request: digest.hexadecimal, requester: approver.text,
          approvers: stored.approvals.map(\.approver.hexadecimal))
        try await witness.confirm(opening: digest, of: project, at: answer.entry)
      } catch let error as Witness.Failure { throw ApprovalError.serverFailed(error.description) } catch let error as CustodianError {
        throw ApprovalError.serverFailed(error.description)
      } catch {
        throw ApprovalError.serverFailed("the server cannot be reached. Try again when it answers.")
      }
      // Durable before anything is opened.
      try store.markOpened(digest, ledgerEntry: answer.entry, at: clock())
      logger.notice("identities were opened", metadata: ["request": "\(digest.hexadecimal)", "entry": "\(answer.entry)"])
      return Opening(
        request: stored.request, ledgerEntry: answer.entry,
        subjects: try subjects.map { subject in
          (subject, try answer.values.filter { $0.subject == subject && fields.contains($0.field) }.map { try open($0, project: project) })
        })
    } catch let error as ApprovalError {
      try record(error, "opening", by: approver, on: digest)
      throw error
    }
  }

  private func open(_ value: ServerConnection.SealedField, project: ProjectID) throws -> Opening.Field {
    let outcome: Result<String, OpeningError>
    do {
      guard let subject = Pseudonym(value.subject) else { throw OpeningError.doesNotOpen }
      let epoch = try SealedValueOpener.epoch(of: value.bytes)
      let keys = try store.recordKeys(project: project, subject: subject, epoch: epoch)
      outcome = .success(
        try SealedValueOpener.open(value.bytes, project: project, subject: subject, field: value.field, recordKeys: keys))
    } catch let error as OpeningError { outcome = .failure(error) }
    let digest = Array(SHA256.hash(data: value.bytes)).hexadecimal
    return Opening.Field(name: value.field, layer: value.layer, digest: digest, outcome: outcome)
  }
}
