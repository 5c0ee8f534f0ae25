internal import Events
internal import Foundation
internal import Hummingbird
internal import Vault
internal import Web

/// The first page, the approvers, the record of what was refused, and what is held.
extension CustodianSite {
  var signInForm: HTML {
    """
    <form class="panel" data-passkey data-begin="/sign-in/begin" data-finish="/sign-in/finish" id="sign-in"><h2>Approvers sign in</h2>\
    <p>With the passkey that you enrolled. There is no password, and no other way in.</p><button class="primary">Sign in with a passkey</button>\
    <p role="status" hidden></p></form>
    """
  }

  func home(_ request: Request) throws -> Response {
    guard let visitor = try visitor(request) else {
      let report = try status.report()
      return .html(frame("Custodian", "<h1>Custodian</h1>\(alarm(report))\(Self.what)\(signInForm)\(held(report))", visitor: nil))
    }
    let now = approvals.clock()
    let (requests, changed) = try approvals.store.requests()
    let mine = requests.filter { request in
      request.state == .waiting && request.request.requester != visitor.approver.text && now < request.request.expires
        && !request.signatures.contains { $0.approver == visitor.approver.id }
    }
    let limit = try approvals.store.dailyLimit(at: now)
    let refusals = try approvals.store.refusals(limit: 1)
    let warning: HTML? =
      changed.isEmpty
      ? nil
      : "<div class=\"notice danger\"><p>\(changed.count) stored \(changed.count == 1 ? "request was" : "requests were") changed after it was signed. Find out who can write to the custodian’s database.</p></div>"
    let waiting: HTML =
      mine.isEmpty
      ? "<p class=\"soft\">Nothing waits for you.</p>" : "<ul class=\"choices\">\(mine.map { "<li>\(Wording.link($0))</li>" as HTML })</ul>"
    let last: HTML? = refusals.first.map { refusal in
      "<p class=\"sub\">The last attempt that was refused, \(Self.moment(refusal.time)): \(refusal.sentence) <a href=\"/record\">All of them</a></p>"
    }
    let pending: HTML? =
      visitor.approver.isActive(at: now)
      ? nil
      : "<div class=\"notice warning\"><p>You may ask and approve from \(Self.moment(visitor.approver.activeFrom ?? now)) on.</p></div>"
    let content: HTML = """
      <div class="head"><h1>Requests</h1><a class="button primary" href="/requests/new">Write a request</a></div>\
      \(alarm(try status.report()))\(try ledgerSection(visitor))\(warning)\(pending)<section class="panel" id="waiting"><h2>Waiting for your decision</h2>\(waiting)</section>\
      <section class="panel"><h2>All requests</h2>\(table(requests, now))\
      <p class="note">\(limit.left) of \(limit.limit) subjects can still be opened until midnight UTC.</p></section>\(last)
      """
    return .html(frame("Requests", content, visitor: visitor))
  }

  private func table(_ requests: [StoredRequest], _ now: Timestamp) -> HTML {
    guard !requests.isEmpty else { return "<p class=\"soft\">None yet.</p>" }
    let rows = requests.map { stored -> HTML in
      """
      <tr><td>\(Wording.link(stored))</td><td data-label="By">\(stored.request.requesterName)</td><td>\(Wording.state(stored, at: now))</td>\
      <td>\(Self.moment(stored.request.created))</td></tr>
      """
    }
    return """
      <div class="scroll"><table class="stack"><thead><tr><th>What</th><th>Who asks</th><th>State</th><th>Written</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
  }

  func enrolmentPage() -> HTML {
    frame(
      "Enrol",
      """
      <h1>Become an approver</h1><p>Approvers decide together who may see whom. You enrol once, with a passkey of your own, on a device of \
      your own. From then on nothing but that passkey speaks for you.</p>\
      <form class="panel" data-passkey data-begin="/enrol/begin" data-finish="/enrol/finish" id="enrol">\
      <label class="field"><span>Your name, as the others know you</span><input type="text" name="name" maxlength="64" autocomplete="name"></label>\
      <label class="field"><span>Setup link, or the part of it after #</span><input type="text" name="link" data-from-address autocomplete="off" spellcheck="false" required></label>\
      <button class="primary">Enrol with a passkey</button><p role="status" hidden></p></form>\
      <noscript><div class="notice warning"><p>Passkeys need scripts. Allow them for this site; it loads none from elsewhere.</p></div></noscript>\
      <p class="sub">The link works once. If it is used up and you did not use it, say so at once: somebody else enrolled in your place.</p>
      """, visitor: nil)
  }

  func approversPage(_ request: Request) throws -> Response {
    let visitor = try required(request)
    let now = approvals.clock()
    let approvers = try approvals.store.approvers().sorted {
      ($0.enrolledAt?.milliseconds ?? .max, $0.name) < ($1.enrolledAt?.milliseconds ?? .max, $1.name)
    }
    let rows = try approvers.map { approver -> HTML in
      let state: HTML
      if let removed = approver.removedAt {
        state = "removed, \(Self.moment(removed))"
      } else if approver.isActive(at: now) {
        state = "approver"
      } else if approver.enrolledAt != nil, let from = approver.activeFrom {
        state = "from \(Self.moment(from)) on"
      } else if let expires = approver.linkExpires, expires > now {
        state = "invited, until \(Self.moment(expires))"
      } else {
        state = "link not used in time"
      }
      let name: HTML = approver.name.isEmpty ? "<span class=\"soft\">not enrolled yet</span>" : "\(approver.name)"
      let enrolled: HTML = approver.enrolledAt.map { Self.moment($0) } ?? "–"
      let passkeys = try approvals.store.passkeys(of: approver.id).count
      return
        "<tr><td>\(name)</td><td>\(state)</td><td data-label=\"Enrolled\">\(enrolled)</td><td class=\"num\" data-label=\"Passkeys\">\(passkeys)</td><td><code>\(approver.text)</code></td></tr>"
    }
    let limit = try approvals.store.dailyLimit(at: now)
    let choices = approvers.filter { $0.removedAt == nil && !$0.name.isEmpty }.map {
      "<option value=\"\(value: $0.text)\">\($0.name)</option>" as HTML
    }
    let next: HTML? = limit.next.map { " From \(Self.moment($0.from)) on it is \($0.subjects)." }
    let content: HTML = """
      <h1>Approvers</h1><section class="panel"><div class="scroll"><table class="stack"><thead><tr><th>Name</th><th>State</th><th>Enrolled</th><th class="num">Passkeys</th><th>Id</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div></section>\
      <form class="panel" method="post" action="/requests" id="admit">\(visitor.formToken)<input type="hidden" name="kind" value="admit">\
      <h2>Admit another approver</h2><p>Two others must approve. The person then enrols by a link, and may act 72 hours after the approval.</p>\
      <label class="field"><span>Name</span><input type="text" name="name" maxlength="64" required></label>\(Self.purposeField)\
      <button>Write the request</button></form>\
      <form class="panel" method="post" action="/requests" id="limit">\(visitor.formToken)<input type="hidden" name="kind" value="daily_limit">\
      <h2>Daily limit</h2><p>\(limit.limit) subjects are opened in a day at most; \(limit.left) are left today.\(next) \
      Two others must approve a change. A higher limit begins 72 hours after that.</p>\
      <label class="field"><span>Subjects a day</span><input type="number" name="subjects" min="1" max="\(CustodianRequest.largestDailyLimit)" value="\(limit.limit)" required></label>\
      \(Self.purposeField)<button>Write the request</button></form>\
      <form class="panel" method="post" action="/requests" id="passkey">\(visitor.formToken)<input type="hidden" name="kind" value="passkey">\
      <h2>Another passkey for you</h2><p>On another device, so that losing one does not cost you your part. Two others must approve.</p>\
      \(Self.purposeField)<button>Write the request</button></form>\
      <form class="panel" method="post" action="/requests" id="remove">\(visitor.formToken)<input type="hidden" name="kind" value="remove">\
      <h2>Remove an approver</h2><p>Two others must approve, and not the one whom it is about. It holds at once. Three who can act must be left.</p>\
      <label class="field"><span>Who</span><select name="approver" required><option value="">Choose</option>\(choices)</select></label>\
      \(Self.purposeField)<button>Write the request</button></form>
      """
    return .html(frame("Approvers", content, visitor: visitor))
  }

  func recordPage(_ request: Request) throws -> Response {
    let visitor = try required(request)
    let names = Dictionary(try approvals.store.approvers().map { ($0.id, $0.name) }, uniquingKeysWith: { $1 })
    let rows = try approvals.store.refusals().map { refusal -> HTML in
      let who: HTML = refusal.approver.flatMap { names[$0] }.map { "\($0)" } ?? "–"
      let what: HTML = refusal.request.map { "<a href=\"/requests/\($0.hexadecimal)\">request</a>" } ?? "–"
      return """
        <tr><td>\(Self.moment(refusal.time))</td><td data-label="Who">\(who)</td><td data-label="Attempt">\(refusal.attempt)</td><td data-label="Of">\(what)</td>\
        <td><code>\(refusal.code)</code><br>\(refusal.sentence)</td></tr>
        """
    }
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"soft\">Nothing was refused yet.</p>"
      : """
      <div class="scroll"><table class="stack"><thead><tr><th>When</th><th>Who</th><th>Attempt</th><th>Of</th><th>Why it was refused</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
    return .html(
      frame("Record", "<h1>Refused attempts</h1><section class=\"panel\" id=\"refusals\">\(table)</section>", visitor: visitor))
  }

  // MARK: What is held

  func statusContent(_ report: CustodianStatus.Report) -> HTML { "<h1>Custodian</h1>\(alarm(report))\(Self.what)\(held(report))" }

  private static let what: HTML = """
    <p>This process holds the keys to identities, and no events. One approver asks, two others approve, and only then it opens what was asked for, \
    on its own page.</p>
    """

  private func alarm(_ report: CustodianStatus.Report) -> HTML? {
    report.lastAlarm.map {
      "<div class=\"notice danger\"><p><strong>\(report.alarms) alarm\(report.alarms == 1 ? "" : "s").</strong> The last one: \($0)</p></div>"
    }
  }

  private func cosigned(_ report: CustodianStatus.Report) -> HTML {
    guard let size = report.cosigned, let time = report.lastCosigned else { return "nothing yet" }
    return "up to \(NumberFormat.count(Int(clamping: size), "entry", "entries")), \(Self.moment(Timestamp(milliseconds: time)))"
  }

  private func held(_ report: CustodianStatus.Report) -> HTML {
    let projects = report.projects.map { held -> HTML in
      "<tr><td>\(held.project.description)</td><td class=\"num\">\(held.recordKeys)</td><td class=\"num\">\(held.subjects)</td><td class=\"num\">\(held.epochs)</td><td class=\"num\">\(held.erased)</td></tr>"
    }
    let keys = report.keys.map { "<tr><td><code>\($0.id)</code></td><td>\($0.state)</td></tr>" as HTML }
    let none: HTML = "<tr><td colspan=\"5\">None yet: they come with the first sealed values.</td></tr>"
    func moment(_ milliseconds: Int64?) -> HTML {
      milliseconds.map { Self.moment(Timestamp(milliseconds: $0)) } ?? "none since the start"
    }
    return """
      <section class="panel"><dl class="values"><dt>Server</dt><dd>\(report.server), \(report.isReached ? "reached in the last round" : "not reached in the last round")</dd>\
      <dt>Ledger cosigned</dt><dd>\(cosigned(report))</dd><dt>Last round</dt><dd>\(moment(report.lastRound))</dd><dt>Last delivery taken</dt><dd>\(moment(report.lastDelivery))</dd>\
      <dt>Key in force, SHA-256</dt><dd><code>\(report.fingerprint ?? "none")</code></dd><dt>Identity, SHA-256</dt><dd><code>\(report.identity)</code></dd></dl></section>\
      <section class="panel"><h2>Record keys held</h2><div class="scroll"><table><thead><tr><th>Project</th><th class="num">Keys</th><th class="num">Subjects</th>\
      <th class="num">Epochs</th><th class="num">Erased</th></tr></thead><tbody>\(projects.isEmpty ? none : projects.joined())</tbody></table></div></section>\
      <section class="panel"><h2>HPKE keys</h2><div class="scroll"><table><thead><tr><th>Key</th><th>State</th></tr></thead><tbody>\(keys)</tbody></table></div></section>
      """
  }
}
