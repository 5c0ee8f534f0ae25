internal import Foundation
internal import Ledger
internal import Notices
internal import Web

/// The trust pages as files: for a listener, or for any host of static files. docs/FORMATS.md, “Trust pages”.
package enum TrustSite {
  /// By path, relative and without a slash in front. The same content gives the same bytes.
  package static func files(_ content: TrustContent) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [
      "trust.css": Array(TrustStylesheet.text.utf8), "trust.js": Array(TrustScript.text.utf8), "mark.svg": Array(Asset.icon.text.utf8),
      "trust.json": Array(content.anchors.json.utf8), ".well-known/security.txt": Array(content.securityText.text.utf8),
    ]
    for language in LetterLanguage.allCases {
      for name in TrustPage.Name.allCases {
        let page = TrustPage(name: name, language: language, content: content)
        files[page.path] = Array(page.document.source.utf8)
      }
    }
    for (index, published) in content.statements.enumerated() {
      files["statements/\(index + 1).json"] = json(published.committed)
    }
    if let checkpoint = content.checkpoint { files["checkpoint"] = Array(checkpoint.utf8) }
    return files
  }

  private static func json(_ committed: CommittedText) -> [UInt8] {
    struct Body: Encodable {
      let v = 1
      let kind = "statement"
      let note: String
      let ledger: String
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return ((try? encoder.encode(Body(note: committed.note, ledger: committed.ledger.text))).map { [UInt8]($0) } ?? []) + [0x0A]
  }

  /// Of a path of `files`.
  package static func contentType(of path: String) -> String {
    switch path.split(separator: ".").last.map(String.init) ?? "" {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "json": "application/json"
    case "svg": "image/svg+xml"
    default: "text/plain; charset=utf-8"
    }
  }

  /// What a listener sends with every file: the policy of the pages and what counts in a header only.
  package static let headers: [(name: String, value: String)] = [
    ("Content-Security-Policy", TrustPage.policy + "; frame-ancestors 'none'"), ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-cache"),
  ]
}
