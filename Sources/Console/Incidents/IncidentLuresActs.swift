import Access
import Events
import HTTPTypes
import Hummingbird
import Ledger
import Notices
import Response
import Web

/// What is done about lures from their page.
extension Visit {
  /// For the one message that somebody has before them.
  func pasteForm(_ incident: Incident, _ inbox: InboxDesk.Inbox) -> HTML {
    guard mayChange(incident), inbox.canJudge else { return "" }
    return """
      <details class="panel more" id="paste"><summary>Judge one message</summary><form method="post" action="/incidents/report">\(hidden(incident))<label class="field"><span>The message's source</span>\
      <textarea name="message" rows="8" spellcheck="false" required></textarea><small>As your mail program shows it under “source” or “original”, with all headers.</small></label><button>Judge it</button></form></details>
      """
  }

  func judgeReport() async throws -> Response {
    try authorize(.manageIncidents)
    let incident = try await chosenIncident()
    do {
      let taken = try await services.incidents.inbox.take(Array(fields.text("message").utf8), of: incident)
      return try await incidentLuresPage(String(incident.id), Self.said(taken))
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await luresRefused(incident, error)
    }
  }

  private static func said(_ taken: InboxDesk.Taken) -> HTML {
    let verdict = taken.verdict
    let (kind, word): (HTML, HTML) =
      switch verdict.word {
      case .genuine: ("good", "Genuine: it is yours.")
      case .altered: ("danger", "Altered: a part of it is yours, and not all.")
      case .notOurs: ("danger", "Not ours: nothing proves that any of it is.")
      }
    let counted: HTML =
      switch taken.outcome {
      case .counted: "It is counted."
      case .known: "The same message came before."
      case .uncounted: "So many were counted that this one is not."
      }
    let leftOut: HTML =
      taken.leftOut == 0
      ? "" : " \(NumberFormat.count(taken.leftOut, "further message")) in it were not looked at: hand them in one by one."
    let reasons = verdict.reasons.map { "<li>\(VisibleText.of($0.sentence))</li>" as HTML }
    return "<div class=\"notice \(kind)\" role=\"status\"><p><b>\(word)</b> \(counted)\(leftOut)</p><ul>\(reasons)</ul></div>"
  }

  func warnOfLure() async throws -> Response {
    try await actOnLures { incident in
      guard let kind = TrustWarning.Kind(rawValue: fields.text("kind")) else {
        throw AccessError(.invalid, "A warning is about a domain or a subject.")
      }
      _ = try await services.incidents.inbox.warn(kind, fields.text("text"), of: incident, by: principal)
    }
  }

  func withdrawWarning() async throws -> Response {
    try await actOnLures { incident in
      guard let id = Int64(fields.text("warning")) else { throw AccessError(.notFound, "There is no such warning.") }
      _ = try await services.incidents.inbox.withdraw(id, of: incident, by: principal)
    }
  }

  /// As `act` does for the incident's own page. Of a host it takes no more than of any other incident: nothing of the host is told.
  private func actOnLures(_ done: (Incident) async throws -> Void) async throws -> Response {
    try authorize(.manageIncidents)
    let incident = try await chosenIncident()
    do {
      try await done(incident)
      return .seeOther(Address("/incidents/\(incident.id)/lures"))
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await luresRefused(incident, error)
    }
  }

  private func luresRefused(_ incident: Incident, _ error: AccessError) async throws -> Response {
    try await incidentLuresPage(
      String(incident.id), "<div class=\"notice danger\"><p><b>Nothing was changed.</b> \(error.message)</p></div>",
      status: error.code == .inUse ? .conflict : .badRequest)
  }
}
