/// Lines over time. Nil values are gaps; what is not complete yet is dashed.
package struct LineChart: Sendable {
  package struct Line: Sendable {
    package var name: String
    package var isOther: Bool
    package var values: [Double?]
    /// Where each point leads; empty if nowhere.
    package var doors: [Address?]
    /// The same line of an earlier time, drawn behind it; empty if there is none.
    package var before: [Double?]
    package init(name: String, isOther: Bool = false, values: [Double?], doors: [Address?] = [], before: [Double?] = []) {
      self.name = name
      self.isOther = isOther
      self.values = values
      self.doors = doors
      self.before = before
    }
  }

  package var lines: [Line]
  /// For the axis and for the exact reading, one for each bucket.
  package var shortLabels: [String]
  package var longLabels: [String]
  package var firstIncomplete: Int
  /// What a value counts, for the exact reading: `events`.
  package var noun: String
  package var finding: String
  /// Buckets where the axis may be labelled, such as first days of months; empty: anywhere.
  package var landmarks: [Int]

  package init(
    lines: [Line], shortLabels: [String], longLabels: [String], firstIncomplete: Int, noun: String, finding: String, landmarks: [Int] = []
  ) {
    self.lines = lines
    self.shortLabels = shortLabels
    self.longLabels = longLabels
    self.firstIncomplete = firstIncomplete
    self.noun = noun
    self.finding = finding
    self.landmarks = landmarks
  }

  /// Two drawings, of which the stylesheet shows the one that fits the screen; and the names of the lines where they are not beside them.
  package func drawing() -> HTML {
    let wide = Layout(chart: self, width: 1080, height: 320, labelsEnds: lines.count > 1 && lines.count <= 8)
    let narrow = Layout(chart: self, width: 344, height: 240, labelsEnds: false)
    return "\(draw(wide, class: "wide"))\(draw(narrow, class: "narrow"))\(legend(isForNarrowOnly: wide.labelsEnds))"
  }

  /// One drawing for a narrow place beside other things, and the names of its lines below.
  package func small() -> HTML {
    let layout = Layout(chart: self, width: 440, height: 190, labelsEnds: false)
    return "\(draw(layout, class: "small"))\(legend(isForNarrowOnly: false))"
  }

  /// Where everything goes. Kept apart from the drawing so that tests can hold its rules.
  package struct Layout: Sendable {
    package let width: Double
    package let height: Double
    package let plot: Box
    package let scale: Scale
    package let labelsEnds: Bool
    /// Indices of the buckets that get a label: at most seven.
    package let labelled: [Int]
    let count: Int

    package init(chart: LineChart, width: Double, height: Double, labelsEnds: Bool) {
      self.width = width
      self.height = height
      self.labelsEnds = labelsEnds
      count = chart.shortLabels.count
      let isWhole = chart.lines.allSatisfy { $0.values.allSatisfy { ($0 ?? 0).rounded() == ($0 ?? 0) } }
      scale = Scale(chart.lines.lazy.flatMap { ($0.values + $0.before).compactMap(\.self) }, wantsWholeTicks: isWhole)
      let axis = (scale.ticks.map { VisibleText.estimatedWidth(NumberFormat.compact($0), size: 12) }.max() ?? 0) + 12
      plot = Box(x: axis, y: 12, width: width - axis - (labelsEnds ? 168 : 16), height: height - 12 - 28)
      let widest = chart.shortLabels.map { VisibleText.estimatedWidth($0, size: 12) }.max() ?? 0
      let most = max(1, min(7, Int(plot.width / (widest + 24))))
      let candidates = chart.landmarks.isEmpty ? Array(0..<count) : chart.landmarks
      let stride = max(1, (candidates.count + most - 1) / most)
      labelled = Swift.stride(from: 0, to: candidates.count, by: stride).map { candidates[$0] }
    }

    package func x(_ bucket: Int) -> Double {
      count > 1 ? plot.x + plot.width * Double(bucket) / Double(count - 1) : plot.x + plot.width / 2
    }
    package func y(_ value: Double) -> Double { plot.maxY - plot.height * min(1, max(0, scale.position(value))) }
  }

  private func draw(_ layout: Layout, class name: String) -> HTML {
    var content = HTML()
    for tick in layout.scale.ticks {
      let y = layout.y(tick)
      content += SVG.line(layout.plot.x, y, layout.plot.maxX, y, class: tick == 0 ? "axis" : "grid")
      content += SVG.text(NumberFormat.compact(tick), x: layout.plot.x - 8, y: y + 4, anchor: .end, class: "t num")
    }
    for index in layout.labelled {
      let anchor: SVG.Anchor = index == 0 && layout.count > 1 ? .start : index == layout.count - 1 && layout.count > 1 ? .end : .middle
      let x = anchor == .start ? layout.plot.x : layout.x(index)
      content += SVG.text(shortLabels[index], x: x, y: layout.plot.maxY + 20, anchor: anchor)
    }
    content += bands(layout)
    for (index, line) in lines.enumerated() where !line.before.isEmpty {
      content += "<path d=\"\(path(line.before, layout))\" class=\"line before \(SVG.series(index, isOther: line.isOther))\"/>"
    }
    for (index, line) in lines.enumerated() { content += draw(line, SVG.series(index, isOther: line.isOther), layout) }
    for (index, line) in lines.enumerated() {
      content += points(line, SVG.series(index, isOther: line.isOther), layout, hasDoors: layout.width > 600)
    }
    if layout.labelsEnds { content += endLabels(layout) }
    return SVG.picture(width: layout.width, height: layout.height, class: name, finding: finding, content)
  }

  private func draw(_ line: Line, _ style: String, _ layout: Layout) -> HTML {
    var solid = ""
    var dashed = ""
    for index in line.values.indices {
      guard let value = line.values[index] else { continue }
      let place = "\(SVG.at(layout.x(index))) \(SVG.at(layout.y(value)))"
      let previous = index > 0 ? line.values[index - 1] : nil
      if index < firstIncomplete {
        solid += previous == nil ? "M\(place)" : "L\(place)"
      } else if let previous {
        dashed += "M\(SVG.at(layout.x(index - 1))) \(SVG.at(layout.y(previous)))L\(place)"
      }
    }
    var result = HTML()
    if !solid.isEmpty { result += "<path d=\"\(solid)\" class=\"line \(style)\"/>" }
    if !dashed.isEmpty { result += "<path d=\"\(dashed)\" class=\"line open \(style)\"/>" }
    return result
  }

  /// Straight pieces between neighbours, gaps left open.
  private func path(_ values: [Double?], _ layout: Layout) -> String {
    var path = ""
    var isGap = true
    for (index, value) in values.prefix(layout.count).enumerated() {
      guard let value else {
        isGap = true
        continue
      }
      path += "\(isGap ? "M" : "L")\(SVG.at(layout.x(index))) \(SVG.at(layout.y(value)))"
      isGap = false
    }
    return path
  }

  /// Points are drawn where they can be told apart, and where a value stands alone between gaps. On a narrow screen they are too close
  /// for fingers: the table has their doors.
  private func points(_ line: Line, _ style: String, _ layout: Layout, hasDoors: Bool) -> HTML {
    let isSparse = line.values.count <= 62 && lines.count * line.values.count <= 400
    var result = HTML()
    for (index, value) in line.values.enumerated() {
      guard let value else { continue }
      let before = index > 0 ? line.values[index - 1] : nil
      let after = index + 1 < line.values.count ? line.values[index + 1] : nil
      guard isSparse || (before == nil && after == nil) else { continue }
      let (x, y) = (layout.x(index), layout.y(value))
      let isOpen = index >= firstIncomplete ? " hollow" : ""
      let dot: HTML = "<circle cx=\"\(SVG.at(x))\" cy=\"\(SVG.at(y))\" r=\"3\" class=\"dot \(style)\(isOpen)\"/>"
      let reading = self.reading(line, index, value)
      if hasDoors, let door = line.doors.indices.contains(index) ? line.doors[index] : nil {
        result += """
          <a href="\(door)" class="door" aria-label="\(reading). Show the subjects behind it">\(dot)\
          <circle cx="\(SVG.at(x))" cy="\(SVG.at(y))" r="10" class="hit"/><title>\(reading)</title>\(tip(reading, x: x, y: y, layout))</a>
          """
      } else {
        result += "<g>\(dot)<title>\(reading)</title></g>"
      }
    }
    return result
  }

  /// The exact reading beside a point that has the focus or the pointer.
  private func tip(_ reading: String, x: Double, y: Double, _ layout: Layout) -> HTML {
    let text = VisibleText.fitted(reading, width: min(340, layout.plot.width - 16))
    let width = VisibleText.estimatedWidth(text, size: 12) + 16
    let left = min(max(layout.plot.x, x - width / 2), layout.width - width)
    let top = y - 36 > 0 ? y - 36 : y + 12
    return """
      <g class="tip" aria-hidden="true">\(SVG.rectangle(Box(x: left, y: top, width: width, height: 24), class: "tipbox"))\
      \(SVG.text(text, x: left + 8, y: top + 16, class: "tiptext"))</g>
      """
  }

  /// One invisible band a bucket, so that the pointer finds the exact figures without aiming.
  private func bands(_ layout: Layout) -> HTML {
    guard layout.count > 1, layout.count <= 400 else { return HTML() }
    let width = layout.plot.width / Double(layout.count - 1)
    return longLabels.indices.map { index -> HTML in
      let left = max(layout.plot.x, layout.x(index) - width / 2)
      let box = Box(x: left, y: layout.plot.y, width: min(layout.plot.maxX, layout.x(index) + width / 2) - left, height: layout.plot.height)
      let readings = lines.prefix(12).map { line in
        let value = (line.values.indices.contains(index) ? line.values[index] : nil).map(NumberFormat.exact) ?? "no value"
        let before = (line.before.indices.contains(index) ? line.before[index] : nil).map { ", before \(NumberFormat.exact($0))" } ?? ""
        return lines.count > 1 ? "\(VisibleText.shortened(line.name, to: 40)): \(value)\(before)" : "\(value) \(noun)\(before)"
      }
      let mark = index >= firstIncomplete ? " (not complete)" : ""
      return
        "<g class=\"band\">\(SVG.rectangle(box, class: "hit"))<title>\(longLabels[index])\(mark)\n\(readings.joined(separator: "\n"))</title></g>"
    }.joined()
  }

  private func reading(_ line: Line, _ index: Int, _ value: Double) -> String {
    let name = lines.count > 1 ? "\(VisibleText.shortened(line.name, to: 40)), " : ""
    let mark = index >= firstIncomplete ? ", not complete" : ""
    return "\(name)\(longLabels[index]): \(NumberFormat.exact(value)) \(noun)\(mark)"
  }

  /// Names beside the ends of their lines, moved apart where they would overlap.
  private func endLabels(_ layout: Layout) -> HTML {
    var wanted: [(index: Int, y: Double)] = lines.enumerated().map { index, line in
      let last = line.values.last { $0 != nil } ?? nil
      return (index, last.map(layout.y) ?? layout.plot.maxY)
    }
    wanted.sort { ($0.y, $0.index) < ($1.y, $1.index) }
    let places = Self.spread(wanted.map(\.y), gap: 17, within: layout.plot.y...layout.plot.maxY)
    return zip(wanted, places).map { entry, y -> HTML in
      let line = lines[entry.index]
      let style = SVG.series(entry.index, isOther: line.isOther)
      let text = VisibleText.fitted(line.name, width: 132)
      return """
        \(SVG.line(layout.plot.maxX + 6, y, layout.plot.maxX + 20, y, class: "line \(style)"))\
        \(SVG.text(text, x: layout.plot.maxX + 26, y: y + 4, class: "label", title: line.name))
        """
    }.joined()
  }

  /// Moves ascending places apart to at least `gap`, inside the range where there is room for all.
  package static func spread(_ places: [Double], gap: Double, within range: ClosedRange<Double>) -> [Double] {
    var result = places
    for index in result.indices.dropFirst() { result[index] = max(result[index], result[index - 1] + gap) }
    if let last = result.indices.last, result[last] > range.upperBound {
      result[last] = range.upperBound
      for index in result.indices.dropLast().reversed() { result[index] = min(result[index], result[index + 1] - gap) }
    }
    return result
  }

  private func legend(isForNarrowOnly: Bool) -> HTML {
    guard lines.count > 1 else { return HTML() }
    let items = lines.enumerated().map { index, line -> HTML in
      """
      <li><svg width="22" height="8" aria-hidden="true"><line x1="1" y1="4" x2="21" y2="4" class="line \
      \(SVG.series(index, isOther: line.isOther))"/></svg><bdi class="name">\(line.name)</bdi></li>
      """
    }
    return "<ul class=\"legend\(isForNarrowOnly ? " narrow" : "")\">\(items)</ul>"
  }
}
