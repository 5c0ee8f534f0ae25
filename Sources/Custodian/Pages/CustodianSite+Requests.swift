internal import Access
internal import Events
internal import Hummingbird
internal import Passkeys
internal import Vault
internal import Web

/// Writing a request, reading it, deciding on it, and what it opens.
extension CustodianSite {
  static let purposeField: HTML = """
    <label class="field"><span>What for</span><input type="text" name="purpose" minlength="10" maxlength="\(CustodianRequest.longestPurpose)" required>\
    <small>The others decide by this sentence. It is signed with the request.</small></label>
    """

  func newRequestPage(_ request: Request) throws -> Response {
    let visitor = try required(request)
    let project = try approvals.store.inventory().first?.project ?? ProjectID(1)
    let fields = Wording.fields.map { field -> HTML in
      "<label class=\"check\"><input type=\"checkbox\" name=\"field\" value=\"\(value: field.name)\"> \(field.label) <code>\(field.name)</code></label>"
    }
    let content: HTML = """
      <h1>Ask for identities</h1><p>You write what you want to see and why, and sign it with your passkey. Two others must sign the same. \
      Then this page shows it to you, once, and the server's ledger has it for ever.</p>\
      <form class="panel" method="post" action="/requests" id="new">\(visitor.formToken)<input type="hidden" name="kind" value="open">\
      <label class="field"><span>Project</span><input type="number" name="project" min="1" value="\(value: project.description)" required></label>\
      <label class="field"><span>Subjects</span><textarea name="subjects" spellcheck="false" required placeholder="s_…"></textarea>\
      <small>Pseudonyms, one a line, at most \(CustodianRequest.mostSubjects): as the console shows them, or as <code>sealane subject export</code> says.</small></label>\
      <fieldset><legend>Fields</legend>\(fields)</fieldset>\
      <label class="field"><span>Other fields</span><input type="text" name="others" autocomplete="off"><small>Names of properties, with commas between them.</small></label>\
      \(Self.purposeField)<button class="primary">Write the request</button></form>
      """
    return .html(frame("New request", content, visitor: visitor))
  }

  func write(_ request: Request) async throws -> Response {
    let (visitor, fields) = try await form(request)
    let wish: CustodianRequest.Wish
    switch fields.text("kind") {
    case "open":
      guard let project = Int64(fields.text("project")) else { throw ApprovalError.badInput("Name the project by its number.") }
      let subjects = fields.text("subjects").split { $0.isWhitespace || $0 == "," }.map(String.init)
      let others = fields.text("others").split(separator: ",").map { FormFields.trimmed($0) }.filter { !$0.isEmpty }
      wish = .open(project: ProjectID(project), subjects: subjects, fields: fields.all("field") + others)
    case "admit": wish = .admit(name: fields.text("name"))
    case "daily_limit":
      guard let subjects = Int(fields.text("subjects")) else { throw ApprovalError.badInput("A limit is a whole number of subjects.") }
      wish = .dailyLimit(subjects: subjects)
    case "passkey": wish = .passkey
    case "remove":
      guard let gone = try approvals.store.approvers().first(where: { $0.text == fields.text("approver") }), !gone.name.isEmpty else {
        throw ApprovalError.badInput("Choose an approver.")
      }
      wish = .remove(approver: gone.text, name: gone.name)
    case "accept_ledger":
      guard let reset = try approvals.store.ledgerReset() else {
        throw ApprovalError.badInput("The ledger is cosigned: there is nothing to accept.")
      }
      wish = .acceptLedger(reset)
    default: throw ApprovalError.badInput("There is no such kind of request.")
    }
    let written = try approvals.write(wish, purpose: fields.text("purpose"), by: visitor.approver)
    return .seeOther(Address("/requests/\(written.digest.hexadecimal)"))
  }

  func requestPage(_ request: Request, _ digest: [UInt8]) throws -> Response {
    let visitor = try required(request)
    guard let stored = try approvals.store.request(digest) else { throw ApprovalError.noSuchRequest }
    let isOwn = stored.request.requester == visitor.approver.text
    guard isOwn || stored.state != .draft else { throw ApprovalError.noSuchRequest }
    let now = approvals.clock()
    let names = Dictionary(try approvals.store.approvers().map { ($0.id, $0.name) }, uniquingKeysWith: { $1 })
    let signatures = stored.signatures.map { signature -> HTML in
      "<li>\(names[signature.approver] ?? "?") \(signature.act == .request ? "asked" : "approved"), \(Self.moment(signature.madeAt))</li>"
    }
    let entry: HTML? = stored.ledgerEntry.map { "<p class=\"ledger\">Ledger entry <b>\($0)</b></p>" }
    let content: HTML = """
      <h1>\(Wording.title(stored.request))</h1><section class="panel" id="request">\(Wording.sentence(stored.request))\
      <p>What for: <strong>\(stored.request.purpose)</strong></p>\
      <dl class="values"><dt>State</dt><dd id="state">\(Wording.state(stored, at: now))</dd><dt>Written</dt><dd>\(Self.moment(stored.request.created))</dd>\
      <dt>Good until</dt><dd>\(Self.moment(stored.request.expires))</dd><dt>SHA-256</dt><dd><code>\(digest.hexadecimal)</code></dd></dl>\
      \(signatures.isEmpty ? nil : "<h3>Signatures</h3><ul>\(signatures)</ul>" as HTML)\(entry)\
      <details><summary class="soft">The bytes that are signed</summary><pre id="bytes">\(String(decoding: stored.request.canonical, as: UTF8.self))</pre></details></section>\
      \(try letters(stored))\(actions(stored, visitor, isOwn: isOwn, at: now))
      """
    return .html(frame(Wording.title(stored.request), content, visitor: visitor))
  }

  /// What the visitor may do with a request now, and where nothing, why.
  private func actions(_ stored: StoredRequest, _ visitor: Visitor, isOwn: Bool, at now: Timestamp) -> HTML {
    let path = "/requests/\(stored.request.digest.hexadecimal)"
    func sign(_ word: String, _ explanation: String) -> HTML {
      """
      <form class="panel" data-passkey data-begin="\(path)/sign/begin" data-finish="\(path)/sign/finish" id="sign"><p>\(explanation)</p>\
      <button class="primary">\(word)</button><p role="status" hidden></p></form>
      """
    }
    // The passkey's answer gives a ticket, which the second form carries to where something comes of it.
    func complete(_ action: String, _ word: String, _ explanation: String) -> HTML {
      """
      <form class="panel" data-passkey data-begin="\(path)/sign/begin" data-finish="\(path)/sign/finish" data-then="completion" id="\(action)"><p>\(explanation)</p>\
      <button class="primary">\(word)</button><p role="status" hidden></p></form>\
      <form method="post" action="\(path)/\(action)" id="completion" hidden>\(visitor.formToken)<input type="hidden" name="ticket" value=""></form>
      """
    }
    let refuse: HTML = """
      <form class="panel" method="post" action="\(path)/refuse" id="refuse">\(visitor.formToken)<p>Ends this request for good. The same can be asked again.</p>\
      <button class="danger">\(isOwn ? "Take it back" : "Refuse")</button></form>
      """
    do {
      switch stored.state {
      case .draft, .waiting:
        let act = try ApprovalRule.act(of: visitor.approver, on: stored, at: now)
        return act == .request
          ? sign("Sign this request", "Nobody else sees it before you sign it. Within five minutes.")
          : sign("Approve", "Your passkey signs what stands above: its bytes, and that you approve.") + refuse
      case .approved:
        try ApprovalRule.mayCarryOut(stored, by: visitor.approver, at: now)
        switch stored.request.wish {
        case .open: return complete("open", "Show it now", "It is shown once. The server enters it in its ledger first.") + refuse
        case .admit:
          return complete("link", "Make the link", "For the person who was admitted: it is shown once, and works once, within a week.")
            + refuse
        case .passkey:
          return complete("link", "Make the link", "Open it on the device that is to have the passkey. It works once, within a day.")
            + refuse
        case .state:
          return complete("begin", "Make the statement", "It is made in the background, and its page shows how far it is.") + refuse
        case .notify(let letters):
          return complete(
            "begin", letters.mode == .smtp ? "Send the letters" : "Write the letters to files",
            "They are committed to in the ledger first; then they leave one after the other. This cannot be taken back.") + refuse
        case .dailyLimit, .remove, .acceptLedger: return ""
        }
      case .refused, .done: return ""
      }
    } catch {
      return "<div class=\"notice\"><p>\(error.description)</p></div>\(stored.state == .waiting && isOwn ? refuse : "")"
    }
  }

  // MARK: What comes of it

  func linkPage(_ link: Secret, _ visitor: Visitor) -> HTML {
    let origin = approvals.relyingParty.origins.sorted().first ?? ""
    return frame(
      "Setup link",
      """
      <h1>Setup link</h1><p>For the person who was admitted, or for your own other device: by a way that nobody else reads. It is shown once and \
      works once.</p>\
      <pre id="link" class="secret">\(origin)/enrol#\(link.text)</pre><p><button data-copy="link">Copy the link</button></p>
      """, visitor: visitor)
  }
}
