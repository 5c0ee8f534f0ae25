import Access
import Events
import HTTPTypes
import Hummingbird
import Ledger
import Notices
import Response
import Web

/// Messages that people reported with an incident: what pretends to be the company, and what customers are warned of.
extension Visit {
  private static let mostShown = 100
  private static let mostOfOne = 12

  /// On the incident's own page: how many, and the way to them.
  func luresPanel(_ incident: Incident) async throws -> HTML {
    let inbox = try await services.control.inbox(of: incident.id).inbox
    guard incident.state != .closed || inbox.reports > 0 else { return "" }
    let words: HTML =
      inbox.reports == 0
      ? "Nobody reported a message yet"
      : "\(NumberFormat.count(inbox.notOurs + inbox.altered, "message")) that pretend, \(NumberFormat.exact(inbox.genuine)) that are ours after all"
    return """
      <section class="panel" id="lures"><h2>Lures</h2><p class="sub">\(words)</p><div class="row"><a class="button" href="\(Address("/incidents/\(incident.id)/lures"))">Campaigns and warnings</a></div></section>
      """
  }

  func incidentLuresPage(_ text: String, _ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readIncidents)
    guard let incident = try await known(incident: text) else { return ErrorPage.notFound.response }
    let inbox = try await services.incidents.inbox.inbox(of: incident)
    let answer = try await disclose(inbox, .settings, "console.incident.campaigns", fields: ["campaigns"])
    let campaigns = answer.value.campaigns.prefix(Self.mostShown).map { campaignPanel($0, incident, answer.value) }
    let more: HTML =
      answer.value.campaigns.count > Self.mostShown
      ? "<p class=\"note\">The first \(Self.mostShown), of \(NumberFormat.exact(answer.value.campaigns.count)). All of them: <code>sealane incident inbox \(incident.id)</code></p>"
      : ""
    let content: HTML = """
      \(Self.heading("Lures", "<a href=\"\(Address("/incidents/\(incident.id)"))\">\(ValueView.name(incident.title))</a> · what people reported"))\
      \(notice)\(inboxPanel(answer.value, incident))\(campaigns)\(more)\(warningsPanel(answer.value.warnings, incident))\(pasteForm(incident, answer.value))<p>\(Self.entry(answer.receipt))</p>
      """
    return .html(page("Lures", current: "Incidents", content), status: status)
  }

  // MARK: What came in

  private func inboxPanel(_ inbox: InboxDesk.Inbox, _ incident: Incident) -> HTML {
    let unset: HTML =
      inbox.canJudge
      ? ""
      : "<div class=\"notice warning\"><p><b>Nothing can be judged yet.</b> Store what customers pin, and what you say of yourselves: <code>sealane trust set --trust FILE --site FILE</code></p></div>"
    let how: HTML = """
      <p class="note">A mailbox: <code>sealane incident inbox \(incident.id) abuse.mbox</code>. Or have your abuse mailbox send each message to <code>POST /api/v1/incidents/\(incident.id)/reports</code>. \
      Nothing is kept of what they say, of whom they went to, and of who reported them.</p>
      """
    let counts = inbox.counts
    guard counts.reports > 0 else {
      return """
        \(unset)<section class="panel" id="inbox"><h2>Reported messages</h2><p class="empty"><b>None yet.</b> People who get a message that pretends to come from you report it to your abuse mailbox.</p>\(how)</section>
        """
    }
    var notes: [HTML] = []
    if counts.genuine > 0 {
      notes.append(
        "<p>\(NumberFormat.count(counts.genuine, "report")) of your own messages: people are careful. Tell them that it is genuine, and how they could have seen it.</p>"
      )
    }
    if counts.ungrouped > 0 {
      notes.append(
        "<p class=\"warn\">\(NumberFormat.count(counts.ungrouped, "message")) belong to no campaign below: too many different ones came.</p>"
      )
    }
    if counts.uncounted > 0 {
      notes.append(
        "<p class=\"warn\">\(NumberFormat.count(counts.uncounted, "message")) came beyond the \(NumberFormat.exact(IncidentInbox.mostReports)) that are counted.</p>"
      )
    }
    return """
      \(unset)<section class="panel" id="inbox"><h2>Reported messages</h2><p class="sub">Each counts once, judged as by <code>sealane verify</code></p><dl class="figures">\
      <div><dt>Not ours</dt><dd class="\(counts.notOurs > 0 ? "danger" : "")">\(NumberFormat.exact(counts.notOurs))</dd></div><div><dt>Altered</dt><dd class="\(counts.altered > 0 ? "danger" : "")">\(NumberFormat.exact(counts.altered))</dd></div>\
      <div><dt>Ours after all</dt><dd>\(NumberFormat.exact(counts.genuine))</dd></div><div><dt>Campaigns</dt><dd>\(NumberFormat.exact(inbox.campaigns.count))</dd></div></dl>\(notes)\(how)</section>
      """
  }

  // MARK: Warnings

  private func warningsPanel(_ warnings: [TrustWarning], _ incident: Incident) -> HTML {
    guard !warnings.isEmpty else { return "" }
    let rows = warnings.map { warning -> HTML in
      let act: HTML =
        may(.manageIncidents)
        ? "<form method=\"post\" action=\"/incidents/warnings/withdraw\">\(hidden(incident))<input type=\"hidden\" name=\"warning\" value=\"\(warning.id)\"><button>Withdraw</button></form>"
        : ""
      return """
        <tr><td>\(warning.kind == .domain ? "Domain" : "Subject")</td><th scope="row">\(warning.kind == .domain ? Self.domain(warning.text) : "<bdi>\(VisibleText.of(warning.text))</bdi>")</th>\
        <td class="nowrap">\(time.day(warning.seenAt))</td><td class="num">\(NumberFormat.exact(Int(clamping: warning.entry)))</td><td>\(act)</td></tr>
        """
    }
    return """
      <section class="panel" id="warnings"><h2>Customers are warned of</h2><p class="sub">On the trust pages in both languages: where this server serves them, in seconds; as files, after <code>sealane trust publish</code></p>\
      <div class="scroll"><table><thead><tr><th scope="col">What</th><th scope="col">Text</th><th scope="col">Seen last</th><th scope="col" class="num">Ledger entry</th><th scope="col"><span class="unseen">Act</span></th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  // MARK: Campaigns

  private func campaignPanel(_ campaign: Campaign, _ incident: Incident, _ inbox: InboxDesk.Inbox) -> HTML {
    let title: HTML =
      campaign.subject.map { "<bdi>\(VisibleText.of($0))</bdi>" }
      ?? campaign.imitations.first.map { Self.domain($0.value.domain) }
      ?? "<span class=\"soft\">\(campaign.verdicts[.altered] == nil ? "Nothing in them deceives" : "Letters of your own, altered")</span>"
    let verdicts = [MessageVerdict.Word.notOurs, .altered].compactMap { word -> String? in
      campaign.verdicts[word].map { "\(NumberFormat.exact($0)) \(word == .altered ? "altered" : "not ours")" }
    }
    let imitations = campaign.imitations.prefix(Self.mostOfOne).map { counted -> HTML in
      let it = counted.value
      return """
        <tr><th scope="row">\(Self.domain(it.domain))</th><td><bdi>\(it.of)</bdi></td><td class="reason">\(IncidentWords.imitation(it.reason))</td>\
        <td class="reason">\(it.places.map(IncidentWords.place).joined(separator: ", "))</td><td class="num">\(NumberFormat.exact(counted.reports))</td></tr>
        """
    }
    let table: HTML =
      imitations.isEmpty
      ? ""
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Looks like yours</th><th scope="col">Which</th><th scope="col">By</th><th scope="col">Where</th><th scope="col" class="num">Reports</th></tr></thead><tbody>\(imitations)</tbody></table></div>
      """
    return """
      <section class="panel campaign"><h2>\(title)</h2><p class="sub">\(NumberFormat.count(campaign.reports, "report")), \(verdicts.joined(separator: ", ")) · \(span(campaign))</p>\
      \(table)\(chips("Leads to", campaign.hosts.map { ($0.value, $0.reports) }))\(chips("Signs", campaign.signs.map { (IncidentWords.sign($0.value), $0.reports) }))\
      \(mayChange(incident) ? warnForms(campaign, incident, inbox) : "")</section>
      """
  }

  private func span(_ campaign: Campaign) -> String {
    let (first, last) = (time.minute(campaign.first), time.minute(campaign.last))
    return first == last ? "seen \(first)" : "seen \(first) to \(last)"
  }

  private func chips(_ title: String, _ values: [(text: String, reports: Int)]) -> HTML {
    guard !values.isEmpty else { return "" }
    let chips = values.prefix(Self.mostOfOne).map { value -> HTML in
      "<bdi class=\"chip\">\(VisibleText.shortened(value.text, to: 60)) <span class=\"soft\">\(NumberFormat.exact(value.reports))</span></bdi>"
    }
    let more: HTML = values.count > Self.mostOfOne ? " and \(NumberFormat.exact(values.count - Self.mostOfOne)) more" : ""
    return "<p class=\"tags\"><span class=\"soft\">\(title):</span> \(chips.joined(" "))\(more)</p>"
  }

  /// As text that somebody reads before it is published.
  private func warnForms(_ campaign: Campaign, _ incident: Incident, _ inbox: InboxDesk.Inbox) -> HTML {
    func form(_ kind: TrustWarning.Kind, _ text: String) -> HTML {
      guard !inbox.warnings.contains(where: { $0.kind == kind && $0.text == text }) else { return "" }
      return """
        <form method="post" action="/incidents/warn">\(hidden(incident))<input type="hidden" name="kind" value="\(value: kind.rawValue)"><div class="row"><label class="field"><span>\(kind == .domain ? "Domain" : "Subject")</span>\
        <input type="text" name="text" value="\(value: text)" maxlength="253" size="48" required autocomplete="off" spellcheck="false"></label><button>Warn on the trust pages</button></div></form>
        """
    }
    let forms =
      campaign.imitations.prefix(Self.mostOfOne).map { form(.domain, $0.value.domain) } + [
        campaign.subject.map { inbox.isOwn(subject: $0) ? "" : form(.subject, $0) } ?? ""
      ]
    let open = forms.filter { !$0.isEmpty }
    guard !open.isEmpty else { return "" }
    return
      "<details class=\"more\"><summary>Warn customers</summary><p class=\"note\">Anybody can read it. A name that stands in a subject was not recognized as one: take it out.</p>\(open)</details>"
  }

  /// With what people see in its place, where DNS has it in punycode.
  private static func domain(_ ascii: String) -> HTML {
    guard let shown = LureDomain.shown(ascii) else { return "<bdi class=\"id\">\(VisibleText.shortened(ascii, to: 80))</bdi>" }
    return
      "<bdi class=\"id\">\(VisibleText.shortened(ascii, to: 80))</bdi> <span class=\"soft\">looks like</span> <bdi>\(VisibleText.shortened(VisibleText.of(shown), to: 60))</bdi>"
  }
}
