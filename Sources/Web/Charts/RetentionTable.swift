/// The retention triangle: cohort size first, weighted average on top, the share in each cell on one hue, incomplete cells marked.
/// It is a table, so it is its own text alternative; the finding stands in its caption.
package struct RetentionTable: Sendable {
  package struct Cell: Sendable {
    package var count: Int
    package var share: Double
    /// When the period is complete; nil if it is.
    package var completeAt: String?
    package var door: Address?
    package init(count: Int, share: Double, completeAt: String?, door: Address?) {
      self.count = count
      self.share = share
      self.completeAt = completeAt
      self.door = door
    }
  }
  package struct Row: Sendable {
    package var name: String
    package var size: Int
    package var door: Address?
    package var cells: [Cell?]
    package init(name: String, size: Int, door: Address?, cells: [Cell?]) {
      self.name = name
      self.size = size
      self.door = door
      self.cells = cells
    }
  }

  package var rows: [Row]
  package var periods: [String]
  package var average: [Double?]
  package var caption: String

  package init(rows: [Row], periods: [String], average: [Double?], caption: String) {
    self.rows = rows
    self.periods = periods
    self.average = average
    self.caption = caption
  }

  /// The class of a share's ground, `h0` to `h8`; the scale ends at the largest share after period 0, so that differences show.
  package static func level(_ share: Double, largest: Double) -> Int {
    guard share > 0, largest > 0, share.isFinite else { return 0 }
    return max(1, min(8, Int((share / largest * 8).rounded(.up))))
  }

  package func drawing() -> HTML {
    let largest =
      rows.flatMap { $0.cells.dropFirst().compactMap { $0?.share } }.max() ?? rows.flatMap { $0.cells.compactMap { $0?.share } }.max() ?? 0
    let heads = periods.map { "<th scope=\"col\" class=\"num\">\($0)</th>" as HTML }
    let averages = average.map { share -> HTML in
      guard let share else { return "<td class=\"num\">–</td>" }
      return "<td class=\"num\">\(NumberFormat.percent(share))</td>"
    }
    let total = rows.reduce(0) { $0 + $1.size }
    let body = rows.map { row -> HTML in
      let size = NumberFormat.exact(row.size)
      let sizeCell: HTML = row.door.map { "<a href=\"\($0)\" class=\"figure\">\(size)</a>" } ?? "\(size)"
      return """
        <tr><th scope="row">\(row.name)</th><td class="num">\(sizeCell)</td>\(row.cells.enumerated().map { cell($1, largest, isStart: $0 == 0) })</tr>
        """
    }
    return """
      <div class="scroll"><table class="heat"><caption class="unseen">\(caption)</caption><thead><tr><th scope="col">Cohort</th>\
      <th scope="col" class="num">Size</th>\(heads)</tr></thead><tbody><tr class="average"><th scope="row">Weighted average</th>\
      <td class="num">\(NumberFormat.exact(total))</td>\(averages)</tr>\(body)</tbody></table></div>
      """
  }

  /// Period 0 is the cohort itself: it says nothing, so it gets no colour.
  private func cell(_ cell: Cell?, _ largest: Double, isStart: Bool) -> HTML {
    guard let cell else { return "<td class=\"none\"></td>" }
    let ground = isStart ? "start" : "h\(Self.level(cell.share, largest: largest))"
    let text = NumberFormat.percent(cell.share) + (cell.completeAt == nil ? "" : "*")
    let hint = NumberFormat.count(cell.count, "subject") + (cell.completeAt.map { ". Complete on \($0)" } ?? "")
    let unseen: HTML = cell.completeAt.map { "<span class=\"unseen\"> not complete before \($0)</span>" } ?? ""
    let figure: HTML =
      cell.door.map { "<a href=\"\($0)\" title=\"\(hint)\">\(text)\(unseen)</a>" } ?? "<span title=\"\(hint)\">\(text)\(unseen)</span>"
    return "<td class=\"num \(ground)\(cell.completeAt == nil ? "" : " open")\">\(figure)</td>"
  }
}
