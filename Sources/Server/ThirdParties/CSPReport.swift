import Foundation
import Journeys

/// What is kept of a browser's report that a page broke its own Content Security Policy: which host, by which directive. Nothing of the page, of
/// what stood in it, or of whose browser it was.
package struct CSPReport: Sendable, Hashable {
  package let host: String
  package let directive: String

  /// Directives that name where things are fetched from or sent to (CSP level 3, sections 6.1 and 6.4); what else comes is `other`.
  package static let directives: Set<String> = [
    "child-src", "connect-src", "default-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src", "object-src",
    "prefetch-src",
    "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr", "worker-src", "fenced-frame-src",
    "form-action", "frame-ancestors", "base-uri", "navigate-to",
  ]
  package static let mostBytes = 262_144
  package static let mostReports = 100

  package enum Form: Sendable, Hashable, CaseIterable {
    /// `application/csp-report`: one, as `report-uri` sends it.
    case single
    /// `application/reports+json`: several, of any kind (Reporting API).
    case list
  }

  /// How many reports there were, and what those about a third party say.
  package struct Reading: Sendable, Hashable {
    package var count = 0
    package var reports: [CSPReport] = []
  }

  /// Nil where it is no report at all.
  package static func read(_ bytes: [UInt8], _ form: Form) -> Reading? {
    guard let value = try? JSONValue(parsing: bytes, limit: mostBytes) else { return nil }
    var reading = Reading()
    switch form {
    case .single:
      guard case .object(let members) = value, case .object(let report)? = members["csp-report"] else { return nil }
      reading.count = 1
      let directive = text(report["effective-directive"]) ?? text(report["violated-directive"])
      if let found = thirdParty(blocked: report["blocked-uri"], page: report["document-uri"], directive) { reading.reports.append(found) }
    case .list:
      guard case .list(let elements) = value, elements.count <= mostReports else { return nil }
      for element in elements {
        guard case .object(let members) = element else { return nil }
        reading.count += 1
        guard text(members["type"]) == "csp-violation", case .object(let body)? = members["body"] else { continue }
        let directive = text(body["effectiveDirective"]) ?? text(body["violatedDirective"])
        if let found = thirdParty(blocked: body["blockedURL"], page: body["documentURL"] ?? members["url"], directive) {
          reading.reports.append(found)
        }
      }
    }
    return reading
  }

  private static func thirdParty(blocked: JSONValue?, page: JSONValue?, _ directive: String?) -> CSPReport? {
    guard let host = text(blocked).flatMap(host(of:)) else { return nil }
    // Its own hosts are no third party. The page's host is looked at here and kept nowhere.
    if let own = text(page).flatMap(self.host(of:)), isSameSite(host, own) { return nil }
    // Older browsers say the directive with all its sources.
    let word = (directive ?? "").split(separator: " ").first.map { String($0).lowercased() } ?? ""
    return CSPReport(host: host, directive: directives.contains(word) ? word : "other")
  }

  private static func text(_ value: JSONValue?) -> String? {
    guard case .string(let text)? = value, !text.isEmpty else { return nil }
    return text
  }

  /// The host of an address that something is fetched from; nil for words such as `inline`, and for what extensions of the browser load.
  static func host(of address: String) -> String? {
    var rest = Substring(address.prefix(2_000))
    if let colon = rest.firstRange(of: "://") {
      guard ["http", "https", "ws", "wss"].contains(rest[..<colon.lowerBound].lowercased()) else { return nil }
      rest = rest[colon.upperBound...]
    } else if !rest.contains(".") {
      return nil
    }
    rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      rest = rest[...end]
    } else {
      rest = rest.prefix { $0 != ":" }
    }
    if rest.hasSuffix(".") { rest = rest.dropLast() }
    let host = rest.lowercased()
    return isHost(host) ? host : nil
  }

  /// Letters, digits, full stops, and hyphens within, as browsers write every host; or an address in brackets.
  package static func isHost(_ host: String) -> Bool {
    let bytes = Array(host.utf8)
    guard (1...253).contains(bytes.count) else { return false }
    if bytes.first == UInt8(ascii: "[") {
      return bytes.last == UInt8(ascii: "]") && bytes.count > 3
        && bytes.dropFirst().dropLast().allSatisfy { (0x30...0x3A).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2E }
    }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
    }
  }

  /// One of them is the other, or below it; `www.` says nothing.
  static func isSameSite(_ left: String, _ right: String) -> Bool {
    func plain(_ host: String) -> String { host.hasPrefix("www.") ? String(host.dropFirst(4)) : host }
    let (left, right) = (plain(left), plain(right))
    return left == right || left.hasSuffix("." + right) || right.hasSuffix("." + left)
  }
}
