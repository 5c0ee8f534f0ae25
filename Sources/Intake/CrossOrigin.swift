/// What browsers are told (CORS): any page may send, none may read anything but the reply, and no cookie is ever set or read here.
///
/// mixpanel-js sends with credentials, so `*` will not do: the origin is echoed.
package enum CrossOrigin {
  /// Headers for every reply. Empty if there is no origin or it is not one (RFC 6454, section 6.1).
  package static func headers(origin: String?) -> [IntakeReply.Header] {
    guard let origin, isOrigin(origin) else { return [] }
    return [
      .init("Access-Control-Allow-Origin", origin),
      .init("Access-Control-Allow-Credentials", "true"),
      .init("Vary", "Origin"),
    ]
  }

  /// The answer to an `OPTIONS` request.
  package static func preflight(origin: String?) -> IntakeReply {
    var headers = headers(origin: origin)
    if !headers.isEmpty {
      headers += [
        .init("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
        .init("Access-Control-Allow-Headers", "authorization, content-type, content-encoding, traceparent, tracestate, x-requested-with"),
        .init("Access-Control-Max-Age", "86400"),
      ]
    }
    return IntakeReply(status: 204, contentType: "text/plain", body: [], headers: headers)
  }

  /// `null`, or a scheme, `://` and a host with an optional port, in the characters that those may have.
  static func isOrigin(_ text: String) -> Bool {
    if text == "null" { return true }
    guard text.utf8.count <= 300 else { return false }
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1)
    guard parts.count == 2, let first = parts[0].first, isLetter(first), parts[1].starts(with: "//".utf8) else { return false }
    let host = parts[1].dropFirst(2)
    return parts[0].allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E } && !host.isEmpty
      && host.allSatisfy { isLetter($0) || isDigit($0) || [0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F].contains($0) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
