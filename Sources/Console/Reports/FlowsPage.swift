import Events
import Journeys
import Web

/// "What do people do after Signed Up?"
enum FlowsPage: ReportPage {
  typealias Form = FlowsForm
  static let introduction = "What people do before and after."
  static let teaching = "Each ribbon is as wide as the number that went that way; a node leads on to its own flow or to a funnel."

  static func sentence(_ form: FlowsForm, _ builder: Builder) -> HTML {
    """
    <ol><li><span class="soft">What do people do</span> \(Builder.number("after", "Steps after", form.forward, QueryLimits.flowColumns)) \
    <span class="soft">steps after and</span> \(Builder.number("before", "Steps before", form.backward, QueryLimits.flowColumns)) \
    <span class="soft">steps before</span> \(builder.event("a", form.anchor.event, label: "Event to look around")) \(Builder.addCondition("a")) \
    <span class="soft">within</span> \(Builder.window(form.window)) <span class="soft">?</span>\(builder.filter(form.anchor.filter, prefix: "a"))</li></ol>\
    \(hidden(form))
    """
  }

  private static func hidden(_ form: FlowsForm) -> HTML {
    guard !form.hidden.isEmpty else { return HTML() }
    let chips = form.hidden.enumerated().map { index, name -> HTML in
      """
      <span class="chip"><bdi>\(name)</bdi></span><input type="hidden" name="hide" value="\(value: name)">\
      \(Builder.command("drop:\(index)", "×", label: "Show \(name) again"))
      """
    }
    return "<div class=\"where\"><span class=\"soft\">without</span> \(chips.joined(" "))</div>"
  }

  static func options(_ form: FlowsForm, _ builder: Builder) -> HTML {
    let repeats = Builder.select(
      "repeats", "Repeats", [("collapsed", "taken as one"), ("kept", "kept")], chosen: form.collapsesRepeats ? "collapsed" : "kept")
    let anchors = Builder.select(
      "anchors", "Which anchors", [("first", "the first time in the range"), ("every", "every time")], chosen: form.anchors.rawValue)
    return """
      <div>Show \(Builder.number("nodes", "Events a column", form.nodes, QueryLimits.flowNodes)) events a column and \
      \(Builder.number("paths", "Paths", form.paths, QueryLimits.flowPaths)) whole paths; repeats of one event are \(repeats); start from \(anchors)</div>
      """
  }

  static func hasOptions(_ form: FlowsForm) -> Bool {
    form.nodes != 5 || form.paths != 50 || !form.collapsesRepeats || form.anchors != .first
  }

  static func name(_ node: FlowsReport.Node, isAfter: Bool) -> String {
    switch node {
    case .event(let name): name
    case .other: "Other"
    case .end: isAfter ? "Left" : "Nothing before"
    }
  }

  static func columnTitle(_ position: Int) -> String {
    switch position {
    case 0: "Start"
    case 1: "1 step after"
    case -1: "1 step before"
    default: position > 0 ? "\(position) steps after" : "\(-position) steps before"
    }
  }

  static func view(_ form: FlowsForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .flows(let question) = query, case .flows(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    let noun = question.anchors == .first ? "subjects" : "starts"
    let columns = answer.columns.sorted { $0.position < $1.position }
    let nodes = columns.enumerated().map { index, column in
      column.entries.enumerated().map { row, entry -> FlowsChart.Node in
        let kind: FlowsChart.Node.Kind =
          switch entry.node {
          case .event: column.position == 0 ? .anchor : .event
          case .other: .other
          case .end: .end
          }
        return FlowsChart.Node(
          name: name(entry.node, isAfter: column.position > 0), kind: kind, count: entry.count, link: Address("#node-\(index)-\(row)"))
      }
    }
    let edges = answer.edges.compactMap { edge -> FlowsChart.Edge? in
      guard let column = columns.firstIndex(where: { $0.position == edge.position }), columns.indices.contains(column + 1),
        let from = columns[column].entries.firstIndex(where: { $0.node == edge.from }),
        let to = columns[column + 1].entries.firstIndex(where: { $0.node == edge.to })
      else { return nil }
      return FlowsChart.Edge(column: column, from: from, to: to, count: edge.count)
    }
    let ordered = edges.sorted { ($0.column, $0.from, $0.to) < ($1.column, $1.from, $1.to) }
    let anchor = VisibleText.shortened(form.anchor.event.shown, to: 60)
    let next = columns.first { $0.position == 1 } ?? columns.last { $0.position == -1 }
    let largest = next?.entries.filter { $0.node != .other }.max { $0.count < $1.count }
    var finding = "Flow chart around \(anchor), \(NumberFormat.exact(answer.entrants)) \(noun)."
    var title = "Around \(anchor)"
    if let next, let largest, answer.entrants > 0 {
      let share = NumberFormat.percent(largest.count, of: answer.entrants)
      let after = next.position > 0
      finding += " \(after ? "Next" : "Before it") comes most often \(name(largest.node, isAfter: after)), \(share)."
      title =
        largest.node == .end
        ? after ? "After \(anchor) \(share) leave" : "Before \(anchor) \(share) did nothing"
        : "\(after ? "After" : "Before") \(anchor) \(share) do \(VisibleText.shortened(name(largest.node, isAfter: after), to: 60))"
    }
    let chart = FlowsChart(
      columns: nodes, edges: ordered, titles: columns.map { columnTitle($0.position) }, entrants: answer.entrants, noun: noun,
      finding: finding)
    let explanation = [
      question.anchors == .first ? "each subject's first \(anchor) in the range" : "every \(anchor) in the range",
      "window \(form.window.words) of elapsed time",
      question.collapsesRepeats ? "repeats of one event in a row count as one" : "repeats are kept",
      question.hidden.isEmpty
        ? "no event hidden"
        : "hidden: \(question.hidden.prefix(5).map { VisibleText.shortened($0, to: 40) }.joined(separator: ", "))\(question.hidden.count > 5 ? " and more" : "")",
      "“Left” means nothing further within the window",
    ]
    return ReportView(
      title: title, subtitle: "\(noun.withInitial), \(form.range.words)", chart: chart.drawing(),
      table: "\(table(form, query, question, columns, answer.entrants, noun))\(paths(form, answer, noun))", explanation: explanation,
      isEmpty: answer.entrants == 0, headline: headline(answer, columns, noun))
  }

  /// How many begin, how many are still there at the end.
  private static func headline(_ answer: FlowsReport, _ columns: [FlowsReport.Column], _ noun: String) -> [(
    name: String, value: String, hint: String
  )] {
    var figures = [(name: noun.withInitial, value: NumberFormat.exact(answer.entrants), hint: "That the flow starts from")]
    if let last = columns.last, last.position > 0 {
      let left = last.entries.first { $0.node == .end }?.count ?? 0
      figures.append(
        (
          name: "Still there after \(NumberFormat.count(last.position, "step"))",
          value: NumberFormat.percent(answer.entrants - left, of: answer.entrants),
          hint:
            "\(NumberFormat.exact(answer.entrants - left)) of \(NumberFormat.exact(answer.entrants)) \(noun); the others left within the window"
        ))
    }
    return figures
  }

  private static func table(
    _ form: FlowsForm, _ query: Query, _ question: FlowsQuery, _ columns: [FlowsReport.Column], _ entrants: Int, _ noun: String
  ) -> HTML {
    let countsSubjects = question.anchors == .first
    let rows = columns.enumerated().flatMap { index, column in
      column.entries.enumerated().map { row, entry -> HTML in
        let cell = Door.Cell.flows(position: column.position, node: entry.node)
        let count: HTML =
          countsSubjects || entry.count == 0
          ? DoorAddress.figure(entry.count, query, cell) : DoorAddress.figure(NumberFormat.exact(entry.count), query, cell)
        let opening = countsSubjects ? "Show \(NumberFormat.count(entry.count, "subject"))" : "Show the subjects"
        let door: HTML = entry.count == 0 ? HTML() : "<li><a href=\"\(DoorAddress.address(query, cell))\">\(opening)</a></li>"
        return """
          <tr id="node-\(index)-\(row)"\(row == 0 ? " class=\"first\"" as HTML : "")><td class="nowrap">\(row == 0 ? columnTitle(column.position) : "")</td><th scope="row">\(ValueView.name(name(entry.node, isAfter: column.position > 0)))</th>\
          <td class="num">\(count)</td><td class="num">\(NumberFormat.percent(entry.count, of: entrants))</td><td>\(menu(form, column.position, entry.node, door))</td></tr>
          """
      }
    }
    return """
      <section class="panel"><h2>Figures</h2><p class="sub">A figure leads to the subjects behind it; what that costs is said first</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Column</th><th scope="col">Event</th>\
      <th scope="col" class="num">\(noun.withInitial)</th><th scope="col" class="num">Share</th><th scope="col">Go on from here</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  /// The subjects, start here, end here, hide, open as funnel, copy the name. The drawing's nodes show the same menu.
  private static func menu(_ form: FlowsForm, _ position: Int, _ node: FlowsReport.Node, _ door: HTML) -> HTML {
    func menu(_ items: [HTML], _ name: String) -> HTML {
      """
      <details class="menu" data-menu><summary aria-label="Menu of \(VisibleText.shortened(name, to: 60))">Menu</summary><ul>\(items)</ul></details>
      """
    }
    guard case .event(let name) = node else { return menu([door], Self.name(node, isAfter: position > 0)) }
    var start = form
    start.anchor = SelectorForm(.named(name))
    (start.forward, start.backward) = (max(1, form.forward), 0)
    var end = start
    (end.forward, end.backward) = (0, max(3, form.backward))
    var items: [HTML] = [door, "<li><a href=\"\(start.address)\">Start here</a></li>", "<li><a href=\"\(end.address)\">End here</a></li>"]
    if position != 0 {
      var without = form
      if !without.hidden.contains(name) { without.hidden.append(name) }
      items.append("<li><a href=\"\(without.address)\">Hide this event</a></li>")
    }
    if position > 0, let funnel = funnel(form, name) { items.append("<li><a href=\"\(funnel.address)\">Open as funnel</a></li>") }
    items.append("<li><button type=\"button\" class=\"quiet\" data-copy-text=\"\(value: name)\">Copy name</button></li>")
    return menu(items, name)
  }

  /// From the anchor to `name`, judged by the first attempt: the funnel that goes with this flow.
  private static func funnel(_ form: FlowsForm, _ name: String) -> FunnelForm? {
    guard let query = try? form.query(), case .flows(let flows) = query else { return nil }
    return FunnelForm(
      query: .funnel(
        FunnelQuery(
          range: flows.range, steps: [flows.anchor, EventSelector(event: name)], windowSeconds: flows.windowSeconds, order: .sequential,
          entry: .first)))
  }

  private static func paths(_ form: FlowsForm, _ report: FlowsReport, _ noun: String) -> HTML {
    guard !report.paths.isEmpty else { return HTML() }
    let rows = report.paths.map { path -> HTML in
      let names = path.events.map { ValueView.name($0) }.joined(" → ")
      return
        "<tr><th scope=\"row\">\(names)</th><td class=\"num\">\(NumberFormat.exact(path.count))</td><td class=\"num\">\(NumberFormat.percent(path.count, of: report.entrants))</td></tr>"
    }
    return """
      <section class="panel"><h2>Whole paths</h2><p class="sub">\(report.paths.count == 1 ? "The only path" : "The \(NumberFormat.exact(report.paths.count)) most common paths"), forward from the start</p>\
      <div class="scroll"><table><thead><tr><th scope="col">Path</th><th scope="col" class="num">\(noun.withInitial)</th><th scope="col" class="num">Share</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div></section>
      """
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .flows(let answer) = report.content else { return [] }
    var rows = [["kind", "position", "from", "to", "count"]]
    for column in answer.columns {
      for entry in column.entries {
        rows.append(["node", String(column.position), name(entry.node, isAfter: column.position > 0), "", String(entry.count)])
      }
    }
    for edge in answer.edges {
      rows.append([
        "edge", String(edge.position), name(edge.from, isAfter: edge.position > 0), name(edge.to, isAfter: edge.position + 1 > 0),
        String(edge.count),
      ])
    }
    for path in answer.paths { rows.append(["path", "0", path.events.joined(separator: " → "), "", String(path.count)]) }
    return rows
  }
}
