import Access
import Events
import Ledger

extension IncidentDesk {
  /// How far the custodian is with telling people. Its first word of a dispatch is a step of the incident, and so is its last.
  package func note(_ progress: NoticeProgress, by principal: Principal) async throws {
    let known = try await control.notices(of: progress.incident, in: progress.project).first { $0.dispatch == progress.dispatch }
    let isFirst = known == nil
    let isLast = progress.finishedAt != nil && known?.finishedAt == nil
    if isFirst || isLast, let incident = try await control.incident(progress.incident), incident.state != .closed {
      let facts = [
        "statement": progress.statement, "dispatch": progress.dispatch, "messages": String(progress.messages),
        "sent": String(progress.sent),
      ]
      try await step(progress.incident, .notified, Self.words(progress, isLast: isLast), facts, by: principal) { incident in
        // Files tell nobody.
        guard progress.mode == .smtp else { return }
        if incident.moments[.peopleTold] == nil { incident.moments[.peopleTold] = progress.startedAt }
        if incident.state < .notified { incident.state = .notified }
      }
    }
    try await control.put(progress)
  }

  private static func words(_ progress: NoticeProgress, isLast: Bool) -> String {
    let what = progress.mode == .smtp ? "notices" : "notices, written to files only"
    let statement = "version \(progress.statementVersion) of the statement"
    guard isLast else { return "\(progress.messages) \(what), by \(statement), are being sent" }
    var parts = ["\(progress.sent) of \(progress.messages) \(what), by \(statement), sent"]
    if progress.refused > 0 { parts.append("\(progress.refused) refused") }
    if progress.bounced > 0 { parts.append("\(progress.bounced) came back") }
    if progress.unreachable > 0 { parts.append("\(progress.unreachable) people have no address here") }
    return parts.joined(separator: "; ")
  }
}
