import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Passkeys
import Web

/// What is to be taken out.
package struct ExportOrder: Sendable {
  package let range: DateRange
  /// Nil: all.
  package let events: [String]?
  /// The wish that somebody agreed to; nil where none was needed.
  package let request: Int64?

  package init(range: DateRange, events: [String]?, request: Int64?) {
    self.range = range
    self.events = events
    self.request = request
  }
}

extension Visit {
  func exportsPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.exportSubjects)
    let requests = try await services.control.exportRequests(of: project.id)
    let people = try await services.control.staff()
    let receipt = try await disclose(requests.count, .settings, "console.exports", fields: ["export_requests"]).receipt
    let rows = requests.map { row($0, people) }
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>Nobody has asked for an export yet.</b></p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">What</th><th scope="col">What for</th><th scope="col">Asked by</th><th scope="col">State</th><th scope="col"><span class="unseen">Next</span></th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
    let hosts: HTML =
      services.configuration.hasCanaryHosts
      ? ""
      : "<p class=\"note\" id=\"no-canary-hosts\">No <code>canary_domain</code> is set on the server: the people who do not exist in an export have no host names, so that only whoever asks for them here is noticed.</p>"
    let content: HTML = """
      \(Self.heading("Exports", "Rows about subjects in bulk: one person asks, another agrees with a passkey."))\(notice)<section class="panel"><h2>Requests</h2>\(list)</section>\
      <section class="panel" id="ask"><h2>Ask for an export</h2><p class="sub">The file holds events under pseudonyms, one JSON object a line, and counts against your quota. It can be fetched once, within a day of the answer.</p>\
      <form method="post" action="/exports">\(formToken)<div class="row"><label class="field"><span>From</span><input type="date" name="from" value="\(value: "\(today.advanced(byDays: -6))")" required></label>\
      <label class="field"><span>To</span><input type="date" name="to" value="\(value: "\(today)")" required></label></div>\
      <label class="field"><span>Events</span><textarea name="events" spellcheck="false"></textarea><small>Names, one a line; empty: all.</small></label>\
      <label class="field"><span>What for</span><input type="text" name="purpose" maxlength="\(ExportRequest.longestPurpose)" required><small>Your colleague reads it. No names of customers, please.</small></label>\
      <button class="primary">Ask</button></form></section>\(hosts)<p>\(Self.entry(receipt))</p>
      """
    return .html(page("Exports", current: "Exports", content), status: status)
  }

  private func row(_ request: ExportRequest, _ people: [StaffMember]) -> HTML {
    func name(_ id: StaffMember.ID?) -> String { people.first { $0.id == id }?.name ?? id?.rawValue ?? "" }
    let events: HTML = request.events.isEmpty ? "all events" : request.events.prefix(3).map { ValueView.name($0) }.joined(", ")
    let more: HTML = request.events.count > 3 ? " and \(request.events.count - 3) more" : ""
    let state: HTML =
      switch request.state(at: now) {
      case .waiting: "waits for somebody else"
      case .approved: "agreed by <bdi>\(name(request.decidedBy))</bdi>"
      case .refused: "refused by <bdi>\(name(request.decidedBy))</bdi>"
      case .done: "fetched \(request.doneAt.map(time.minute) ?? "")"
      case .expired: "<span class=\"reason\">expired</span>"
      }
    return """
      <tr><th scope="row">\(request.from) to \(request.to), \(events)\(more)</th><td><bdi>\(request.purpose)</bdi></td><td><bdi>\(name(request.askedBy))</bdi></td>\
      <td>\(state)</td><td>\(next(request))</td></tr>
      """
  }

  private func next(_ request: ExportRequest) -> HTML {
    let isMine = request.askedBy == session.session.staff
    let hidden: HTML = "<input type=\"hidden\" name=\"export\" value=\"\(value: String(request.id))\">"
    switch request.state(at: now) {
    case .waiting where !isMine:
      return """
        <form data-passkey data-begin="/confirm/begin" data-finish="/confirm/finish" data-then="agree-\(Int(request.id))"><input type="hidden" name="act" value="approve_export">\
        <input type="hidden" name="about" value="\(value: String(request.id))"><button class="primary">Agree, with my passkey</button><p role="status" hidden></p></form>\
        <form method="post" action="/exports/agree" id="agree-\(Int(request.id))" hidden>\(formToken)\(hidden)<input type="hidden" name="ticket"></form>\
        <form method="post" action="/exports/refuse">\(formToken)\(hidden)<button class="link">Refuse</button></form>
        """
    case .waiting:
      return "<form method=\"post\" action=\"/exports/refuse\">\(formToken)\(hidden)<button class=\"link\">Take it back</button></form>"
    case .approved where isMine:
      return "<form method=\"post\" action=\"/exports/fetch\">\(formToken)\(hidden)<button class=\"primary\">Fetch the file</button></form>"
    case .approved, .refused, .done, .expired: return ""
    }
  }

  func askForExport() async throws -> Response {
    try authorize(.exportSubjects)
    guard let from = CalendarDate(fields.text("from")), let to = CalendarDate(fields.text("to")), from <= to else {
      return try await exportsPage(
        "<div class=\"notice danger\"><p><b>Nothing was asked.</b> “From” and “to” are days, the first not after the last.</p></div>",
        status: .badRequest)
    }
    let events = (fields["events"] ?? "").split(whereSeparator: \.isNewline).map { FormFields.trimmed($0) }.filter { !$0.isEmpty }
    let request: ExportRequest
    do {
      request = try await services.control.askForExport(
        of: project.id, from: "\(from)", to: "\(to)", events: events, purpose: fields.text("purpose"), by: session.session.staff)
    } catch {
      guard error.code == .invalid else { throw error }
      return try await exportsPage(
        "<div class=\"notice danger\"><p><b>Nothing was asked.</b> \(error.message)</p></div>", status: .badRequest)
    }
    let receipt = try await services.ledger.record(.exportAsked(project.id, request: request.id), by: principal)
    return try await exportsPage(
      "<div class=\"notice good\"><p>Asked. Somebody else who may export finds it on this page. \(Self.entry(receipt))</p></div>")
  }

  private func asked() async throws -> ExportRequest {
    guard let id = Int64(fields.text("export")) else { throw AccessError(.notFound, "There is no such export.") }
    return try await services.control.exportRequest(id, of: project.id)
  }

  func agreeToExport() async throws -> Response {
    try authorize(.exportSubjects)
    let request = try await asked()
    try services.staff.redeem(Base64URL.decode(fields.text("ticket")) ?? [], for: .approveExport(request.id), by: session)
    let receipt = try await services.staff.decide(on: request, isApproved: true, by: session.session.staff, as: principal)
    return try await exportsPage("<div class=\"notice good\"><p>Agreed. \(Self.entry(receipt))</p></div>")
  }

  func refuseExport() async throws -> Response {
    try authorize(.exportSubjects)
    let request = try await asked()
    let receipt = try await services.staff.decide(on: request, isApproved: false, by: session.session.staff, as: principal)
    return try await exportsPage("<div class=\"notice good\"><p>Refused. \(Self.entry(receipt))</p></div>")
  }

  /// The file: its pages are entered one by one, each before it leaves.
  func fetchExport() async throws -> Response {
    try authorize(.exportSubjects)
    let (control, staff) = (services.control, session.session.staff)
    let request = try await control.approvedExport(try await asked().id, by: staff)
    guard let from = CalendarDate(request.from), let to = CalendarDate(request.to) else {
      throw AccessError(.unavailable, "The control database is damaged: an export's days cannot be read.")
    }
    var response = try await services.export(
      project.id,
      ExportOrder(range: DateRange(from: from, to: to), events: request.events.isEmpty ? nil : request.events, request: request.id),
      session.who
    ) {
      // Used up when something is about to leave, and not before: what the quota, the ledger or a witness refuses can be fetched later. Of two at
      // once the second has its entry and leaves nothing.
      _ = try await control.takeExport(request.id, by: staff)
    }
    for field in SecurityHeaders.forData where response.headers[field.name] == nil { response.headers[field.name] = field.value }
    response.headers[.contentDisposition] = "attachment; filename=\"export-\(request.id).ndjson\""
    return response
  }
}
