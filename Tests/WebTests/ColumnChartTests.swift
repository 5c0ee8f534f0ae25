import Foundation
import TestSupport
import Testing
import Web

struct ColumnChartTests {
  static func chart(_ above: [Double?], _ below: [Double?], doors: [Address?] = [], name: String = "a") -> ColumnChart {
    let labels = above.indices.map { "\(name) \($0)" }
    return ColumnChart(
      parts: [
        .init(name: name, values: above, doors: doors), .init(name: name, values: above), .init(name: name, isBelow: true, values: below),
      ], shortLabels: labels, longLabels: labels, firstIncomplete: max(0, above.count - 1), noun: name, finding: name)
  }

  @Test func columnsStandOnTheGroundInsideThePlotAndBesideEachOther() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<500 {
      let count = Int.random(in: 1...400, using: &generator)
      let values = (0..<count).map { _ in Double(Int.random(in: 0...100_000, using: &generator)) }
      let layout = ColumnChart.Layout(chart: Self.chart(values, values.reversed()), width: 1080, height: 320)
      #expect(layout.labelled.count <= 7 && (2...7).contains(layout.scale.ticks.count))
      for (index, value) in values.enumerated() {
        let box = layout.box(index, from: 0, to: value * 2)
        #expect(layout.plot.contains(box) && abs(box.maxY - layout.y(0)) < 0.01)
        #expect(layout.plot.contains(layout.box(index, from: -values[count - 1 - index], to: 0)))
        if index > 0 { #expect(layout.box(index - 1, from: 0, to: 1).maxX <= box.x + 0.3) }
      }
    }
  }

  @Test func nothingIsDrawnForNoValueAndNothingThatIsNotFinite() {
    let html = Self.chart([nil, 0, .nan, 3], [nil, 0, .infinity, 1]).drawing().source
    #expect(html.components(separatedBy: "class=\"bar piece").count - 1 == 6, "three pieces in each of the two drawings")
    #expect(!html.contains("nan") && !html.contains("inf"))
    #expect(Self.chart([], []).drawing().source.contains("<svg"))
  }

  @Test func hostileNamesAreText() {
    for name in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "\u{202E}gpj"] {
      let html = Self.chart([1, 2], [1, nil], doors: [Address("/door", [.init("to", name)]), nil], name: name).drawing().source
      #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("style=") && !html.contains("\u{202E}"))
    }
  }
}
