internal import Events
internal import Foundation
internal import Ledger
internal import Logging
internal import Notices
internal import ServiceLifecycle
internal import Vault

/// Carries on with statements and dispatches that approvers agreed to, from wherever a crash left them.
package struct NoticeWorker: Service {
  let store: CustodianStore
  let connection: ServerConnection
  let witness: Witness
  let signatures: SignatureCheck
  /// Of mail; files where there is none.
  let transport: any NoticeTransport
  let interval: Duration
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  /// - Parameters:
  ///   - settings: of the relay; nil: letters are written to files.
  ///   - mailPause: milliseconds of one step of waiting before mail that was not taken goes again.
  package init(
    _ approvals: Approvals, settings: MailSettings?, mailPause: Int64 = 60_000, interval: Duration = .seconds(2)
  ) throws {
    store = approvals.store
    connection = approvals.connection
    witness = approvals.witness
    signatures = SignatureCheck(store: approvals.store, relyingParty: approvals.relyingParty)
    clock = approvals.clock
    logger = approvals.logger
    self.interval = interval
    let directory = approvals.store.secrets.directory
    transport =
      try settings.map { try SMTPTransport($0, directory: directory, pause: mailPause) }
      ?? FileTransport(directory: directory, from: ("notices@localhost", "Sealane"))
  }

  package func run() async throws {
    // Beside each other: letters that go out for days keep no other statement waiting.
    await WorkRounds(what: "notices", interval: interval, longest: .seconds(30), logger: logger).run(statementRound, dispatchRound)
  }

  /// One step with each that is not over.
  package func round() async throws {
    try await statementRound()
    try await dispatchRound()
  }

  @Sendable private func statementRound() async throws {
    try store.expireRecipients(before: Timestamp(milliseconds: clock().milliseconds - Self.keptUnsent))
    try await each(store.statements(), carryOn)
  }

  @Sendable private func dispatchRound() async throws { try await each(store.dispatches(), carryOn) }

  /// For how long addresses are kept of a statement to whose people nobody writes.
  static let keptUnsent: Int64 = 30 * 86_400_000

  /// One that fails keeps no other waiting; the first failure is thrown behind all of them.
  private func each<Item: Sendable>(_ items: [Item], _ step: (Item) async throws -> Void) async throws {
    var first: (any Error)?
    for item in items {
      do { try await step(item) } catch is CancellationError { throw CancellationError() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  private var committer: NoticeCommitter { NoticeCommitter(store: store, connection: connection, witness: witness) }

  private func carryOn(_ statement: StoredStatement) async throws {
    switch statement.state {
    case .building:
      do {
        let builder = StatementBuilder(
          store: store, connection: connection, signatures: signatures, reaches: transport.reaches, clock: clock, logger: logger)
        try await builder.build(statement)
      } catch let error as StatementBuilder.Impossible {
        logger.error("a statement cannot be made", metadata: ["reason": "\(error)"])
        try store.fail(statement: statement.request, error.description, at: clock())
        return
      }
      if let made = try store.statement(statement.request) { try await carryOn(made) }
    case .made:
      guard let digest = statement.digest, let note = statement.note else { return }
      let request = try signatures.begun(statement.request)
      let (entry, proof) = try await committer.commit(
        .statement, note: note, digest: digest, incident: statement.scope.incident,
        ApprovedRequest(request, project: statement.scope.project))
      try store.witnessed(statement: statement.request, entry: entry, proof: proof, at: clock())
      logger.notice("a statement is in the ledger", metadata: ["entry": "\(entry)"])
    case .witnessed, .failed: return
    }
  }

  private func carryOn(_ dispatch: StoredDispatch) async throws {
    switch dispatch.state {
    case .preparing:
      do {
        _ = try signatures.begun(dispatch.request)
        try DispatchMaker(store: store, domain: transport.domain, clock: clock, logger: logger).make(dispatch)
      } catch let error
        as StatementBuilder.Impossible
      {
        logger.error("letters cannot be written", metadata: ["reason": "\(error)"])
        try store.fail(dispatch: dispatch.request, error.description, at: clock())
        return
      }
      if let made = try store.dispatch(dispatch.request) { try await carryOn(made) }
    case .made:
      guard let digest = dispatch.digest, let note = dispatch.note else { return }
      let request = try signatures.begun(dispatch.request)
      let letters = try store.letters(of: dispatch.request, dispatch.order).values.sorted { $0.kind < $1.kind }
      let (entry, proof) = try await committer.commit(
        .dispatch, note: note, digest: digest, letters: letters, incident: dispatch.order.incident,
        ApprovedRequest(request, project: dispatch.order.project))
      try store.sending(dispatch: dispatch.request, entry: entry, proof: proof, at: clock())
      logger.notice("letters are in the ledger, and begin to leave", metadata: ["entry": "\(entry)"])
      if let sending = try store.dispatch(dispatch.request) { try await carryOn(sending) }
    case .sending:
      guard dispatch.order.mode == transport.mode else {
        throw CustodianError.badOption(
          dispatch.order.mode == .smtp
            ? "Letters wait for a relay: set one with sealane-custodian mail, and start again."
            : "Letters that were approved for files wait: a relay is set now. Remove mail.json, or let them be.")
      }
      _ = try signatures.begun(dispatch.request)
      let sender = MessageSender(store: store, transport: transport, clock: clock, logger: logger) { await reported(dispatch.request) }
      _ = try await sender.send(dispatch)
      await reported(dispatch.request)
    case .done: try await report(dispatch)
    case .failed: return
    }
  }

  /// Letters do not wait for the server to hear of them.
  private func reported(_ dispatch: [UInt8]) async {
    do { if let now = try store.dispatch(dispatch) { try await report(now) } } catch {
      logger.debug("the server does not know how far letters are", metadata: ["reason": "\(error)"])
    }
  }

  /// Tells the server how far a dispatch is, where that is news.
  private func report(_ dispatch: StoredDispatch) async throws {
    guard let progress = try store.progress(of: dispatch) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(progress), as: UTF8.self)
    guard try store.reported(of: dispatch.request) != text else { return }
    try await connection.report(progress)
    try store.put(reported: text, of: dispatch.request)
  }
}

extension NoticeTransport {
  /// Of message ids.
  var domain: String { from.address.split(separator: "@").last.map(String.init) ?? "localhost" }
}

extension CustodianStore {
  /// How far a dispatch is; nil before it is in the ledger.
  func progress(of dispatch: StoredDispatch) throws -> DispatchProgress? {
    guard let digest = dispatch.digest, let started = dispatch.startedAt, let statement = try statement(dispatch.statement),
      let made = statement.statement
    else { return nil }
    let counts = try messageCounts(of: dispatch.request)
    return DispatchProgress(
      project: dispatch.order.project.rawValue, incident: dispatch.order.incident, statement: dispatch.order.statement,
      statementVersion: made.version, dispatch: digest, mode: dispatch.order.mode.rawValue, startedAt: started.milliseconds,
      finishedAt: dispatch.finishedAt?.milliseconds, people: made.people + made.nameless, unreachable: statement.unreachable,
      messages: dispatch.order.count, sent: counts.states[.sent, default: 0], repeated: counts.repeated,
      refused: counts.states[.refused, default: 0], bounced: counts.states[.bounced, default: 0])
  }
}
