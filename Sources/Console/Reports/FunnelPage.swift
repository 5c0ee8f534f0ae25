import Events
import Journeys
import Web

/// "Of the people who did Signed Up, how many did First API Call within 7 days?"
enum FunnelPage: ReportPage {
  typealias Form = FunnelForm
  static let introduction = "How many get from step to step."

  static func sentence(_ form: FunnelForm, _ builder: Builder) -> HTML {
    let last = form.steps.count - 1
    let steps = form.steps.enumerated().map { index, step -> HTML in
      let lead = index == 0 ? "Of the people who did" : index == 1 ? "how many did" : form.order == .any ? "and" : "then"
      let raise: HTML = index > 0 ? Builder.command("raise:\(index)", "↑", label: "Move step \(index + 1) up") : ""
      let drop: HTML = form.steps.count > 2 ? Builder.command("drop:\(index)", "×", label: "Remove step \(index + 1)") : ""
      let end: HTML =
        index == last ? " <span class=\"soft\">within</span> \(Builder.window(form.window)) <span class=\"soft\">?</span>" : ""
      return """
        <li><span class="letter">\(index + 1)</span><span class="soft">\(lead)</span> \(builder.event("s\(index)", step.event, label: "Event of step \(index + 1)")) \
        \(Builder.addCondition("s\(index)")) \(raise) \(drop)\(end)\(builder.filter(step.filter, prefix: "s\(index)"))</li>
        """
    }
    return "<ol>\(steps)</ol><div>\(form.steps.count < QueryLimits.steps.upperBound ? Builder.command("grow", "+ step") : HTML())</div>"
  }

  static func options(_ form: FunnelForm, _ builder: Builder) -> HTML {
    let order = Builder.select(
      "order", "Order of steps", [("sequential", "in this order"), ("strict", "directly one after another"), ("any", "in any order")],
      chosen: form.order.rawValue)
    let counting = Builder.select(
      "count", "What is counted", [("unique", "each subject once"), ("totals", "every attempt")], chosen: form.counting.rawValue)
    let entry = Builder.select(
      "entry", "Which attempt counts", [("longest", "the attempt that got furthest"), ("first", "the first attempt")],
      chosen: form.entry.rawValue)
    return """
      <div>Steps \(order), counting \(counting), judged by \(entry)</div><div>\(builder.breakdown(form.breakdown)) <span class="soft">(its value at the first step)</span></div>\
      <div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\(builder.filter(form.filter, prefix: "f"))\
      \(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>
      """
  }

  static func hasOptions(_ form: FunnelForm) -> Bool {
    form.order != .sequential || form.counting != .unique || form.entry != .longest || !form.filter.isEmpty
      || !form.breakdown.property.isEmpty
  }

  static func stepName(_ selector: EventSelector) -> String {
    (selector.event ?? "any event") + (selector.filter == nil ? "" : " (filtered)")
  }

  static func view(_ form: FunnelForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .funnel(let question) = query, case .funnel(let answer) = report.content, let whole = answer.groups.first else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    let noun = question.counting == .unique ? "subjects" : "attempts"
    let drawn = answer.groups.count > 1 ? Array(answer.groups.dropFirst().prefix(6)) : [whole]
    let groups = answer.groups.count > 1 ? [whole] + drawn : drawn
    let hasDoors = question.counting == .unique
    let steps = question.steps.enumerated().map { index, selector -> FunnelChart.Step in
      FunnelChart.Step(
        name: stepName(selector), counts: groups.map { $0.steps.indices.contains(index) ? $0.steps[index].count : 0 },
        doors: groups.map { group in door(query, group, index, false, hasDoors) },
        lostDoors: groups.map { group in index < question.steps.count - 1 ? door(query, group, index, true, hasDoors) : nil })
    }
    let first = whole.steps.first?.count ?? 0
    let last = whole.steps.last?.count ?? 0
    let overall = NumberFormat.percent(last, of: first)
    var worst: (index: Int, rate: Double)?
    for index in whole.steps.indices.dropFirst() where whole.steps[index - 1].count > 0 {
      let rate = Double(whole.steps[index].count) / Double(whole.steps[index - 1].count)
      if worst.map({ rate < $0.rate }) ?? true { worst = (index, rate) }
    }
    let loss =
      worst.map {
        " Most are lost before \(stepName(question.steps[$0.index])): \(NumberFormat.percent($0.rate)) get there from the step before."
      } ?? ""
    let finding = "Funnel chart. \(overall) of \(NumberFormat.exact(first)) \(noun) get through all \(question.steps.count) steps.\(loss)"
    let chart = FunnelChart(groups: groups.map { ValueView.group($0.group) }, steps: steps, noun: noun, finding: finding)
    return ReportView(
      title:
        "\(overall) get from \(VisibleText.shortened(stepName(question.steps[0]), to: 60)) to \(VisibleText.shortened(stepName(question.steps[question.steps.count - 1]), to: 60))",
      subtitle: "\(noun.withInitial) that enter \(form.range.words), window \(form.window.words)", chart: chart.drawing(),
      table: table(query, question, answer, noun), explanation: explanation(question, whole, form), isEmpty: first == 0)
  }

  private static func door(_ query: Query, _ group: FunnelReport.Group, _ step: Int, _ isLost: Bool, _ hasDoors: Bool) -> Address? {
    guard hasDoors, group.group != .other, group.steps.indices.contains(step) else { return nil }
    let next = group.steps.indices.contains(step + 1) ? group.steps[step + 1].count : 0
    guard isLost ? group.steps[step].count > next : group.steps[step].count > 0 else { return nil }
    return DoorAddress.address(query, .funnel(group: group.group, step: step, droppedAfter: isLost))
  }

  private static func explanation(_ query: FunnelQuery, _ whole: FunnelReport.Group, _ form: FunnelForm) -> [String] {
    let order =
      switch query.order {
      case .sequential: "steps in this order, anything may lie between"
      case .strict: "each step is the very next event"
      case .any: "steps in any order"
      }
    var parts = [
      query.counting == .unique
        ? "each subject counts once, by \(query.entry == .longest ? "the attempt that got furthest" : "its first attempt")"
        : "every attempt counts, one open at a time", "window \(form.window.words) of elapsed time from the first step, its end included",
      order,
    ]
    parts.append(
      whole.open == 0 ? "no window is still open" : "\(NumberFormat.exact(whole.open)) have not converted and their window is still open")
    return parts
  }

  private static func table(_ query: Query, _ question: FunnelQuery, _ report: FunnelReport, _ noun: String) -> HTML {
    let hasDoors = question.counting == .unique
    let showsGroups = report.groups.count > 1
    let rows = report.groups.flatMap { group in
      group.steps.indices.map { index -> HTML in
        let step = group.steps[index]
        let before = index > 0 ? group.steps[index - 1].count : step.count
        let isDoor = hasDoors && group.group != .other
        let reached: HTML =
          isDoor
          ? DoorAddress.figure(step.count, query, .funnel(group: group.group, step: index, droppedAfter: false))
          : "\(NumberFormat.exact(step.count))"
        let lostCount = before - step.count
        let lost: HTML =
          index == 0
          ? "<span class=\"reason\">–</span>"
          : isDoor
            ? DoorAddress.figure(lostCount, query, .funnel(group: group.group, step: index - 1, droppedAfter: true))
            : "\(NumberFormat.exact(lostCount))"
        let name: HTML = showsGroups ? "<td>\(index == 0 ? ValueView.name(ValueView.group(group.group)) : HTML())</td>" : ""
        return """
          <tr>\(name)<th scope="row">\(index + 1). \(ValueView.name(stepName(question.steps[index])))</th><td class="num">\(reached)</td>\
          <td class="num">\(index == 0 ? "–" : NumberFormat.percent(step.count, of: before))</td><td class="num">\(NumberFormat.percent(step.count, of: group.steps[0].count))</td>\
          <td class="num">\(lost)</td><td class="num">\(step.medianSecondsFromPrevious.map { NumberFormat.duration(seconds: $0) } ?? "–")</td>\
          <td class="num">\(step.averageSecondsFromPrevious.map { NumberFormat.duration(seconds: $0) } ?? "–")</td>\
          <td class="num">\(step.medianSecondsFromEntry.map { NumberFormat.duration(seconds: $0) } ?? "–")</td></tr>
          """
      }
    }
    return """
      <section class="panel"><h2>Figures</h2><div class="scroll"><table><thead><tr>\(showsGroups ? "<th scope=\"col\">Group</th>" as HTML : "")<th scope="col">Step</th>\
      <th scope="col" class="num">\(noun.withInitial)</th><th scope="col" class="num">Of previous</th><th scope="col" class="num">Of first</th>\
      <th scope="col" class="num">Lost before it</th><th scope="col" class="num">Median time from previous</th><th scope="col" class="num">Mean time from previous</th>\
      <th scope="col" class="num">Median time from first</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .funnel(let question) = query, case .funnel(let answer) = report.content else { return [] }
    var rows = [
      [
        "group", "step", "event", "count", "share_of_previous", "share_of_first", "median_seconds_from_previous",
        "mean_seconds_from_previous",
        "median_seconds_from_first", "mean_seconds_from_first", "open",
      ]
    ]
    for group in answer.groups {
      for (index, step) in group.steps.enumerated() {
        let before = index > 0 ? group.steps[index - 1].count : step.count
        let first = group.steps[0].count
        rows.append([
          ValueView.group(group.group), String(index + 1), stepName(question.steps[index]), String(step.count),
          CSV.number(before > 0 ? Double(step.count) / Double(before) : nil),
          CSV.number(first > 0 ? Double(step.count) / Double(first) : nil),
          CSV.number(step.medianSecondsFromPrevious), CSV.number(step.averageSecondsFromPrevious), CSV.number(step.medianSecondsFromEntry),
          CSV.number(step.averageSecondsFromEntry), String(group.open),
        ])
      }
    }
    return rows
  }
}
