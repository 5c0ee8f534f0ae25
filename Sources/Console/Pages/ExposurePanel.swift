import Access
import Events
import Foundation
import Journeys
import Response
import Web

/// The first answer of the home page: if something were stolen now, whose data and which of it; how that went, and what lowers it. Shows
/// what was computed last and waits for nothing.
struct ExposurePanel {
  /// Nil before the first computation since the start.
  let blast: BlastRadius?
  let days: [ExposureDay]
  let time: LocalTime
  let now: Timestamp
  /// Leads to the same page with people's names, for whoever may know them and has not shown yet that it is they who ask.
  let names: Address?
  /// Whether the table is open already.
  let isOpen: Bool
  /// Whether whoever looks may know which vendors there are.
  let knowsVendors: Bool

  static let suggestionsShown = 10
  static let rowsShown = 200
  static let trendDays = 90

  private static let heading: HTML = "<h2>If a credential or a vendor were stolen now</h2>"

  var panel: HTML {
    guard let blast else {
      return """
        <section class="panel" id="exposure">\(Self.heading)<p class="sub">How many people, and which of their data</p>\
        <p class="empty"><b>It is being computed.</b> After a start that takes some seconds; load this page again.</p></section>
        """
    }
    return """
      <section class="panel" id="exposure"><div class="title"><div>\(Self.heading)<p class="sub">How many people, and which of their data</p></div>\
      <p class="sub" title="\(time.second(blast.at))">as of \(asOf(blast.at))</p></div>\(figures(blast))\
      <div class="beside">\(suggestions(blast))\(trend)</div>\(details(blast))\(note(blast))</section>
      """
  }

  /// `14:03`, with the day where it is another one.
  private func asOf(_ at: Timestamp) -> String {
    let (then, today) = (time.parts(at), time.parts(now))
    return (then.year, then.month, then.day) == (today.year, today.month, today.day) ? time.hour(at) : time.minute(at)
  }

  // MARK: Figures

  private func figures(_ blast: BlastRadius) -> HTML {
    let largest = blast.largest
    let reaching = blast.credentials.count(where: \.reachesRows)
    var figures = [
      figure(
        "People, at the most", NumberFormat.compact(largest?.people ?? 0), under: words(largest, blast),
        title: "\(NumberFormat.exact(largest?.people ?? 0)) of \(NumberFormat.exact(blast.people))"),
      figure(
        "Organizations", NumberFormat.compact(largest?.organizationCount ?? 0),
        under: "\(largest?.span == .day ? "at most, " : "")of \(NumberFormat.compact(blast.organizations.values.max() ?? 0))"),
      figure("Fields", NumberFormat.exact(largest?.fields.count ?? 0), under: "about them"),
      "<div><dt>Identities opened</dt><dd class=\"sealedvalue\">0</dd><dd class=\"sub\">names, addresses</dd></div>" as HTML,
      figure(
        "Severity", largest?.severity.map { NumberFormat.exact($0.score) } ?? "–",
        under: largest?.severity.map { "\($0.level.words), by ENISA" } ?? "nobody’s data", title: largest?.severity?.arithmetic),
    ]
    if knowsVendors {
      let vendors = blast.vendors
      let most = vendors.contains { $0.people == nil } ? nil : vendors.compactMap(\.people).max() ?? 0
      figures.append(
        figure(
          "Held by a vendor", most.map { NumberFormat.compact($0) } ?? "not known",
          under: vendors.first { $0.people == most && most != 0 }?.name ?? "people"))
    }
    figures.append(
      figure(
        "Reach rows", "\(NumberFormat.exact(reaching)) of \(NumberFormat.exact(blast.credentials.count))", under: "accounts and people"))
    return "<dl class=\"figures reach\">\(figures)</dl>"
  }

  /// Whose the largest reach is; where several reach as far, how many.
  private func words(_ largest: BlastRadius.Holder?, _ blast: BlastRadius) -> String {
    guard let largest else { return "nothing reaches anybody" }
    let alike = (blast.credentials + blast.vendors).count { $0.reachesRows && $0.people == largest.people }
    if alike > 1 { return "by each of \(NumberFormat.exact(alike))" }
    return "\(largest.name), \(largest.span == .day ? "a day" : "held now")"
  }

  private func figure(_ name: String, _ value: String, under: String, title: String? = nil) -> HTML {
    "<div><dt>\(name)</dt><dd\(title.map { " title=\"\($0)\"" as HTML })>\(value)</dd><dd class=\"sub\" title=\"\(under)\">\(under)</dd></div>"
  }

  // MARK: What lowers it

  private func suggestions(_ blast: BlastRadius) -> HTML {
    let all = blast.suggestions
    guard !all.isEmpty else {
      return
        "<div><h3>What lowers it</h3><p class=\"note\">Nothing that is known not to be needed. What is not used for 30 days is named here.</p></div>"
    }
    let rows = all.prefix(Self.suggestionsShown).map { suggestion -> HTML in
      let change: HTML =
        "<b>\(NumberFormat.exact(suggestion.before)) → \(NumberFormat.exact(suggestion.after))</b> \(suggestion.unit)"
      let link: HTML? = suggestion.page.isEmpty ? nil : " · <a href=\"\(Self.address(suggestion.page))\">\(Self.act(suggestion.kind))</a>"
      let command: HTML? = suggestion.command.map { " · <code>\($0)</code>" }
      return """
        <li><p>\(ValueView.name(blast.name(of: suggestion.holder))) \(suggestion.sentence)</p><p class="sub">\(change)\(link)\(command)</p></li>
        """
    }
    let more: HTML? =
      all.count > Self.suggestionsShown ? "<p class=\"note\">The \(Self.suggestionsShown) strongest of \(all.count).</p>" : nil
    return "<div><h3>What lowers it</h3><ol class=\"advice\">\(rows)</ol>\(more)</div>"
  }

  private static func address(_ page: String) -> Address {
    let sides = page.split(separator: "?", maxSplits: 1).map(String.init)
    let pair = sides.count > 1 ? sides[1].split(separator: "=", maxSplits: 1).map(String.init) : []
    return Address(sides.first ?? "/", pair.count == 2 ? [Address.Parameter(pair[0], pair[1])] : [])
  }

  private static func act(_ kind: BlastSuggestion.Kind) -> String {
    switch kind {
    case .unusedFields: "Declare it without"
    case .silentVendor: "Kill switch"
    case .unconfirmedDeletion: "Confirm its deletion"
    case .unusedAccount, .unusedExport: "Revoke"
    case .fromAnywhere: "Service accounts"
    case .wideQuota: "Lower it"
    case .unusedRole: "Change the role"
    case .custodianBeside: "How"
    }
  }

  // MARK: Trend

  private var trend: HTML {
    let last = QuotaBook.day(of: now)
    let byDay = Dictionary(days.map { ($0.day, $0) }, uniquingKeysWith: { $1 })
    let shown = Array((last - Self.trendDays + 1)...last)
    guard let first = days.first, byDay.count > 1 else {
      return "<div><h3>How it went</h3><p class=\"note\">One figure a day is kept: from the second day on there is a line here.</p></div>"
    }
    let labels = shown.map { CalendarDate(dayNumber: $0) }
    var lines = [
      LineChart.Line(name: "A credential’s, a day", values: shown.map { byDay[$0].map { Double($0.credentialPeople) } })
    ]
    if knowsVendors {
      lines.append(LineChart.Line(name: "Held by a vendor", values: shown.map { byDay[$0]?.vendorPeople.map(Double.init) }))
    }
    let chart = LineChart(
      lines: lines, shortLabels: labels.map { "\($0.day) \(Self.months[$0.month - 1])" }, longLabels: labels.map { "\($0)" },
      firstIncomplete: shown.count, noun: "people",
      finding:
        "The most people behind a single credential: \(NumberFormat.exact(first.credentialPeople)) at first, \(NumberFormat.exact(byDay[last]?.credentialPeople ?? days.last?.credentialPeople ?? 0)) now.",
      landmarks: [0, 30, 60, 89])
    return "<div><h3>The largest reach, day by day</h3>\(chart.small())</div>"
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  // MARK: Each

  private func details(_ blast: BlastRadius) -> HTML {
    let groups = [("Credentials and people", blast.credentials), ("Vendors", blast.vendors), ("Hosts", blast.hosts)]
    let rows = groups.filter { !$0.1.isEmpty }.map { name, holders -> HTML in
      let more: HTML? =
        holders.count > Self.rowsShown
        ? "<tr><td colspan=\"7\" class=\"reason\">and \(NumberFormat.exact(holders.count - Self.rowsShown)) that reach less</td></tr>" : nil
      return "<tr class=\"grouped\"><th scope=\"rowgroup\" colspan=\"7\">\(name)</th></tr>\(holders.prefix(Self.rowsShown).map(row))\(more)"
    }
    let fields = Set(blast.holders.flatMap(\.fields)).sorted()
    let chips = fields.prefix(40).map { "<bdi class=\"chip\" title=\"\($0)\">\(VisibleText.shortened($0, to: 40))</bdi>" as HTML }
    let list: HTML? =
      fields.isEmpty
      ? nil
      : "<p class=\"tags\"><span class=\"soft\">Fields:</span> \(chips.joined(" "))\(fields.count > 40 ? " and \(NumberFormat.exact(fields.count - 40)) more" : "")</p>"
    let named: HTML? = names.map { "<p class=\"note\">People stand here by their ids. <a href=\"\($0)\">Show their names</a></p>" }
    return """
      <details class="more" id="each"\(isOpen ? " open" : "" as HTML)><summary>Each credential, person, vendor and host</summary><div class="scroll"><table class="wide"><thead><tr>\
      <th scope="col">If this were stolen</th><th scope="col" class="num">People</th><th scope="col" class="num">Organizations</th>\
      <th scope="col" class="num">Fields</th><th scope="col" class="num">Identities</th><th scope="col">Severity</th><th scope="col">What bounds it</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>\(named)\(list)</details>
      """
  }

  private func row(_ holder: BlastRadius.Holder) -> HTML {
    let people: HTML =
      holder.people.map { count in
        "\(holder.isAtLeast ? "at least " : "")\(NumberFormat.exact(count))\(count > 0 && holder.span == .day ? " <span class=\"reason\">a day</span>" as HTML : nil)"
      } ?? "not known"
    let organizations = holder.organizations.sorted { $0.key < $1.key }.map { "\($0.key): \(NumberFormat.exact($0.value))" }
    let severity: HTML =
      holder.severity.map { severity in
        let sides = severity.arithmetic.components(separatedBy: " = ")
        return "<span class=\"s-\(severity.level.style)\">\(sides.last ?? "")</span><br><span class=\"reason\">\(sides[0])</span>"
      } ?? "–"
    return """
      <tr><th scope="row">\(name(holder))<br><span class="reason">\(holder.role)</span></th><td class="num">\(people)</td>\
      <td class="num" title="\(organizations.joined(separator: ", "))">\(NumberFormat.exact(holder.organizationCount))</td>\
      <td class="num" title="\(holder.fields.prefix(40).joined(separator: ", "))">\(NumberFormat.exact(holder.fields.count))</td>\
      <td class="num">\(NumberFormat.exact(holder.identities))</td><td class="nowrap">\(severity)</td><td class="reason belongs">\(holder.note)</td></tr>
      """
  }

  private func name(_ holder: BlastRadius.Holder) -> HTML {
    let page: Address? =
      switch holder.id {
      case .serviceAccount: Address("/settings#accounts")
      case .person(let id): Address("/staff/\(id)")
      case .vendor(let id): Address("/vendors/\(id)")
      case .host, .staff: nil
      }
    let name = ValueView.name(holder.name)
    return page.map { "<a href=\"\($0)\">\(name)</a>" } ?? name
  }

  private func note(_ blast: BlastRadius) -> HTML {
    let sealed: HTML =
      blast.isCustodianBeside
      ? "Identifying values are sealed, and <b class=\"warn\">the custodian that opens them is on this very machine</b>: whoever takes it takes both."
      : "Identifying values are sealed: this server cannot open them, only the custodian can."
    let vendors =
      !knowsVendors ? "" : blast.vendors.isEmpty ? " No vendor receives anything." : " Sealed values never left for any vendor."
    let compared: HTML? = blast.largest.flatMap(\.severity).map { severity in
      let unsealed = BlastRadius.unsealed(people: severity.people)
      return
        " ENISA’s aid for the largest: \(severity.arithmetic); with names and e-mail addresses beside it: \(unsealed?.arithmetic ?? "–")."
    }
    return "<p class=\"note\">\(sealed)\(vendors)\(compared) Of credentials it is people a day, of a vendor all whom it holds.</p>"
  }
}

extension Severity.Level {
  fileprivate var words: String { rawValue.replacing("_", with: " ") }
  fileprivate var style: String { self == .veryHigh ? "critical" : rawValue }
}
