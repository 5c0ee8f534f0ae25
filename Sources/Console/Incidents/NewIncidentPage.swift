import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Response
import Web

/// Opening an incident, step by step: what was lost hold of, since when, and what one calls it.
extension Visit {
  private static let kinds: [(kind: String, title: String, words: String)] = [
    ("vendor", "A vendor was breached", "It told you, the press did, or a canary of its turned up."),
    ("rows", "Rows turned up", "On a forum, in a ticket, in a mail: paste some, and the source is named."),
    ("credential", "A key or a session was stolen", "It stood in a repository, or somebody used it from elsewhere."),
    ("person", "Somebody of the staff was phished", "With all sessions, and what they brought in."),
    ("export", "An export turned up", "A file that somebody fetched is where it does not belong."),
    ("host", "A host or a backup was taken", "All that was readable there. For an owner: it is about every project."),
  ]

  func newIncidentPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.manageIncidents)
    let alert = Int64(fields.text("alert"))
    let draft: IncidentDraft? =
      if let alert { try await services.incidents.desk.draft(ofAlert: alert, in: project.id) } else { nil }
    let kind = draft?.source.kind ?? fields.text("kind")
    // What the form offers to choose from.
    let offered = ["vendor": ["vendors"], "credential": ["service_accounts"], "person": ["staff"]][kind] ?? []
    let receipt = try await disclose(0, .settings, "console.incident.new", fields: offered).receipt
    let chosen = Self.kinds.first { $0.kind == kind }
    let choices = Self.kinds.map { one -> HTML in
      """
      <section class="panel\(one.kind == kind ? " chosen" : "")"><h2><a href="\(Address("/incidents/new").adding("kind", one.kind))"\(one.kind == kind ? " aria-current=\"true\"" as HTML : "")>\(one.title)</a></h2><p class="sub">\(one.words)</p></section>
      """
    }
    let form: HTML = if let chosen { try await openForm(chosen.kind, chosen.title, draft) } else { "" }
    let content: HTML = """
      \(Self.heading("Open an incident", "<a href=\"\(Address("/incidents"))\">Incidents</a> · nothing is stopped by opening it; that is the next step"))\(notice)\
      \(draft == nil ? "<div class=\"grid\">\(choices)</div>" as HTML : "")\(form)<p>\(Self.entry(receipt))</p>
      """
    return .html(page("Open an incident", current: "Incidents", content), status: status)
  }

  private func openForm(_ kind: String, _ title: String, _ draft: IncidentDraft?) async throws -> HTML {
    if kind == "rows" {
      return """
        <section class="panel" id="open"><h2>\(title)</h2><p>Paste rows of any form: CSV, JSON, a screenshot's text. Ids and hosts in them are compared with what every vendor, export and credential was given; nothing of the text is kept.</p>\
        <form method="post" action="/incidents/rows">\(formToken)<label class="unseen" for="rows">Rows</label><textarea name="rows" id="rows" rows="12" class="code" spellcheck="false" required></textarea>\
        <button class="primary">Find out where they come from</button></form><p class="note">Of a large file: <code>sealane incident open --leaked FILE</code></p></section>
        """
    }
    let what = try await sourceField(kind, draft?.source.id ?? fields.text("id"))
    let hidden: HTML = draft?.alert.map { "<input type=\"hidden\" name=\"alert\" value=\"\($0)\">" } ?? ""
    let from: HTML =
      kind == "vendor" || kind == "export"
      ? "" : Self.timeField("from", "Since when (UTC)", draft?.from, "Left empty: since ever. The longer window is the safe one.")
    let told: HTML =
      kind == "vendor" ? Self.timeField("vendor_told_us", "When the vendor told you (UTC)", nil, "Clocks of the law run from then on.") : ""
    let until: HTML =
      kind == "export"
      ? ""
      : Self.timeField(
        "to", kind == "vendor" ? "When it was stolen from the vendor (UTC)" : "Until when (UTC)", draft?.to,
        kind == "vendor" ? "What it held then counts. Left empty: what it holds when it is contained." : "Left empty: until now.")
    return """
      <section class="panel" id="open"><h2>\(title)</h2><form method="post" action="/incidents">\(formToken)\(hidden)<input type="hidden" name="kind" value="\(value: kind)">\(what)\(from)\(until)\(told)\
      <label class="field"><span>In a few words</span><input type="text" name="title" value="\(value: draft?.title ?? "")" maxlength="150" required autocomplete="off"><small>Without names of customers: it stands in reports.</small></label>\
      <div class="row"><button class="primary">Open the incident</button><a class="button" href="\(Address("/incidents"))">Cancel</a></div></form></section>
      """
  }

  static func timeField(_ name: String, _ title: String, _ value: Timestamp?, _ note: String) -> HTML {
    """
    <label class="field"><span>\(title)</span><input type="datetime-local" step="1" name="\(value: name)" value="\(value: value.map { String($0.text.prefix(19)) } ?? "")"><small>\(note)</small></label>
    """
  }

  /// What there is to choose from.
  private func sourceField(_ kind: String, _ chosen: String) async throws -> HTML {
    var options: [(id: String, name: String)] = []
    var title = ""
    switch kind {
    case "vendor":
      title = "Vendor"
      options = try await services.control.vendors(of: project.id).map { ($0.id.rawValue, $0.id.rawValue) }
    case "credential":
      title = "Service account or session"
      options = services.control.serviceAccounts(of: project.id).filter { !$0.isCanary }.map {
        ($0.username, "\($0.name) (\($0.username))")
      }
    case "person":
      title = "Person"
      options =
        may(.readStaff)
        ? try await services.control.staff().filter { $0.roles.isKnown(in: project.id) }.map { ($0.id.rawValue, "\($0.name) (\($0.id))") }
        : []
    case "host":
      title = "Host"
      options = Incident.Source.Host.allCases.map { ($0.rawValue, $0 == .backup ? "a backup" : "the \($0.rawValue)'s host") }
    default: title = "Export"
    }
    let list = options.prefix(500).map {
      "<option value=\"\(value: $0.id)\"\($0.id == chosen ? " selected" as HTML : "")>\($0.name)</option>" as HTML
    }
    let isOpen = kind != "host"
    let hint: String =
      switch kind {
      case "vendor": "Or the id of one that Sealane never sent anything."
      case "credential": "Or an id: sa_… or ses_…, as the ledger and alerts name it."
      case "person": "Or an id: st_…"
      case "export": "32 digits of its canaries' mark, request:NUMBER, or entry:NUMBER of the ledger."
      default: ""
      }
    let known = options.contains { $0.id == chosen }
    let select: HTML =
      options.isEmpty
      ? ""
      : "<label class=\"field\"><span>\(title)</span><select name=\"chosen\">\(isOpen ? "<option value=\"\">Choose…</option>" as HTML : HTML())\(list)</select></label>"
    let typed: HTML =
      isOpen
      ? "<label class=\"field\"><span>\(options.isEmpty ? title : "Another one")</span><input type=\"text\" name=\"id\" value=\"\(value: known ? "" : chosen)\" maxlength=\"100\" autocomplete=\"off\" spellcheck=\"false\"><small>\(hint)</small></label>"
      : ""
    return "\(select)\(typed)"
  }

  // MARK: Acts

  func openIncident() async throws -> Response {
    try authorize(.manageIncidents)
    let id = fields.text("id").isEmpty ? fields.text("chosen") : fields.text("id")
    do {
      guard let source = Incident.Source(kind: fields.text("kind"), id: id) else {
        throw AccessError(.invalid, "Say what was lost hold of.")
      }
      try authorize(source)
      var draft = IncidentDraft(title: fields.text("title"), source: source, from: try time("from"), to: try time("to"))
      draft.alert = Int64(fields.text("alert"))
      if let alert = draft.alert {
        draft.moments = try await services.incidents.desk.draft(ofAlert: alert, in: project.id)?.moments ?? [:]
      }
      draft.moments[.vendorToldUs] = try time("vendor_told_us")
      let opened = try await services.incidents.desk.open(draft, in: project.id, by: principal).incident
      return .seeOther(Address("/incidents/\(opened.id)"))
    } catch let error as AccessError where error.code == .invalid || error.code == .notFound {
      return try await newIncidentPage(
        "<div class=\"notice danger\"><p><b>Nothing was opened.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  /// A host is that of every project: whoever has power in one alone stops nothing in the others.
  func authorize(_ source: Incident.Source) throws {
    if case .host = source { try authorize(.manageOwners) }
  }

  /// A time of a form, in UTC; nil where it is empty.
  func time(_ name: String) throws(AccessError) -> Timestamp? {
    let text = fields.text(name)
    guard !text.isEmpty else { return nil }
    guard text.utf8.count <= 40,
      let date = try? Date(text.utf8.count == 16 ? text + ":00Z" : text.utf8.count == 19 ? text + "Z" : text, strategy: .iso8601)
    else {
      throw AccessError(.invalid, "A time is written like 2026-11-09T14:00, in UTC.")
    }
    return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
  }

  /// What pasted rows say of where they come from, with a way to open an incident of each source.
  func compareRows() async throws -> Response {
    try authorize(.manageIncidents)
    try authorize(.readSubjects)
    let text = fields["rows"] ?? ""
    let answer = try await services.incidents.compare(text, project.id, nil, principal)
    let finding = answer.value
    let rows = finding.suspects.map { suspect -> HTML in
      let sure: HTML = suspect.isCertain ? "<span class=\"danger\">certain</span>" : "<span class=\"warn\">possible</span>"
      let open = Address("/incidents/new").adding("kind", suspect.source.kind).adding("id", suspect.source.id)
      return """
        <tr><th scope="row">\(IncidentWords.source(suspect.source))</th><td>\(sure)</td>\
        <td class="reason">\(IncidentWords.evidence(suspect))</td><td class="num"><a class="button\(suspect.source == finding.source ? " primary" : "")" href="\(open)">Open an incident</a></td></tr>
        """
    }
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>Nothing in these rows is known here.</b> They hold no pseudonym, no host and no id that ever left: they are from somewhere else, or without the columns that would say so.</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Source</th><th scope="col">How sure</th><th scope="col">What speaks for it</th><th scope="col"><span class="unseen">Open</span></th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let content: HTML = """
      \(Self.heading("Where these rows come from", "<a href=\"\(Address("/incidents"))\">Incidents</a> · <a href=\"\(Address("/incidents/new").adding("kind", "rows"))\">other rows</a>"))\
      <section class="panel"><dl class="figures"><div><dt>Ids looked at</dt><dd>\(NumberFormat.exact(finding.ids))</dd></div><div><dt>People here</dt><dd>\(NumberFormat.exact(finding.people))</dd></div></dl></section>\
      <section class="panel"><h2>Sources</h2>\(list)</section><p>\(Self.entry(answer.receipt))</p>
      """
    return .html(page("Where these rows come from", current: "Incidents", content))
  }
}
