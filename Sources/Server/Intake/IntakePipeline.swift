import Access
import Events
import Gate
import Intake
import Logging
import SegmentStore
import Vault

/// One request's way from bytes to disk: Intake reads and judges, the gate decides about every value, the store makes it durable. Only
/// then is it answered.
package struct IntakePipeline: Sendable {
  let intake: Intake
  let access: ControlDatabase
  let alerts: AlertDesk
  let projects: OpenProjects
  let metrics: Metrics
  let logger: Logger
  let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - accountProject: the project of the service account or operator that sends; nil: the records name it by their token.
  ///   - optOut: the signal by which who sends asks not to be followed: nothing is stored, and the answer is the same.
  func take(_ request: IntakeRequest, accountProject: OpenProject?, optOut: OptOut? = nil) async -> IntakeReply {
    let result: IntakeResult
    switch intake.read(request) {
    case .refused(let reply):
      metrics.count("sealane_intake_refused_requests_total", [("reason", "unreadable")])
      return reply
    case .judged(let judged): result = judged
    }
    metrics.count("sealane_intake_records_total", [("endpoint", request.endpoint.rawValue)], by: result.recordCount)
    metrics.count("sealane_intake_failed_records_total", [("endpoint", request.endpoint.rawValue)], by: result.failures.count)
    metrics.count("sealane_intake_ignored_records_total", by: result.ignoredCount)
    metrics.count("sealane_intake_dropped_values_total", by: result.droppedValueCount)
    if let optOut {
      optOut.count(result.acceptedCount, metrics)
      return result.reply()
    }
    for batch in result.batches {
      do {
        guard let project = project(of: batch, accountProject) else {
          // A token nobody knows: the sender is answered as if all was well, as SDKs expect it (mixpanel-api, 1.3).
          metrics.count("sealane_intake_unknown_token_records_total", by: batch.events.count + batch.profileUpdates.count)
          // A secret in the token's place is of no use here, and may be one that nobody should have.
          if let (account, refusal) = batch.token.flatMap(access.stray), let alert = NewAlert.refused(account, refusal) {
            await alerts.raise(alert)
          }
          continue
        }
        if let refusal = try await store(batch.events, batch.profileUpdates, in: project) { return refusal }
      } catch {
        return reply(for: error)
      }
    }
    return result.reply()
  }

  private func project(of batch: IntakeResult.Batch, _ accountProject: OpenProject?) -> OpenProject? {
    guard let token = batch.token else { return accountProject }
    guard let project = access.project(forToken: token) else { return nil }
    // An account writes to its own project only, whatever token the records carry.
    if let accountProject { return accountProject.id == project.id ? accountProject : nil }
    return projects[project.id]
  }

  /// The same for OTLP.
  func take(_ request: OTLPRequest, in project: OpenProject, optOut: OptOut? = nil) async -> IntakeReply {
    let result: OTLPResult
    switch intake.read(request) {
    case .refused(let reply):
      metrics.count("sealane_intake_refused_requests_total", [("reason", "unreadable")])
      return reply
    case .judged(let judged): result = judged
    }
    metrics.count("sealane_otlp_records_total", [("signal", request.signal.rawValue)], by: result.recordCount)
    metrics.count("sealane_otlp_rejected_records_total", [("signal", request.signal.rawValue)], by: result.rejectedCount)
    for (name, count) in result.drops { metrics.count("sealane_otlp_dropped_attributes_total", [("name", name)], by: count) }
    if let optOut {
      optOut.count(result.events.count, metrics)
      return result.reply()
    }
    do {
      guard !result.events.isEmpty, let refusal = try await store(result.events, [], in: project) else { return result.reply() }
      return .otlp(refusal, isJSON: result.isJSON)
    } catch {
      return .otlp(reply(for: error), isJSON: result.isJSON)
    }
  }

  private func store(_ received: ReceivedEvents, _ profileUpdates: [ReceivedProfileUpdate], in project: OpenProject) async throws
    -> IntakeReply?
  {
    if let refusal = project.meter.take(received.count + profileUpdates.count, now: clock().milliseconds) {
      metrics.count("sealane_intake_refused_requests_total", [("reason", "rate")])
      return .rateLimited(retryAfterSeconds: refusal.retryAfterSeconds)
    }
    guard project.hasRoom() else {
      metrics.count("sealane_intake_refused_requests_total", [("reason", "storage")])
      return .unavailable("The storage cap of this project is reached. Its operator can raise max_storage_bytes.", retryAfterSeconds: 60)
    }
    var events = received
    let capped = project.caps.apply(to: &events)
    metrics.count("sealane_intake_capped_total", [("what", "event_name")], by: capped.events)
    metrics.count("sealane_intake_capped_total", [("what", "property_name")], by: capped.properties)
    let start = ProcessorTime.ofThread
    let gated = project.gate.pass(events, profileUpdates: profileUpdates, kept: LiveBuffer.newest)
    metrics.addGate(ProcessorTime.ofThread - start)
    if !gated.rows.held.isEmpty { try await project.hold(gated.rows.held) }
    let outcome = try await project.store.append(gated)
    project.sealer.markDurable(gated.wrappedKeys)
    metrics.count("sealane_store_events_total", [("outcome", "accepted")], by: outcome.accepted)
    metrics.count("sealane_store_events_total", [("outcome", "duplicate")], by: outcome.duplicates)
    metrics.count("sealane_store_refused_links_total", by: outcome.refusedLinks)
    metrics.count("sealane_store_refused_profile_updates_total", by: outcome.refusedProfileUpdates)
    project.live.append(gated.events, of: events.count, at: clock())
    // What was sent is durable: where the store fails at this, its next request says so.
    try? await project.keep(gated.derivatives)
    return nil
  }

  /// Senders are strangers: what failed where is for the log and for `/readyz`.
  private func reply(for error: any Error) -> IntakeReply {
    let reason: String
    let reply: IntakeReply
    switch error {
    case StoreError.overloaded:
      (reason, reply) = ("overloaded", .rateLimited(retryAfterSeconds: 2))
    case StoreError.full:
      (reason, reply) = (
        "full", .unavailable("A limit of this project's store is reached. Its operator finds it in the log.", retryAfterSeconds: 60)
      )
    case is StoreError:
      (reason, reply) = (
        "store",
        .unavailable(
          "The event log cannot be written. Send the same again later; its operator finds why in the log.", retryAfterSeconds: 30)
      )
    default:
      (reason, reply) = ("internal", .unavailable("Nothing could be stored. The server's log says why.", retryAfterSeconds: 10))
    }
    if reason != "overloaded" {
      // Once for the first, then now and then: every sender tries again.
      let before = metrics.value("sealane_intake_refused_requests_total", [("reason", reason)])
      if before % 1_000 == 0 {
        let what = (error as? StoreError)?.description ?? "\(type(of: error))"
        logger.critical("Events cannot be stored", metadata: ["reason": "\(what)", "refused_before": "\(before)"])
      }
    }
    metrics.count("sealane_intake_refused_requests_total", [("reason", reason)])
    return reply
  }
}
