internal import Events

/// Values made coarser. What has not the shape that is expected becomes nil, which is to say dropped: nobody knows what it is.
extension TrackingPlan.Coarsening {
  /// Whether the value is taken as it was sent. The outcome comes from a closed set then, whatever was sent; the gate's own steps would
  /// leave nothing of an address.
  var readsAsSent: Bool { self == .place || self == .userAgent }

  func coarsened(_ text: String) -> StoredValue? {
    switch self {
    case .url: return PathTemplate.of(text).map { .string($0) }
    case .hour: return Hour.of(text).map { .string($0) }
    case .bucket(let edges): return Double(text).flatMap { Self.bucket($0, edges) }
    // By what the project has to look them up in: `Passage.lookedUp`.
    case .userAgent, .place: return nil
    }
  }

  func coarsened(_ number: Double) -> StoredValue? {
    switch self {
    case .hour: return Hour.of(number).map { .number($0) }
    case .bucket(let edges): return Self.bucket(number, edges)
    case .url, .userAgent, .place: return nil
    }
  }

  private static func bucket(_ number: Double, _ edges: [Int64]) -> StoredValue? {
    guard number.isFinite, let lowest = edges.first else { return nil }
    return .number(Double(edges.last { Double($0) <= number } ?? lowest))
  }
}

/// Times, to the hour.
enum Hour {
  /// Seconds or, above 10^11, milliseconds since 1970.
  static func of(_ number: Double) -> Double? {
    guard number.isFinite, abs(number) < 1e13 else { return nil }
    let unit = abs(number) >= 1e11 ? 3_600_000.0 : 3_600.0
    return (number / unit).rounded(.down) * unit
  }

  /// A date and time of ISO 8601 in its extended form, or a number as text. Hours are cut in the zone that the text names.
  static func of(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    if let number = Double(text), let hour = of(number), let whole = Int64(exactly: hour) { return String(whole) }
    func digits(_ range: Range<Int>) -> Bool { range.upperBound <= bytes.count && range.allSatisfy { bytes[$0].isDigit } }
    guard bytes.count <= 40, digits(0..<4), digits(5..<7), digits(8..<10), bytes[4] == .ascii("-"), bytes[7] == .ascii("-") else {
      return nil
    }
    if bytes.count == 10 { return text }
    guard bytes[10] == .ascii("T") || bytes[10] == .ascii(" "), digits(11..<13) else { return nil }
    var position = 13
    for _ in 0..<2 where position < bytes.count && bytes[position] == .ascii(":") {
      guard digits((position + 1)..<(position + 3)) else { return nil }
      position += 3
    }
    if position < bytes.count, bytes[position] == .ascii(".") || bytes[position] == .ascii(",") {
      position += 1
      while position < bytes.count, bytes[position].isDigit { position += 1 }
    }
    let zone = bytes[position...]
    guard isZone(zone) else { return nil }
    return String(decoding: bytes[..<13] + Array(":00:00".utf8) + zone, as: UTF8.self)
  }

  private static func isZone(_ zone: ArraySlice<UInt8>) -> Bool {
    guard let first = zone.first else { return true }
    if first == .ascii("Z") { return zone.count == 1 }
    let rest = zone.dropFirst().filter { $0 != .ascii(":") }
    return (first == .ascii("+") || first == .ascii("-")) && (rest.count == 2 || rest.count == 4) && rest.allSatisfy(\.isDigit)
      && zone.count - rest.count <= 2
  }
}

/// A link without what differs from record to record.
enum PathTemplate {
  /// Origin and path; segments that look like ids, numbers or tokens are `[id]`. Nil for what is no link.
  static func of(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count <= PayloadTexts.longest else { return nil }
    // No space, but in what a step put in brackets.
    let isLink = bytes.withUnsafeBufferPointer { bytes in !LinkExtent.hasSpace(bytes) && bytes.allSatisfy { $0 >= 0x20 } }
    guard isLink else { return nil }
    let end = bytes.withUnsafeBufferPointer { LinkExtent.cut($0, $0.indices) }
    var path = 0
    if let scheme = schemeEnd(bytes[..<end]) {
      path = bytes[scheme..<end].firstIndex(of: .ascii("/")) ?? end
      if bytes[scheme..<path].contains(.ascii("@")) { return nil }
    } else if bytes[0] != .ascii("/") {
      // A host without a scheme, or no link at all.
      path = bytes[..<end].firstIndex(of: .ascii("/")) ?? end
      guard bytes[..<path].contains(.ascii(".")), bytes[0] != .ascii(":"), bytes[..<path].allSatisfy(isHost) else { return nil }
    }
    var result = Array(bytes[..<path])
    for segment in bytes[path..<end].split(separator: .ascii("/"), omittingEmptySubsequences: false).dropFirst() {
      result.append(.ascii("/"))
      result += differs(segment) ? Array("[id]".utf8) : Array(segment)
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func schemeEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let colon = bytes.firstIndex(of: .ascii(":")), colon > 0, colon + 2 < bytes.endIndex, bytes[colon + 1] == .ascii("/"),
      bytes[colon + 2] == .ascii("/"), bytes[..<colon].allSatisfy({ $0.isAlphanumeric || $0 == .ascii("-") || $0 == .ascii("+") })
    else { return nil }
    return colon + 3
  }

  private static func isHost(_ byte: UInt8) -> Bool {
    switch byte {
    case .ascii("."), .ascii("-"), .ascii(":"), .ascii("["), .ascii("]"), .ascii("_"): true
    default: byte.isAlphanumeric || byte.isWide
    }
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    switch byte {
    case .ascii("%"), .ascii("@"), .ascii(":"), .ascii("="), .ascii("&"), .ascii(";"), .ascii("+"), .ascii("'"), .ascii("\""), .ascii("\\"):
      true
    default: false
    }
  }

  /// Whether a segment is one record's: numbers, tokens, escapes, signs of names and parameters. Words, `v2`, `oauth2` and what a step put in brackets stay.
  private static func differs(_ segment: ArraySlice<UInt8>) -> Bool {
    guard let first = segment.first else { return false }
    if first == .ascii("["), segment.last == .ascii("]") { return false }
    if segment.count > 40 || segment.contains(where: isSign) { return true }
    let digits = segment.count { $0.isDigit }
    guard digits > 0 else { return false }
    let isVersion =
      first.lowercased == .ascii("v") && segment.count <= 4 && segment.dropFirst().allSatisfy { $0.isDigit || $0 == .ascii(".") }
    return !isVersion && (first.isDigit || digits > 1 || segment.count >= 12)
  }
}
