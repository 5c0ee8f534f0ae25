internal import Events
internal import Foundation
internal import Vault
internal import Web

/// What an opening shows, once, and the join of an export with it.
extension CustodianSite {
  func openingPage(_ opening: Opening, _ visitor: Visitor) -> HTML {
    let subjects = opening.subjects.map { subject, fields -> HTML in
      let rows = fields.map { field -> HTML in
        let value: HTML
        switch field.outcome {
        case .success(let plaintext): value = "<strong class=\"opened\">\(plaintext)</strong>"
        case .failure(let error): value = "<span class=\"soft\">stays shut: \(error.description)</span>"
        }
        let layer: HTML? =
          field.layer == "id"
          ? nil : field.layer == "verified" ? "<small>verified</small>" : "<small>unverified: anybody could have written it</small>"
        return "<dt>\(Wording.label(field.name))</dt><dd>\(value)\(layer)</dd>"
      }
      let none: HTML = "<p class=\"soft\">The server has none of these fields of this subject.</p>"
      return """
        <section class="panel"><h2><code>\(subject)</code></h2>\(rows.isEmpty ? none : "<dl class=\"values opened\">\(rows)</dl>")</section>
        """
    }
    return frame(
      "Opened",
      """
      <h1>Opened</h1><div class="notice warning"><p>This is shown once. It is not kept here, and reloading does not bring it back.</p></div>\
      <p>What for: <strong>\(opening.request.purpose)</strong></p>\(subjects)\(joinSection(opening))\
      <p class="ledger">Ledger entry <b>\(opening.ledgerEntry)</b>, made before this page was.</p>
      """, visitor: visitor, scripts: [JoinScript.asset])
  }

  private func joinSection(_ opening: Opening) -> HTML {
    guard let data = JoinData(opening)?.text else { return "" }
    return """
      <section class="panel" id="join" data-worker="\(JoinWorker.asset.path)" data-megabytes="\(JoinScript.largestMegabytes)" data-opening="\(value: data)">\
      <h2>Join with an export</h2><p>To answer a person who asked what is stored about them: choose the JSON file that <code>sealane subject export</code> \
      wrote, and what was opened above is filled in. That happens in this browser alone; the file is sent nowhere. It works for as long as this page is open, \
      one file after the other.</p>\
      <label class="field"><span>Export</span><input type="file" accept=".json,application/json"><small>Of one of these subjects, \
      at most \(JoinScript.largestMegabytes) MB.</small></label><p role="status" hidden></p>\
      <div class="row" data-result hidden><a class="button primary">Save it for the person to read</a><a class="button">Save it as JSON</a></div>\
      <noscript><div class="notice warning"><p>Joining needs scripts. Allow them for this site; it loads none from elsewhere.</p></div></noscript></section>
      """
  }
}

/// An opening as the join's script reads it, in an attribute: text that no parser takes for markup or a script.
private struct JoinData: Encodable {
  struct Field: Encodable {
    let name: String
    let layer: String
    let sha256: String
    /// One of these two.
    let value: String?
    let shut: String?
  }
  struct Subject: Encodable {
    let subject: String
    let fields: [Field]
  }
  let project: Int64
  let request: String
  let ledgerEntry: UInt64
  let purpose: String
  let fields: [String]
  let subjects: [Subject]

  enum CodingKeys: String, CodingKey {
    case project, request, purpose, fields, subjects
    case ledgerEntry = "ledger_entry"
  }

  /// Nil for requests of other kinds, which open nothing.
  init?(_ opening: Opening) {
    guard case .open(let project, _, let fields) = opening.request.wish else { return nil }
    self.project = project.rawValue
    self.fields = fields
    request = opening.request.digest.hexadecimal
    ledgerEntry = opening.ledgerEntry
    purpose = opening.request.purpose
    subjects = opening.subjects.map { subject, fields in
      Subject(
        subject: subject,
        fields: fields.map { field in
          switch field.outcome {
          case .success(let plaintext): Field(name: field.name, layer: field.layer, sha256: field.digest, value: plaintext, shut: nil)
          case .failure(let error): Field(name: field.name, layer: field.layer, sha256: field.digest, value: nil, shut: error.description)
          }
        })
    }
  }

  var text: String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
  }
}
