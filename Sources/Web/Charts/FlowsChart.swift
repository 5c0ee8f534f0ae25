/// A Sankey drawing in columns: widths by subjects, "other" and "left" always drawn.
package struct FlowsChart: Sendable {
  package struct Node: Sendable {
    package enum Kind: Sendable { case anchor, event, other, end }
    package var name: String
    package var kind: Kind
    package var count: Int
    /// Where a click leads: its row in the table below.
    package var link: Address?
    package init(name: String, kind: Kind, count: Int, link: Address? = nil) {
      self.name = name
      self.kind = kind
      self.count = count
      self.link = link
    }
  }
  package struct Edge: Sendable {
    /// Column of the source; the target stands in the next one.
    package var column: Int
    package var from: Int
    package var to: Int
    package var count: Int
    package init(column: Int, from: Int, to: Int, count: Int) {
      self.column = column
      self.from = from
      self.to = to
      self.count = count
    }
  }

  package var columns: [[Node]]
  package var edges: [Edge]
  package var titles: [String]
  package var entrants: Int
  package var noun: String
  package var finding: String

  package init(columns: [[Node]], edges: [Edge], titles: [String], entrants: Int, noun: String, finding: String) {
    self.columns = columns
    self.edges = edges
    self.titles = titles
    self.entrants = entrants
    self.noun = noun
    self.finding = finding
  }

  package struct Layout: Sendable {
    package let width: Double
    package let height: Double
    package let plot: Box
    /// One box a node, by column.
    package private(set) var boxes: [[Box]]
    /// For each edge: the upper ends at source and target, and its thickness.
    package private(set) var ribbons: [(from: Double, to: Double, thickness: Double)]
    package let pitch: Double

    package init(chart: FlowsChart) {
      let count = Double(max(1, chart.columns.count))
      width = max(760, min(1400, max(1080, count * 190)))
      let most = chart.columns.map(\.count).max() ?? 0
      let gap = 26.0
      let plotHeight = max(220, min(520, Double(most) * 64))
      height = plotHeight + 52
      plot = Box(x: 4, y: 36, width: width - 8, height: plotHeight)
      pitch = plot.width / count
      let unit = max(0.0, (plotHeight - gap * Double(max(0, most - 1))) / Double(max(1, chart.entrants)))
      boxes = []
      for (index, nodes) in chart.columns.enumerated() {
        var y = plot.y
        var column: [Box] = []
        for node in nodes {
          let high = max(2, Double(node.count) * unit)
          column.append(Box(x: plot.x + pitch * Double(index), y: y, width: 10, height: min(high, plot.maxY - min(y, plot.maxY - 2))))
          y += high + gap
        }
        boxes.append(column)
      }
      var left = boxes.map { $0.map(\.y) }
      var right = boxes.map { $0.map(\.y) }
      ribbons = []
      for edge in chart.edges {
        guard boxes.indices.contains(edge.column + 1), boxes[edge.column].indices.contains(edge.from),
          boxes[edge.column + 1].indices.contains(edge.to)
        else {
          ribbons.append((0, 0, 0))
          continue
        }
        let thickness = Double(edge.count) * unit
        ribbons.append((right[edge.column][edge.from], left[edge.column + 1][edge.to], thickness))
        right[edge.column][edge.from] += thickness
        left[edge.column + 1][edge.to] += thickness
      }
    }
  }

  package func drawing() -> HTML {
    let layout = Layout(chart: self)
    var content = HTML()
    for (edge, ribbon) in zip(edges, layout.ribbons) where ribbon.thickness > 0 { content += draw(edge, ribbon, layout) }
    for (column, nodes) in columns.enumerated() {
      if titles.indices.contains(column) {
        content += SVG.text(titles[column], x: layout.plot.x + layout.pitch * Double(column), y: 14, class: "t")
      }
      for (index, node) in nodes.enumerated() { content += draw(node, layout.boxes[column][index], layout) }
    }
    return SVG.picture(width: layout.width, height: layout.height, class: "flows", finding: finding, content)
  }

  private func draw(_ edge: Edge, _ ribbon: (from: Double, to: Double, thickness: Double), _ layout: Layout) -> HTML {
    let source = layout.boxes[edge.column][edge.from]
    let target = layout.boxes[edge.column + 1][edge.to]
    let middle = (source.maxX + target.x) / 2
    let (a, b) = (ribbon.from, ribbon.to)
    let path = """
      M\(SVG.at(source.maxX)) \(SVG.at(a))C\(SVG.at(middle)) \(SVG.at(a)) \(SVG.at(middle)) \(SVG.at(b)) \(SVG.at(target.x)) \(SVG.at(b))\
      V\(SVG.at(b + ribbon.thickness))C\(SVG.at(middle)) \(SVG.at(b + ribbon.thickness)) \(SVG.at(middle)) \(SVG.at(a + ribbon.thickness)) \
      \(SVG.at(source.maxX)) \(SVG.at(a + ribbon.thickness))Z
      """
    let from = columns[edge.column][edge.from]
    let to = columns[edge.column + 1][edge.to]
    let style = to.kind == .end || from.kind == .end ? "end" : to.kind == .other || from.kind == .other ? "other" : "event"
    let reading =
      "\(VisibleText.shortened(from.name, to: 60)) → \(VisibleText.shortened(to.name, to: 60)): \(NumberFormat.exact(edge.count)) \(noun)"
    return "<path d=\"\(path)\" class=\"ribbon \(style)\"><title>\(reading)</title></path>"
  }

  private func draw(_ node: Node, _ box: Box, _ layout: Layout) -> HTML {
    let style =
      switch node.kind {
      case .anchor: "s0"
      case .event: "s0"
      case .other: "s7"
      case .end: "end"
      }
    let room = layout.pitch - 28
    let share = NumberFormat.percent(node.count, of: entrants)
    let reading = "\(VisibleText.shortened(node.name, to: 80)): \(NumberFormat.exact(node.count)) \(noun), \(share)"
    let y = box.y + min(12, box.height / 2 + 4)
    let label: HTML = """
      \(SVG.text(VisibleText.fitted(node.name, width: room, size: 13), x: box.maxX + 6, y: y, class: "label halo"))\
      \(SVG.text("\(NumberFormat.compact(node.count)) · \(share)", x: box.maxX + 6, y: y + 14, class: "t num halo"))
      """
    let drawing: HTML = "\(SVG.rectangle(box, class: "node \(style)"))\(label)<title>\(reading)</title>"
    guard let link = node.link else { return "<g>\(drawing)</g>" }
    return "<a href=\"\(link)\" class=\"door\" data-menu-of aria-label=\"\(reading). Menu\">\(drawing)</a>"
  }
}
