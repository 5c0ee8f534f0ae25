import Access
import Events
import Foundation
import Ledger

/// Who sends: what stands in messages of this installation.
package struct SenderIdentity: Sendable, Hashable {
  /// The console's origin, which messages say to open by hand.
  package var origin: String
  package var version: String

  package init(origin: String, version: String) {
    self.origin = origin
    self.version = version
  }

  package var host: String { URL(string: origin)?.host ?? "localhost" }
}

/// An alert in few words, for mail and webhooks: what, when, and where to look. Neither whom it is about nor what was found: that stays in the console.
package struct AlertNotice: Sendable {
  let message: AlertMessage
  let identity: SenderIdentity

  package init(message: AlertMessage, identity: SenderIdentity) {
    self.message = message
    self.identity = identity
  }

  private var address: String { message.occasion == .test ? "/alerts" : "/alerts/\(message.alert)" }

  /// `{"type", "timestamp", "data"}`, as Standard Webhooks recommends.
  package var webhookBody: [UInt8] {
    var data: [String: CanonicalJSON] = [
      "alert": .integer(message.alert), "kind": .string(message.kind), "title": .string(message.title),
      "severity": .string(message.severity), "state": .string(message.state), "look_at": .string(identity.origin + address),
    ]
    data["previous_state"] = message.from.map { .string($0) }
    data["project_id"] = message.project.map { .integer($0) }
    return CanonicalJSON.object([
      "type": .string(message.occasion.rawValue), "timestamp": .string(Self.iso(message.at)), "data": .object(data),
    ]).bytes
  }

  /// A whole message of RFC 5322 in ASCII, with CRLF line ends.
  package func mail(from: String, to: [String], id: String, at now: Timestamp) -> [UInt8] {
    let subject: String
    switch message.occasion {
    case .raised: subject = "[Sealane] \(message.severity): \(message.title) (alert \(message.alert))"
    case .changed: subject = "[Sealane] alert \(message.alert) is \(message.state): \(message.title)"
    case .test: subject = "[Sealane] \(message.title)"
    }
    var lines = [
      "Date: \(Self.mailDate(now))", "From: \(from)", "To: \(to.joined(separator: ",\r\n "))", "Message-ID: <\(id)@\(identity.host)>",
      "Subject: \(subject)", "MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: 7bit",
      "Auto-Submitted: auto-generated", "X-Sealane-Message: \(id)", "",
    ]
    switch message.occasion {
    case .raised: lines += ["\(message.title).", "", "Severity: \(message.severity)", "Raised:   \(Self.iso(message.at))"]
    case .changed:
      lines += [
        "Alert \(message.alert) went from \(message.from ?? "?") to \(message.state): \(message.title).", "",
        "When:     \(Self.iso(message.at))",
      ]
    case .test: lines += ["This is a test of this channel. Nothing happened.", "", "Sent:     \(Self.iso(message.at))"]
    }
    if let project = message.project { lines.append("Project:  \(project)") }
    lines += [
      "", "Where to look: open the console as you always do, then Alerts,", "or type this address: \(identity.origin)\(address)", "",
      "Sealane never asks for a secret by mail.", "",
    ]
    return Array(Self.ascii(lines.joined(separator: "\r\n")).utf8)
  }

  /// Whatever is not ASCII becomes a question mark: titles and origins are ours and have none.
  private static func ascii(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
  }

  static func iso(_ milliseconds: Int64) -> String { text(milliseconds, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") }
  private static func mailDate(_ now: Timestamp) -> String { text(now.milliseconds, "EEE, dd MMM yyyy HH:mm:ss '+0000'") }

  private static func text(_ milliseconds: Int64, _ format: String) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = .gmt
    formatter.dateFormat = format
    return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }
}
