internal import Events
internal import Notices
internal import Vault
internal import Web

/// A request in plain words: what its bytes say, and nothing that they do not say.
enum Wording {
  /// Fields that are offered by name; others can be written.
  static let fields: [(name: String, label: String)] = [
    ("$id", "the id as it was sent"), ("$email", "e-mail address"), ("$name", "name"), ("$first_name", "first name"),
    ("$last_name", "last name"), ("$phone", "phone number"),
  ]

  /// One line, without who asks.
  static func title(_ request: CustodianRequest) -> String {
    switch request.wish {
    case .open(let project, let subjects, let fields):
      "Open \(list(fields.map(short))) of \(NumberFormat.count(subjects.count, "subject")) of project \(project)"
    case .admit(let name): "Admit \(name) as an approver"
    case .dailyLimit(let subjects): "Open \(NumberFormat.count(subjects, "subject")) a day at most"
    case .passkey: "Give \(request.requesterName) another passkey"
    case .remove(_, let name): "Remove \(name) as an approver"
    case .acceptLedger(let reset): "Accept a ledger of \(NumberFormat.count(Int(clamping: reset.size), "entry", "entries"))"
    case .state(let scope): "State whom incident \(scope.incident) affects: \(NumberFormat.count(scope.affected, "person", "people"))"
    case .notify(let letters): "Send \(NumberFormat.count(letters.count, "letter")) about incident \(letters.incident)"
    }
  }

  static func link(_ stored: StoredRequest) -> HTML {
    """
    <a href="/requests/\(stored.request.digest.hexadecimal)">\(title(stored.request))</a><span class="why">\(stored.request.purpose)</span>
    """
  }

  /// For titles: the id that was sent is the only one meant there.
  private static func short(_ field: String) -> String {
    field == Sealing.idField ? "id" : fields.first { $0.name == field }?.label ?? field
  }

  static func label(_ field: String) -> String {
    fields.first { $0.name == field }.map { "\($0.label) (\(field))" } ?? field
  }

  static func state(_ stored: StoredRequest, at time: Timestamp) -> String {
    let isOver = time >= stored.request.expires
    switch stored.state {
    case .draft: return "not signed"
    case .waiting: return isOver ? "expired" : "\(stored.approvals.count) of \(StoredRequest.approvalsNeeded) approvals"
    case .approved: return isOver ? "approved, expired" : "approved"
    case .refused: return "refused"
    case .done: return stored.request.kind == "open" ? "opened" : "done"
    }
  }

  static func sentence(_ request: CustodianRequest) -> HTML {
    switch request.wish {
    case .open(let project, let subjects, let fields):
      """
      <p><strong>\(request.requesterName)</strong> asks to see <strong>\(list(fields.map(label)))</strong> of \
      <strong>\(NumberFormat.count(subjects.count, "subject"))</strong> of project \(project.description), once, on this page:</p>\
      <ul>\(subjects.map { "<li><code>\($0)</code></li>" as HTML })</ul>
      """
    case .admit(let name):
      """
      <p><strong>\(request.requesterName)</strong> asks to make <strong>\(name)</strong> a further approver, who may then ask for identities \
      and approve what others ask, from 72 hours after the second approval on.</p>
      """
    case .dailyLimit(let subjects):
      """
      <p><strong>\(request.requesterName)</strong> asks that at most <strong>\(NumberFormat.count(subjects, "subject"))</strong> be opened in a day. \
      A higher limit begins 72 hours after the second approval, a lower one at once.</p>
      """
    case .passkey:
      """
      <p><strong>\(request.requesterName)</strong> asks for another passkey, on another device, which then signs as \(request.requesterName) like \
      the first. Whoever has that device speaks for them: ask them in person whether they want it.</p>
      """
    case .remove(let approver, let name):
      """
      <p><strong>\(request.requesterName)</strong> asks that <strong>\(name)</strong> (<code>\(approver)</code>) be no approver any more, from the \
      second approval on. What they asked or approved, and was not carried out, ends with that.</p>
      """
    case .acceptLedger(let reset):
      """
      <p><strong>\(request.requesterName)</strong> asks that the server’s ledger be witnessed from <strong>\(String(reset.size)) entries</strong> on, \
      root <code>\(reset.root)</code>, signed by <code>\(reset.key)</code>. It does not continue what was cosigned last: \
      <strong>\(String(reset.cosignedSize)) entries</strong>, root <code>\(reset.cosignedRoot)</code>. What only that one had is gone from the \
      server’s ledger: know why before you approve.</p>
      """
    case .state(let scope):
      """
      <p><strong>\(request.requesterName)</strong> asks to fix, in a signed statement in the ledger, whom incident \(scope.incident) of project \
      \(scope.project.description) affects, “\(scope.title)”: <strong>\(NumberFormat.count(scope.affected, "person", "people"))</strong>, by version \
      \(scope.version) of its scope, SHA-256 <code>\(scope.digest)</code>.</p>\
      <p>For that their addresses and account ids are opened here, whatever the daily limit is, and kept encrypted until letters to them are sent. Nobody is \
      shown them. What a statement proves is what the company committed to, not what somebody took.</p>
      """
    case .notify(let letters):
      """
      <p><strong>\(request.requesterName)</strong> asks to send <strong>\(NumberFormat.count(letters.count, "letter"))</strong> about incident \
      \(letters.incident) of project \(letters.project.description), “\(letters.title)”, \
      \(letters.mode == .smtp ? "by mail" : "to files: nobody gets any").</p>\
      <dl class="values"><dt>Statement</dt><dd><code>\(letters.statement)</code></dd><dt>Its root</dt><dd><code>\(letters.root)</code></dd></dl>\
      <table class="stack"><thead><tr><th>Letter</th><th class="num">Recipients</th><th>SHA-256 of its text</th></tr></thead><tbody>\(letters.recipients.keys.sorted().map { row($0, letters) })</tbody></table>
      """
    }
  }

  private static func row(_ kind: LetterKind, _ letters: CustodianRequest.LettersToSend) -> HTML {
    """
    <tr><td>\(audience(kind.audience)), \(kind.language.name)</td><td class="num" data-label="Recipients">\(letters.recipients[kind] ?? 0)</td><td><code>\(letters.texts[kind] ?? "")</code></td></tr>
    """
  }

  static func audience(_ audience: Audience) -> String {
    switch audience {
    case .person: "To the people themselves"
    case .administrator: "To administrators of their organizations"
    case .contact: "To contacts of their organizations"
    }
  }

  private static func list(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }
}
