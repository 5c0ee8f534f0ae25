package import Events
internal import Foundation
internal import Ledger
internal import Logging
package import Notices
internal import Vault

/// What officers fill in for the letters of an incident.
package struct LetterDraft: Sendable, Hashable {
  /// By language; what is the same in all is filled in once.
  package var values: [LetterLanguage: [LetterTemplate.CommonPlace: String]]
  package var templates: [LetterKind: LetterTemplate]

  package init(values: [LetterLanguage: [LetterTemplate.CommonPlace: String]], templates: [LetterKind: LetterTemplate] = [:]) {
    self.values = values
    self.templates = templates
  }

  /// A place that a template of this kind has not and must have.
  func missingPlace(of kind: LetterKind) -> String? {
    (templates[kind] ?? LetterTemplate.standard[kind]).flatMap { LetterCheck.missingPlace(in: $0) }
  }

  /// The letters of these kinds with the common places filled in; recipients' own ones stay open.
  package func letters(_ kinds: some Sequence<LetterKind>, caseNumber: String) -> [LetterTemplate] {
    kinds.sorted().compactMap { kind in
      guard let template = templates[kind] ?? LetterTemplate.standard[kind] else { return nil }
      var places = (values[kind.language] ?? [:]).filter { !$0.value.isEmpty }
      places[.caseNumber] = caseNumber
      return template.filled(places)
    }
  }
}

extension Approvals {
  /// Writes the request to fix whom an incident's newest scope affects, as the server shows it.
  package func writeStatement(project: ProjectID, incident: Int64, purpose: String, by approver: Approver) async throws -> CustodianRequest
  {
    let shown: [ScopedIncident]
    do { shown = try await connection.scopedIncidents() } catch {
      throw ApprovalError.serverFailed("the server cannot be asked for its incidents. Try again when it answers.")
    }
    guard let scoped = shown.first(where: { $0.project == project.rawValue && $0.incident == incident }), let affected = scoped.affected
    else { throw ApprovalError.badInput("There is no such incident that is scoped.") }
    let scope = CustodianRequest.ScopeToState(
      project: project, incident: incident, title: PlainText.shown(scoped.title, limit: CustodianRequest.longestTitle),
      version: scoped.version, digest: scoped.digest, affected: affected)
    if try store.statements().contains(where: { $0.isOf(scope) && $0.state != .failed }) {
      throw ApprovalError.badInput("There is a statement of this version of the scope already.")
    }
    return try write(.state(scope), purpose: purpose, by: approver)
  }

  /// Writes the request to send letters to the people of a statement. The texts stand beside it, and their digests in it.
  package func writeLetters(
    _ draft: LetterDraft, of statement: [UInt8], mode: NoticeMode, purpose: String, by approver: Approver
  ) throws -> CustodianRequest {
    guard let stored = try store.statement(statement), stored.state == .witnessed, let made = stored.statement, let digest = stored.digest
    else { throw ApprovalError.badInput("This statement is not in the ledger yet: nobody is told before it is.") }
    guard try !store.isSuperseded(stored) else {
      throw ApprovalError.badInput("A later statement took this one's place. Write to its people.")
    }
    try store.renewNewness(of: stored)
    let recipients = try store.recipients(of: statement)
    if let place = recipients.keys.sorted().compactMap({ draft.missingPlace(of: $0) }).first {
      throw ApprovalError.badInput("A template lacks {{\(place)}}, without which a notice is none.")
    }
    let letters = draft.letters(recipients.keys, caseNumber: made.caseNumber)
    if let fault = letters.flatMap({ LetterCheck.faults(of: $0) }).first {
      throw ApprovalError.badInput("A letter cannot go out like this. \(fault)")
    }
    let order = CustodianRequest.LettersToSend(
      project: stored.scope.project, incident: stored.scope.incident, title: stored.scope.title, statement: digest,
      root: made.root.description, texts: Dictionary(uniqueKeysWithValues: letters.map { ($0.kind, Dispatch.digest(of: $0)) }),
      recipients: recipients, mode: mode)
    return try write(.notify(order), purpose: purpose, by: approver, letters: letters)
  }

  /// Begins what was approved; the work goes on by itself from there.
  ///
  /// - Returns: the digest of the statement's request, whose page shows how far it is.
  package func beginNotices(_ digest: [UInt8], by approver: Approver, ticket: [UInt8]) throws -> [UInt8] {
    try recording("notices", by: approver, on: digest) {
      let now = clock()
      let stored = try carriedOut(digest, by: approver, at: now)
      switch stored.request.wish {
      case .state(let scope):
        try take(ticket, for: digest, by: approver)
        try store.begin(statement: scope, by: digest, at: now)
        logger.notice("a statement was begun", metadata: ["request": "\(digest.hexadecimal)"])
        return digest
      case .notify(let order):
        guard let statement = try store.statements().first(where: { $0.digest == order.statement }) else {
          throw ApprovalError.badInput("The statement of this request is not here any more.")
        }
        _ = try store.letters(of: digest, order)
        guard try !store.isSuperseded(statement) else {
          throw ApprovalError.badInput("A later statement took this one's place. Write to its people.")
        }
        try take(ticket, for: digest, by: approver)
        try store.begin(dispatch: order, of: statement.request, by: digest, at: now)
        logger.notice("letters were begun", metadata: ["request": "\(digest.hexadecimal)", "messages": "\(order.count)"])
        return statement.request
      case .open, .admit, .dailyLimit, .passkey, .remove, .acceptLedger: throw ApprovalError.noSuchRequest
      }
    }
  }
}

extension ScopedIncident {
  /// Of the scope's canonical form, if that is the one that its digest names.
  var affected: Int? {
    guard CommittedText.digest(of: scope) == digest else { return nil }
    return CanonicalJSON(canonical: Array(scope.utf8))?["affected"]?["count"]?.integer.map { Int($0) }
  }
}
