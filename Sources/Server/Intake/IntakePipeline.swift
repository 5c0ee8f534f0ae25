import Access
import Events
import Gate
import Intake
import SegmentStore
import Vault

/// One request's way from bytes to disk: Intake reads and judges, the gate decides about every value, the store makes it durable. Only
/// then is it answered.
package struct IntakePipeline: Sendable {
  let intake: Intake
  let access: ControlDatabase
  let projects: OpenProjects
  let metrics: Metrics
  let clock: @Sendable () -> Timestamp

  /// - Parameter accountProject: the project of the service account or operator that sends; nil: the records name it by their token.
  func take(_ request: IntakeRequest, accountProject: OpenProject?) async -> IntakeReply {
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
    for batch in result.batches {
      do {
        guard let project = project(of: batch, accountProject) else {
          // A token nobody knows: the sender is answered as if all was well, as SDKs expect it (mixpanel-api, 1.3).
          metrics.count("sealane_intake_unknown_token_records_total", by: batch.events.count + batch.profileUpdates.count)
          continue
        }
        if let refusal = try await store(batch, in: project, endpoint: request.endpoint) { return refusal }
      } catch {
        return Self.reply(for: error, metrics)
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

  private func store(_ batch: IntakeResult.Batch, in project: OpenProject, endpoint: IntakeRequest.Endpoint) async throws -> IntakeReply? {
    if let refusal = project.meter.take(batch.events.count + batch.profileUpdates.count, now: clock().milliseconds) {
      metrics.count("sealane_intake_refused_requests_total", [("reason", "rate")])
      return .rateLimited(retryAfterSeconds: refusal.retryAfterSeconds)
    }
    guard project.hasRoom() else {
      metrics.count("sealane_intake_refused_requests_total", [("reason", "storage")])
      return .unavailable("The storage cap of this project is reached. Its operator can raise max_storage_bytes.", retryAfterSeconds: 60)
    }
    var events = batch.events
    let capped = project.caps.apply(to: &events)
    metrics.count("sealane_intake_capped_total", [("what", "event_name")], by: capped.events)
    metrics.count("sealane_intake_capped_total", [("what", "property_name")], by: capped.properties)
    let gated = project.gate.pass(events: events, profileUpdates: batch.profileUpdates)
    let outcome = try await project.store.append(gated)
    project.sealer.markDurable(gated.wrappedKeys)
    metrics.count("sealane_store_events_total", [("outcome", "accepted")], by: outcome.accepted)
    metrics.count("sealane_store_events_total", [("outcome", "duplicate")], by: outcome.duplicates)
    metrics.count("sealane_store_refused_links_total", by: outcome.refusedLinks)
    metrics.count("sealane_store_refused_profile_updates_total", by: outcome.refusedProfileUpdates)
    project.live.append(gated, at: clock())
    return nil
  }

  private static func reply(for error: any Error, _ metrics: Metrics) -> IntakeReply {
    let reason: String
    let reply: IntakeReply
    switch error {
    case StoreError.overloaded:
      (reason, reply) = ("overloaded", .rateLimited(retryAfterSeconds: 2))
    case let error as StoreError:
      (reason, reply) = ("store", .unavailable(error.description, retryAfterSeconds: 30))
    default:
      (reason, reply) = ("internal", .unavailable("Nothing could be stored. The server's log says why.", retryAfterSeconds: 10))
    }
    metrics.count("sealane_intake_refused_requests_total", [("reason", reason)])
    return reply
  }
}
