import Access
import Events
import Foundation
import Outbound

/// Where alerts and security events go, as the channels' file says it.
package struct Channel: Sendable, Hashable {
  package enum Target: Sendable, Hashable {
    case mail(Mail)
    case webhook(Webhook)
    case syslog(Syslog)
    /// OCSF, a line an event.
    case file(URL)

    package var word: String {
      switch self {
      case .mail: "mail"
      case .webhook: "webhook"
      case .syslog: "syslog"
      case .file: "file"
      }
    }
  }

  package struct Mail: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var security: OutboundMail.Security
    package var username: String?
    package var password: SecretReference?
    package var from: String
    package var to: [String]
    package var certificateAuthority: String?
  }

  package struct Webhook: Sendable, Hashable {
    package var url: String
    /// One `whsec_…` a line: the first signs, and so do the others, while receivers change over.
    package var secrets: SecretReference
    package var allowsInternal: Bool
    package var certificateAuthority: String?
  }

  /// RFC 5425: syslog over TLS.
  package struct Syslog: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var certificateAuthority: String?
    package var clientCertificate: String?
    package var clientKey: String?
  }

  /// What a channel is given that speaks OCSF; nil where it is told of alerts alone, in few words.
  package struct Stream: Sendable, Hashable {
    /// Entries of the ledger and refusals, beside alerts.
    package var takesEvents: Bool
    /// Disclosures of figures too, not only those at the level of subjects.
    package var takesAggregates: Bool
    /// Entries of the ledger that may wait; beyond, the oldest are left out, counted, and that is an alert.
    package var backlog: UInt64

    package init(takesEvents: Bool, takesAggregates: Bool, backlog: UInt64) {
      self.takesEvents = takesEvents
      self.takesAggregates = takesAggregates
      self.backlog = backlog
    }
  }

  /// Lower-case letters, digits, `-`; stands in the database, in metrics and in alerts.
  package var name: String
  package var minimumSeverity: Alert.Severity
  package var target: Target
  package var stream: Stream?

  package init(name: String, minimumSeverity: Alert.Severity, target: Target, stream: Stream?) {
    self.name = name
    self.minimumSeverity = minimumSeverity
    self.target = target
    self.stream = stream
  }

  package var route: AlertRoute {
    AlertRoute(channel: name, minimumSeverity: minimumSeverity, takesEvents: stream?.takesEvents ?? false)
  }

  /// What can be told to be wrong without sending anything. Sentences.
  package var faults: [String] {
    var faults: [String] = []
    for secret in secrets {
      do throws(ChannelError) {
        let text = try secret.read()
        if case .webhook = target { _ = try StandardWebhook(secrets: text) }
      } catch {
        faults.append(error.description)
      }
    }
    for path in files where !FileManager.default.isReadableFile(atPath: path) { faults.append("\(path) cannot be read.") }
    return faults
  }

  private var files: [String] {
    switch target {
    case .mail(let mail): [mail.certificateAuthority].compactMap(\.self)
    case .webhook(let webhook): [webhook.certificateAuthority].compactMap(\.self)
    case .syslog(let syslog): [syslog.certificateAuthority, syslog.clientCertificate, syslog.clientKey].compactMap(\.self)
    case .file: []
    }
  }

  /// Secrets that the channel needs.
  var secrets: [SecretReference] {
    switch target {
    case .mail(let mail): mail.password.map { [$0] } ?? []
    case .webhook(let webhook): [webhook.secrets]
    case .syslog, .file: []
    }
  }
}

/// Where a secret is: read at every use, so that another one needs no restart. The secret itself is kept nowhere here.
package enum SecretReference: Sendable, Hashable {
  case file(String)
  case environment(String)

  /// Without the line end at its end.
  package func read() throws(ChannelError) -> String {
    switch self {
    case .file(let path):
      guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: 65_536), !data.isEmpty,
        let text = String(validating: data, as: UTF8.self)
      else { throw ChannelError("The secret file \(path) cannot be read, or is empty.") }
      return text.trimmingCharacters(in: .newlines)
    case .environment(let name):
      guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else {
        throw ChannelError("The environment variable \(name), which should hold a secret, is empty or not there.")
      }
      return text
    }
  }
}

/// What is wrong with a channel's configuration, in a sentence without secrets.
package struct ChannelError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
