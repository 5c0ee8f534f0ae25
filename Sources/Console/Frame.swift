import Access
import Events
import Hummingbird
import Ledger
import Web

/// The frame around every page of a signed-in person. Only pages that exist are in its navigation.
extension Visit {
  static let navigation: [(item: Page.Item, needs: Access.Action)] = [
    (Page.Item("Home", Address("/"), key: "h"), .queryAggregates), (Page.Item("Live", Address("/live"), key: "l"), .readLive),
    (Page.Item("Insights", Address("/insights"), key: "i"), .queryAggregates),
    (Page.Item("Funnels", Address("/funnels"), key: "f"), .queryAggregates),
    (Page.Item("Retention", Address("/retention"), key: "r"), .queryAggregates),
    (Page.Item("Flows", Address("/flows"), key: "w"), .queryAggregates),
    (Page.Item("Lifecycle", Address("/lifecycle"), key: "c"), .queryAggregates),
    (Page.Item("Stickiness", Address("/stickiness"), key: "k"), .queryAggregates),
    (Page.Item("Sessions", Address("/sessions"), key: "n"), .queryAggregates),
    (Page.Item("Cohorts", Address("/cohorts"), key: "o"), .queryAggregates),
    (Page.Item("Subjects", Address("/subjects"), key: "s"), .readSubjects),
    (Page.Item("Exports", Address("/exports"), key: "x"), .exportSubjects),
    (Page.Item("Plan", Address("/plan"), key: "p"), .readSettings),
    (Page.Item("Vendors", Address("/vendors"), key: "v"), .readVendors),
    (Page.Item("Alerts", Address("/alerts"), key: "a"), .readAlerts),
    (Page.Item("Incidents", Address("/incidents"), key: "b"), .readIncidents),
    (Page.Item("Settings", Address("/settings"), key: "e"), .readSettings),
    (Page.Item("Ledger", Address("/ledger"), key: "d"), .readLedger), (Page.Item("Staff", Address("/staff"), key: "t"), .readStaff),
  ]

  /// About this project, or the whole installation.
  var openAlertCount: Int { services.control.openAlertCount(about: project.id) }

  func page(_ title: String, current: String?, _ content: HTML) -> HTML {
    let count = openAlertCount
    let alerts: HTML =
      count == 0 ? "" : "<a class=\"alarm\" href=\"\(Address("/alerts"))\">\(NumberFormat.count(count, "open alert"))</a>"
    let top: HTML = """
      \(alerts)<span>\(time.zoneName)</span><a href="\(Address("/account"))" title="Your passkeys and sessions"><bdi>\(VisibleText.shortened(session.name, to: 40))</bdi></a>\
      <form method="post" action="/sign-out">\(formToken)<button class="link">Sign out</button></form>
      """
    let search: HTML = """
      <form class="search" role="search" action="/subjects">\(Address.hiddenFields)<label class="unseen" for="search">Search subjects by pseudonym</label>\
      <input type="search" id="search" name="q" placeholder="Search subjects:  s_7f3a…" autocomplete="off" spellcheck="false"></form>
      """
    return Page(
      title: title, place: project.name, otherPlaces: others(current), navigation: Self.navigation.filter { may($0.needs) }.map(\.item),
      current: current, top: top, search: may(.readSubjects) ? search : "", content: content, scripts: [.session, .passkeys],
      nonce: services.staff.nonce
    )
    .document()
  }

  /// The other projects that the person has a role in: the same page where they may see it there, and the home page else.
  private func others(_ current: String?) -> [Page.Place] {
    let page = Self.navigation.first { $0.item.name == current }
    return projects.filter { $0.id != project.id }.map { other in
      let address = page.flatMap { page in
        (try? Access.authorize(session.who, page.needs, in: other.id)).map { page.item.address }
      }
      return Page.Place(other.name, (address ?? Address("/")).adding(Console.projectField, other.id.description))
    }
  }

  /// `Ledger entry no. 1,204`
  static func entry(_ receipt: LedgerReceipt) -> HTML {
    "<span class=\"ledger\">Ledger entry <b>no. \(NumberFormat.exact(Int(clamping: receipt.index)))</b></span>"
  }

  /// `Ledger entries no. 12, 13 and 14`
  static func entries(_ receipts: [LedgerReceipt]) -> HTML {
    guard receipts.count > 1, let last = receipts.last else { return receipts.first.map { entry($0) } ?? HTML() }
    let numbers = receipts.map { "<b>\(NumberFormat.exact(Int(clamping: $0.index)))</b>" as HTML }
    return
      "<span class=\"ledger\">Ledger entries no. \(numbers.dropLast().joined(", ")) and <b>no. \(NumberFormat.exact(Int(clamping: last.index)))</b></span>"
  }

  static func heading(_ title: String, _ sub: HTML, actions: HTML = "") -> HTML {
    "<div class=\"head\"><div><h1>\(title)</h1><p>\(sub)</p></div>\(actions.isEmpty ? actions : "<div class=\"actions\">\(actions)</div>")</div>"
  }
}
