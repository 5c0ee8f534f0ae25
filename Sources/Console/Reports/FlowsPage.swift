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
    <span class="soft">within</span> \(Builder.window(form.window)) <span class="soft">?</span>\(builder.filter(form.anchor.filter, prefix: "a"))</li>\
    <li><span class="soft">How do they get to</span> \(builder.event("z", form.to.event, label: "Event that paths end with"))\(end(form, builder)) <span class="soft">?</span></li></ol>\
    \(hidden(form))\(expansions(form, builder))
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

  private static func end(_ form: FlowsForm, _ builder: Builder) -> HTML {
    guard form.to.event != .unchosen else { return " <span class=\"soft\">(or anywhere)</span>" }
    let away = Builder.command("drop:-1", "×", label: "Let paths end anywhere")
    return " \(Builder.addCondition("z")) \(away)\(builder.filter(form.to.filter, prefix: "z"))"
  }

  private static func expansions(_ form: FlowsForm, _ builder: Builder) -> HTML {
    let rows = form.expand.enumerated().map { index, expansion -> HTML in
      """
      <div class="where"><span class="soft">with</span> \(builder.event("x\(index).e", expansion.event, label: "Event to tell apart")) <span class="soft">split by</span> \
      \(Builder.property("x\(index)", expansion.property, label: "Property to split by")) <span class="soft">, the</span> \
      \(Builder.number("x\(index).n", "Values", expansion.limit, QueryLimits.flowNodes)) <span class="soft">most frequent values</span> \
      \(Builder.command("drop:\(form.hidden.count + index)", "×", label: "Do not split"))</div>
      """
    }
    return "\(rows)<span class=\"soft\">\(Builder.command("grow", "+ split an event by a property"))</span>"
  }

  static func options(_ form: FlowsForm, _ builder: Builder) -> HTML {
    let repeats = Builder.select(
      "repeats", "Repeats", [("collapsed", "taken as one"), ("kept", "kept")], chosen: form.collapsesRepeats ? "collapsed" : "kept")
    let anchors = Builder.select(
      "anchors", "Which anchors",
      [("first", "the first time in the range"), ("every", "every time"), ("session", "the first time in each session")],
      chosen: form.anchors.rawValue)
    var gaps: [(value: String, words: String)] = [
      ("0", "do not end with sessions"), ("300", "end after 5 minutes of silence"), ("1800", "end after 30 minutes of silence"),
      ("3600", "end after an hour of silence"),
    ]
    if !gaps.contains(where: { $0.value == String(form.gap) }) {
      gaps.append((String(form.gap), "end after \(WindowForm(seconds: form.gap).words) of silence"))
    }
    let short = Builder.select("short", "Short paths", [("kept", "shown"), ("dropped", "left out")], chosen: form.incomplete.rawValue)
    return """
      <div>Paths \(Builder.select("gap", "Sessions", gaps, chosen: String(form.gap))); those that end early are \(short)</div>\
      <div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\
      \(builder.filter(form.filter, prefix: "f"))\(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>\
      <div>Show \(Builder.number("nodes", "Events a column", form.nodes, QueryLimits.flowNodes)) events a column and \
      \(Builder.number("paths", "Paths", form.paths, QueryLimits.flowPaths)) whole paths; repeats of one event are \(repeats); start from \(anchors)</div>
      """
  }

  static func hasOptions(_ form: FlowsForm) -> Bool {
    form.nodes != 5 || form.paths != 50 || !form.collapsesRepeats || form.anchors != .first || form.gap != 0 || form.incomplete != .kept
      || form.filter.conditions.contains(where: \.isDraft)
  }

  /// - Parameter isBetween: whether paths end with an event of their own, behind which there is nothing to say.
  static func name(_ node: FlowsReport.Node, isAfter: Bool, isBetween: Bool = false) -> String {
    switch node {
    case .event(let name): name
    case .value(let name, .other): "\(name): other values"
    case .value(let name, let group): "\(name): \(ValueView.group(group))"
    case .other: "Other"
    case .more: "Further steps"
    case .end: isBetween ? "Arrived" : isAfter ? "Left" : "Nothing before"
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
    let noun = question.anchors == .first ? "subjects" : question.anchors == .session ? "sessions" : "starts"
    let isBetween = question.to != nil
    let columns = answer.columns.sorted { $0.position < $1.position }
    let nodes = columns.enumerated().map { index, column in
      column.entries.enumerated().map { row, entry -> FlowsChart.Node in
        let kind: FlowsChart.Node.Kind =
          switch entry.node {
          case .event, .value: column.position == 0 ? .anchor : .event
          case .other, .more: .other
          case .end: .end
          }
        return FlowsChart.Node(
          name: name(entry.node, isAfter: column.position > 0, isBetween: isBetween), kind: kind, count: entry.count,
          link: Address("#node-\(index)-\(row)"))
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
    let largest = next?.entries.filter { $0.node != .other && $0.node != .more }.max { $0.count < $1.count }
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
    let starts =
      switch question.anchors {
      case .first: "each subject's first \(anchor) in the range"
      case .every: "every \(anchor) in the range"
      case .session: "the first \(anchor) of each session in the range"
      }
    if let last = question.to {
      title = "From \(anchor) to \(VisibleText.shortened(SelectorForm(last).event.shown, to: 60))"
    }
    let split = question.expand.map { VisibleText.shortened(ExpansionForm($0).words, to: 60) }
    let explanation = [
      starts,
      "window \(form.window.words) of elapsed time",
      question.collapsesRepeats ? "repeats of one event in a row count as one" : "repeats are kept",
      question.hidden.isEmpty
        ? "no event hidden"
        : "hidden: \(question.hidden.prefix(5).map { VisibleText.shortened($0, to: 40) }.joined(separator: ", "))\(question.hidden.count > 5 ? " and more" : "")",
      split.isEmpty ? "no event split" : "split: \(split.joined(separator: ", "))",
      question.sessionGapSeconds.map { "paths end with their session, after \(WindowForm(seconds: $0).words) of silence" }
        ?? "sessions end no path",
      isBetween
        ? "a path ends where it first arrives; who does not within the window is left out"
        : "“Left” means nothing further within the window",
    ]
    return ReportView(
      title: title, subtitle: "\(noun.withInitial), \(form.range.words)", chart: chart.drawing(),
      table: "\(table(form, query, question, columns, answer.entrants, noun))\(paths(form, question, answer, noun))",
      explanation: explanation,
      isEmpty: answer.entrants == 0, headline: headline(answer, columns, noun, isBetween ? report.notes : nil))
  }

  /// How many begin, how many are still there at the end.
  private static func headline(_ answer: FlowsReport, _ columns: [FlowsReport.Column], _ noun: String, _ between: ReportNotes?) -> [(
    name: String, value: String, hint: String
  )] {
    var figures = [(name: noun.withInitial, value: NumberFormat.exact(answer.entrants), hint: "That the flow starts from")]
    if let between {
      let lost = between.excluded.first { $0.reason == "end_not_reached" }?.count ?? 0
      figures[0].hint = "That get from the start to the end"
      figures.append(
        (
          name: "Did not get there", value: NumberFormat.percent(lost, of: lost + answer.entrants),
          hint: "\(NumberFormat.exact(lost)) of \(NumberFormat.exact(lost + answer.entrants)) \(noun), within the window"
        ))
      return figures
    }
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
          <tr id="node-\(index)-\(row)"\(row == 0 ? " class=\"first\"" as HTML : "")><td class="nowrap">\(row == 0 ? columnTitle(column.position) : "")</td><th scope="row">\(ValueView.name(name(entry.node, isAfter: column.position > 0, isBetween: question.to != nil)))</th>\
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
    guard let name = node.event else { return menu([door], Self.name(node, isAfter: position > 0, isBetween: form.to.event != .unchosen)) }
    var start = form
    (start.anchor, start.to) = (SelectorForm(.named(name)), SelectorForm())
    (start.forward, start.backward) = (max(1, form.forward), 0)
    var end = start
    (end.forward, end.backward) = (0, max(3, form.backward))
    var items: [HTML] = [door, "<li><a href=\"\(start.address)\">Start here</a></li>", "<li><a href=\"\(end.address)\">End here</a></li>"]
    if position != 0 {
      var without = form
      if !without.hidden.contains(name) { without.hidden.append(name) }
      items.append("<li><a href=\"\(without.address)\">Hide this event</a></li>")
    }
    if position > 0 {
      var between = form
      between.to = SelectorForm(.named(name))
      (between.forward, between.backward, between.incomplete) = (max(2, form.forward), 0, .kept)
      items.append("<li><a href=\"\(between.address)\">Only paths that end here</a></li>")
      if let funnel = funnel(between) {
        items.append("<li><a href=\"\(funnel.address)\">Open as funnel, whatever lies between</a></li>")
      }
    }
    items.append("<li><button type=\"button\" class=\"quiet\" data-copy-text=\"\(value: name)\">Copy name</button></li>")
    return menu(items, name)
  }

  /// The funnel that has the numbers of a flow between two anchors: the first entry judges, window and filters are the same.
  private static func funnel(_ form: FlowsForm) -> FunnelForm? {
    guard let query = try? form.query(), case .flows(let flows) = query, let last = flows.to, flows.anchors == .first,
      flows.sessionGapSeconds == nil
    else { return nil }
    var funnel = FunnelForm(
      query: .funnel(
        FunnelQuery(
          range: flows.range, steps: [flows.anchor, last], windowSeconds: flows.windowSeconds, order: .sequential, entry: .first,
          filter: flows.filter)))
    funnel?.range = form.range
    return funnel
  }

  /// The funnel that has a whole path's number: each step is the very next event. Nil where the flow has left anything out of its paths,
  /// since a strict funnel sees everything.
  private static func funnel(_ form: FlowsForm, _ question: FlowsQuery, _ path: FlowsReport.Path) -> FunnelForm? {
    let isPlain =
      !question.collapsesRepeats && question.hidden.isEmpty && question.filter == nil && question.sessionGapSeconds == nil
      && question.expand.isEmpty && question.to == nil && question.anchors == .first && question.backward == 0
    guard isPlain, QueryLimits.steps.contains(path.events.count), path.events.count == question.forward + 1 else { return nil }
    var funnel = FunnelForm(
      query: .funnel(
        FunnelQuery(
          range: question.range, steps: [question.anchor] + path.events.dropFirst().map { EventSelector(event: $0) },
          windowSeconds: question.windowSeconds, order: .strict, entry: .first)))
    funnel?.range = form.range
    return funnel
  }

  private static func paths(_ form: FlowsForm, _ question: FlowsQuery, _ report: FlowsReport, _ noun: String) -> HTML {
    "\(paths(form, question, report, report.paths, noun, "forward from the start"))\(paths(form, question, report, report.backwardPaths, noun, "up to the start"))"
  }

  private static func paths(
    _ form: FlowsForm, _ question: FlowsQuery, _ report: FlowsReport, _ paths: [FlowsReport.Path], _ noun: String, _ direction: String
  ) -> HTML {
    guard !paths.isEmpty else { return HTML() }
    let rows = paths.map { path -> HTML in
      let names = path.nodes.map { ValueView.name(name($0, isAfter: true)) }.joined(" → ")
      let link: HTML =
        funnel(form, question, path).map { " <a class=\"quiet\" href=\"\($0.address)\">Open as funnel</a>" } ?? HTML()
      return
        "<tr><th scope=\"row\">\(names)\(link)</th><td class=\"num\">\(NumberFormat.exact(path.count))</td><td class=\"num\">\(NumberFormat.percent(path.count, of: report.entrants))</td></tr>"
    }
    return """
      <section class="panel"><h2>Whole paths</h2><p class="sub">\(paths.count == 1 ? "The only path" : "The \(NumberFormat.exact(paths.count)) most common paths"), \(direction)</p>\
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
    func text(_ path: FlowsReport.Path) -> String { path.nodes.map { name($0, isAfter: true) }.joined(separator: " → ") }
    for path in answer.paths { rows.append(["path", "0", text(path), "", String(path.count)]) }
    for path in answer.backwardPaths { rows.append(["path", String(1 - path.nodes.count), text(path), "", String(path.count)]) }
    return rows
  }
}
