import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// A figure's door: first its price, then, with a POST, the subjects behind it and the ledger entry.
extension Visit {
  private static let perPage = 200

  func door() throws -> (door: Door, text: String) {
    try authorize(.readSubjects)
    let text = fields["to"] ?? ""
    guard let json = try? JSONValue(parsing: Array(text.utf8)) else {
      throw QueryError(.invalid, "This link to a figure was not copied whole. Open the report again and choose the figure there.")
    }
    return (try Door(json: json), text)
  }

  func doorPage() async throws -> Response {
    let (door, text) = try door()
    let price = try await price(of: door, purpose: "console.door.price")
    let back = ReportAddress.address(of: door.query) ?? Address("/")
    let count = price.value.count
    let noun = Self.noun(price.value.level)
    let page = min(count, Self.perPage)
    let pages = (count + Self.perPage - 1) / Self.perPage
    let open: HTML =
      count == 0
      ? "<p class=\"empty\"><b>Nobody is behind this figure.</b> Its events have no subject, or the data has changed since the report was drawn.</p>"
      : """
      <p>Opening it shows the pseudonyms of <b>\(NumberFormat.count(count, noun))</b>\(pages > 1 ? ", \(Self.perPage) a page" : ""). It is a disclosure: the ledger will say that \
      you saw exactly these, when, and with which session. Names and addresses stay sealed.</p>\
      <form method="post" action="/door">\(formToken)<input type="hidden" name="to" value="\(value: text)"><div class="row"><button class="primary">Show \(NumberFormat.count(page, noun))</button>\
      <span class="sub">\(pages > 1 ? "Costs \(NumberFormat.count(page, noun)) now, \(NumberFormat.exact(count)) for all pages" : "Costs \(NumberFormat.count(page, noun))"), entered in the ledger before the first is shown</span></div></form>
      """
    let content: HTML = """
      \(Self.heading("Behind a figure", "\(words(door))"))<section class="panel"><h2>\(NumberFormat.count(count, noun))</h2>\(open)\
      <p class="note">Evaluated at \(time.second(now)); events that came in since the report was drawn may have changed the figure. \(Self.entry(price.receipt))</p></section>\
      \(count == 0 ? HTML() : listing(text, count, noun))<p><a href="\(back)">Back to the report</a></p>
      """
    return .html(self.page("Behind a figure", current: nil, content))
  }

  static func noun(_ level: Level) -> String { level == .subject ? "subject" : "organization" }

  /// Keeps who is behind the figure as a cohort.
  private func listing(_ text: String, _ count: Int, _ noun: String) -> HTML {
    """
    <section class="panel"><h2>Save as cohort</h2><p class="sub">A list of these \(NumberFormat.count(count, noun)), fixed now: any report can be asked of it. Nobody is shown by saving.</p>\
    <form method="post" action="/door/cohort" class="row">\(formToken)<input type="hidden" name="to" value="\(value: text)"><label for="list-name">Name</label>\
    <input type="text" id="list-name" name="name" maxlength="200" required autocomplete="off"><button>Save as cohort</button></form></section>
    """
  }

  func openDoor() async throws -> Response {
    let (door, text) = try door()
    let offset = max(0, Int(fields.text("offset")) ?? 0)
    let answer = try await subjects(behind: door, offset: offset, limit: Self.perPage)
    let noun = Self.noun(answer.value.level)
    let rows = answer.value.subjects.enumerated().map { index, subject -> HTML in
      """
      <tr><td class="num">\(NumberFormat.exact(answer.value.offset + index + 1))</td><th scope="row">\(ValueView.subject(subject, answer.value.level, isWhole: true))</th></tr>
      """
    }
    let end = answer.value.offset + answer.value.subjects.count
    let next: HTML =
      end < answer.value.total
      ? """
      <form method="post" action="/door">\(formToken)<input type="hidden" name="to" value="\(value: text)"><input type="hidden" name="offset" value="\(end)">\
      <button>Show the next \(NumberFormat.count(min(Self.perPage, answer.value.total - end), noun))</button> <span class="sub">a ledger entry of its own</span></form>
      """
      : ""
    let back = ReportAddress.address(of: door.query) ?? Address("/")
    let content: HTML = """
      \(Self.heading("Behind a figure", "\(words(door))"))<div class="notice"><p>\(Self.entry(answer.receipt)) <span class="ledger">has exactly these \
      \(NumberFormat.count(answer.value.subjects.count, noun)).</span></p></div>\
      <section class="panel"><h2>\(NumberFormat.exact(answer.value.subjects.isEmpty ? 0 : answer.value.offset + 1)) to \(NumberFormat.exact(end)) of \(NumberFormat.count(answer.value.total, noun))</h2>\
      <div class="scroll"><table class="few"><thead><tr><th scope="col" class="num">No.</th><th scope="col">\(noun.withInitial); opening one is an entry of its own</th></tr></thead><tbody>\(rows)</tbody></table></div>\
      <div class="pages">\(next)</div><p class="note">Evaluated at \(time.second(now)), in the order of subject numbers, which says nothing about them.</p></section>\
      \(listing(text, answer.value.total, noun))<p><a href="\(back)">Back to the report</a></p>
      """
    return .html(page("Behind a figure", current: nil, content))
  }

  /// What the figure counts, as half a sentence.
  private func words(_ door: Door) -> HTML {
    switch (door.cell, door.query) {
    case (.insights(let series, let group, let bucket), .insights(let query)):
      let name = query.series.indices.contains(series) ? InsightsPage.name(of: query.series[series]) : ""
      return "\(VisibleText.shortened(name, to: 120))\(words(group, query.breakdown)), \(when(query.range, query.unit, bucket))"
    case (.funnel(let group, let step, let isLost), .funnel(let query)):
      let name = query.steps.indices.contains(step) ? VisibleText.shortened(FunnelPage.stepName(query.steps[step]), to: 80) : ""
      let what = isLost ? "Got to step \(step + 1), \(name), and not further" : "Reached step \(step + 1), \(name)"
      return "\(what)\(words(group, query.breakdown)), entered \(RangeForm(query.range).during)"
    case (.retention(let group, let cohort, let period), .retention(let query)):
      let unit = BucketUnit(rawValue: query.unit.rawValue) ?? .day
      let buckets = try? calendar.buckets(query.range, by: unit)
      let start = buckets.flatMap { $0.edges.indices.contains(cohort) ? Timestamp(milliseconds: $0.edges[cohort]) : nil }
      let name = start.map { RetentionPage.cohortName($0, query.unit, time) } ?? "A cohort"
      let what = VisibleText.shortened(SelectorForm(query.start).words, to: 80)
      let columns = RetentionPage.columnNames(query)
      let back = period.flatMap { columns.indices.contains($0) ? ", and came back in \(columns[$0])" : nil } ?? ""
      return "Started with \(what)\(words(group, query.breakdown)), \(name)\(back)"
    case (.flows(let position, let node), .flows(let query)):
      let name = VisibleText.shortened(FlowsPage.name(node, isAfter: position > 0, isBetween: query.to != nil), to: 80)
      let anchor = VisibleText.shortened(SelectorForm(query.anchor).words, to: 80)
      return position == 0
        ? "Did \(anchor), \(RangeForm(query.range).words)"
        : "\(name), \(FlowsPage.columnTitle(position)) \(anchor), \(RangeForm(query.range).words)"
    case (.lifecycle(let bucket, let state), .lifecycle(let query)):
      let buckets = try? calendar.lifecycleBuckets(query)
      let when = buckets.flatMap { $0.edges.indices.contains(bucket + 1) ? Timestamp(milliseconds: $0.edges[bucket + 1]) : nil }
      let name = when.map { InsightsPage.label($0, query.unit.bucketUnit, time, isLong: true) } ?? ""
      return "\(state.rawValue.withInitial), by \(VisibleText.shortened(SelectorForm(query.activity).words, to: 80)), \(name)"
    case (.stickiness(let buckets, let isAtLeast), .stickiness(let query)):
      let count = NumberFormat.count(buckets, query.unit.rawValue)
      return
        "Did \(VisibleText.shortened(SelectorForm(query.activity).words, to: 80)) \(query.unit == .day ? "on" : "in") \(isAtLeast ? "at least" : "exactly") \(count), \(RangeForm(query.range).words)"
    case (.sessions(let group, let bucket), .sessions(let query)):
      return "Had a session\(words(group, query.breakdown)), \(when(query.range, query.unit, bucket))"
    case (.cohort, .cohort): return "Who belongs to a cohort"
    default: return "A figure of a report"
    }
  }

  private func when(_ range: DateRange, _ unit: BucketUnit, _ bucket: Int?) -> String {
    guard let bucket, let buckets = try? calendar.buckets(range, by: unit), (0..<buckets.count).contains(bucket) else {
      return RangeForm(range).words
    }
    return InsightsPage.label(Timestamp(milliseconds: buckets.edges[bucket]), unit, time, isLong: true)
  }

  private func words(_ group: ReportGroup, _ breakdown: Breakdown?) -> String {
    guard group != .everything else { return "" }
    return ", \(breakdown.map { $0.words + ": " } ?? "")\(VisibleText.shortened(ValueView.group(group, breakdown), to: 60))"
  }
}
