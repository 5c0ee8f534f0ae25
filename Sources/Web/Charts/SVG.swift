/// Small pieces that all charts are drawn with. Coordinates are in pixels of the view box, y downwards.
enum SVG {
  /// A coordinate with at most one decimal, which is enough for a screen and keeps pages small.
  static func at(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let tenths = Int((min(max(value, -99_999), 99_999) * 10).rounded())
    let whole = tenths.magnitude / 10
    let rest = tenths.magnitude % 10
    return (tenths < 0 ? "-" : "") + (rest == 0 ? "\(whole)" : "\(whole).\(rest)")
  }

  enum Anchor: String { case start, middle, end }

  static func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, class name: String = "t", title: String? = nil) -> HTML {
    let hint: HTML? = title.map { "<title>\($0)</title>" }
    return "<text x=\"\(at(x))\" y=\"\(at(y))\" text-anchor=\"\(anchor.rawValue)\" class=\"\(name)\">\(text)\(hint)</text>"
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String) -> HTML {
    "<line x1=\"\(at(x1))\" y1=\"\(at(y1))\" x2=\"\(at(x2))\" y2=\"\(at(y2))\" class=\"\(name)\"/>"
  }

  static func rectangle(_ box: Box, class name: String) -> HTML {
    "<rect x=\"\(at(box.x))\" y=\"\(at(box.y))\" width=\"\(at(max(0, box.width)))\" height=\"\(at(max(0, box.height)))\" class=\"\(name)\"/>"
  }

  /// The picture, with its finding as text alternative.
  static func picture(width: Double, height: Double, class name: String, finding: String, _ content: HTML) -> HTML {
    """
    <svg class="chart \(name)" viewBox="0 0 \(at(width)) \(at(height))" width="\(at(width))" height="\(at(height))" role="img" \
    aria-label="\(finding)">\(content)</svg>
    """
  }

  /// The hatching of lost or unknown shares. `id` is unique on the page.
  static func hatching(id: String, class name: String) -> HTML {
    """
    <pattern id="\(id)" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
    <line x1="0" y1="0" x2="0" y2="6" class="hatch \(name)"/></pattern>
    """
  }

  /// The class of a series' colour: `s0` to `s6`, the grey `s7` for "other"; from the fifth on with a dash as well.
  static func series(_ index: Int, isOther: Bool) -> String {
    if isOther { return "s7" }
    return "s\(index % 7)" + (index >= 7 ? " d2" : index >= 4 ? " d1" : "")
  }
}

/// A rectangle in a chart.
package struct Box: Sendable, Hashable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double
  package var maxX: Double { x + width }
  package var maxY: Double { y + height }
  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
  /// Whether `other` lies inside, up to rounding.
  package func contains(_ other: Box) -> Bool {
    other.x >= x - 0.01 && other.y >= y - 0.01 && other.maxX <= maxX + 0.01 && other.maxY <= maxY + 0.01
  }
}
