import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Response
import Web

/// One incident: how far it is, what to do next, and what was found out.
extension Visit {
  func incidentPage(_ text: String, _ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readIncidents)
    guard let incident = try await known(incident: text) else { return ErrorPage.notFound.response }
    let steps = try await services.control.steps(of: incident.id)
    let versions = try await services.control.scopes(of: incident.id)
    let cohort = try await services.incidents.desk.watchedCohort(of: incident)
    let people = try await services.control.staff()
    let receipt = try await disclose(steps.count, .settings, "console.incident", fields: ["incident"]).receipt
    let kept = try versions.first?.kept
    let notices = try await noticesPanel(incident)
    let lures = try await luresPanel(incident)
    let content: HTML = """
      \(Self.heading(incident.title, "<a href=\"\(Address("/incidents"))\">Incidents</a> · no. \(NumberFormat.exact(Int(clamping: incident.id))) · \(IncidentWords.source(incident.source))\(alertLink(incident))"))\
      \(notice.isEmpty ? doneNotice(steps) : notice)\(progress(incident))\(dueNext(incident))\
      \(containPanel(incident, steps))\(scopePanel(incident, versions, kept))\(watchPanel(incident, kept, cohort))\(notices)\(lures)\(reportPanel(incident, kept))\
      \(clockPanel(incident))\(timesPanel(incident))\(historyPanel(steps, people))\(closePanel(incident))<p>\(Self.entry(receipt))</p>
      """
    return .html(page(incident.title, current: "Incidents", content), status: status)
  }

  func known(incident text: String) async throws -> Incident? {
    guard let id = Int64(text), let incident = try await services.control.incident(id), incident.project == project.id else { return nil }
    return incident
  }

  private func alertLink(_ incident: Incident) -> HTML {
    guard let alert = incident.alert else { return "" }
    return " · from <a href=\"\(Address("/alerts/\(alert)"))\">alert no. \(NumberFormat.exact(Int(clamping: alert)))</a>"
  }

  /// What came of the act that led here.
  private func doneNotice(_ steps: [IncidentStep]) -> HTML {
    guard let entry = fields["done"].flatMap({ UInt64($0) }), let step = steps.last(where: { $0.entry == entry }) else { return "" }
    let lines = step.note.split(separator: "\n")
    let beyond = lines.count { $0.hasPrefix("not reached: ") }
    let words: HTML =
      step.act == "contained"
      ? "\(NumberFormat.count(lines.count - beyond, "thing")) stopped, \(NumberFormat.exact(beyond)) for somebody to do elsewhere."
      : "\(VisibleText.shortened(step.note, to: 300))"
    return """
      <div class="notice good" role="status"><p><b>\(IncidentWords.act(step.act)).</b> \(words) <span class="ledger">Ledger entry <b>no. \(NumberFormat.exact(Int(clamping: step.entry)))</b></span></p></div>
      """
  }

  func mayChange(_ incident: Incident) -> Bool {
    let isHost = if case .host = incident.source { true } else { false }
    return may(.manageIncidents) && (!isHost || may(.manageOwners)) && incident.state != .closed
  }

  func hidden(_ incident: Incident) -> HTML { "\(formToken)<input type=\"hidden\" name=\"incident\" value=\"\(incident.id)\">" }

  // MARK: How far it is

  private func progress(_ incident: Incident) -> HTML {
    let words: [(Incident.State, String)] = [
      (.suspected, "Suspected"), (.contained, "Contained"), (.scoped, "Scoped"), (.notified, "People told"), (.closed, "Closed"),
    ]
    let items = words.map { state, title -> HTML in
      let mark: HTML = state == incident.state ? " aria-current=\"step\"" : ""
      return "<li\(state <= incident.state ? " class=\"done\"" as HTML : "")\(mark)>\(title)</li>"
    }
    return "<ol class=\"progress\" aria-label=\"How far it is\">\(items)</ol>"
  }

  private func dueNext(_ incident: Incident) -> HTML {
    guard incident.state != .closed, let next = nextDeadline(incident), let deadline = next.deadline else { return "" }
    let when: HTML =
      next.state == .overdue
      ? "<b class=\"danger\">overdue, \(IncidentWords.distance(deadline, from: now))</b>"
      : "<b>\(IncidentWords.distance(deadline, from: now))</b>"
    return """
      <p class="due">Due next: \(next.rule.title), to \(next.rule.to), \(when) (\(time.minute(deadline))). <a href="#clocks">All clocks</a></p>
      """
  }

  private func clockPanel(_ incident: Incident) -> HTML {
    guard incident.state != .closed else { return "" }
    let readings = services.incidents.desk.clocks.readings(of: incident, at: now).filter { $0.state != .notStarted }
    guard !readings.isEmpty else { return "" }
    let order: [LegalClocks.Reading.State] = [.overdue, .running, .late, .done, .notStarted]
    let rows = readings.sorted { left, right in
      let (one, other) = (order.firstIndex(of: left.state) ?? 0, order.firstIndex(of: right.state) ?? 0)
      return (one, left.deadline?.milliseconds ?? .max) < (other, right.deadline?.milliseconds ?? .max)
    }.map { reading -> HTML in
      let state: HTML =
        switch reading.state {
        case .overdue: "<span class=\"danger\">overdue, \(reading.deadline.map { IncidentWords.distance($0, from: now) } ?? "")</span>"
        case .running:
          reading.deadline.map { "<b>\(IncidentWords.distance($0, from: now))</b>" as HTML }
            ?? "without undue delay: began \(reading.since.map { IncidentWords.distance($0, from: now) } ?? "")"
        case .late: "<span class=\"warn\">done, late</span>"
        case .done: "<span class=\"good\">done</span>"
        case .notStarted: ""
        }
      return """
        <tr><th scope="row">\(reading.rule.title)</th><td>\(reading.rule.to)</td><td class="nowrap">\(state)</td><td class="nowrap">\(reading.deadline.map(time.minute) ?? "–")</td>\
        <td class="reason">\(reading.rule.note) <span class="soft">\(reading.rule.source)</span></td></tr>
        """
    }
    return """
      <section class="panel" id="clocks"><h2>Clocks of the law</h2><p class="sub">Rules of \(services.incidents.desk.clocks.version), an aid and no legal advice. They run by the times below</p>\
      <div class="scroll"><table><thead><tr><th scope="col">Rule</th><th scope="col">Whom to tell</th><th scope="col">Due</th><th scope="col">Deadline</th><th scope="col">Mind</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  // MARK: Contain

  private func containPanel(_ incident: Incident, _ steps: [IncidentStep]) -> HTML {
    let last = steps.last { $0.act == "contained" }
    let lines = last.map { $0.note.split(separator: "\n").map(String.init) } ?? []
    let beyond = lines.filter { $0.hasPrefix("not reached: ") }.map { "<li>\($0.dropFirst(13))</li>" as HTML }
    let done = lines.filter { !$0.hasPrefix("not reached: ") }.map { "<li class=\"good\"><span>\($0)</span></li>" as HTML }
    let outcome: HTML =
      last == nil
      ? "<p>\(Self.containment(incident.source))</p>"
      : """
      <div class="grid"><div><h3>Stopped</h3>\(Self.lines(done, none: "Nothing could be stopped from here."))</div>\
      <div><h3>Not reached: somebody must do it elsewhere</h3>\(Self.lines(beyond, none: "Nothing is left to do."))</div></div>
      """
    let form: HTML =
      mayChange(incident)
      ? "<form method=\"post\" action=\"/incidents/contain\">\(hidden(incident))<button class=\"\(last == nil ? "danger primary" : "")\">\(last == nil ? "Contain it now" : "Contain it again")</button></form>"
      : ""
    return """
      <section class="panel" id="contain"><h2>1. Contain</h2><p class="sub">\(last.map { "Last at \(time.second($0.at))" } ?? "One action, at once")</p>\(outcome)\(form)</section>
      """
  }

  private static func lines(_ lines: [HTML], none: String) -> HTML {
    lines.isEmpty ? "<p class=\"empty\">\(none)</p>" : "<ul>\(lines)</ul>"
  }

  /// What one action would do.
  private static func containment(_ source: Incident.Source) -> HTML {
    switch source {
    case .vendor:
      "Pulls the vendor's kill switch, for good: nothing leaves for it any more. Its grants and tokens elsewhere are named, so that somebody revokes them."
    case .credential(let id) where id.hasPrefix("sa_"): "Revokes the service account with all its secrets; exports under way end."
    case .credential: "Ends the session."
    case .person: "Ends the person's sessions and passkeys, revokes the service accounts that they made, and cuts off whom they invited."
    case .export: "Takes the credential away from whoever fetched it."
    case .host(.server):
      "Ends all sessions but yours, revokes all service accounts of all projects, freezes everybody's quota, and pauses every vendor."
    case .host(.custodian), .host(.backup): "Sealane cannot stop anything there: it says what people must do."
    }
  }

  // MARK: Scope

  private func scopePanel(_ incident: Incident, _ versions: [IncidentScope], _ kept: KeptScope?) -> HTML {
    let act: HTML =
      mayChange(incident)
      ? """
      <form method="post" action="/incidents/scope">\(hidden(incident))<button class="\(kept == nil && incident.state != .suspected ? "primary" : "")">\(kept == nil ? "Determine who is affected" : "Determine it anew")</button></form>
      """
      : ""
    let isOpen = incident.isOpenEnded(at: incident.to)
    let isOther = kept.map { $0.from != incident.from || ($0.to != incident.to && !isOpen) } ?? false
    let mind: HTML =
      isOther && incident.state != .closed
      ? "<div class=\"notice warning\"><p>The window was changed since: determine it anew.</p></div>" : ""
    return """
      <section class="panel" id="scope"><h2>2. Scope</h2><p class="sub">Who is affected, by what the ledger proves. A new version supersedes the one before</p>\(mind)\
      \(kept.map { figures($0) } ?? "")\(kept.map { fieldList($0) } ?? "")<div class="row">\(act)\(peopleLinks(incident, kept))</div>\
      \(versionList(versions))\(windowForm(incident))</section>
      """
  }

  private func figures(_ kept: KeptScope) -> HTML {
    let organizations = kept.organizations.values.max() ?? 0
    return """
      <dl class="figures"><div><dt>Affected</dt><dd class="\(kept.affected > 0 ? "danger" : "")">\(NumberFormat.exact(kept.affected))</dd></div>\
      <div><dt>Cannot be excluded</dt><dd>\(NumberFormat.exact(kept.cannotBeExcluded))</dd></div><div><dt>Not affected</dt><dd>\(NumberFormat.exact(kept.notAffected))</dd></div>\
      <div><dt>Organizations</dt><dd>\(NumberFormat.exact(organizations))</dd></div><div><dt>Fields</dt><dd>\(NumberFormat.exact(kept.fields.count))</dd></div>\
      <div><dt>Ledger entries that prove it</dt><dd>\(NumberFormat.exact(kept.entries))</dd></div></dl>
      """
  }

  private func fieldList(_ kept: KeptScope) -> HTML {
    guard !kept.fields.isEmpty else { return "" }
    let chips = kept.fields.prefix(60).map { field -> HTML in
      "<bdi class=\"chip\">\(VisibleText.shortened(field.name, to: 40)) <span class=\"soft\">\(NumberFormat.exact(field.people))</span></bdi>"
    }
    let more: HTML = kept.fields.count > 60 ? " and \(NumberFormat.exact(kept.fields.count - 60)) more" : ""
    let between: HTML =
      if let first = kept.first, let last = kept.last { " Between \(time.minute(first)) and \(time.minute(last))." } else { "" }
    return
      "<p class=\"tags\"><span class=\"soft\">Fields, of so many people:</span> \(chips.joined(" "))\(more)</p><p class=\"note\">\(NumberFormat.count(kept.rows, "row")) under pseudonyms.\(between)</p>"
  }

  private func peopleLinks(_ incident: Incident, _ kept: KeptScope?) -> HTML {
    guard kept != nil, may(.manageIncidents) else { return "" }
    let base = Address("/incidents/\(incident.id)/people")
    return
      "<a class=\"button\" href=\"\(base)\">Is somebody affected?</a><a class=\"button\" href=\"\(Address("/incidents/\(incident.id)/organizations"))\">Organizations</a>"
  }

  private func versionList(_ versions: [IncidentScope]) -> HTML {
    guard !versions.isEmpty else { return "" }
    let rows = versions.map { version -> HTML in
      let kept = try? version.kept
      return """
        <tr><td class="num">\(version.version)</td><td class="nowrap">\(time.second(version.madeAt))</td><td class="num">\(kept.map { NumberFormat.exact($0.affected) } ?? "–")</td>\
        <td class="num">\(kept.map { NumberFormat.exact($0.cannotBeExcluded) } ?? "–")</td><td class="num">\(NumberFormat.exact(Int(clamping: version.entry)))</td><td class="id"><code title="\(version.digest)">\(String(version.digest.prefix(16)))…</code></td></tr>
        """
    }
    return """
      <div class="scroll"><table><thead><tr><th scope="col" class="num">Version</th><th scope="col">Made</th><th scope="col" class="num">Affected</th><th scope="col" class="num">Not to be excluded</th>\
      <th scope="col" class="num">Ledger entry</th><th scope="col">SHA-256</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private func windowForm(_ incident: Incident) -> HTML {
    let isVendor = if case .vendor = incident.source { true } else { false }
    guard mayChange(incident) else { return "" }
    let end = incident.isOpenEnded(at: incident.to) ? nil : incident.to
    let from: HTML = isVendor ? "" : Self.timeField("from", "Since (UTC)", incident.from, "Empty: since ever.")
    return """
      <details class="more"><summary>The window: \(incident.from.map { "from \(time.minute($0)) " } ?? "")\(end.map { "until \(time.minute($0))" } ?? (isVendor ? "until it is contained" : "until now"))</summary>\
      <form method="post" action="/incidents/window">\(hidden(incident))\(from)\(Self.timeField("to", isVendor ? "What it held then counts (UTC)" : "Until (UTC)", end, isVendor ? "Empty: until it is contained." : "Empty: until now."))\
      <button>Set the window</button></form></details>
      """
  }

  // MARK: Watch

  private func watchPanel(_ incident: Incident, _ kept: KeptScope?, _ cohort: SavedCohort?) -> HTML {
    guard kept != nil, incident.state != .closed || cohort != nil else { return "" }
    let act: HTML =
      mayChange(incident)
      ? "<form method=\"post\" action=\"/incidents/watch\">\(hidden(incident))<button>\(cohort == nil ? "Watch the people affected" : "Renew the cohort")</button></form>"
      : ""
    let links: HTML =
      cohort.map {
        """
        <a class="button primary" href="\(Address("/incidents/\(incident.id)/watch"))">What they do since</a><a class="button" href="\(CohortForm.address(ofSaved: $0.id))">Cohort of \(NumberFormat.count($0.memberCount ?? 0, "person", "people"))</a>
        """
      } ?? ""
    return """
      <section class="panel" id="watch"><h2>3. Watch</h2><p class="sub">Until it is closed, the people affected are a cohort: sign-ins and key use that stand out, and who has secured their account</p>\
      <div class="row">\(links)\(act)</div></section>
      """
  }

  // MARK: Report

  private func reportPanel(_ incident: Incident, _ kept: KeptScope?) -> HTML {
    let base = "/incidents/\(incident.id)/report"
    let evidence: HTML =
      may(.manageIncidents)
      ? "<form method=\"post\" action=\"/incidents/evidence\">\(hidden(incident))<button>Evidence with proofs</button></form>" : ""
    return """
      <section class="panel" id="report"><h2>\(kept == nil ? "3" : "4"). Report</h2><p class="sub">Drafts to be read and completed by a person; nothing is sent</p><div class="row">\
      <a class="button\(incident.state >= .scoped && incident.state != .closed ? " primary" : "")" href="\(Address(base))">For the authority</a><a class="button" href="\(Address(base).adding("audience", "management"))">For the management</a>\
      <a class="button" href="\(Address(base).adding("format", "markdown"))">Markdown</a><a class="button" href="\(Address(base).adding("format", "json"))">JSON</a>\(evidence)</div></section>
      """
  }

  // MARK: Times

  private func timesPanel(_ incident: Incident) -> HTML {
    let rows = IncidentWords.moments.map { moment, words -> HTML in
      let said: HTML = incident.moments[moment].map { "\(time.second($0))" } ?? "<span class=\"soft\">not said</span>"
      return "<dt>\(words)</dt><dd>\(said)</dd>"
    }
    let options = IncidentWords.moments.map { "<option value=\"\(value: $0.moment.rawValue)\">\($0.words)</option>" as HTML }
    let form: HTML =
      mayChange(incident)
      ? """
      <form method="post" action="/incidents/moment">\(hidden(incident))<div class="row"><label for="moment">Time</label><select name="moment" id="moment">\(options)</select>\
      <label for="moment-at">At (UTC)</label><input type="datetime-local" step="1" name="at" id="moment-at"><button>Set it</button></div><p class="note">Left empty it is taken back.</p></form>
      """
      : ""
    return """
      <section class="panel" id="times"><h2>Times, kept apart</h2><p class="sub">The law counts from different ones</p><dl class="values wide">\(rows)</dl>\(form)</section>
      """
  }

  // MARK: History

  private func historyPanel(_ steps: [IncidentStep], _ people: [StaffMember]) -> HTML {
    let rows = steps.map { step -> HTML in
      """
      <tr><td class="nowrap">\(time.second(step.at))</td><th scope="row">\(IncidentWords.act(step.act))</th><td class="belongs">\(VisibleText.shortened(step.note.replacing("\n", with: " · "), to: 400))</td>\
      <td class="nowrap">\(who(step.by, people, []))</td><td class="num">\(NumberFormat.exact(Int(clamping: step.entry)))</td></tr>
      """
    }
    return """
      <section class="panel" id="history"><h2>What was done</h2><div class="scroll"><table><thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Note</th><th scope="col">Who</th>\
      <th scope="col" class="num">Ledger entry</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  private func closePanel(_ incident: Incident) -> HTML {
    guard mayChange(incident) else { return "" }
    return """
      <section class="panel" id="close"><h2>Close</h2><form method="post" action="/incidents/close">\(hidden(incident))<label class="field"><span>What was found out</span><textarea name="note" maxlength="10000" required></textarea>\
      <small>It stays with the incident, which does not change any more.</small></label><button>Close the incident</button></form></section>
      """
  }
}
