/// Bars of a funnel: converted solid, lost hatched, the rate to the previous step between them, the overall rate above.
package struct FunnelChart: Sendable {
  package struct Step: Sendable {
    package var name: String
    /// One for each group, never growing from step to step.
    package var counts: [Int]
    /// Where the bar leads, and its hatched part; one for each group, nil where nowhere.
    package var doors: [Address?]
    package var lostDoors: [Address?]
    package init(name: String, counts: [Int], doors: [Address?] = [], lostDoors: [Address?] = []) {
      self.name = name
      self.counts = counts
      self.doors = doors
      self.lostDoors = lostDoors
    }
  }

  package var groups: [String]
  package var steps: [Step]
  package var noun: String
  package var finding: String
  /// What a bar is a share of.
  package enum Basis: Sendable { case first, previous }
  package var basis: Basis
  /// Makes the patterns' ids unique where a page has several charts.
  package var id: String

  package init(groups: [String], steps: [Step], noun: String, finding: String, basis: Basis = .first, id: String = "funnel") {
    self.groups = groups
    self.steps = steps
    self.noun = noun
    self.finding = finding
    self.basis = basis
    self.id = id
  }

  package func drawing() -> HTML {
    let layout = Layout(chart: self)
    return "\(drawColumns(layout))\(drawRows())\(legend())"
  }

  /// The boxes of the wide drawing. A bar is as high as its share of the group's first step.
  package struct Layout: Sendable {
    package let width: Double
    package let height: Double
    package let plot: Box
    package let column: Double
    package let barWidth: Double
    let groupCount: Int

    package init(chart: FunnelChart) {
      let steps = Double(max(1, chart.steps.count))
      column = max(132, min(300, 1064 / steps))
      // Never narrower than the other charts, so that text has one size on all of them.
      width = max(1080, column * steps + 16)
      height = 340
      plot = Box(x: 8, y: 44, width: column * steps, height: height - 44 - 52)
      groupCount = max(1, chart.groups.count)
      barWidth = min(96, (column - 56) / Double(groupCount))
    }

    /// The place of the whole first step (`share` 1) or of a part of it, standing on the ground line.
    package func bar(step: Int, group: Int, share: Double) -> Box {
      let height = plot.height * min(1, max(0, share.isFinite ? share : 0))
      let x = plot.x + column * Double(step) + Double(group) * barWidth
      return Box(x: x, y: plot.maxY - height, width: barWidth - (groupCount > 1 ? 3 : 0), height: height)
    }
  }

  /// How high the bar of a step is, and how high it would be if nobody had been lost before it.
  private func share(_ step: Int, _ group: Int) -> Double {
    let whole = steps[basis == .first ? 0 : max(0, step - 1)].counts[group]
    return whole > 0 ? Double(steps[step].counts[group]) / Double(whole) : 0
  }

  private func shareBefore(_ step: Int, _ group: Int) -> Double {
    switch basis {
    case .first: step > 0 ? share(step - 1, group) : steps[0].counts[group] > 0 ? 1 : 0
    case .previous: steps[max(0, step - 1)].counts[group] > 0 ? 1 : 0
    }
  }

  private func drawColumns(_ layout: Layout) -> HTML {
    var content: HTML = "<defs>\(groups.indices.map { SVG.hatching(id: "\(id)-w\($0)", class: SVG.series($0, isOther: false)) })</defs>"
    content += SVG.line(layout.plot.x, layout.plot.maxY, layout.plot.maxX, layout.plot.maxY, class: "axis")
    for (index, step) in steps.enumerated() {
      for group in groups.indices { content += bar(index, group, layout) }
      let x = layout.plot.x + layout.column * Double(index)
      let whole = steps[basis == .first ? 0 : max(0, index - 1)].counts.first ?? 0
      let rate = index == 0 ? "100%" : NumberFormat.percent(step.counts.first ?? 0, of: whole)
      content += SVG.text(whole > 0 ? rate : "–", x: x, y: 16, class: "big")
      let lost = index > 0 ? (steps[index - 1].counts.first ?? 0) - (step.counts.first ?? 0) : 0
      let below = index == 0 ? "\(noun) that enter" : lost == 0 ? "none lost" : "−\(NumberFormat.compact(lost)) lost"
      content += SVG.text(below, x: x, y: 34, class: "t")
      let name = "\(index + 1). \(step.name)"
      content += SVG.text(
        VisibleText.fitted(name, width: layout.column - 16, size: 13), x: x, y: layout.plot.maxY + 20, class: "label", title: name)
      let count = NumberFormat.exact(step.counts.first ?? 0)
      content += SVG.text(count, x: x, y: layout.plot.maxY + 38, class: "t num")
      if index > 0 { content += between(index, layout) }
    }
    return SVG.picture(width: layout.width, height: layout.height, class: "wide", finding: finding, content)
  }

  private func bar(_ step: Int, _ group: Int, _ layout: Layout) -> HTML {
    let style = SVG.series(group, isOther: false)
    let reached = layout.bar(step: step, group: group, share: share(step, group))
    var result = HTML()
    if step > 0 {
      let before = layout.bar(step: step, group: group, share: shareBefore(step, group))
      let lost = Box(x: reached.x, y: before.y, width: reached.width, height: reached.y - before.y)
      let count = steps[step - 1].counts[group] - steps[step].counts[group]
      let hatch: HTML = """
        <rect x="\(SVG.at(lost.x))" y="\(SVG.at(lost.y))" width="\(SVG.at(lost.width))" height="\(SVG.at(max(0, lost.height)))" \
        fill="url(#\(id)-w\(group))" class="lost"/>
        """
      result += linked(
        hatch, reading(step, group, count: count, isLost: true), step < steps.count ? door(steps[step - 1].lostDoors, group) : nil)
    }
    let solid = SVG.rectangle(reached, class: "bar \(style)")
    result += linked(solid, reading(step, group, count: steps[step].counts[group], isLost: false), door(steps[step].doors, group))
    return result
  }

  private func door(_ doors: [Address?], _ group: Int) -> Address? { doors.indices.contains(group) ? doors[group] : nil }

  private func linked(_ shape: HTML, _ reading: String, _ door: Address?) -> HTML {
    guard let door else { return "<g>\(shape)<title>\(reading)</title></g>" }
    return "<a href=\"\(door)\" class=\"door\" aria-label=\"\(reading). Show the subjects behind it\">\(shape)<title>\(reading)</title></a>"
  }

  private func reading(_ step: Int, _ group: Int, count: Int, isLost: Bool) -> String {
    let name = groups.count > 1 ? "\(VisibleText.shortened(groups[group], to: 40)): " : ""
    let what = VisibleText.shortened(steps[step].name, to: 60)
    return isLost
      ? "\(name)\(NumberFormat.exact(count)) \(noun) did not get to \(what)" : "\(name)\(NumberFormat.exact(count)) \(noun) did \(what)"
  }

  /// The other rate, on an arrow between the two bars: from the previous step, or overall.
  private func between(_ index: Int, _ layout: Layout) -> HTML {
    let x = layout.plot.x + layout.column * Double(index) - 48
    let rate = NumberFormat.percent(
      steps[index].counts.first ?? 0, of: steps[basis == .first ? index - 1 : 0].counts.first ?? 0)
    let y = layout.plot.maxY - 12
    return
      "\(SVG.text(rate, x: x + 20, y: y - 8, anchor: .middle, class: "t num"))\(SVG.line(x, y, x + 36, y, class: "arrow"))<path d=\"M\(SVG.at(x + 32)) \(SVG.at(y - 4))L\(SVG.at(x + 37)) \(SVG.at(y))L\(SVG.at(x + 32)) \(SVG.at(y + 4))\" class=\"arrow\"/>"
  }

  /// For narrow screens: one lying bar a step, of the first group.
  private func drawRows() -> HTML {
    let width = 344.0
    var content: HTML = "<defs>\(SVG.hatching(id: "\(id)-n", class: "s0"))</defs>"
    for (index, step) in steps.enumerated() {
      let top = Double(index) * 68 + 4
      let name = "\(index + 1). \(step.name)"
      content += SVG.text(VisibleText.fitted(name, width: 240, size: 13), x: 0, y: top + 14, class: "label", title: name)
      let whole = steps[basis == .first ? 0 : max(0, index - 1)].counts.first ?? 0
      content += SVG.text(
        whole > 0 ? NumberFormat.percent(step.counts.first ?? 0, of: whole) : "–", x: width, y: top + 14, anchor: .end, class: "label num")
      let full = width * shareBefore(index, 0)
      let part = width * share(index, 0)
      content += "<rect x=\"0\" y=\"\(SVG.at(top + 22))\" width=\"\(SVG.at(full))\" height=\"16\" fill=\"url(#\(id)-n)\" class=\"lost\"/>"
      content += SVG.rectangle(Box(x: 0, y: top + 22, width: part, height: 16), class: "bar s0")
      let other = steps[basis == .first ? max(0, index - 1) : 0].counts.first ?? 0
      let rate =
        index > 0
        ? " · \(NumberFormat.percent(step.counts.first ?? 0, of: other)) \(basis == .first ? "of the step before" : "of the first step")"
        : ""
      content += SVG.text("\(NumberFormat.exact(step.counts.first ?? 0)) \(noun)\(rate)", x: 0, y: top + 54, class: "t num")
    }
    return SVG.picture(width: width, height: Double(steps.count) * 68 + 4, class: "narrow", finding: finding, content)
  }

  private func legend() -> HTML {
    guard groups.count > 1 else { return HTML() }
    let items = groups.enumerated().map { index, name -> HTML in
      "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect width=\"12\" height=\"12\" class=\"bar \(SVG.series(index, isOther: false))\"/></svg><bdi class=\"name\">\(name)</bdi></li>"
    }
    return "<ul class=\"legend wide\">\(items)</ul><p class=\"note narrow-only\">\(groups[0]) alone; the table below has every group.</p>"
  }
}
