import Events

/// One event as a syslog message (RFC 5424), and its frame (RFC 5425, section 4.3: octet counting).
package struct SyslogMessage: Sendable {
  /// Log audit.
  private static let facility = 13

  /// 0 to 7 (RFC 5424, section 6.2.1).
  let severity: Int
  let time: Timestamp
  let host: String
  /// At most 32 of printable ASCII.
  let id: String
  let message: String

  package init(_ event: OCSFEvent, host: String) {
    severity =
      switch event.severity {
      case .informational, .low: 6
      case .medium: 4
      case .high: 3
      case .critical: 2
      }
    time = event.time
    self.host = host
    id = "ocsf-\(event.class.rawValue)"
    message = event.asciiText
  }

  /// No byte order mark: every character is ASCII, and receivers that parse JSON would stumble over one.
  package var bytes: [UInt8] {
    let host = Self.field(host, most: 255)
    return Array(
      "<\(Self.facility * 8 + severity)>1 \(AlertNotice.iso(time.milliseconds)) \(host) sealane - \(Self.field(id, most: 32)) - \(message)"
        .utf8)
  }

  package var frame: [UInt8] {
    let bytes = bytes
    return Array("\(bytes.count) ".utf8) + bytes
  }

  /// A header's field: printable ASCII without spaces, or `-`.
  private static func field(_ text: String, most: Int) -> String {
    let kept = text.utf8.filter { $0 > 0x20 && $0 < 0x7F }.prefix(most)
    return kept.isEmpty ? "-" : String(decoding: Array(kept), as: UTF8.self)
  }
}
