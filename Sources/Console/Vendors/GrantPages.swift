import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Web

/// Ways in that vendors were given: the inventory, those first that live and should not.
extension Visit {
  private static let grantRows = 100
  /// A list that is pasted; the command takes longer ones.
  static let longestGrantList = 1 << 20

  enum VendorTab: String, CaseIterable {
    case vendors = "Vendors"
    case grants = "Grants"
    case thirdParties = "Third parties"

    var address: Address {
      switch self {
      case .vendors: Address("/vendors")
      case .grants: Address("/vendors/grants")
      case .thirdParties: Address("/vendors/third-parties")
      }
    }
  }

  func vendorTabs(_ current: VendorTab) -> HTML {
    let links = VendorTab.allCases.map { tab -> HTML in
      "<a href=\"\(tab.address)\"\(tab == current ? " aria-current=\"page\"" as HTML : "")>\(tab.rawValue)</a>"
    }
    return "<nav class=\"ranges\" aria-label=\"About vendors\">\(links)</nav>"
  }

  /// - Parameter status: of the answer to an act that was refused.
  func grantsPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readVendors)
    let inventory = try await services.vendors.grants.inventory(project.id)
    let chosen = fields["finding"].flatMap(VendorGrant.Finding.init(rawValue:))
    let vendor = fields["of"]
    let shown = inventory.sorted.filter { grant in
      (chosen.map { inventory.findings(grant).contains($0) } ?? true) && (vendor.map { $0 == grant.draft.vendor?.rawValue ?? "" } ?? true)
    }
    let start = min(max(0, fields["from"].flatMap { Int($0) } ?? 0), shown.count)
    let piece = Array(shown[start..<min(shown.count, start + Self.grantRows)])
    let receipt = try await disclose(piece.count, .settings, "console.vendor_grants", fields: ["vendor_grants"]).receipt
    let content: HTML = """
      \(Self.heading("Grants", "Ways in that vendors were given: OAuth grants, keys, accounts, webhooks, seats.", actions: vendorTabs(.grants)))\(notice)\
      \(summary(inventory))<section class="panel" id="grants"><div class="title"><div><h2>\(vendor.map { "Of \($0.isEmpty ? "nobody declared" : $0)" } ?? "Inventory")</h2>\
      <p class="sub">\(vendor == nil && chosen == nil ? "Those that live and should not come first." : "\(NumberFormat.count(shown.count, "grant")) of \(NumberFormat.exact(inventory.grants.count)).")</p></div>\
      \(findingTabs(inventory, chosen, vendor))</div>\(grantTable(piece, inventory, ofOne: false))\(pages(start, shown.count, chosen, vendor))</section>\
      \(may(.manageVendors) ? grantForms : "")<p class="note">Secrets never stand here: nobody asks for them, and columns of lists that hold them are passed over. \
      Sealane revokes nothing at other companies: revoke at the issuer, then say so.</p><p>\(Self.entry(receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page("Grants", current: "Vendors", content), status: status)
  }

  private func summary(_ inventory: GrantInventory) -> HTML {
    guard !inventory.grants.isEmpty else { return "" }
    let red = inventory.grants.count { grant in
      inventory.findings(grant).contains { $0 == .retiredButLive || $0 == .vendorKilledButLive }
    }
    let live = inventory.grants.count { $0.isLive(at: inventory.at) }
    let strangers = inventory.grants.count { inventory.findings($0).contains(.undeclaredVendor) }
    return """
      <section class="panel"><dl class="figures"><div><dt>Live, and should not be</dt><dd\(red > 0 ? " class=\"danger\"" as HTML : "")>\(NumberFormat.exact(red))</dd></div>\
      <div><dt>Live</dt><dd>\(NumberFormat.exact(live))</dd></div><div><dt>Known</dt><dd>\(NumberFormat.exact(inventory.grants.count))</dd></div>\
      <div><dt>Live, of nobody who is declared</dt><dd>\(NumberFormat.exact(strangers))</dd></div></dl></section>
      """
  }

  private func findingTabs(_ inventory: GrantInventory, _ chosen: VendorGrant.Finding?, _ vendor: String?) -> HTML {
    func address(_ finding: VendorGrant.Finding?) -> Address {
      var address = VendorTab.grants.address
      if let vendor { address = address.adding("of", vendor) }
      return finding.map { address.adding("finding", $0.rawValue) } ?? address
    }
    let counts = VendorGrant.Finding.allCases.map { finding in
      (finding, inventory.grants.count { inventory.findings($0).contains(finding) })
    }
    let some = counts.filter { $0.1 > 0 || $0.0 == chosen }
    guard !some.isEmpty || vendor != nil else { return "" }
    let tabs = some.map { finding, count -> HTML in
      "<a href=\"\(address(finding))\"\(finding == chosen ? " aria-current=\"true\"" as HTML : "")>\(finding.words) \(NumberFormat.exact(count))</a>"
    }
    let all: HTML =
      "<a href=\"\(VendorTab.grants.address)\"\(chosen == nil && vendor == nil ? " aria-current=\"true\"" as HTML : "")>all</a>"
    return "<nav class=\"ranges wraps\" aria-label=\"Finding\">\(all)\(tabs)</nav>"
  }

  private func pages(_ start: Int, _ count: Int, _ chosen: VendorGrant.Finding?, _ vendor: String?) -> HTML {
    func link(_ from: Int, _ title: String) -> HTML {
      var address = VendorTab.grants.address.adding("from", String(from))
      if let chosen { address = address.adding("finding", chosen.rawValue) }
      if let vendor { address = address.adding("of", vendor) }
      return "<a href=\"\(address)\">\(title)</a>"
    }
    guard count > Self.grantRows else { return "" }
    let end = min(count, start + Self.grantRows)
    return """
      <p class="pages">\(start > 0 ? link(max(0, start - Self.grantRows), "Those before") : "")\
      <span class="soft">\(NumberFormat.exact(start + 1)) to \(NumberFormat.exact(end)) of \(NumberFormat.exact(count))</span>\(end < count ? link(end, "Those after") : "")</p>
      """
  }

  /// - Parameter ofOne: whether all are of one vendor, which is not said then.
  func grantTable(_ grants: [VendorGrant], _ inventory: GrantInventory, ofOne: Bool) -> HTML {
    guard !grants.isEmpty else {
      return inventory.grants.isEmpty || ofOne
        ? """
        <p class="empty"><b>\(ofOne ? "No grant of this vendor is known." : "No grant is known.")</b> Admin consoles list who was let in: export those lists and paste them below, \
        or <code>sealane vendors grants import FILE --data DIR</code>. One that nobody uses any more is noticed here before somebody else uses it.</p>
        """ : "<p class=\"empty\"><b>No grant is like this.</b> <a href=\"\(VendorTab.grants.address)\">All of them</a></p>"
    }
    let rows = grants.map { grantRow($0, inventory, ofOne: ofOne) }
    return """
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Grant</th>\(ofOne ? "" : "<th scope=\"col\">Vendor</th>" as HTML)<th scope="col">State</th>\
      <th scope="col">Scopes</th><th scope="col">Age</th><th scope="col">Last used</th><th scope="col">Ends</th>\
      \(may(.manageVendors) ? "<th scope=\"col\">Say that it is</th>" as HTML : "")</tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private func grantRow(_ grant: VendorGrant, _ inventory: GrantInventory, ofOne: Bool) -> HTML {
    let draft = grant.draft
    let vendor: HTML =
      ofOne
      ? ""
      : draft.vendor.map { id -> HTML in
        let isDeclared = !inventory.findings(grant).contains(.undeclaredVendor)
        let place =
          isDeclared && grant.isLive(at: inventory.at) ? Address("/vendors/\(id)") : VendorTab.grants.address.adding("of", id.rawValue)
        return "<td><a href=\"\(place)\">\(id.rawValue)</a></td>"
      } ?? "<td class=\"reason\">not said</td>"
    let from = [
      draft.client.map { "id \(VisibleText.shortened($0, to: 40))" }, draft.grantedBy.map { "by \(VisibleText.shortened($0, to: 60))" },
    ]
    let under: HTML = "\(grant.draft.kind.words)\(from.compactMap(\.self).map { " · \($0)" as HTML })"
    return """
      <tr id="grant-\(Int(clamping: grant.id))"><th scope="row">\(ValueView.name(draft.name))<br><span class="reason">\(under)</span>\
      \(draft.note.isEmpty ? "" : "<br><span class=\"reason\"><bdi>\(VisibleText.shortened(draft.note, to: 120))</bdi></span>" as HTML)</th>\(vendor)\
      <td class="state">\(grantState(grant, inventory))</td><td class="scopes">\(scopes(draft.scopes))</td><td class="nowrap">\(age(of: grant))</td>\
      <td class="nowrap">\(draft.lastUsedAt.map(time.day) ?? "not known")</td><td class="nowrap">\(ends(draft))</td>\(may(.manageVendors) ? "<td>\(acts(grant))</td>" as HTML : "")</tr>
      """
  }

  private func grantState(_ grant: VendorGrant, _ inventory: GrantInventory) -> HTML {
    let isLive = grant.isLive(at: inventory.at)
    let draft = grant.draft
    let word: HTML =
      isLive
      ? draft.retiredAt == nil ? "live" : "live, retired \(time.day(draft.retiredAt ?? inventory.at))"
      : "<span class=\"reason\">\(draft.revokedAt.map { "revoked \(time.day($0))" } ?? "expired")</span>"
    let findings = inventory.findings(grant)
    let red = findings.filter(\.isRed).map { "<span class=\"badge danger\">\($0.words)</span>" as HTML }
    let others = findings.filter { !$0.isRed }.map(\.words)
    let rest: HTML = others.isEmpty ? "" : "<br><span class=\"warn small\">\(others.joined(separator: ", "))</span>"
    return "\(red.joined(" "))\(red.isEmpty ? "" : "<br>" as HTML)\(word)\(rest)"
  }

  private func scopes(_ scopes: [String]) -> HTML {
    guard !scopes.isEmpty else { return "<span class=\"reason\">not known</span>" }
    func chips(_ some: ArraySlice<String>) -> HTML {
      some.map { "<bdi class=\"chip\" title=\"\($0)\">\(VisibleText.shortened($0, to: 36))</bdi>" as HTML }.joined(" ")
    }
    guard scopes.count > 4 else { return chips(scopes[...]) }
    return """
      \(chips(scopes.prefix(3))) <details class="more"><summary>\(NumberFormat.exact(scopes.count - 3)) more</summary>\(chips(scopes.dropFirst(3)))</details>
      """
  }

  private func age(of grant: VendorGrant) -> HTML {
    guard let since = grant.draft.createdAt else {
      return "<span class=\"reason\">known since \(time.day(grant.recordedAt))</span>"
    }
    let days = Int(max(0, now.milliseconds - since.milliseconds) / 86_400_000)
    let words = days < 730 ? NumberFormat.count(days, "day") : "\(NumberFormat.exact(days / 365)) years"
    return "<span title=\"since \(time.day(since))\">\(words)</span>"
  }

  private func ends(_ draft: VendorGrantDraft) -> HTML {
    guard let end = draft.expiresAt else { return "<span class=\"reason\">never</span>" }
    return end <= now ? "<span class=\"reason\">ended \(time.day(end))</span>" : "\(time.day(end))"
  }

  private func acts(_ grant: VendorGrant) -> HTML {
    let isRevoked = grant.draft.revokedAt.map { revoked in grant.draft.lastUsedAt.map { $0 <= revoked } ?? true } ?? false
    let retire: HTML =
      grant.draft.retiredAt == nil
      ? "<button name=\"act\" value=\"retired\" title=\"The company does not use it any more\">retired</button>" : ""
    let revoke: HTML =
      isRevoked
      ? "" : "<button name=\"act\" value=\"revoked\" title=\"It was revoked at its issuer and opens nothing any more\">revoked</button>"
    guard !isRevoked || grant.draft.retiredAt == nil else { return "" }
    return """
      <form class="choices" method="post" action="/vendors/grants/change" role="group" aria-label="\(grant.draft.name)">\(formToken)\
      <input type="hidden" name="grant" value="\(Int(clamping: grant.id))">\(retire)\(revoke)</form>
      """
  }

  /// On a vendor's own page.
  func grantPanel(_ vendor: Vendor, _ inventory: GrantInventory) -> HTML {
    let own = inventory.sorted.filter { $0.draft.vendor == vendor.id }
    let red = own.count(where: inventory.isRed)
    let more: HTML =
      own.count > 10
      ? "<p><a href=\"\(VendorTab.grants.address.adding("of", vendor.id.rawValue))\">All \(NumberFormat.exact(own.count))</a></p>" : ""
    let warning: HTML =
      red > 0
      ? "<p class=\"danger\"><b>\(NumberFormat.count(red, "grant")) \(red == 1 ? "is" : "are") live and should not be:</b> whoever has the key is let in. Revoke at the issuer, then say so here.</p>"
      : ""
    let list: HTML =
      own.isEmpty
      ? """
      <p class="empty"><b>No grant of this vendor is known.</b> Ways into the company's tools that it was given — OAuth grants, keys, accounts — are taken from lists under <a href="\(VendorTab.grants.address)">Grants</a>.</p>
      """ : grantTable(Array(own.prefix(10)), inventory, ofOne: true)
    return """
      <section class="panel" id="grants"><h2>Ways in that it was given</h2><p class="sub">By the <a href="\(VendorTab.grants.address)">inventory of grants</a></p>\(warning)\(list)\(more)</section>
      """
  }
}

extension VendorGrant.Kind {
  var words: String {
    switch self {
    case .oauthGrant: "OAuth grant"
    case .apiKey: "API key"
    case .serviceAccount: "service account"
    case .webhook: "webhook"
    case .user: "seat"
    }
  }
}

extension VendorGrant.Finding {
  var words: String {
    switch self {
    case .retiredButLive: "retired but still live"
    case .vendorKilledButLive: "vendor killed, still live"
    case .usedAfterRetirement: "used after retirement"
    case .usedAfterRevocation: "used after revocation"
    case .undeclaredVendor: "undeclared vendor"
    case .wideScope: "wide scope"
    case .unused: "unused for 90 days"
    case .neverExpires: "never expires"
    }
  }
}
