internal import Foundation

/// Links that a mail gateway wrote over: where they led before.
enum GatewayLinks {
  /// The link itself where no gateway that is known wrote it.
  static func unwrapped(_ link: String) -> String {
    let host = LinkPlace(link).host.lowercased()
    if host.hasSuffix(".safelinks.protection.outlook.com"), let target = parameter("url", of: link) { return percentDecoded(target) }
    if host == "urldefense.com" || host == "urldefense.proofpoint.com" {
      // Version 3 has it between two underscores each, version 2 with other characters for “%” and “/”.
      if let start = link.range(of: "/v3/__") {
        let rest = link[start.upperBound...]
        return String(rest.range(of: "__;").map { rest[..<$0.lowerBound] } ?? rest)
      }
      if let target = parameter("u", of: link) {
        return percentDecoded(link.contains("/v2/") ? target.replacing("-", with: "%").replacing("_", with: "/") : target)
      }
    }
    return link
  }

  private static func parameter(_ name: String, of link: String) -> String? {
    guard let query = link.firstIndex(of: "?") else { return nil }
    for part in link[link.index(after: query)...].replacing("&amp;", with: "&").split(separator: "&") where part.hasPrefix("\(name)=") {
      return String(part.dropFirst(name.count + 1))
    }
    return nil
  }

  private static func percentDecoded(_ text: String) -> String { text.removingPercentEncoding ?? text }
}
