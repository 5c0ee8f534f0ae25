import Access
import Hummingbird
import Ledger
import Web

/// Adding a grant by hand, taking in a pasted list, and saying that one is retired or revoked.
extension Visit {
  var grantForms: HTML {
    let kinds = VendorGrant.Kind.allCases.map { "<option value=\"\($0.rawValue)\">\($0.words)</option>" as HTML }
    return """
      <div class="grid"><section class="panel" id="import"><h2>Take in a list</h2><p class="sub">As an admin console exports it: CSV with names in its first row, or JSON. The same list twice changes nothing.</p>\
      <form method="post" action="/vendors/grants/import">\(formToken)<label class="field"><span>The list</span><textarea name="list" rows="10" spellcheck="false" class="code" required maxlength="\(Self.longestGrantList)" \
      placeholder="App name,Client ID,Publisher,Scopes,Created,Last used"></textarea>\
      <small>At most a megabyte; longer ones by <code>sealane vendors grants import</code>. Columns that nobody knows, secrets among them, are passed over.</small></label>\
      <button class="primary">Take it in</button></form></section>\
      <section class="panel" id="add"><h2>Write one down</h2><p class="sub">What no list has. Never its secret.</p><form method="post" action="/vendors/grants">\(formToken)\
      <label class="field"><span>Name</span><input type="text" name="name" maxlength="200" required placeholder="Warehouse sync"></label>\
      <label class="field"><span>Vendor</span><input type="text" name="vendor" maxlength="40" pattern="[a-z0-9][a-z0-9\\-]*" placeholder="tallymark"><small>Its id; empty where it is not known.</small></label>\
      <label class="field"><span>What it is</span><select name="kind">\(kinds)</select></label>\
      <label class="field"><span>Scopes</span><input type="text" name="scopes" placeholder="read:events profile"><small>Blanks between.</small></label>\
      <details class="more"><summary>Who gave it, since when, until when</summary>\
      <label class="field"><span>Public id at its issuer</span><input type="text" name="clientid" maxlength="200"></label>\
      <label class="field"><span>Given by</span><input type="text" name="grantedby" maxlength="200"></label>\
      <label class="field"><span>Since</span><input type="date" name="createdat"></label><label class="field"><span>Last used</span><input type="date" name="lastusedat"></label>\
      <label class="field"><span>Ends</span><input type="date" name="expiresat"></label>\
      <label class="field"><span>Note</span><input type="text" name="note" maxlength="500"></label></details><button class="primary">Write it down</button></form></section></div>
      """
  }

  private static let grantFields = [
    "name", "vendor", "kind", "scopes", "clientid", "grantedby", "createdat", "lastusedat", "expiresat", "note",
  ]

  func recordGrant() async throws -> Response {
    try authorize(.manageVendors)
    let given = Self.grantFields.map { ($0, fields.text($0)) }.filter { !$0.1.isEmpty }
    do {
      let (id, receipt) = try await services.vendors.grants.record(
        Dictionary(given, uniquingKeysWith: { first, _ in first }), project.id, principal)
      return try await grantsPage(
        "<div class=\"notice good\"><p>Written down, as <a href=\"#grant-\(Int(clamping: id))\">number \(Int(clamping: id))</a>. \(Self.entry(receipt))</p></div>"
      )
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await grantsPage(
        "<div class=\"notice danger\"><p><b>Nothing was written down.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  func takeGrants() async throws -> Response {
    try authorize(.manageVendors)
    let bytes = Array((fields["list"] ?? "").utf8)
    do {
      guard bytes.count <= Self.longestGrantList else {
        throw AccessError(.invalid, "The list is longer than a megabyte: take it in by `sealane vendors grants import FILE`.")
      }
      let taken = try await services.vendors.grants.take(bytes, project.id, principal)
      return try await grantsPage(Self.notice(taken))
    } catch let error as AccessError where error.code == .invalid {
      return try await grantsPage(
        "<div class=\"notice danger\"><p><b>Nothing was taken in.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  private static func notice(_ taken: GrantsTaken) -> HTML {
    let changes = taken.changes
    let refused: HTML =
      taken.refused == 0
      ? ""
      : """
      <details><summary>\(NumberFormat.count(taken.refused, "row")) \(taken.refused == 1 ? "was" : "were") refused</summary>\
      <ul>\(taken.refusals.prefix(20).map { "<li>Line \(NumberFormat.exact($0.line)): \($0.reason)</li>" as HTML })</ul></details>
      """
    return """
      <div class="notice \(taken.refused == 0 ? "good" : "warning")"><p>\(NumberFormat.count(taken.rows, "row")) taken in: \(NumberFormat.count(changes.new, "new grant")), \
      \(NumberFormat.exact(changes.changed)) changed, \(NumberFormat.exact(changes.unchanged)) as before. \(entry(taken.receipt))</p>\(refused)</div>
      """
  }

  func changeGrant() async throws -> Response {
    try authorize(.manageVendors)
    guard let id = Int64(fields.text("grant")), let grant = try await services.control.vendorGrant(id), grant.project == project.id,
      let act = AdministrativeEntry.GrantAct(rawValue: fields.text("act"))
    else { throw AccessError(.notFound, "There is no such grant.") }
    let receipt = try await services.vendors.grants.change(grant, act, principal)
    let words: HTML =
      switch act {
      case .retired:
        grant.isLive(at: now)
          ? "is not used any more, and live: <b>revoke it at its issuer</b>, then say so here." : "is not used any more."
      case .revoked: "opens nothing any more."
      }
    let tone = act == .retired && grant.isLive(at: now) ? "warning" : "good"
    return try await grantsPage(
      "<div class=\"notice \(tone)\"><p>\(ValueView.name(grant.draft.name)) \(words) \(Self.entry(receipt))</p></div>")
  }
}
