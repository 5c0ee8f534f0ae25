import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Response
import Web

/// What the people affected by an incident do since: sign-ins and key use that stand out, and who has secured the account.
extension Visit {
  private static let daysBefore: Int64 = 28
  private static let mostDays: Int64 = 366

  func incidentWatchPage(_ text: String) async throws -> Response {
    try authorize(.readIncidents)
    guard let incident = try await known(incident: text) else { return ErrorPage.notFound.response }
    guard let cohort = try await services.incidents.desk.watchedCohort(of: incident) else {
      return .seeOther(Address("/incidents/\(incident.id)"))
    }
    let catalog = try await catalog(purpose: "console.incident.watch")
    let events = WatchedEvents(catalog.value.events.map(\.name)) { meaning in fields[meaning.rawValue] }
    var entries = [catalog.receipt]
    let watched = cohort.memberCount ?? 0
    let all = try await services.control.scopes(of: incident.id).first.flatMap { try? $0.kept }?.affected ?? watched
    let affected =
      all > watched
      ? "\(NumberFormat.exact(watched)) of \(NumberFormat.exact(all)) people affected"
      : "\(NumberFormat.count(watched, "person", "people")) affected"
    let began = incident.moments[.peopleTold] ?? incident.moments[.certain] ?? incident.openedAt
    let funnel = try await watchFunnel(incident, cohort, events, since: began, &entries)
    let use = try await watchUse(incident, cohort, events, &entries)
    let content: HTML = """
      \(Self.heading("What they do since", "<a href=\"\(Address("/incidents/\(incident.id)"))\">\(ValueView.name(incident.title))</a> · \(affected)"))\
      \(watchForm(incident, events, catalog.value))\(funnel)\(use)<p>\(Self.entries(entries))</p>
      """
    return .html(page("What they do since", current: "Incidents", content))
  }

  private func watchForm(_ incident: Incident, _ events: WatchedEvents, _ catalog: Catalog) -> HTML {
    let choices = WatchedEvents.Meaning.allCases.map { meaning -> HTML in
      let options = catalog.events.prefix(500).map { event -> HTML in
        "<option value=\"\(value: event.name)\"\(event.name == events.names[meaning] ? " selected" as HTML : "")>\(VisibleText.shortened(event.name, to: 80))</option>"
      }
      return
        "<label class=\"field\"><span>\(meaning.title)</span><select name=\"\(meaning.rawValue)\"><option value=\"\">No event says so</option>\(options)</select></label>"
    }
    let isSure = WatchedEvents.Meaning.allCases.allSatisfy { events.names[$0] != nil }
    return """
      <details class="panel more"\(isSure ? "" : " open" as HTML)><summary>Which events say so</summary><form method="get" action="/incidents/\(incident.id)/watch">\(Address.hiddenFields)<div class="grid">\(choices)</div><button>Look</button></form></details>
      """
  }

  // MARK: Who has secured the account

  private func watchFunnel(
    _ incident: Incident, _ cohort: SavedCohort, _ events: WatchedEvents, since: Timestamp, _ entries: inout [LedgerReceipt]
  ) async throws -> HTML {
    let isTold = incident.moments[.peopleTold] != nil
    let members = JSONValue.object(["saved": .number(Double(cohort.id))])
    func did(_ name: String) -> JSONValue {
      ["did": ["event": .string(name), "range": ["from": .string(time.isoDay(since)), "to": .string(time.isoDay(now))]]]
    }
    func size(_ rules: [JSONValue]) async throws -> Int? {
      let query = try Query(json: ["report": "cohort", "cohort": ["all": .list([members] + rules)]])
      let answer = try await report(query, purpose: "console.incident.watch")
      entries.append(answer.receipt)
      guard case .cohort(let report) = answer.value.report.content else { return nil }
      return report.size
    }
    var steps = [FunnelChart.Step(name: isTold ? "Told, of those watched" : "Watched", counts: [cohort.memberCount ?? 0])]
    var secured: Int?
    if let name = events.names[.secured] {
      secured = try await size([did(name)])
      if let secured { steps.append(FunnelChart.Step(name: "MFA on", counts: [secured])) }
    }
    var rotated: Int?
    if let name = events.names[.rotated] {
      rotated = try await size([did(name)])
      if secured != nil, let first = events.names[.secured], let both = try await size([did(first), did(name)]) {
        steps.append(FunnelChart.Step(name: "and keys rotated", counts: [both]))
      } else if let rotated {
        steps.append(FunnelChart.Step(name: "Keys rotated", counts: [rotated]))
      }
    }
    let words: HTML =
      rotated.map { "\(NumberFormat.exact($0)) rotated keys, with or without turning on MFA." } ?? ""
    let mind: HTML = isTold ? "" : " People have not been told yet: set that time on the incident when they are."
    let drawing =
      steps.count > 1
      ? FunnelChart(
        groups: ["People affected"], steps: steps, noun: "people",
        finding:
          "Funnel chart. Of \(NumberFormat.exact(cohort.memberCount ?? 0)) people affected \(NumberFormat.exact(secured ?? 0)) turned on MFA."
      ).drawing()
      : "<p class=\"empty\"><b>No event says so.</b> Choose above which events the platform sends when somebody turns on MFA or rotates a key.</p>"
    return """
      <section class="panel" id="secured"><h2>Who has secured the account</h2><p class="sub">Since \(time.day(since)).\(mind)</p><div class="scroll">\(drawing)</div><p class="note">\(words)</p></section>
      """
  }

  // MARK: Sign-ins and key use

  private func watchUse(
    _ incident: Incident, _ cohort: SavedCohort, _ events: WatchedEvents, _ entries: inout [LedgerReceipt]
  ) async throws -> HTML {
    let watched = [WatchedEvents.Meaning.signIn, .keyUse].compactMap { meaning in events.names[meaning].map { (meaning, $0) } }
    guard !watched.isEmpty else {
      return """
        <section class="panel" id="use"><h2>Sign-ins and key use</h2><p class="empty"><b>No event says so.</b> Choose above which events the platform sends when somebody signs in or uses a key.</p></section>
        """
    }
    let day: Int64 = 86_400_000
    // Of a vendor it began at the latest when what it held was taken.
    let start = incident.from ?? min(incident.to ?? incident.openedAt, incident.openedAt)
    let from = Timestamp(milliseconds: max(start.milliseconds - Self.daysBefore * day, now.milliseconds - Self.mostDays * day))
    let filter = JSONValue.object(["in_cohort": ["saved": .number(Double(cohort.id))]])
    let query = try Query(json: [
      "report": "insights", "unit": "day", "range": ["from": .string(time.isoDay(from)), "to": .string(time.isoDay(now))],
      "series": .list(watched.map { ["event": .string($0.1), "filter": filter, "measure": "total"] }),
    ])
    let answer = try await report(query, purpose: "console.incident.watch")
    entries.append(answer.receipt)
    guard case .insights(let report) = answer.value.report.content else { return "" }
    let labels = report.buckets.map { time.day($0) }
    let first = report.buckets.firstIndex { $0 >= start } ?? report.buckets.count - 1
    var unusual: [HTML] = []
    var isComparable = true
    let lines = report.lines.filter { watched.indices.contains($0.series) }.map { line -> LineChart.Line in
      let values = line.values.map { $0 ?? 0 }
      let title = watched[line.series].0.title
      guard let days = UnusualDays.of(values, after: max(0, first)) else {
        isComparable = false
        return LineChart.Line(name: title, values: line.values)
      }
      for index in days {
        unusual.append(
          "<li><b>\(title)</b>, \(labels[index]): \(NumberFormat.exact(Int(values[index]))) times, more than is usual for them</li>")
      }
      return LineChart.Line(name: title, values: line.values)
    }
    let drawing = LineChart(
      lines: lines, shortLabels: report.buckets.map { time.shortDay($0) }, longLabels: labels, firstIncomplete: report.firstIncomplete,
      noun: "events", finding: "Line chart. \(unusual.isEmpty ? "No day stands out." : "\(unusual.count) days stand out.")"
    ).drawing()
    let found: HTML =
      !isComparable
      ? "<p><span class=\"warn\">Too few days lie before it began</span> to say what is usual.</p>"
      : unusual.isEmpty
        ? "<p><span class=\"good\">No day stands out</span> since it began.</p>"
        : "<div class=\"notice warning\"><p><b>\(NumberFormat.count(unusual.count, "day stands", "days stand")) out.</b></p><ul>\(unusual)</ul></div>"
    return """
      <section class="panel" id="use"><h2>Sign-ins and key use</h2><p class="sub">Of the people affected, a day, from four weeks before it began</p>\(found)<div class="scroll">\(drawing)</div>\
      <p class="note">A day stands out where it is above what was usual before by three standard deviations. \(answer.value.report.notes.line([], time))</p></section>
      """
  }
}
