/// Rows as comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe before it.
package enum CSV {
  package static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func cell(_ text: String) -> String {
    var text = text
    if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first), Double(text) == nil { text = "'" + text }
    let needsQuotes = text.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
    return needsQuotes ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }

  package static func number(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "" }
    return value.rounded() == value && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
  }
}
