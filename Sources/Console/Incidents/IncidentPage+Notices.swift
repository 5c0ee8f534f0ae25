import Access
import Events
import Ledger
import Web

extension Visit {
  /// How far the custodian is with telling people: counts, and what was committed to. Nil before there is anything.
  func noticesPanel(_ incident: Incident) async throws -> HTML? {
    let commitments = try await services.control.commitments(of: incident.id)
    let notices = try await services.control.notices(of: incident.id, in: incident.project)
    let statements = commitments.filter { $0.kind == .statement }
    guard incident.state >= .scoped, incident.state != .closed || !commitments.isEmpty else { return nil }
    guard !commitments.isEmpty else {
      return """
        <section class="panel" id="notices"><h2>Tell people</h2><p class="sub">At the custodian, page <b>Notices</b>: three of its approvers fix whom the newest scope affects, then what each \
        of them is told. No address is shown to anybody</p></section>
        """
    }
    let stated = statements.map { statement -> HTML in
      "<li>Statement, \(time.minute(statement.madeAt)), ledger entry no. \(NumberFormat.exact(Int(clamping: statement.entry))), SHA-256 <code>\(statement.digest)</code></li>"
    }
    let rows = notices.map { progress -> HTML in
      let state: HTML =
        progress.mode == .files
        ? "written to files only"
        : progress.finishedAt == nil ? "going out" : "over since \(time.minute(progress.finishedAt ?? progress.startedAt))"
      return """
        <tr><td data-label="Statement">version \(progress.statementVersion)</td><td data-label="Began">\(time.minute(progress.startedAt))</td><td>\(state)</td>\
        <td class="num" data-label="Sent">\(NumberFormat.exact(progress.sent)) of \(NumberFormat.exact(progress.messages))</td>\
        <td class="num" data-label="Refused or came back">\(NumberFormat.exact(progress.refused + progress.bounced))</td>\
        <td class="num" data-label="Without an address">\(NumberFormat.exact(progress.unreachable))</td></tr>
        """
    }
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"soft\">No letter has left yet.</p>"
      : """
      <div class="scroll"><table class="stack"><thead><tr><th scope="col">Statement</th><th scope="col">Began</th><th scope="col">State</th><th scope="col" class="num">Sent</th>\
      <th scope="col" class="num">Refused or came back</th><th scope="col" class="num">Without an address</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    return """
      <section class="panel" id="notices"><h2>Tell people</h2><p class="sub">As the custodian says: it alone knows the addresses</p>\(table)\
      <details><summary class="soft">What was committed to</summary><ul>\(stated)</ul></details></section>
      """
  }
}
