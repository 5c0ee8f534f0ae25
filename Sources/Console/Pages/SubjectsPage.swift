import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// Subjects by latest activity or by the beginning of their pseudonym.
extension Visit {
  private static let listed = 50

  func subjectsPage() async throws -> Response {
    let text = fields.text("q").lowercased()
    let digits = text.hasPrefix("s_") || text.hasPrefix("g_") ? String(text.dropFirst(2)) : text
    guard digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }), digits.utf8.count <= 32 else {
      let content: HTML = """
        \(searchHead(text: ""))<div class="notice warning"><p><b>Only pseudonyms can be searched here.</b> A pseudonym is <code>s_</code> and up to 32 digits and letters from \
        a to f. Names, e-mail addresses and account ids are not known to this server, and should not be typed into it: addresses of pages are kept in browsers. Nothing was searched.</p></div>
        """
      return .html(page("Subjects", current: "Subjects", content), status: .badRequest)
    }
    if let whole = Pseudonym(digits) { return .seeOther(Address("/subjects/s_\(whole)")) }
    let found = try await findSubjects(prefix: digits, limit: Self.listed)
    let rows = found.value.map { summary -> HTML in
      """
      <tr><th scope="row">\(ValueView.subject(summary.subject))</th><td class="num">\(NumberFormat.exact(summary.events))</td>\
      <td class="nowrap">\(time.minute(summary.firstSeen))</td><td class="nowrap">\(time.minute(summary.lastSeen))</td></tr>
      """
    }
    let title = digits.isEmpty ? "Latest activity" : "Pseudonyms that begin with \(digits)"
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>\(digits.isEmpty ? "No subject has been seen yet." : "No subject's pseudonym begins with \(digits).")</b> \(digits.isEmpty ? "<a href=\"\(Address("/settings#connect"))\">Connect an SDK</a>" as HTML : "<a href=\"\(Address("/subjects"))\">Show the latest</a>")</p>"
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Subject</th><th scope="col" class="num">Events</th><th scope="col">First seen</th>\
      <th scope="col">Latest activity</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let content: HTML = """
      \(searchHead(text: text))<section class="panel"><h2>\(title)</h2><p class="sub">\(NumberFormat.count(found.value.count, "subject")), at most \(Self.listed) are listed. \
      Opening one shows its journey and is a ledger entry of its own.</p>\(table)<p class="note">Times in \(time.zoneName). \(Self.entry(found.receipt))</p></section>
      """
    return .html(page("Subjects", current: "Subjects", content))
  }

  private func searchHead(text: String) -> HTML {
    """
    \(Self.heading("Subjects", "People and devices, by pseudonym. Who they are only the custodian can open."))\
    <form class="panel row" action="/subjects" role="search">\(Address.hiddenFields)<label for="prefix">Pseudonym begins with</label> \
    <input type="text" id="prefix" name="q" value="\(value: text)" placeholder="s_7f3a" maxlength="34" autocomplete="off" spellcheck="false"><button>Search</button></form>
    """
  }
}
