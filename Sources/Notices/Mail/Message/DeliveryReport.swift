/// What a mail server says of a message that it had: a delivery status notification (RFC 3464).
package struct DeliveryReport: Sendable, Hashable {
  /// Of the message that it is about, with brackets, as the report quotes it. Anybody can write such a report: it says no more than that.
  package let messageIDs: [String]
  /// Whether it will never be delivered.
  package let isFailure: Bool
  /// Such as `5.1.1` (RFC 3463); empty where it names none.
  package let status: String

  private static let mostIDs = 5

  /// Nil for what is no report, or names no message.
  package init?(_ message: MailMessage) {
    let leaves = message.root.leaves
    guard let part = leaves.first(where: { $0.type == "message/delivery-status" }) else { return nil }
    var fields: [String: String] = [:]
    for line in String(decoding: part.decoded().prefix(64 << 10), as: UTF8.self).split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].lowercased()
      // The first recipient's: our messages have one.
      if fields[name] == nil { fields[name] = line[line.index(after: colon)...].trimmingPrefix(while: \.isWhitespace).lowercased() }
    }
    var ids = message.enclosed.compactMap { $0.headers.text("message-id") }
    for leaf in leaves where leaf.type == "text/rfc822-headers" {
      if let id = MailMessage(leaf.decoded()).headers.text("message-id") { ids.append(id) }
    }
    let found = ids.map { $0.filter { !$0.isWhitespace } }.filter { $0.hasPrefix("<") && $0.hasSuffix(">") && $0.utf8.count <= 300 }
    guard !found.isEmpty, let action = fields["action"] else { return nil }
    messageIDs = Array(found.prefix(Self.mostIDs))
    isFailure = action.hasPrefix("failed")
    status = String((fields["status"] ?? "").prefix { $0.isNumber || $0 == "." })
  }
}
