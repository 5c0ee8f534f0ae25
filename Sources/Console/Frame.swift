import Access
import Events
import Hummingbird
import Ledger
import Web

/// The frame around every page of a signed-in person. Only pages that exist are in its navigation.
extension Visit {
  static let navigation = [
    Page.Item("Home", Address("/"), key: "h"), Page.Item("Live", Address("/live"), key: "l"),
    Page.Item("Insights", Address("/insights"), key: "i"), Page.Item("Funnels", Address("/funnels"), key: "f"),
    Page.Item("Retention", Address("/retention"), key: "r"), Page.Item("Flows", Address("/flows"), key: "w"),
    Page.Item("Lifecycle", Address("/lifecycle"), key: "c"), Page.Item("Stickiness", Address("/stickiness"), key: "k"),
    Page.Item("Sessions", Address("/sessions"), key: "n"), Page.Item("Cohorts", Address("/cohorts"), key: "o"),
    Page.Item("Subjects", Address("/subjects"), key: "s"), Page.Item("Plan", Address("/plan"), key: "p"),
    Page.Item("Alerts", Address("/alerts"), key: "a"), Page.Item("Settings", Address("/settings"), key: "e"),
  ]

  func page(_ title: String, current: String?, _ content: HTML) -> HTML {
    let count = services.control.openAlertCount
    let alerts: HTML =
      count == 0 ? "" : "<a class=\"alarm\" href=\"/alerts\">\(NumberFormat.count(count, "open alert"))</a>"
    let top: HTML = """
      \(alerts)<span>\(time.zoneName)</span><span title="Session \(session.session.id)">Signed in as owner</span>\
      <form method="post" action="/sign-out">\(formToken)<button class="link">Sign out</button></form>
      """
    let search: HTML = """
      <form class="search" role="search" action="/subjects"><label class="unseen" for="search">Search subjects by pseudonym</label>\
      <input type="search" id="search" name="q" placeholder="Search subjects:  s_7f3a…" autocomplete="off" spellcheck="false"></form>
      """
    return Page(
      title: title, place: project.name, navigation: Self.navigation, current: current, top: top, search: search, content: content
    )
    .document()
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
