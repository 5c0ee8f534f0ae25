/// What kind of client a `User-Agent` is of: coarse enough that an update is no news, and nothing that could tell people apart.
package enum ClientFamily {
  private static let browsers = [
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
  ]
  private static let systems = [
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
  ]
  /// Programs that are called by their names on pages and in alerts. Whatever else somebody sends is not repeated.
  private static let programs: Set<String> = [
    "aiohttp", "apache-httpclient", "axios", "curl", "dart", "faraday", "go-http-client", "got", "guzzlehttp", "httpie", "insomnia", "java",
    "java-http-client", "libwww-perl", "node", "node-fetch", "okhttp", "php", "postmanruntime", "powershell", "python", "python-httpx",
    "python-requests", "python-urllib", "python-urllib3", "reqwest", "ruby", "sealane", "undici", "wget",
  ]

  /// Family and system of a browser, `Chrome on Linux`; of anything else `A program`.
  package static func browser(_ userAgent: String) -> String {
    let family = browsers.first { userAgent.contains($0.0) }?.1 ?? "A program"
    return systems.first { userAgent.contains($0.0) }.map { "\(family) on \($0.1)" } ?? family
  }

  /// What is compared: of a browser the same, of a program its first product's name (RFC 9110, section 10.1.5) without a version.
  static func name(_ userAgent: String?) -> String {
    guard let userAgent, !userAgent.isEmpty else { return "" }
    if userAgent.hasPrefix("Mozilla/") { return browser(userAgent) }
    let product = userAgent.utf8.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "(") }.prefix(40)
    return String(decoding: product, as: UTF8.self).lowercased()
  }

  /// What is shown: of a closed set.
  static func shown(_ name: String) -> String {
    if name.isEmpty { return "one that does not say what it is" }
    if programs.contains(name) { return name }
    return browsers.contains { name == $0.1 || name.hasPrefix($0.1 + " on ") } ? name : "another program"
  }
}
