import Access
import Events
import Foundation
import Journeys
import Ledger
import Relay

/// A draft for the authority with what the management needs to know: words and figures of the incident, to be read and completed by a person.
///
/// Its parts follow Art. 33(3) GDPR and the fields of the French regulator's form.
package struct IncidentReport: Sendable, Hashable {
  package struct Part: Sendable, Hashable {
    package let title: String
    /// Name and value; a value that a person must fill in is empty.
    package let facts: [Fact]
  }

  package struct Fact: Sendable, Hashable {
    package let name: String
    package let value: String
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package let title: String
  package let madeAt: Timestamp
  package let parts: [Part]

  static let open = "(to be filled in)"

  package var markdown: String {
    func escaped(_ text: String) -> String {
      var result = ""
      for character in text.unicodeScalars {
        if "\\`*_{}[]<>#|".unicodeScalars.contains(character) { result.unicodeScalars.append("\\") }
        if character == "\n" { result += "<br>" } else { result.unicodeScalars.append(character) }
      }
      return result
    }
    var text = "# \(escaped(title))\n\nDraft of \(madeAt.text). Not sent to anybody.\n"
    for part in parts {
      text += "\n## \(escaped(part.title))\n\n| | |\n| --- | --- |\n"
      for fact in part.facts { text += "| \(escaped(fact.name)) | \(escaped(fact.value.isEmpty ? Self.open : fact.value)) |\n" }
    }
    return text
  }

  /// A page of its own, to be printed: no script, nothing from elsewhere.
  package var html: String {
    func escaped(_ text: String) -> String {
      text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
        .replacing("'", with: "&#39;").replacing("\n", with: "<br>")
    }
    var text = """
      <!doctype html><html lang="en"><meta charset="utf-8"><title>\(escaped(title))</title>
      <style>body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
      table{border-collapse:collapse;width:100%}th{text-align:left;width:14rem;font-weight:500;color:#444}th,td{padding:.35rem .5rem;vertical-align:top;border-bottom:1px solid #ddd}
      .open{color:#a33}@media print{body{margin:0}}</style>
      <h1>\(escaped(title))</h1><p>Draft of \(madeAt.text). Not sent to anybody.</p>
      """
    for part in parts {
      text += "<h2>\(escaped(part.title))</h2><table>"
      for fact in part.facts {
        text +=
          "<tr><th scope=\"row\">\(escaped(fact.name))</th><td\(fact.value.isEmpty ? " class=\"open\"" : "")>\(escaped(fact.value.isEmpty ? Self.open : fact.value))</td></tr>"
      }
      text += "</table>"
    }
    return text + "</html>\n"
  }

  package var json: JSONValue {
    [
      "title": .string(title), "made_at": .string(madeAt.text),
      "parts": .list(
        parts.map { part in
          [
            "title": .string(part.title),
            "facts": .list(part.facts.map { ["name": .string($0.name), "value": $0.value.isEmpty ? .null : .string($0.value)] }),
          ]
        }),
    ]
  }
}
