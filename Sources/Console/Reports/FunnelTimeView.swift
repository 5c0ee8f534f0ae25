import Journeys
import Web

/// How long it takes from one step of a funnel to another: a histogram, and what lies in its middle.
struct FunnelTimeView {
  let funnel: FunnelView

  private var asked: FunnelQuery.TimeToConvert {
    funnel.question.timeToConvert ?? .init(fromStep: 0, toStep: funnel.question.steps.count - 1)
  }
  private var whole: FunnelReport.Conversion? { funnel.whole.conversion }
  private var between: String {
    "\(VisibleText.shortened(funnel.names[asked.fromStep], to: 60)) to \(VisibleText.shortened(funnel.names[asked.toStep], to: 60))"
  }

  var title: String {
    whole?.medianSeconds.map { "Half of them take \(NumberFormat.duration(seconds: $0)) or less from \(between)" } ?? "From \(between)"
  }

  var subtitle: String {
    "\(funnel.noun.withInitial) by the time that they took, of those entered \(funnel.form.range.during) that reached step \(asked.toStep + 1)"
  }

  var headline: [(name: String, value: String, hint: String)] {
    guard let whole else { return [] }
    let hint = "From step \(asked.fromStep + 1) to step \(asked.toStep + 1), of those who got there"
    return [
      ("Got there", NumberFormat.exact(whole.count), "\(funnel.noun.withInitial) that reached step \(asked.toStep + 1)"),
      ("Median", funnel.time(whole.medianSeconds), hint), ("Mean", funnel.time(whole.averageSeconds), hint),
      ("90th percentile", funnel.time(whole.p90Seconds), hint),
    ]
  }

  var chart: HTML {
    guard let whole, whole.count > 0 else { return "<p class=\"empty\">Nobody got from \(between) yet.</p>" }
    let edges = whole.edges.map { NumberFormat.duration(seconds: $0) }
    let most = whole.counts.indices.max { whole.counts[$0] < whole.counts[$1] } ?? 0
    let finding = """
      Histogram of the time from \(between): most often \(edges[most]) to \(edges[most + 1]), \
      \(NumberFormat.exact(whole.counts[most])) of \(NumberFormat.exact(whole.count)) \(funnel.noun).
      """
    let drawing = ColumnChart(
      parts: [ColumnChart.Part(name: funnel.noun.withInitial, values: whole.counts.map { Double($0) })],
      shortLabels: Array(edges.dropLast()), longLabels: zip(edges, edges.dropFirst()).map { "\($0) to \($1)" },
      firstIncomplete: whole.counts.count, noun: funnel.noun, finding: finding
    ).drawing()
    return
      "\(drawing)<p class=\"note\">Columns of one width, from the shortest time to the longest; each is named by where it begins.</p>"
  }

  /// With a breakdown, each group's times.
  var table: HTML {
    guard funnel.answer.groups.count > 1 else { return HTML() }
    let rows = funnel.answer.groups.map { group -> HTML in
      let times = group.conversion
      return """
        <tr><th scope="row">\(ValueView.name(ValueView.group(group.group, funnel.question.breakdown)))</th><td class="num">\(NumberFormat.exact(times?.count ?? 0))</td>\
        <td class="num">\(funnel.time(times?.medianSeconds))</td><td class="num">\(funnel.time(times?.averageSeconds))</td>\
        <td class="num">\(funnel.time(times?.p90Seconds))</td></tr>
        """
    }
    return """
      <section class="panel"><h2>Time to convert by group</h2><p class="sub">From \(between)</p><div class="scroll"><table><thead><tr><th scope="col">Group</th>\
      <th scope="col" class="num">\(funnel.noun.withInitial)</th><th scope="col" class="num">Median</th><th scope="col" class="num">Mean</th>\
      <th scope="col" class="num">90th percentile</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  /// Below another chart.
  var panel: HTML {
    let figures = headline.map { "<div title=\"\($0.hint)\"><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML }
    return """
      <section class="panel"><h2>\(title)</h2><p class="sub">\(subtitle)</p><dl class="figures small">\(figures)</dl>\
      <div class="scroll">\(chart)</div></section>\(table)
      """
  }
}
