/// Names of addresses on the net, degrees on the map and query strings: more exact than anybody needs.
struct PlaceNames: NameStep {
  static let addressEnds: [String] = [
    "ip", "ips", "ip address", "ip addresses", "ipaddress", "ipv4", "ipv6", "remote addr", "remote address", "client address",
    "forwarded for", "real ip", "peer address",
  ]

  static let coordinates: Set<String> = [
    "latitude", "longitude", "lat", "lng", "lon", "geo lat", "geo lon", "geo latitude", "geo longitude",
  ]

  /// Both degrees in one value: not worth taking apart.
  static let pairs: Set<String> = [
    "coordinates", "lat lng", "lat lon", "latlng", "latlon", "geo point", "geopoint", "geolocation", "geo json",
  ]

  /// The query or fragment of a link, by itself.
  static let queryEnds: [String] = [
    "url search", "url query", "url hash", "url fragment", "query string", "querystring", "location search", "search params",
    "query params", "url params", "query parameters",
  ]

  func rule(for name: String, words: NameWords) -> NameRule? {
    if words.isOne(of: Self.coordinates) { return NameRule(action: .coordinate, reason: .coordinates) }
    if words.isOne(of: Self.pairs) { return NameRule(action: .remove, reason: .coordinates) }
    if words.ends(withOneOf: Self.addressEnds) { return NameRule(action: .address, reason: .addressName) }
    if words.ends(withOneOf: Self.queryEnds) { return NameRule(action: .remove, reason: .queryName) }
    return nil
  }
}

/// Names under which links come, even without a scheme.
enum LinkNames {
  static let ends: [String] = [
    "url", "urls", "uri", "href", "link", "referrer", "referer", "path", "pathname", "landing page", "page location", "redirect",
  ]

  static func matches(_ words: NameWords) -> Bool { words.ends(withOneOf: ends) }
}

/// Names under which versions come.
enum VersionNames {
  static let words: Set<String> = ["version", "versions", "build", "release", "firmware", "revision"]

  static func matches(_ words: NameWords) -> Bool { words.all.contains { Self.words.contains($0) } }
}
