/// Browser and operating system of a user agent, as words of a closed set: `Firefox, Windows`.
enum UserAgent {
  static let other = "Other"

  /// Signs, in the order in which they decide: browsers name those that they want to be taken for.
  static let browsers: [(sign: String, name: String)] = [
    ("bot", "Bot"), ("Bot", "Bot"), ("crawl", "Bot"), ("spider", "Bot"), ("Spider", "Bot"), ("Edg", "Edge"), ("OPR/", "Opera"),
    ("Opera", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Samsung Internet", "Samsung Internet"), ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"), ("Seamonkey", "Firefox"), ("CriOS", "Chrome"), ("Chrom", "Chrome"), ("MSIE", "Internet Explorer"),
    ("Trident", "Internet Explorer"), ("Internet Explorer", "Internet Explorer"), ("Safari", "Safari"), ("curl", "curl"),
    ("python-requests", "Python"), ("aiohttp", "Python"), ("httpx", "Python"), ("Python", "Python"), ("okhttp", "OkHttp"),
    ("OkHttp", "OkHttp"), ("Go-http-client", "Go-http-client"), ("node", "Node.js"), ("Node.js", "Node.js"), ("axios", "Node.js"),
    ("Java", "Java"),
    ("PostmanRuntime", "Postman"), ("Postman", "Postman"),
  ]

  static let systems: [(sign: String, name: String)] = [
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("iOS", "iOS"), ("CrOS", "CrOS"),
    ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("macOS", "macOS"), ("Darwin", "macOS"), ("Linux", "Linux"),
    ("X11", "Linux"), ("FreeBSD", "FreeBSD"),
  ]

  static func names(in text: String) -> String {
    // Longer ones are no user agents; what follows is not read.
    let bytes = Array(text.utf8.prefix(PayloadTexts.longest))
    return "\(name(in: bytes, of: browsers)), \(name(in: bytes, of: systems))"
  }

  private static func name(in bytes: [UInt8], of signs: [(sign: String, name: String)]) -> String {
    signs.first { contains(bytes, Array($0.sign.utf8)) }?.name ?? other
  }

  private static func contains(_ bytes: [UInt8], _ sign: [UInt8]) -> Bool {
    guard bytes.count >= sign.count else { return false }
    return (0...(bytes.count - sign.count)).contains { start in sign.indices.allSatisfy { bytes[start + $0] == sign[$0] } }
  }
}
