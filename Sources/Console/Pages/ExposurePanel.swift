import Access
import Events
import Journeys
import Ledger
import Web

/// The first answer of the home page: what somebody who takes a credential now could read. Follows from the rights, the quotas and the freezes that
/// each has.
struct ExposurePanel {
  let catalog: Catalog
  let project: Project
  /// People with a role in the project.
  let staff: [StaffMember]
  /// Of any state: what does not work any more is left out.
  let accounts: [ServiceAccount]
  let staffQuota: Quota
  let isFrozen: (QuotaHolder?) -> Bool
  /// What has been delivered to each vendor, less what it confirmed to have deleted.
  /// Nil for whoever may not know which vendors there are.
  let vendors: [VendorHolding]?
  let now: Timestamp

  private var fields: [String] { Set(catalog.events.flatMap(\.properties)).sorted() }

  private struct Credential {
    var name: HTML
    /// How many there are that are alike.
    var count = 1
    var may: String
    /// Rows about so many subjects a day, at most.
    var people: Int
    var limit: String

    var readsRows: Bool { people > 0 }
  }

  private var credentials: [Credential] {
    let token = Credential(name: "Project token", may: "send events", people: 0, limit: "public by design; reads nothing")
    return sessions + accounts.filter { !$0.isRevoked && !$0.isExpired(at: now) && !$0.isCanary }.map(credential) + [token]
  }

  /// By what they may do: nobody is named here.
  private var sessions: [Credential] {
    let active = staff.filter { $0.isActive && !isFrozen(QuotaHolder(Principal(kind: .staff, id: $0.id.rawValue, credential: ""))) }
    let kinds: [(name: String, may: String, holds: (Set<Role>) -> Bool, rows: Bool)] = [
      ("owner", "look at everything in this console", { $0.contains(.owner) }, true),
      ("privacy officer or analyst", "look at rows about subjects", { !$0.isDisjoint(with: [.analyst, .privacyOfficer]) }, true),
      ("developer", "look at what arrives, live", { $0.contains(.developer) }, true),
      ("viewer or admin", "look at figures, or keep people and settings", { !$0.isEmpty }, false),
    ]
    var counts = [Int](repeating: 0, count: kinds.count)
    for member in active {
      if let kind = kinds.firstIndex(where: { $0.holds(member.roles.roles(in: project.id)) }) { counts[kind] += 1 }
    }
    return zip(kinds, counts).filter { $1 > 0 }.map { kind, count in
      Credential(
        name:
          "Session of \(["o", "a"].contains(kind.name.prefix(1)) ? "an" : "a") \(kind.name)\(count > 1 ? ", \(NumberFormat.exact(count)) people" : "")",
        count: count, may: kind.may, people: kind.rows ? min(catalog.subjectCount, staffQuota.subjects) : 0,
        limit: kind.rows
          ? "\(NumberFormat.exact(staffQuota.rows)) rows a day, each page in the ledger first; ends after an hour without use"
          : "counts only, no rows; ends after an hour without use")
    }
  }

  private func credential(_ account: ServiceAccount) -> Credential {
    let days = max(0, (account.expiresAt.milliseconds - now.milliseconds) / 86_400_000)
    let place = account.networks.isEmpty ? "from anywhere" : "from \(NumberFormat.count(account.networks.count, "network"))"
    let until = "\(place), for \(NumberFormat.count(Int(days), "more day"))"
    let frozen = isFrozen(QuotaHolder(Principal(kind: .serviceAccount, id: account.username, credential: "")))
    let readsRows = account.scopes.contains(.export)
    var limits: [String] = []
    if readsRows { limits.append("\(NumberFormat.exact(account.quota.rows)) rows a day, each page in the ledger first") }
    if account.scopes.contains(.query) {

      limits.append(readsRows ? "and counts" : "counts only, no rows: groups may be named by pseudonyms")

    }
    if account.scopes.contains(.admin) { limits.append("the plan and settings; may erase subjects") }
    if limits.isEmpty { limits.append("reads nothing") }
    return Credential(
      name: "<a href=\"\(Address("/settings#accounts"))\">\(ValueView.name(account.name))</a>",
      may: ServiceAccount.Scope.allCases.filter(account.scopes.contains).map(\.rawValue).joined(separator: ", "),
      people: readsRows && !frozen ? min(catalog.subjectCount, account.quota.subjects) : 0,
      limit: frozen ? "frozen: reads nothing until somebody lifts it" : "\(limits.joined(separator: "; ")); \(until)")
  }

  var panel: HTML {
    let credentials = credentials
    let most = credentials.map(\.people).max() ?? 0
    let names = fields
    let shown = names.prefix(40).map { "<bdi class=\"chip\" title=\"\($0)\">\(VisibleText.shortened($0, to: 40))</bdi>" as HTML }
    let vendorRows = (vendors ?? []).map { vendor -> HTML in
      """
      <tr><th scope="row"><a href="\(Address("/vendors/\(vendor.id)"))">\(ValueView.name(vendor.name))</a> <span class="reason">vendor</span></th><td>\(vendor.state == .flowing ? "gets events" : vendor.state.rawValue)</td>\
      <td class="num">\(vendor.people.map { NumberFormat.exact($0) } ?? "not known")</td><td class="num">\(NumberFormat.exact(vendor.fields.count))</td><td class="num">0</td>\
      <td class="reason">holds them now, under pseudonyms of its own: \(vendor.fields.isEmpty ? "nothing yet" : vendor.fields.prefix(8).joined(separator: ", "))</td></tr>
      """
    }
    let list: HTML =
      names.isEmpty
      ? ""
      : "<p class=\"tags\"><span class=\"soft\">Properties:</span> \(shown.joined(" "))\(names.count > 40 ? " and \(NumberFormat.exact(names.count - 40)) more" : "")</p>"
    let rows = credentials.map { credential -> HTML in
      let people = NumberFormat.exact(credential.people)
      let fields = credential.readsRows ? NumberFormat.exact(names.count) : "0"
      return """
        <tr><th scope="row">\(credential.name)</th><td>\(credential.may)</td><td class="num">\(people)</td><td class="num">\(fields)</td>\
        <td class="num">0</td><td class="reason">\(credential.limit)</td></tr>
        """
    }
    return """
      <section class="panel" id="exposure"><h2>If a credential or a vendor were stolen now</h2><p class="sub">How many people, and which of their data</p>\
      <dl class="figures"><div><dt>People a day, as pseudonyms</dt><dd title="\(NumberFormat.exact(most)) of \(NumberFormat.exact(catalog.subjectCount))">\(NumberFormat.compact(most))</dd></div>\
      <div><dt>Properties of their events</dt><dd>\(NumberFormat.exact(names.count))</dd></div>\
      <div><dt>Names and addresses it opens</dt><dd class="sealedvalue">0</dd></div>\
      \(vendorFigure)\
      <div><dt>Credentials that reach rows</dt><dd>\(all(credentials.filter(\.readsRows))) of \(all(credentials))</dd></div></dl>\
      <details class="more"><summary>Each credential, each vendor and each property</summary><div class="scroll"><table class="wide"><thead><tr><th scope="col">Credential or vendor</th><th scope="col">May</th><th scope="col" class="num">People</th>\
      <th scope="col" class="num">Properties</th><th scope="col" class="num">Identities</th><th scope="col">How long, and how it is seen</th></tr></thead><tbody>\(rows)\(vendorRows)</tbody></table></div>\(list)</details>\
      <p class="note">Identifying values are sealed: this server cannot open them, only the custodian can. \(vendorWords)</p></section>
      """
  }

  private var vendorFigure: HTML {
    guard let vendors, !vendors.isEmpty else { return "" }
    let most = vendors.contains { $0.people == nil } ? nil : vendors.compactMap(\.people).max()
    return "<div><dt>People whom a vendor holds</dt><dd>\(most.map { NumberFormat.compact($0) } ?? "not known")</dd></div>"
  }

  private var vendorWords: String {
    guard let vendors else { return "" }
    guard !vendors.isEmpty else { return "No vendor receives anything." }
    return "Of credentials it is people a day, of a vendor all whom it holds; sealed values never left for any."
  }

  private func all(_ credentials: [Credential]) -> Int { credentials.reduce(0) { $0 + $1.count } }
}
