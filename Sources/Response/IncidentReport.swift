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

extension IncidentDesk {
  /// What stands in it is as of the newest scope.
  package func report(on incident: Incident, at now: Timestamp) async throws -> IncidentReport {
    let current = try await currentScope(of: incident)
    let steps = try await control.steps(of: incident.id)
    func moment(_ moment: Incident.Moment) -> String { incident.moments[moment]?.text ?? "" }
    var parts: [IncidentReport.Part] = []
    parts.append(
      .init(
        title: "Summary",
        facts: [
          .init("Incident", "no. \(incident.id): \(incident.title)"), .init("State", incident.state.rawValue),
          .init("What was lost hold of", "\(incident.source.kind) \(incident.source.id)"),
          .init("From", incident.from?.text ?? "not bounded"), .init("To", incident.to?.text ?? "until now"),
          .init(
            "People affected",
            current.map {
              "\($0.scope.affected.count) affected, \($0.scope.cannotBeExcluded.count) cannot be excluded, \($0.scope.notAffectedCount) not affected"
            }
              ?? ""),
        ]))
    parts.append(
      .init(
        title: "Times, kept apart",
        facts: Incident.Moment.allCases.map { .init($0.rawValue.replacing("_", with: " "), incident.moments[$0]?.text ?? "") }))
    if let (scope, kept) = current {
      var facts: [IncidentReport.Fact] = [
        .init("Version of the scope", "\(kept.version), ledger entry no. \(kept.entry), SHA-256 \(kept.digest)"),
        .init("Approximate number of people", "\(scope.affected.count)"), .init("Approximate number of records", "\(scope.rows)"),
        .init("Between", "\(scope.first?.text ?? "–") and \(scope.last?.text ?? "–")"),
        .init("Entries of the ledger that prove it", "\(scope.entries.count)"),
      ]
      for (key, organizations) in scope.organizations.sorted(by: { $0.key < $1.key }) {
        facts.append(.init("Organizations by \(key)", "\(organizations.count { $0.affected > 0 })"))
      }
      facts.append(
        .init(
          "Fields and of how many people", scope.fields.map { "\($0.name): \($0.count)" }.joined(separator: "\n")))
      facts.append(
        .init(
          "What could have been collected at all",
          scope.plans.isEmpty
            ? "no tracking plan was in force"
            : scope.plans.map { "version \($0.version) of the tracking plan, SHA-256 \($0.digest)" }.joined(separator: "\n")))
      if scope.digest != kept.digest {
        facts.append(
          .init(
            "Mind",
            "people were merged, came or were erased since this version was entered: the figures here are those of now. Scope it anew for a version of now."
          ))
      }
      // What opens seals is asked of the custodian, by its own approvers: of a host, or of a person who is one, a person must say.
      switch incident.source {
      case .vendor, .export:
        facts.append(.init("Identities", "Names, addresses and other identifying values were sealed: none of them left by this way."))
      case .credential(let id) where id.hasPrefix("sa_"):
        facts.append(.init("Identities", "Names, addresses and other identifying values were sealed: none of them left by this way."))
      case .credential, .person, .host: facts.append(.init("Identities that were opened", ""))
      }
      parts.append(.init(title: "Who and which of their data (Art. 33(3)(a))", facts: facts))
    } else {
      parts.append(
        .init(title: "Who and which of their data (Art. 33(3)(a))", facts: [.init("Scope", "not determined yet: sealane incident scope")]))
    }
    parts.append(
      .init(
        title: "Contact (Art. 33(3)(b))",
        facts: [.init("Organisation and sector", ""), .init("Data protection officer", ""), .init("Contact", "")]))
    parts.append(
      .init(
        title: "Consequences (Art. 33(3)(c))",
        facts: [
          .init("Likely consequences", ""), .init("Severity: negligible, limited, significant or maximal", ""),
          .init("Confidentiality, integrity, availability", "confidentiality"), .init("Cause: external or internal, malicious or not", ""),
          .init("Minors or vulnerable people", ""), .init("Other countries, other authorities", ""),
        ]))
    parts.append(
      .init(
        title: "Measures (Art. 33(3)(d))",
        facts: [
          .init("Taken before", "pseudonyms, sealed identities, quotas, a ledger of every disclosure"),
          .init(
            "Taken since",
            steps.filter { $0.act == "contained" }.map(\.note).joined(separator: "\n")), .init("Proposed", ""),
          .init("People told: when, how, how many, or why not", moment(.peopleTold)),
        ]))
    parts.append(
      .init(
        title: "Clocks (rules of \(clocks.version))",
        facts: clocks.readings(of: incident, at: now).filter { $0.state != .notStarted }.map { reading in
          .init(
            "\(reading.rule.title), to \(reading.rule.to)",
            "\(reading.state.rawValue.replacing("_", with: " "))\(reading.deadline.map { ", until \($0.text)" } ?? ""). \(reading.rule.note) Source: \(reading.rule.source)."
          )
        }))
    parts.append(
      .init(
        title: "What was done",
        facts: steps.map { .init($0.at.text, "\($0.act) by \($0.by.kind.rawValue) \($0.by.id), ledger entry no. \($0.entry)") }))
    return IncidentReport(title: "Incident \(incident.id): \(incident.title)", madeAt: now, parts: parts)
  }
}
