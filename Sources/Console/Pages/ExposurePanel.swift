import Access
import Journeys
import Ledger
import Web

/// The first answer of the home page: what somebody who takes a credential now could read. Follows from the rights that each has.
struct ExposurePanel {
  let catalog: Catalog
  /// Those that work.
  let accounts: [ServiceAccount]
  let time: LocalTime

  private var fields: [String] { Set(catalog.events.flatMap(\.properties)).sorted() }

  private struct Credential {
    var name: HTML
    var may: String
    /// Whether it reads rows about subjects.
    var readsRows: Bool
    var limit: String
  }

  private var credentials: [Credential] {
    let owner = Credential(
      name: "Owner's session", may: "look at everything in this console", readsRows: true,
      limit: "ends after an hour without use; every page is in the ledger first")
    let token = Credential(name: "Project token", may: "send events", readsRows: false, limit: "public by design; reads nothing")
    return [owner]
      + accounts.map { account in
        let readsRows = account.scopes.contains(.export)
        let limit =
          readsRows
          ? "until revoked; in pages, each in the ledger first"
          : account.scopes.contains(.query) ? "counts only, no rows; until revoked" : "reads nothing; until revoked"
        return Credential(
          name: "<a href=\"\(Address("/settings#accounts"))\">\(ValueView.name(account.name))</a>",
          may: ServiceAccount.Scope.allCases.filter(account.scopes.contains).map(\.rawValue).joined(separator: ", "), readsRows: readsRows,
          limit: limit)
      } + [token]
  }

  var panel: HTML {
    let subjects = catalog.subjectCount
    let credentials = credentials
    let names = fields
    let shown = names.prefix(40).map { "<bdi class=\"chip\" title=\"\($0)\">\(VisibleText.shortened($0, to: 40))</bdi>" as HTML }
    let list: HTML =
      names.isEmpty
      ? ""
      : "<p class=\"tags\"><span class=\"soft\">Properties:</span> \(shown.joined(" "))\(names.count > 40 ? " and \(NumberFormat.exact(names.count - 40)) more" : "")</p>"
    let rows = credentials.map { credential -> HTML in
      let people = credential.readsRows ? NumberFormat.exact(subjects) : "0"
      let fields = credential.readsRows ? NumberFormat.exact(names.count) : "0"
      return """
        <tr><th scope="row">\(credential.name)</th><td>\(credential.may)</td><td class="num">\(people)</td><td class="num">\(fields)</td>\
        <td class="num">0</td><td class="reason">\(credential.limit)</td></tr>
        """
    }
    return """
      <section class="panel" id="exposure"><h2>If a credential were stolen now</h2><p class="sub">How many people, and which of their data</p>\
      <dl class="figures"><div><dt>People, as pseudonyms</dt><dd title="\(NumberFormat.exact(subjects))">\(NumberFormat.compact(subjects))</dd></div>\
      <div><dt>Properties of their events</dt><dd>\(NumberFormat.exact(names.count))</dd></div>\
      <div><dt>Names and addresses it opens</dt><dd class="sealedvalue">0</dd></div>\
      <div><dt>Credentials that reach rows</dt><dd>\(credentials.count(where: \.readsRows)) of \(credentials.count)</dd></div></dl>\
      <details class="more"><summary>Each credential and each property</summary><div class="scroll"><table class="wide"><thead><tr><th scope="col">Credential</th><th scope="col">May</th><th scope="col" class="num">People</th>\
      <th scope="col" class="num">Properties</th><th scope="col" class="num">Identities</th><th scope="col">How long, and how it is seen</th></tr></thead><tbody>\(rows)</tbody></table></div>\(list)</details>\
      <p class="note">Identifying values are sealed: this server cannot open them, only the custodian can. No vendor receives anything.</p></section>
      """
  }
}
