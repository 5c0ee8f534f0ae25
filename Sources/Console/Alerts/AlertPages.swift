import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Response
import Web

/// Alerts: the list by state, and one of them with what people did about it.
extension Visit {
  private static let alertRows = 50

  // MARK: List

  func alertsPage() async throws -> Response {
    try authorize(.readAlerts)
    let chosen = fields["state"] ?? "open"
    let state = Alert.State(rawValue: chosen)
    guard state != nil || chosen == "all" else { return .seeOther(Address("/alerts")) }
    let before = fields["before"].flatMap { Int64($0) }
    let found = try await services.control.alerts(state: state, about: project.id, before: before, limit: Self.alertRows)
    let channels = try await services.control.channelStates()
    let answer = try await disclose(found, .settings, "console.alerts", fields: ["alerts", "channels"])
    let tabs = [("open", "Open"), ("acknowledged", "Acknowledged"), ("closed", "Closed"), ("all", "All")].map { word, title -> HTML in
      "<a href=\"\(Address("/alerts").adding("state", word))\"\(chosen == word ? " aria-current=\"true\"" as HTML : "")>\(title)</a>"
    }
    let content: HTML = """
      \(Self.heading("Alerts", "What somebody should look at: credentials, the ledger, the custodian, canaries."))\
      <section class="panel"><div class="title"><div><h2>\(NumberFormat.count(openAlertCount, "open alert"))</h2></div>\
      <nav class="ranges" aria-label="State">\(tabs)</nav></div>\(alertList(answer.value, chosen))</section>\(channelList(channels))\
      <p>\(Self.entry(answer.receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page("Alerts", current: "Alerts", content))
  }

  private func alertList(_ alerts: [Alert], _ chosen: String) -> HTML {
    guard !alerts.isEmpty else {
      let what = chosen == "all" ? "No alert was ever raised." : "No alert is \(chosen)."
      return """
        <p class="empty"><b>\(what)</b> One appears here when a revoked or frozen credential is used, a canary turns up, the ledger or the custodian objects, \
        or somebody says that they were phished. Who is told beside this page: <code>sealane alerts channels --data DIR</code></p>
        """
    }
    let rows = alerts.map { alert -> HTML in
      """
      <tr><td class="num">\(NumberFormat.exact(Int(clamping: alert.id)))</td><td>\(severity(alert))</td>\
      <th scope="row"><a href="\(Address("/alerts/\(alert.id)"))">\(alert.kind.title)</a></th><td class="id">\(alert.about.map { ValueView.name($0.id) } ?? "–")</td>\
      <td>\(alert.state.rawValue)</td><td class="nowrap">\(time.minute(alert.raisedAt))</td><td class="nowrap">\(time.minute(alert.lastAt))</td>\
      <td class="num">\(NumberFormat.exact(alert.count))</td></tr>
      """
    }
    let more: HTML =
      alerts.count == Self.alertRows
      ? alerts.last.map {
        "<p><a href=\"\(Address("/alerts").adding("state", chosen).adding("before", String($0.id)))\">Older ones</a></p>" as HTML
      } ?? "" : ""
    return """
      <div class="scroll"><table><thead><tr><th scope="col" class="num">No.</th><th scope="col">Severity</th><th scope="col">What</th><th scope="col">About</th>\
      <th scope="col">State</th><th scope="col">Raised</th><th scope="col">Last</th><th scope="col" class="num">Times</th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)
      """
  }

  private func severity(_ alert: Alert) -> HTML { "<span class=\"s-\(alert.severity.rawValue)\">\(alert.severity.rawValue)</span>" }

  private func channelList(_ channels: [ChannelState]) -> HTML {
    guard !channels.isEmpty else {
      return """
        <section class="panel" id="channels"><h2>Channels</h2><p class="empty"><b>Nobody is told.</b> Start the server with <code>--alert-channels FILE</code>: \
        mail, webhooks, and OCSF for a SIEM by syslog, webhook or file.</p></section>
        """
    }
    let rows = channels.map { channel -> HTML in
      let state: HTML =
        channel.disabledReason.map { "<span class=\"danger\">switched off</span> <span class=\"reason\">\($0)</span>" }
        ?? channel.lastError.flatMap { error in
          (channel.lastFailureAt ?? now) > (channel.lastSuccessAt ?? Timestamp(milliseconds: 0))
            ? "<span class=\"warn\">failing</span> <span class=\"reason\">\(error)</span>" : nil
        } ?? "<span class=\"good\">works</span>"
      return """
        <tr><th scope="row">\(channel.name)</th><td>\(state)</td><td class="num">\(NumberFormat.exact(channel.waiting))</td>\
        <td class="num">\(NumberFormat.exact(channel.delivered))</td><td class="num">\(NumberFormat.exact(channel.failed))</td>\
        <td class="num">\(NumberFormat.exact(channel.dropped))</td><td class="nowrap">\(channel.lastSuccessAt.map(time.minute) ?? "never")</td></tr>
        """
    }
    return """
      <section class="panel" id="channels"><h2>Channels</h2><p class="sub">Where alerts and security events go. Try them: <code>sealane alerts test --data DIR</code></p>\
      <div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col" class="num">Waiting</th><th scope="col" class="num">Delivered</th>\
      <th scope="col" class="num">Given up</th><th scope="col" class="num">Left out</th><th scope="col">Last success</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  // MARK: One

  func alertPage(_ text: String, _ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readAlerts)
    guard let id = Int64(text) else { return ErrorPage.notFound.response }
    let found = try await services.control.alert(id)
    if let other = found.alert.project, other != project.id {
      // Messages name an alert by its number alone: on to the project that it is about, for whoever may see it there.
      guard (try? Access.authorize(session.who, .readAlerts, in: other)) != nil else { return ErrorPage.notFound.response }
      return .seeOther(Address("/alerts/\(String(id))").adding(Console.projectField, other.description))
    }
    let answer = try await disclose(found.alert, .settings, "console.alert", fields: ["alert", "history"])
    let alert = answer.value
    let about: HTML =
      alert.about.map { about in
        "<dt>About</dt><dd>\(about.kind.replacing("_", with: " ")) <code>\(about.id)</code>, credential <code>\(about.credential)</code></dd>"
      } ?? ""
    let details = alert.details.sorted { $0.key < $1.key }.map { name, value -> HTML in
      let shown: String =
        switch value {
        case .text(let text): text
        case .number(let number): NumberFormat.exact(Int(clamping: number))
        }
      return "<dt>\(name.replacing("_", with: " "))</dt><dd>\(shown)</dd>"
    }
    let entry: HTML = alert.ledgerIndex.map { "no. \(NumberFormat.exact(Int(clamping: $0)))" } ?? "not yet"
    let content: HTML = """
      \(Self.heading(alert.kind.title, "<a href=\"\(Address("/alerts"))\">Alerts</a> · no. \(NumberFormat.exact(Int(clamping: alert.id))) · \(severity(alert)) · \(alert.state.rawValue)"))\(notice)\
      <section class="panel"><h2>What was found</h2><p>\(alert.sentence)</p><dl class="values">\(about)\
      <dt>Project</dt><dd>\(alert.project?.description ?? "the whole installation")</dd><dt>Raised</dt><dd>\(time.second(alert.raisedAt))</dd>\
      <dt>Last found</dt><dd>\(time.second(alert.lastAt))</dd><dt>Times</dt><dd>\(NumberFormat.exact(alert.count))</dd>\
      <dt>Ledger entry</dt><dd>\(entry)</dd>\(details)</dl></section>\(incidentLink(alert))\(history(found.history))\(changeForm(alert))\
      <p>\(Self.entry(answer.receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page(alert.kind.title, current: "Alerts", content), status: status)
  }

  /// One that tells of something lost hold of is a draft of an incident.
  private func incidentLink(_ alert: Alert) -> HTML {
    guard alert.state != .closed, may(.manageIncidents), let draft = IncidentDraft(alert) else { return "" }
    return """
      <section class="panel"><h2>It may be an incident</h2><p>About the \(IncidentWords.source(draft.source)): contained in one action, and who is affected is known in a second.</p>\
      <p><a class="button primary" href="\(Address("/incidents/new").adding("alert", String(alert.id)))">Open as incident</a></p></section>
      """
  }

  private func history(_ changes: [Alert.Change]) -> HTML {
    guard !changes.isEmpty else {
      return "<section class=\"panel\"><h2>History</h2><p class=\"empty\">Nobody has done anything about it yet.</p></section>"
    }
    let rows = changes.map { change -> HTML in
      """
      <tr><td class="nowrap">\(time.second(change.at))</td><td>\(change.from.rawValue) → \(change.to.rawValue)</td>\
      <td class="nowrap">\(change.by.kind.replacing("_", with: " ")) <code>\(change.by.id)</code></td><td class="belongs">\(change.note)</td>\
      <td class="num">\(change.ledgerIndex.map { NumberFormat.exact(Int(clamping: $0)) } ?? "–")</td></tr>
      """
    }
    return """
      <section class="panel"><h2>History</h2><div class="scroll"><table><thead><tr><th scope="col">When</th><th scope="col">Change</th><th scope="col">Who</th><th scope="col">Note</th>\
      <th scope="col" class="num">Ledger entry</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  private func changeForm(_ alert: Alert) -> HTML {
    guard may(.manageAlerts) else { return HTML() }
    let buttons: HTML =
      switch alert.state {
      case .open:
        "<button class=\"primary\" name=\"state\" value=\"acknowledged\">Acknowledge</button><button name=\"state\" value=\"closed\">Close</button>"
      case .acknowledged:
        "<button class=\"primary\" name=\"state\" value=\"closed\">Close</button><button name=\"state\" value=\"open\">Open again</button>"
      case .closed: "<button name=\"state\" value=\"open\">Open again</button>"
      }
    return """
      <section class="panel"><h2>What to do about it</h2><form method="post" action="/alerts/change">\(formToken)<input type="hidden" name="alert" value="\(alert.id)">\
      <label class="field"><span>Note</span><textarea name="note" maxlength="2000"></textarea><small>Needed to close. Kept here as typed, without names of customers; \
      no message has it. The change is entered in the ledger, and every channel is told of it.</small></label><div class="row">\(buttons)</div></form></section>
      """
  }

  func changeAlert() async throws -> Response {
    try authorize(.manageAlerts)
    let text = fields["alert"] ?? ""
    guard let id = Int64(text), let state = Alert.State(rawValue: fields["state"] ?? "") else { return ErrorPage.notFound.response }
    // One about this project, or about the whole installation.
    let alert = try await services.control.alert(id).alert
    guard alert.project == nil || alert.project == project.id else { return ErrorPage.notFound.response }
    do {
      try await services.alerts.change(id, to: state, note: fields.text("note"), by: principal)
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await alertPage(
        text, "<div class=\"notice danger\"><p><b>Nothing was changed.</b> \(error.message)</p></div>",
        status: error.code == .inUse ? .conflict : .badRequest)
    }
    return .seeOther(Address("/alerts/\(id)"))
  }
}
