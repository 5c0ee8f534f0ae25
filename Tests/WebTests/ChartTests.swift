import Foundation
import TestSupport
import Testing
import Web

struct ChartTests {
  @Test func anAxisHasFewRoundTicksAndHoldsAllValues() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<3_000 {
      let magnitude = Double.random(in: -6...12, using: &generator)
      let values = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        Double.random(in: -0.3...1, using: &generator) * power(10, magnitude)
      }
      let scale = Scale(values)
      #expect((2...7).contains(scale.ticks.count))
      #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy { $0 < $1 })
      #expect(scale.lower <= 0 && scale.upper > scale.lower)
      for value in values { #expect((-0.000_001...1.000_001).contains(scale.position(value)), "\(values)") }
    }
  }

  @Test func anAxisHoldsTheLargestNumbersToo() {
    for values in [[1e300, 2.3e301], [1.7e308, -1.7e308], [1e306], [Double.leastNonzeroMagnitude]] {
      let scale = Scale(values)
      #expect((2...7).contains(scale.ticks.count) && scale.ticks.allSatisfy(\.isFinite))
      #expect(scale.upper > scale.lower && scale.upper.isFinite)
    }
    #expect(Scale([1e300, 2.3e301]).upper >= 2.3e301)
    // The finest that has at most seven ticks: 210 is not drawn below a line for 300.
    #expect(Scale([210]).ticks == [0, 50, 100, 150, 200, 250])
  }

  @Test func landmarksAloneAreLabelled() {
    let labels = (0..<365).map(String.init)
    let months = [4, 35, 63, 94, 124, 155, 185, 216, 247, 277, 308, 338]
    let chart = LineChart(
      lines: [.init(name: "a", values: labels.map { _ in 1 })], shortLabels: labels, longLabels: labels, firstIncomplete: 365, noun: "n",
      finding: "f", landmarks: months)
    let layout = LineChart.Layout(chart: chart, width: 1080, height: 320, labelsEnds: false)
    #expect(layout.labelled.count <= 7 && layout.labelled.count >= 4 && Set(layout.labelled).isSubset(of: months))
  }

  @Test func theTimeBeforeIsDrawnBehindAndFitsTheAxis() {
    let labels = ["1", "2", "3"]
    let chart = LineChart(
      lines: [.init(name: "a", values: [1, 2, 3], before: [90, nil, 40, 7])], shortLabels: labels, longLabels: labels, firstIncomplete: 3,
      noun: "n", finding: "f")
    #expect(LineChart.Layout(chart: chart, width: 1080, height: 320, labelsEnds: false).scale.upper >= 90)
    let drawing = chart.drawing().source
    #expect(drawing.contains("class=\"line before s0\"") && drawing.contains("before 90"))
  }

  @Test func aFunnelsBarsCanBeSharesOfTheStepBefore() {
    let steps = [1_000, 500, 50].enumerated().map { FunnelChart.Step(name: "step \($0)", counts: [$1]) }
    func rates(_ basis: FunnelChart.Basis) -> [String] {
      FunnelChart(groups: ["Everything"], steps: steps, noun: "subjects", finding: "f", basis: basis).drawing().source
        .components(separatedBy: "class=\"big\"").dropFirst().compactMap {
          $0.split(separator: ">").first.map { String($0.prefix { $0 != "<" }) }
        }
    }
    #expect(rates(.first) == ["100%", "50.0%", "5.0%"])
    #expect(rates(.previous) == ["100%", "50.0%", "10.0%"])
  }

  private func power(_ base: Double, _ exponent: Double) -> Double {
    var result = 1.0
    for _ in 0..<Int(exponent.magnitude) { result *= exponent < 0 ? 1 / base : base }
    return result
  }

  @Test(arguments: [[], [nil], [0], [5], [0, 0, 0], [nil, 3, nil], [1, nil, 2], [-4, 4]] as [[Double?]])
  func lineChartsStandWithOddData(_ values: [Double?]) {
    let labels = values.indices.map(String.init)
    for incomplete in [0, max(0, values.count - 1), values.count] {
      let chart = LineChart(
        lines: [.init(name: "a", values: values), .init(name: "<b>", values: values)], shortLabels: labels, longLabels: labels,
        firstIncomplete: incomplete,
        noun: "events", finding: "f")
      for (width, height) in [(1080.0, 320.0), (344, 240)] {
        let layout = LineChart.Layout(chart: chart, width: width, height: height, labelsEnds: false)
        #expect(layout.labelled.count <= 7)
        for (index, value) in values.enumerated() {
          #expect((layout.plot.x - 0.01...layout.plot.maxX + 0.01).contains(layout.x(index)))
          if let value { #expect((layout.plot.y - 0.01...layout.plot.maxY + 0.01).contains(layout.y(value))) }
        }
      }
      #expect(!chart.drawing().source.contains("nan"))
    }
  }

  @Test func thousandsOfPointsStaySmall() {
    let values = (0..<4_000).map { Double?(Double($0 % 97)) }
    let labels = values.indices.map { "point \($0)" }
    let chart = LineChart(
      lines: [.init(name: "a", values: values)], shortLabels: labels, longLabels: labels, firstIncomplete: 4_000, noun: "n", finding: "f")
    #expect(chart.drawing().source.utf8.count < 150_000)
    #expect(LineChart.Layout(chart: chart, width: 1080, height: 320, labelsEnds: false).labelled.count <= 7)
  }

  @Test func endLabelsDoNotOverlap() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      let places = (0..<Int.random(in: 1...8, using: &generator)).map { _ in Double.random(in: 12...292, using: &generator) }.sorted()
      let spread = LineChart.spread(places, gap: 17, within: 12...292)
      for (a, b) in zip(spread, spread.dropFirst()) { #expect(b - a >= 16.999) }
      #expect((spread.first ?? 12) >= 11.99 && (spread.last ?? 0) <= 292.01)
    }
  }

  @Test func funnelBarsStandInTheirColumnAndNeverGrow() {
    var generator = SeededGenerator(seed: 13)
    for _ in 0..<500 {
      let groups = Int.random(in: 1...7, using: &generator)
      var counts = (0..<groups).map { _ in Int.random(in: 0...100_000, using: &generator) }
      let steps = (0..<Int.random(in: 2...20, using: &generator)).map { index -> FunnelChart.Step in
        counts = counts.map { Int.random(in: 0...max(0, $0), using: &generator) }
        return FunnelChart.Step(name: "step \(index)", counts: counts)
      }
      let chart = FunnelChart(groups: (0..<groups).map(String.init), steps: steps, noun: "subjects", finding: "f")
      let layout = FunnelChart.Layout(chart: chart)
      for group in 0..<groups {
        var last = 1.0
        for (index, step) in steps.enumerated() {
          let share = steps[0].counts[group] > 0 ? Double(step.counts[group]) / Double(steps[0].counts[group]) : 0
          let box = layout.bar(step: index, group: group, share: share)
          #expect(layout.plot.contains(box), "\(box) in \(layout.plot)")
          #expect(share <= last)
          last = share
        }
      }
      #expect(!chart.drawing().source.contains("nan"))
    }
  }

  @Test func flowNodesStayInsideAndRibbonsFitTheirNodes() {
    var generator = SeededGenerator(seed: 17)
    for _ in 0..<300 {
      let entrants = Int.random(in: 0...50_000, using: &generator)
      let columns = (0..<Int.random(in: 1...9, using: &generator)).map { column -> [FlowsChart.Node] in
        var rest = entrants
        let count = column == 0 ? 1 : Int.random(in: 1...8, using: &generator)
        return (0..<count).map { index in
          let part = index == count - 1 ? rest : Int.random(in: 0...rest, using: &generator)
          rest -= part
          return FlowsChart.Node(name: "n\(index)", kind: column == 0 ? .anchor : .event, count: part)
        }
      }
      let chart = FlowsChart(columns: columns, edges: [], titles: [], entrants: entrants, noun: "subjects", finding: "f")
      let layout = FlowsChart.Layout(chart: chart)
      for boxes in layout.boxes {
        for box in boxes { #expect(box.maxY <= layout.height + 0.01 && box.x >= 0 && box.maxX <= layout.width) }
        for (a, b) in zip(boxes, boxes.dropFirst()) { #expect(b.y >= a.maxY) }
      }
    }
  }

  @Test func heatLevelsRiseWithTheShare() {
    let levels = stride(from: 0.0, through: 1, by: 0.01).map { RetentionTable.level($0, largest: 1) }
    #expect(levels == levels.sorted() && levels.first == 0 && levels.last == 8)
    #expect(RetentionTable.level(0.5, largest: 0) == 0)
  }

  @Test(arguments: hostileTexts)
  func hostileNamesAreTextInEveryChart(_ name: String) {
    let line = LineChart(
      lines: [.init(name: name, values: [1]), .init(name: name, values: [2])], shortLabels: [name], longLabels: [name], firstIncomplete: 1,
      noun: name, finding: name)
    let funnel = FunnelChart(
      groups: [name, name], steps: [.init(name: name, counts: [2, 2]), .init(name: name, counts: [1, 1])], noun: name, finding: name)
    let flows = FlowsChart(
      columns: [[.init(name: name, kind: .anchor, count: 1)]], edges: [], titles: [name], entrants: 1, noun: name, finding: name)
    let heat = RetentionTable(
      rows: [.init(name: name, size: 1, door: nil, cells: [.init(count: 1, share: 1, completeAt: name, door: nil)])], periods: [name],
      average: [nil], caption: name)
    for html in [line.drawing(), funnel.drawing(), flows.drawing(), heat.drawing()] {
      #expect(!html.source.lowercased().contains("<script") && !html.source.contains("<img") && !html.source.contains("onload=alert(1)>"))
      #expect(!html.source.contains("style="))
    }
  }
}
