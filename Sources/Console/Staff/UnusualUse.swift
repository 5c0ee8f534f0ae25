import Access
import Web

/// How unusual a credential's last day was, in a cell and in full.
extension Visit {
  func unusual(_ report: UseReport) -> HTML {
    guard report.score > 0 else { return report.isLearning ? "<span class=\"reason\">learning</span>" : "no" }
    let score: HTML =
      report.isUnusual
      ? "<span class=\"badge danger\">score \(report.score)</span>" : "<span class=\"badge warning\">score \(report.score)</span>"
    return "\(score) <span class=\"reason\">\(report.marks.map(\.words).joined(separator: "; "))</span>"
  }

  /// - Parameter whose: how the text calls the credential's owner.
  func usePanel(_ report: UseReport, _ text: HTML) -> HTML {
    let rows = report.marks.map { mark -> HTML in
      "<tr><th scope=\"row\">\(mark.words)</th><td class=\"nowrap\">\(time.minute(mark.at))</td><td class=\"num\">\(mark.signal.weight)</td></tr>"
    }
    let list: HTML =
      rows.isEmpty
      ? """
      <p class="empty"><b>Nothing unusual within the last day.</b>\(report.isLearning ? " It is still being learnt what is usual: that takes three days and twenty uses." as HTML : "")</p>
      """
      : """
      <div class="scroll"><table><thead><tr><th scope="col">What was new</th><th scope="col">Last</th><th scope="col" class="num">Weight</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    return """
      <section class="panel" id="use"><h2>Unusual use: score \(report.score) of 100</h2><p class="sub">\(text) From \(UseReport.threshold) on there is an alert.</p>\(list)</section>
      """
  }
}
