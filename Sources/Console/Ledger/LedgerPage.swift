import Access
import Events
import Hummingbird
import Ledger
import Web

/// Who saw what: by person, credential, subject, field and time. Looking is itself a disclosure, and stands in the next look.
extension Visit {
  private static let listed = 100

  func ledgerPage() async throws -> Response {
    try authorize(.readLedger)
    let form = LedgerForm(fields)
    var filter = form.filter
    filter.project = project.id
    var problem: HTML = ""
    if !form.subject.isEmpty {
      guard let pseudonym = Pseudonym(form.subject) else {
        return .html(
          page(
            "Ledger", current: "Ledger",
            "\(Self.heading("Ledger", "Who saw what."))<div class=\"notice warning\"><p><b>A subject is named by its pseudonym:</b> <code>s_</code> and 32 digits and letters from a to f. Nothing was looked for.</p></div>\(searchForm(form, [], [], []))"
          ), status: .badRequest)
      }
      await services.lookedFor(project.id, pseudonym.description, principal)
      filter.subjects = Set(services.numbers(project.id, pseudonym))
      if filter.subjects.isEmpty {
        problem = "<div class=\"notice\"><p>Nobody has been seen under this pseudonym, so nobody can have been shown.</p></div>"
      }
    }
    (filter.from, filter.to) = try form.days(calendar)
    let asked = filter.subjects
    let finding =
      problem.isEmpty
      ? try await services.ledger.search(filter, before: form.before, limit: Self.listed)
      : .nothing
    let shown = finding.records.flatMap { record -> [SubjectNumber] in
      // The list says how many were shown; who they are says the entry's own page.
      guard case .present(let detail) = record.detail, let set = detail.subjects else { return [] }
      return asked.filter { set.contains($0) }
    }
    let answer = try await services.ledger.disclose(
      finding,
      Disclosure(
        .ledger(first: finding.records.last?.entry.index ?? 0, count: finding.records.count, set: Array(Set(shown))), project: project.id,
        purpose: "console.ledger", fields: ["entries"]), to: principal)
    let people = try await services.control.staff()
    let accounts = services.control.serviceAccounts(of: project.id)
    let sessions = try await services.control.sessions()
    let rows = answer.value.records.map { row($0, people, accounts) }
    let untold: HTML = Self.untold(finding, form)
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>Nothing found</b> in the \(NumberFormat.count(finding.looked, "entry", "entries")) that were looked at.</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col" class="num">No.</th><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col" class="num">Rows</th>\
      <th scope="col" class="num">Subjects</th><th scope="col">Fields</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let further: HTML =
      answer.value.next.map { "<p><a class=\"button\" href=\"\(form.address(before: $0))\">Look further back</a></p>" as HTML } ?? ""
    let content: HTML = """
      \(Self.heading("Ledger", "Who saw what. Every disclosure is here before its first byte leaves, and cannot be taken out unseen."))\(problem)\(searchForm(form, people, accounts, sessions))\
      <section class="panel"><h2>\(NumberFormat.count(rows.count, "entry", "entries"))\(answer.value.next == nil ? "" : ", and more further back" as HTML)</h2>\
      <p class="sub">\(NumberFormat.exact(finding.looked)) looked at, newest first</p>\(untold)\(table)\(further)<p class="note">Times in \(time.zoneName). Your look is an entry too: \(Self.entry(answer.receipt))</p></section>
      """
    return .html(page("Ledger", current: "Ledger", content))
  }

  /// What a search cannot find: said wherever it matters, so that nobody takes an empty list for an answer.
  private static func untold(_ finding: LedgerFinding, _ form: LedgerForm) -> HTML {
    guard finding.untold > 0 else { return HTML() }
    let what = form.subject.isEmpty ? "what was looked for may stand in them" : "this subject may have been shown in them"
    return """
      <div class="notice warning" id="untold"><p><b>\(NumberFormat.count(finding.untold, "entry", "entries")) of those looked at cannot be told from:</b> \
      their details are erased, or do not open with the keys at hand, so that \(what). That they happened, and when, stands in the log.</p></div>
      """
  }

  private func row(_ record: LedgerRecord, _ people: [StaffMember], _ accounts: [ServiceAccount]) -> HTML {
    let number: HTML =
      "<a href=\"\(Address("/ledger/\(record.entry.index)"))\">\(NumberFormat.exact(Int(clamping: record.entry.index)))</a>"
    guard case .present(let detail) = record.detail else {
      return """
        <tr><td class="num">\(number)</td><td class="nowrap">\(time.minute(record.entry.time))</td><td colspan="5"><span class="reason">\(record.entry.kind): details \(record.detail == .erased ? "erased" : "cannot be read")</span></td></tr>
        """
    }
    let fields = detail.fields.prefix(4).map { ValueView.name($0) }.joined(", ")
    let more: HTML = detail.fields.count > 4 ? " and \(NumberFormat.exact(detail.fields.count - 4)) more" : ""
    return """
      <tr><td class="num">\(number)</td><td class="nowrap">\(time.minute(record.entry.time))</td><td>\(who(detail.principal, people, accounts))</td>\
      <td>\(LedgerWords.what(record.entry, detail))</td><td class="num">\(detail.rows.map(NumberFormat.exact) ?? "")</td>\
      <td class="num">\(detail.subjects.map { NumberFormat.exact($0.numbers.count) } ?? "")</td><td>\(fields)\(more)</td></tr>
      """
  }

  func who(_ principal: Principal, _ people: [StaffMember], _ accounts: [ServiceAccount]) -> HTML {
    switch principal.kind {
    case .staff:
      let name = people.first { $0.id.rawValue == principal.id }?.name
      return "<bdi title=\"\(principal.id)\">\(name ?? principal.id)</bdi>"
    case .serviceAccount:
      let name = accounts.first { $0.username == principal.id }?.name
      return "\(ValueView.name(name ?? principal.id)) <span class=\"reason\">account</span>"
    case .operatingSystemUser: return "user \(principal.id) of the machine"
    case .custodian: return "the custodian"
    case .system: return "Sealane itself"
    case .owner: return "the owner"
    case .vendor: return "<bdi>\(principal.id)</bdi> <span class=\"reason\">vendor</span>"
    }
  }

  private func searchForm(_ form: LedgerForm, _ people: [StaffMember], _ accounts: [ServiceAccount], _ sessions: [Session]) -> HTML {
    let kinds = Builder.select(
      "kind", "Entries", [("", "everything"), ("disclosures", "what was shown"), ("acts", "what was done")], chosen: form.kind)
    let everybody =
      [("", "anybody")] + people.map { ($0.id.rawValue, $0.name) } + accounts.map { ($0.username, "\($0.name) (account)") }
      + [(Principal.Kind.operatingSystemUser, "the machine's user"), (.custodian, "the custodian"), (.system, "Sealane itself")]
      .map { ($0.0.rawValue, $0.1) }
    let who = Builder.select("who", "By", everybody, chosen: form.who)
    let known: [HTML] =
      sessions.map { session in
        let name = people.first { $0.id == session.staff }?.name ?? session.staff.rawValue
        return "<option value=\"\(value: session.id)\">\(name), \(time.minute(session.createdAt))</option>"
      } + accounts.map { "<option value=\"\(value: $0.username)\">\($0.name) (account)</option>" }
      + ["<option value=\"control-socket\">commands on the machine</option>"]
    return """
      <form class="panel" action="/ledger" role="search">\(Address.hiddenFields)<div class="row"><label class="field"><span>Entries</span>\(kinds)</label><label class="field"><span>By</span>\(who)</label>\
      <label class="field"><span>With credential</span><input type="text" name="credential" value="\(value: form.credential)" placeholder="a session or an account" maxlength="100" list="credentials" autocomplete="off" spellcheck="false"></label>\
      <datalist id="credentials">\(known)</datalist>\
      <label class="field"><span>About a subject</span><input type="text" name="subject" value="\(value: form.subject)" placeholder="s_7f3a…" maxlength="34" autocomplete="off" spellcheck="false"></label>\
      <label class="field"><span>Field shown</span><input type="text" name="field" value="\(value: form.field)" maxlength="255" autocomplete="off"></label>\
      <label class="field"><span>From</span><input type="date" name="from" value="\(value: form.from)"></label><label class="field"><span>To</span><input type="date" name="to" value="\(value: form.to)"></label></div>\
      <button class="primary">Look</button></form>
      """
  }

  /// One entry, whole. Who was shown is named by pseudonym, at most a hundred.
  func ledgerEntryPage(_ text: String) async throws -> Response {
    try authorize(.readLedger)
    guard let index = UInt64(text), let record = try await services.ledger.records(from: index, limit: 1).first,
      record.entry.project == nil || record.entry.project == project.id
    else { return ErrorPage.notFound.response }
    var numbers: [SubjectNumber] = []
    if case .present(let detail) = record.detail { numbers = Array((detail.subjects?.numbers ?? []).prefix(100)) }
    let answer = try await services.ledger.disclose(
      record,
      Disclosure(.ledger(first: index, count: 1, set: numbers), project: project.id, purpose: "console.ledger.entry", fields: ["entries"]),
      to: principal)
    let people = try await services.control.staff()
    let accounts = services.control.serviceAccounts(of: project.id)
    var facts: [(String, HTML)] = [
      ("Entered", "\(time.minute(record.entry.time))"), ("Kind", "<code>\(record.entry.kind)</code>"),
      ("Commitment", "<span class=\"id\">\(record.entry.commitment.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())</span>"),
    ]
    facts += Self.rows(record.entry.facts)
    if case .present(let detail) = record.detail {
      facts.append(("Who", who(detail.principal, people, accounts)))
      let same = Address("/ledger", [Address.Parameter("credential", detail.principal.credential)])
      facts.append(("With", "<a class=\"id\" href=\"\(same)\">\(detail.principal.credential)</a>"))
      facts.append(("What for", "<code>\(detail.purpose)</code>"))
      if let rows = detail.rows { facts.append(("Rows", "\(NumberFormat.exact(rows))")) }
      if !detail.fields.isEmpty { facts.append(("Fields", detail.fields.map { ValueView.name($0) }.joined(", "))) }
      if let digest = detail.queryDigest { facts.append(("Query", "<span class=\"id\">\(digest)</span>")) }
      facts += Self.rows(detail.facts)
      // Of the wish itself, of the answer to it, and of every page that left by it.
      if let number = detail.facts["request"].flatMap({ Int64($0) }),
        let request = try? await services.control.exportRequest(number, of: project.id)
      {
        facts.append(("Export", "no. \(NumberFormat.exact(Int(clamping: number))), for: <bdi>\(request.purpose)</bdi>"))
      }
      if let subjects = detail.subjects {
        let named = numbers.compactMap { services.pseudonym(project.id, $0) }.map { ValueView.subject($0) }
        let more = subjects.numbers.count - named.count
        facts.append(("Subjects", "\(named.joined(" "))\(more > 0 ? " and \(NumberFormat.exact(more)) more" : "")"))
      }
    } else {
      facts.append(("Details", "<span class=\"reason\">erased, by a later entry that says so</span>"))
    }
    let list = facts.map { "<tr><th scope=\"row\">\($0.0)</th><td>\($0.1)</td></tr>" as HTML }
    let content: HTML = """
      \(Self.heading("Ledger entry no. \(NumberFormat.exact(Int(clamping: index)))", "<a href=\"\(Address("/ledger"))\">Ledger</a>"))<section class="panel"><div class="scroll"><table class="facts"><tbody>\(list)</tbody></table></div>\
      <p class="note">Anybody can check that it stands in the log: <code>sealane ledger prove \(String(index))</code>. Your look: \(Self.entry(answer.receipt))</p></section>
      """
    return .html(page("Ledger entry", current: "Ledger", content))
  }

  private static func rows(_ facts: [String: String]) -> [(String, HTML)] {
    facts.sorted { $0.key < $1.key }.map { ($0.key.replacing("_", with: " "), "<bdi>\($0.value)</bdi>") }
  }
}
