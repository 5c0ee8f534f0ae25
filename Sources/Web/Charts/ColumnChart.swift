/// Columns over time: parts stacked upwards from the ground, and parts that hang below it.
package struct ColumnChart: Sendable {
  package struct Part: Sendable {
    package var name: String
    /// Drawn below the ground line, in grey.
    package var isBelow: Bool
    /// Nil where nothing can be said; never negative.
    package var values: [Double?]
    /// Where each piece leads; empty if nowhere.
    package var doors: [Address?]
    package init(name: String, isBelow: Bool = false, values: [Double?], doors: [Address?] = []) {
      self.name = name
      self.isBelow = isBelow
      self.values = values
      self.doors = doors
    }
  }

  package var parts: [Part]
  /// For the axis and for the exact reading, one for each column.
  package var shortLabels: [String]
  package var longLabels: [String]
  package var firstIncomplete: Int
  /// What a value counts: `subjects`.
  package var noun: String
  package var finding: String
  /// Columns that may be labelled; empty: any.
  package var landmarks: [Int]

  package init(
    parts: [Part], shortLabels: [String], longLabels: [String], firstIncomplete: Int, noun: String, finding: String, landmarks: [Int] = []
  ) {
    self.parts = parts
    self.shortLabels = shortLabels
    self.longLabels = longLabels
    self.firstIncomplete = firstIncomplete
    self.noun = noun
    self.finding = finding
    self.landmarks = landmarks
  }

  /// Two drawings, of which the stylesheet shows the one that fits the screen, and the names of the parts.
  package func drawing() -> HTML {
    "\(draw(Layout(chart: self, width: 1080, height: 320), class: "wide"))\(draw(Layout(chart: self, width: 344, height: 240), class: "narrow"))\(legend)"
  }

  /// Where everything goes. Kept apart from the drawing so that tests can hold its rules.
  package struct Layout: Sendable {
    package let width: Double
    package let height: Double
    package let plot: Box
    package let scale: Scale
    /// Indices of the columns that get a label: at most seven.
    package let labelled: [Int]
    package let column: Double
    package let barWidth: Double

    package init(chart: ColumnChart, width: Double, height: Double) {
      self.width = width
      self.height = height
      let count = chart.shortLabels.count
      var extremes: [Double] = []
      for index in 0..<count {
        extremes.append(chart.sum(index, isBelow: false))
        extremes.append(-chart.sum(index, isBelow: true))
      }
      scale = Scale(extremes, wantsWholeTicks: true)
      let axis = (scale.ticks.map { VisibleText.estimatedWidth(NumberFormat.compact($0.magnitude), size: 12) }.max() ?? 0) + 12
      plot = Box(x: axis, y: 12, width: width - axis - 16, height: height - 12 - 28)
      column = plot.width / Double(max(1, count))
      barWidth = min(72, max(1, column * 0.76))
      let widest = chart.shortLabels.map { VisibleText.estimatedWidth($0, size: 12) }.max() ?? 0
      let most = max(1, min(7, Int(plot.width / (widest + 24))))
      let candidates = chart.landmarks.isEmpty ? Array(0..<count) : chart.landmarks
      let stride = max(1, (candidates.count + most - 1) / most)
      labelled = Swift.stride(from: 0, to: candidates.count, by: stride).map { candidates[$0] }
    }

    package func center(_ index: Int) -> Double { plot.x + column * (Double(index) + 0.5) }
    package func y(_ value: Double) -> Double { plot.maxY - plot.height * min(1, max(0, scale.position(value))) }

    /// The piece of a column between two values.
    package func box(_ index: Int, from: Double, to: Double) -> Box {
      let top = y(max(from, to))
      return Box(x: center(index) - barWidth / 2, y: top, width: barWidth, height: y(min(from, to)) - top)
    }
  }

  private func value(_ part: Part, _ index: Int) -> Double {
    guard part.values.indices.contains(index), let value = part.values[index], value.isFinite else { return 0 }
    return max(0, value)
  }

  private func sum(_ index: Int, isBelow: Bool) -> Double {
    parts.reduce(0) { $1.isBelow == isBelow ? $0 + value($1, index) : $0 }
  }

  private func style(_ index: Int) -> String { SVG.series(index, isOther: parts[index].isBelow) }

  private func draw(_ layout: Layout, class name: String) -> HTML {
    var content = HTML()
    for tick in layout.scale.ticks {
      let y = layout.y(tick)
      content += SVG.line(layout.plot.x, y, layout.plot.maxX, y, class: "grid")
      content += SVG.text(NumberFormat.compact(tick.magnitude), x: layout.plot.x - 8, y: y + 4, anchor: .end, class: "t num")
    }
    for index in layout.labelled {
      let half = VisibleText.estimatedWidth(shortLabels[index], size: 12) / 2
      let x = min(max(layout.center(index), layout.plot.x + half), layout.width - half)
      content += SVG.text(shortLabels[index], x: x, y: layout.plot.maxY + 20, anchor: .middle)
    }
    let hasDoors = layout.width > 600 && parts.count * shortLabels.count <= 400
    for index in shortLabels.indices {
      var above = 0.0
      var below = 0.0
      for (number, part) in parts.enumerated() {
        let value = value(part, index)
        guard value > 0 else { continue }
        let box: Box
        if part.isBelow {
          box = layout.box(index, from: -below - value, to: -below)
          below += value
        } else {
          box = layout.box(index, from: above, to: above + value)
          above += value
        }
        content += piece(box, number, index, value, hasDoors: hasDoors, layout)
      }
    }
    // Above the edges of the columns that stand on it.
    content += SVG.line(layout.plot.x, layout.y(0), layout.plot.maxX, layout.y(0), class: "axis")
    return SVG.picture(width: layout.width, height: layout.height, class: name, finding: finding, content)
  }

  private func piece(_ box: Box, _ part: Int, _ index: Int, _ value: Double, hasDoors: Bool, _ layout: Layout) -> HTML {
    let isOpen = index >= firstIncomplete
    let rectangle = SVG.rectangle(box, class: "bar piece \(style(part))\(isOpen ? " open" : "")")
    let name = parts.count > 1 ? "\(parts[part].name), " : ""
    let reading = "\(name)\(longLabels[index]): \(NumberFormat.exact(value)) \(noun)\(isOpen ? ", not complete" : "")"
    guard hasDoors, let door = parts[part].doors.indices.contains(index) ? parts[part].doors[index] : nil else {
      return "<g>\(rectangle)<title>\(reading)</title></g>"
    }
    return
      "<a href=\"\(door)\" class=\"door\" aria-label=\"\(reading). Show the subjects behind it\">\(rectangle)<title>\(reading)</title></a>"
  }

  private var legend: HTML {
    guard parts.count > 1 else { return HTML() }
    let items = parts.enumerated().map { index, part -> HTML in
      """
      <li><svg width="12" height="12" aria-hidden="true"><rect x="0" y="0" width="12" height="12" class="bar \(style(index))"/></svg>\
      <bdi class="name">\(part.name)\(part.isBelow ? " (below)" : "")</bdi></li>
      """
    }
    return "<ul class=\"legend\">\(items)</ul>"
  }
}
