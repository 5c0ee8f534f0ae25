import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Response
import Web

/// First what a stolen credential would reach, then how the product is used.
extension Visit {
  func homePage() async throws -> Response {
    try authorize(.readExposure)
    // Who is on the staff is for whoever shows that it is they who ask; the script of the page does.
    let isNaming = fields["names"] != nil && may(.readStaff)
    if isNaming { try authorize(.readStaff) }
    let catalog = try await catalog(purpose: "console.home")
    let saved = try await savedReports()
    let blast = services.blastRadius(project.id)?.shown(vendors: may(.readVendors), names: isNaming)
    let days = try await services.control.exposureDays(of: project.id, from: QuotaBook.day(of: now) - ExposurePanel.trendDays + 1)
    let disclosed = try await disclose(blast, .settings, "console.exposure", fields: ["exposure"])
    let exposure = ExposurePanel(
      blast: disclosed.value, days: days, time: time, now: now,
      names: may(.readStaff) && !isNaming ? Address("/").adding("names", "yes") : nil, isOpen: isNaming, knowsVendors: may(.readVendors)
    ).panel
    var entries = [disclosed.receipt, catalog.receipt]
    let rest: HTML
    if catalog.value.eventCount == 0 {
      rest = "\(firstSteps)\(exposure)\(reports)"
    } else {
      let usage = try await usage()
      if let usage { entries.append(usage.receipt) }
      rest = "\(exposure)\(savedList(saved))\(arrived(catalog.value, usage?.panel))"
    }
    let content: HTML = """
      \(Self.heading("Home", "\(project.name): who is exposed, and how the product is used."))\(rest)<p>\(Self.entries(entries))</p>
      """
    return .html(page("Home", current: "Home", content))
  }

  /// Subjects a day over the last 30 days; nil if nothing happened in them.
  private func usage() async throws -> (panel: HTML, receipt: LedgerReceipt)? {
    var form = InsightsForm(fields: FormFields(), today: today)
    form.series = [InsightsSeriesForm(selector: SelectorForm(.any), measure: .unique)]
    let query = try form.query()
    let answer = try await report(query, purpose: "console.home")
    let view = InsightsPage.view(form, query, answer.value.report, self)
    guard !view.isEmpty else { return nil }
    let panel: HTML = """
      <section class="panel"><div class="title"><div><h2>How the product is used</h2><p class="sub">\(view.subtitle)</p></div>\
      <a class="button" href="\(form.address)">Open in Insights</a></div><div class="scroll">\(view.chart)</div>\
      <p class="note">\(answer.value.report.notes.line(view.explanation, time))</p></section>
      """
    return (panel, answer.receipt)
  }

  private var firstSteps: HTML {
    """
    <section class="panel"><h2>No event has arrived yet</h2><p>Point an SDK at Sealane, or send one event from a terminal. This line turns green by itself:</p>\
    \(waiting)\(SDKSnippets(visit: self).curl)<p><a href="\(Address("/settings#connect"))">Python, JavaScript and service accounts</a></p>\
    <p class="note">To look at a filled console first, run <code>sealane demo</code> on this machine: it loads a million events of a fictional API platform into a directory of its own.</p></section>
    """
  }

  /// Turns green by itself at the first event.
  var waiting: HTML { "<p data-wait=\"\(Address("/arrival"))\"><span class=\"waiting\">Waiting for the first event</span></p>" }
  static var arrivedLine: HTML {
    "<span class=\"arrived\">The first event has arrived.</span> <a href=\"\(Address("/live"))\">See what the gate did to it</a>"
  }

  private func arrived(_ catalog: Catalog, _ usage: HTML?) -> HTML {
    let most = catalog.events.first?.count ?? 0
    let rows = catalog.events.prefix(12).map { event -> HTML in
      var form = InsightsForm(fields: FormFields(), today: today)
      form.series = [InsightsSeriesForm(selector: SelectorForm(.named(event.name)))]
      return """
        <tr><th scope="row"><a href="\(form.address)">\(ValueView.name(event.name))</a></th><td class="num">\(NumberFormat.exact(event.count))</td>\
        <td class="num">\(NumberFormat.percent(event.count, of: catalog.eventCount))</td>\
        <td><progress max="\(max(1, most))" value="\(event.count)" aria-label="\(NumberFormat.percent(event.count, of: max(1, most))) of the most frequent"></progress></td></tr>
        """
    }
    let more: HTML =
      catalog.events.count > 12
      ? "<p class=\"note\">The 12 most frequent of \(NumberFormat.exact(catalog.events.count)) event names; the reports offer all of them.</p>"
      : ""
    return """
      <section class="panel"><dl class="figures"><div><dt>Events</dt><dd title="\(NumberFormat.exact(catalog.eventCount))">\(NumberFormat.compact(catalog.eventCount))</dd></div>\
      <div><dt>Subjects</dt><dd title="\(NumberFormat.exact(catalog.subjectCount))">\(NumberFormat.compact(catalog.subjectCount))</dd></div>\
      <div><dt>Event names</dt><dd>\(NumberFormat.exact(catalog.events.count))</dd></div>\
      <div><dt>First event</dt><dd class="word">\(catalog.firstEvent.map(time.minute) ?? "–")</dd></div>\
      <div><dt>Latest event</dt><dd class="word">\(catalog.lastEvent.map(time.minute) ?? "–")</dd></div></dl></section>\(usage)\
      <section class="panel"><h2>What arrives</h2><p class="sub">All events that are stored, by name; a name leads to its report</p><div class="scroll"><table><thead><tr><th scope="col">Event</th>\
      <th scope="col" class="num">Events</th><th scope="col" class="num">Share</th><th scope="col"><span class="unseen">Compared</span></th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)</section>
      """
  }

  private var reports: HTML {
    let all: [(String, String, String)] = [
      ("Insights", "/insights", "How often things happen, and for how many."),
      ("Funnels", "/funnels", "How many get from step to step, and where they are lost."),
      ("Retention", "/retention", "Who comes back, and for how long."), ("Flows", "/flows", "What people do before and after."),
      ("Lifecycle", "/lifecycle", "Who is new, who stays, who comes back, who falls silent."),
      ("Stickiness", "/stickiness", "How often the same people come back."),
      ("Sessions", "/sessions", "What people do in one sitting, and for how long."),
      ("Live", "/live", "Events as they arrive, with what the gate did to every value."),
      ("Subjects", "/subjects", "One pseudonymous journey at a time."),
    ]
    return """
      <div class="grid">\(all.map { name, path, words in "<section class=\"panel\"><h2><a href=\"\(Address(path))\">\(name)</a></h2><p class=\"sub\">\(words)</p></section>" as HTML })</div>
      """
  }

  private func savedList(_ saved: [SavedReportLink]) -> HTML {
    guard !saved.isEmpty else { return HTML() }
    let rows = saved.map { report -> HTML in
      """
      <tr><th scope="row"><a href="\(report.address)">\(ValueView.name(report.name))</a></th><td>\(report.kind)</td><td class="nowrap">\(time.minute(report.updatedAt))</td>\
      <td class="num"><form method="post" action="/reports/delete">\(formToken)<input type="hidden" name="id" value="\(report.id)"><button class="link" aria-label="Delete \(report.name)">Delete</button></form></td></tr>
      """
    }
    return """
      <section class="panel" id="saved"><h2>Saved reports</h2><div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Report</th><th scope="col">Saved</th>\
      <th scope="col"><span class="unseen">Delete</span></th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }
}
