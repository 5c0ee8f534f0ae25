import Events
import Journeys
import Web

/// How the conversion of a funnel goes over time: by the bucket in which attempts were entered.
struct FunnelTrendView {
  let funnel: FunnelView

  private static let rowLimit = 400
  private var unit: BucketUnit { funnel.question.trend ?? .day }
  private var answer: FunnelReport { funnel.answer }
  private var last: Int { funnel.question.steps.count - 1 }

  private func label(_ bucket: Int, isLong: Bool) -> String {
    InsightsPage.label(answer.buckets[bucket], unit, funnel.visit.time, isLong: isLong)
  }

  /// How many buckets have begun.
  private var begun: Int { answer.buckets.firstIndex { $0.milliseconds > funnel.visit.now.milliseconds } ?? answer.buckets.count }

  var subtitle: String {
    let form = funnel.form
    return "Per cent of the \(funnel.noun) entered each \(unit.rawValue) that get through, \(form.range.words), window \(form.window.words)"
  }

  var chart: HTML {
    let groups = funnel.drawn
    let hasDoors = groups.count * answer.buckets.count <= 400
    let lines = groups.map { group in
      LineChart.Line(
        name: group.group == .everything ? "Everything" : ValueView.group(group.group, funnel.question.breakdown),
        isOther: group.group == .other,
        values: group.trend.enumerated().map { $0 < begun ? rate($1) : nil },
        doors: hasDoors ? group.trend.indices.map { door(group, $0) } : [])
    }
    let labels = answer.buckets.indices.map { label($0, isLong: true) }
    let note: HTML = """
      <p class="note">\(funnel.question.counting == .unique ? "Each \(unit.rawValue) is a funnel of its own entries: who enters in several counts in each, so they do not add up. " : "")\
      No point where nobody entered.\(answer.firstIncomplete < begun ? " Dashed and hollow: windows still run, so these can rise." : "")</p>
      """
    let drawing = LineChart(
      lines: lines, shortLabels: answer.buckets.indices.map { label($0, isLong: false) }, longLabels: labels,
      firstIncomplete: answer.firstIncomplete, noun: "% converted", finding: finding(lines.first, labels), landmarks: landmarks
    ).drawing()
    return "\(drawing)\(note)"
  }

  private var landmarks: [Int] {
    let time = funnel.visit.time
    return switch unit {
    case .hour where answer.buckets.count > 48: answer.buckets.indices.filter { time.parts(answer.buckets[$0]).hour == 0 }
    case .day where answer.buckets.count > 120: answer.buckets.indices.filter { time.parts(answer.buckets[$0]).day == 1 }
    default: []
    }
  }

  private func finding(_ line: LineChart.Line?, _ labels: [String]) -> String {
    let known = (line?.values ?? []).enumerated().compactMap { index, value in value.map { (index, $0) } }
    guard let highest = known.max(by: { $0.1 < $1.1 }), let lowest = known.min(by: { $0.1 < $1.1 }) else {
      return "A line chart without any value."
    }
    return """
      Line chart of the conversion per \(unit.rawValue): highest \(NumberFormat.percent(highest.1 / 100)) on \(labels[highest.0]), \
      lowest \(NumberFormat.percent(lowest.1 / 100)) on \(labels[lowest.0]).
      """
  }

  private func rate(_ point: FunnelReport.Point) -> Double? {
    guard let first = point.counts.first, first > 0 else { return nil }
    return Double(point.counts[last]) / Double(first) * 100
  }

  private func door(_ group: FunnelReport.Group, _ bucket: Int) -> Address? {
    guard group.trend[bucket].counts[last] > 0 else { return nil }
    return DoorAddress.address(
      funnel.query, .funnelTrend(group: group.group, step: last, droppedAfter: false, bucket: bucket))
  }

  /// Newest first, of the whole.
  var table: HTML {
    let rowCount = min(begun, Self.rowLimit)
    let hasDoors = rowCount * (last + 1) <= DoorAddress.most
    let rows = (0..<begun).suffix(rowCount).reversed().map { row($0, hasDoors: hasDoors) }
    let heads = funnel.names.enumerated().map { index, name -> HTML in
      "<th scope=\"col\" class=\"num\">\(index + 1). \(ValueView.name(name))</th>"
    }
    let excluded: HTML = funnel.whole.excluded == nil ? HTML() : "<th scope=\"col\" class=\"num\">Excluded</th>"
    let note: HTML =
      begun > rowCount
      ? "<p class=\"note\">The newest \(rowCount) of \(NumberFormat.exact(begun)) rows; the CSV has all.</p>" : ""
    return """
      <section class="panel"><h2>Over time</h2><p class="sub">By the \(unit.rawValue) of the first step; a figure leads to the subjects behind it</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">\(unit.rawValue.withInitial)</th>\(heads)\
      <th scope="col" class="num">Converted</th><th scope="col" class="num">Still open</th>\(excluded)</tr></thead><tbody>\(rows)</tbody></table></div>\(note)</section>
      """
  }

  private func row(_ bucket: Int, hasDoors: Bool) -> HTML {
    let point = funnel.whole.trend[bucket]
    let mark: HTML = bucket >= answer.firstIncomplete ? " <span class=\"reason\">not complete</span>" : ""
    let figures = point.counts.enumerated().map { step, count -> HTML in
      let cell = Door.Cell.funnelTrend(group: .everything, step: step, droppedAfter: false, bucket: bucket)
      return "<td class=\"num\">\(hasDoors ? funnel.figure(count, cell) : "\(NumberFormat.exact(count))")</td>"
    }
    let excluded: HTML = point.excluded.map { "<td class=\"num\">\(NumberFormat.exact($0))</td>" } ?? HTML()
    return """
      <tr><th scope="row" class="nowrap">\(label(bucket, isLong: true))\(mark)</th>\(figures)\
      <td class="num">\(NumberFormat.percent(point.counts[last], of: point.counts[0]))</td><td class="num">\(NumberFormat.exact(point.open))</td>\(excluded)</tr>
      """
  }
}
