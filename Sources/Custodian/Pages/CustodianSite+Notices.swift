internal import Events
internal import Foundation
internal import Hummingbird
internal import Ledger
internal import Notices
internal import Passkeys
internal import Vault
internal import Web

/// Incidents that are scoped, statements of whom they affect, and how far letters are.
extension CustodianSite {
  func addNotices<Context: RequestContext>(to router: Router<Context>) {
    router.get("/notices") { request, _ in await page { try await noticesPage(request) } }
    router.get("/notices/:request") { request, context in await page { try statementPage(request, try requestDigest(context)) } }
    router.get("/notices/:request/letters") { request, context in
      await page { try await lettersPage(request, try requestDigest(context)) }
    }
    router.post("/notices/:request/letters") { request, context in
      await page { try await takeLetters(request, try requestDigest(context)) }
    }
    router.post("/notices") { request, _ in
      await page {
        let (visitor, fields) = try await form(request)
        guard let project = Int64(fields.text("project")), let incident = Int64(fields.text("incident")) else {
          throw ApprovalError.badInput("Choose an incident.")
        }
        let written = try await approvals.writeStatement(
          project: ProjectID(project), incident: incident, purpose: fields.text("purpose"), by: visitor.approver)
        return .seeOther(Address("/requests/\(written.digest.hexadecimal)"))
      }
    }
    router.post("/requests/:request/begin") { request, context in
      await page {
        let (visitor, fields) = try await form(request)
        let ticket = Base64URL.decode(fields.text("ticket")) ?? []
        let statement = try approvals.beginNotices(try requestDigest(context), by: visitor.approver, ticket: ticket)
        return .seeOther(Address("/notices/\(statement.hexadecimal)"))
      }
    }
  }

  private func noticesPage(_ request: Request) async throws -> Response {
    let visitor = try required(request)
    let statements = try approvals.store.statements()
    let content: HTML = """
      <h1>Notices</h1><p>After an incident was scoped: whom it affects is fixed in a statement, then each of them is told. Both take one who asks and \
      two others, and both are in the ledger before anybody reads them.</p>\
      \(try await incidents(visitor, statements))\(statementList(statements))\(try codeSection(request))
      """
    return .html(frame("Notices", content, visitor: visitor))
  }

  private func incidents(_ visitor: Visitor, _ statements: [StoredStatement]) async throws -> HTML {
    let shown: [ScopedIncident]
    do { shown = try await approvals.connection.scopedIncidents() } catch {
      return """
        <section class="panel" id="incidents"><h2>Incidents</h2><div class="notice warning"><p>The server cannot be asked for its incidents now. Try again \
        when it answers.</p></div></section>
        """
    }
    let rows = shown.map { incident -> HTML in
      let stated = statements.first {
        $0.scope.project.rawValue == incident.project && $0.scope.incident == incident.incident && $0.scope.digest == incident.digest
          && $0.state != .failed
      }
      let action: HTML
      if let stated {
        action = "<a href=\"/notices/\(stated.request.hexadecimal)\">\(Self.words(stated))</a>"
      } else {
        action = """
          <details><summary>Ask for a statement</summary><form method="post" action="/notices">\(visitor.formToken)\
          <input type="hidden" name="project" value="\(value: String(incident.project))"><input type="hidden" name="incident" value="\(value: String(incident.incident))">\
          \(Self.purposeField)<button class="primary">Write the request</button></form></details>
          """
      }
      return """
        <tr><td><strong>\(incident.project)-\(incident.incident)</strong> \(incident.title)<span class="why">\(incident.sentence)</span></td>\
        <td class="num" data-label="Affected">\(incident.affected.map { NumberFormat.exact($0) } ?? "?")</td>\
        <td data-label="Scope">version \(incident.version), \(Self.moment(Timestamp(milliseconds: incident.madeAt)))</td><td>\(action)</td></tr>
        """
    }
    let none: HTML =
      "<p class=\"soft\">None is scoped and open. Incidents are scoped at the server’s console, or by <code>sealane incident scope</code>.</p>"
    let table: HTML = """
      <div class="scroll"><table class="stack"><thead><tr><th>Incident</th><th class="num">Affected</th><th>Scope</th><th>Statement</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
    return "<section class=\"panel\" id=\"incidents\"><h2>Incidents that are scoped</h2>\(rows.isEmpty ? none : table)</section>"
  }

  private func statementList(_ statements: [StoredStatement]) -> HTML? {
    guard !statements.isEmpty else { return nil }
    let rows = statements.map { stored -> HTML in
      """
      <tr><td><a href="/notices/\(stored.request.hexadecimal)">\(stored.scope.project.rawValue)-\(stored.scope.incident)\(stored.version > 0 ? ", version \(stored.version)" : "")</a> \
      <span class="why">\(stored.scope.title)</span></td><td>\(Self.words(stored))</td><td>\(Self.moment(stored.updatedAt))</td></tr>
      """
    }
    return """
      <section class="panel" id="statements"><h2>Statements</h2><div class="scroll"><table class="stack"><thead><tr><th>Case</th><th>State</th><th>Since</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div></section>
      """
  }

  static func words(_ stored: StoredStatement) -> String {
    switch stored.state {
    case .building: "being made"
    case .made: "made, not yet in the ledger"
    case .witnessed: "in the ledger"
    case .failed: "could not be made"
    }
  }

  /// For support: whether a code that somebody reads out is one of ours.
  private func codeSection(_ request: Request) throws -> HTML {
    let typed = request.uri.queryParameters["code"].map { String($0) } ?? ""
    var answer: HTML?
    if !typed.isEmpty {
      if let code = CheckCode.normalized(typed), let (message, dispatch) = try approvals.store.message(code: code),
        let stored = try approvals.store.dispatch(dispatch)
      {
        answer = """
          <div class="notice"><p><strong>\(code) is ours.</strong> Case \(stored.order.project.rawValue)-\(stored.order.incident), \
          \(Wording.audience(message.audience).lowercased()), in \(message.kind.language.name): \(message.state.rawValue).</p></div>
          """
      } else if let code = CheckCode.normalized(typed), let given = try approvals.store.answer(code: code) {
        answer = """
          <div class="notice"><p><strong>\(code) is ours.</strong> An answer to somebody who asked whether they are affected, \(Self.moment(given.givenAt)): \
          \(given.state.replacing("_", with: " ")).</p></div>
          """
      } else {
        answer =
          "<div class=\"notice warning\"><p><strong>No letter of ours has this code, and no answer of the last 400 days.</strong> Ask for the message itself, and report it as a lure.</p></div>"
      }
    }
    return """
      <section class="panel" id="code"><h2>Is a check code ours?</h2><p>For whoever reads one out to your support.</p>\(answer)\
      <form method="get" action="/notices" class="row"><label class="field"><span>Check code</span><input type="text" name="code" value="\(value: typed)" maxlength="20" required autocomplete="off"></label>\
      <button>Look it up</button></form></section>
      """
  }

  // MARK: One statement

  private func statementPage(_ request: Request, _ digest: [UInt8]) throws -> Response {
    let visitor = try required(request)
    guard let stored = try approvals.store.statement(digest) else { throw ApprovalError.noSuchRequest }
    let dispatch = try approvals.store.dispatches().first { $0.statement == digest && $0.state != .failed }
    let content: HTML = """
      <h1>Case \(stored.scope.project.rawValue)-\(stored.scope.incident): whom it affects</h1><p>\(stored.scope.title)</p>\
      \(statementFacts(stored))\(try letterFacts(stored, dispatch))
      """
    return .html(frame("Notices", content, visitor: visitor))
  }

  private func statementFacts(_ stored: StoredStatement) -> HTML {
    let failure: HTML? = stored.failure.map { "<div class=\"notice danger\"><p>\($0)</p></div>" }
    var facts: HTML?
    if let made = stored.statement {
      let supersedes: HTML? = made.supersedes.map { "<dt>Supersedes</dt><dd><code>\($0)</code></dd>" }
      facts = """
        <dt>Version</dt><dd>\(made.version)</dd>\(supersedes)<dt>People</dt><dd>\(NumberFormat.exact(made.people + made.nameless)), \
        \(NumberFormat.exact(stored.unreachable)) of them without an address that a secret credential wrote and mail can go to</dd>\
        <dt>Names that are committed to</dt><dd>\(NumberFormat.exact(Int(clamping: made.names))) addresses and account ids</dd>\
        <dt>Root</dt><dd><code>\(made.root.description)</code></dd><dt>SHA-256</dt><dd><code>\(stored.digest ?? "")</code></dd>
        """
    }
    let entry: HTML? = stored.entry.map { "<p class=\"ledger\">Ledger entry <b>\($0)</b>, cosigned before anybody is told.</p>" }
    return """
      <section class="panel" id="statement"><h2>Statement</h2>\(failure)<dl class="values"><dt>State</dt><dd id="state">\(Self.words(stored))</dd>\(facts)</dl>\(entry)\
      <p class="note">It proves what the company committed to, to each person by themselves: that their address is in it, or that it is not. It does not prove what \
      somebody took.</p></section>
      """
  }

  private func letterFacts(_ stored: StoredStatement, _ dispatch: StoredDispatch?) throws -> HTML? {
    guard stored.state == .witnessed else { return nil }
    guard let dispatch else {
      let counts = try approvals.store.recipients(of: stored.request)
      guard !counts.isEmpty else {
        return
          "<section class=\"panel\" id=\"letters\"><h2>Letters</h2><p>There is nobody to write to who was not told already.</p></section>"
      }
      return """
        <section class="panel" id="letters"><h2>Letters</h2>\(countTable(counts))\(try cautions(stored))<p><a class="button primary" href="/notices/\(stored.request.hexadecimal)/letters">Write the letters</a></p></section>
        """
    }
    let counts = try approvals.store.messageCounts(of: dispatch.request)
    func count(_ state: StoredMessage.State) -> Int { counts.states[state, default: 0] }
    let total = max(1, dispatch.order.count)
    let failure: HTML? = dispatch.failure.map { "<div class=\"notice danger\"><p>\($0)</p></div>" }
    let done = count(.sent) + count(.refused) + count(.bounced)
    return """
      <section class="panel" id="letters"><h2>Letters</h2>\(failure)<p><progress max="\(value: String(total))" value="\(value: String(done))"></progress> \
      <strong id="sent">\(NumberFormat.exact(count(.sent)))</strong> of \(NumberFormat.exact(dispatch.order.count)) \(dispatch.order.mode == .smtp ? "sent" : "written to files")</p>\
      <dl class="values"><dt>State</dt><dd>\(Self.words(dispatch))</dd><dt>Waiting</dt><dd>\(count(.waiting) + count(.sending))</dd>\
      <dt>Refused by the relay</dt><dd>\(count(.refused))</dd><dt>Came back</dt><dd>\(count(.bounced))</dd>\
      <dt>Sent twice, the answer to the first being lost</dt><dd>\(counts.repeated)</dd></dl>\
      <p><a href="/requests/\(dispatch.request.hexadecimal)">What was agreed to, with the texts</a></p></section>
      """
  }

  /// What approvers look at before they agree that letters leave: what the server's word is behind.
  func cautions(_ stored: StoredStatement) throws -> HTML { "\(try lateAddresses(stored))\(try domains(stored))" }

  private static let week: Int64 = 7 * 86_400_000

  /// Whoever took the server can make addresses of its own, but not old ones.
  private func lateAddresses(_ stored: StoredStatement) throws -> HTML? {
    let since = Timestamp(milliseconds: stored.updatedAt.milliseconds - Self.week)
    let late = try approvals.store.lateRecipients(of: stored.request, after: since)
    guard late > 0 else { return nil }
    return """
      <p class="note" id="late"><strong>\(NumberFormat.count(late, "address", "addresses"))</strong> came to this host in the week before the statement. \
      Whoever takes the server can make new ones, and not old ones: ask whether as many people came or changed theirs.</p>
      """
  }

  private static let shownDomains = 20

  /// Where letters about organizations go: whoever took the server could name organizations that are none.
  private func domains(_ stored: StoredStatement) throws -> HTML? {
    let domains = try approvals.store.organizationDomains(of: stored.request)
    guard !domains.isEmpty else { return nil }
    let rest = domains.dropFirst(Self.shownDomains).count
    let items = domains.prefix(Self.shownDomains).map { "<li>\($0.domain): \(NumberFormat.count($0.letters, "letter"))</li>" as HTML }
    let more: HTML? = rest > 0 ? "<li>and \(NumberFormat.count(rest, "further domain"))</li>" : nil
    return """
      <details><summary>Where letters about organizations go</summary><p class="note">Each holds the addresses of its people. These are the domains of administrators and contacts, as \
      the server says: look whether they are your customers’.</p><ul>\(items)\(more)</ul></details>
      """
  }

  func countTable(_ counts: [LetterKind: Int]) -> HTML {
    let rows = counts.keys.sorted().map {
      "<tr><td>\(Wording.audience($0.audience)), \($0.language.name)</td><td class=\"num\">\(counts[$0] ?? 0)</td></tr>" as HTML
    }
    return "<table><thead><tr><th>Letter</th><th class=\"num\">Recipients</th></tr></thead><tbody>\(rows)</tbody></table>"
  }

  private static func words(_ dispatch: StoredDispatch) -> String {
    switch dispatch.state {
    case .preparing: "being written"
    case .made: "written, not yet in the ledger"
    case .sending: "going out"
    case .done: "over"
    case .failed: "could not be written"
    }
  }
}
