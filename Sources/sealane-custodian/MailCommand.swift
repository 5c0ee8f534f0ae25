import ArgumentParser
import Custodian
import Foundation

struct MailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mail", abstract: "Says by which relay notices leave; without options, shows it.",
    discussion: """
      Notices leave by the company's own relay. Without one they are written to files, and nobody gets any. Takes effect when the custodian is
      started again. The password is read from a file, and kept in one that only this user can read.

      Examples:
        sealane-custodian mail --data DIR.custodian --host smtp.orrery.example --username notices --password-file FILE \\
          --from security@orrery.example --from-name "Orrery Labs Security"
        sealane-custodian mail --data DIR.custodian --dkim-selector notices2027
        sealane-custodian mail --data DIR.custodian --test ada@orrery.example
        sealane-custodian mail --data DIR.custodian --remove
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The relay's host.")
  var host: String?
  @Option(help: "Its port.")
  var port: Int = 587
  @Option(help: "starttls, tls, or none for a relay on this machine.")
  var security = "starttls"
  @Option(help: "The name to sign in with.")
  var username: String?
  @Option(help: "A file with the password.")
  var passwordFile: String?
  @Option(help: "The address that notices are from.")
  var from: String?
  @Option(help: "The name beside it.")
  var fromName: String?
  @Option(help: "Where what comes back goes (the envelope's sender); otherwise the address above.")
  var bounces: String?
  @Option(help: "Messages a minute.")
  var rate = 600
  @Option(help: "Messages that are handed over at the same time.")
  var connections = 4
  @Option(help: "A PEM file with the relay's certificate authority, instead of the system's.")
  var ca: String?
  @Flag(help: "The relay takes addresses with letters beyond ASCII (SMTPUTF8).")
  var smtputf8 = false
  @Option(help: "Signs mail by DKIM: makes a pair of keys under this name, unless they are there, and prints their DNS records.")
  var dkimSelector: String?
  @Option(help: "The domain that signs; otherwise that of the address above.")
  var dkimDomain: String?
  @Flag(help: "Signs no mail, and destroys the keys: the relay signs.")
  var noDkim = false
  @Option(help: "Sends a short message to this address by the relay that is set.")
  var test: String?
  @Flag(help: "Removes the relay: notices are written to files from then on.")
  var remove = false
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !noDkim || dkimSelector == nil && dkimDomain == nil else { throw ValidationError("--no-dkim takes no selector and no domain.") }
  }

  func run() async throws {
    let url = try directory.url
    let domain = dkimDomain?.lowercased()
    if remove {
      try MailSettings.remove(in: url)
      return print("Notices are written to files from the next start on.")
    }
    if noDkim, var settings = try MailSettings.read(in: url) { try settings.sign(as: nil, in: url) }
    if let host {
      guard let from else { throw ValidationError("Name the address that notices are from: --from security@orrery.example.") }
      let settings = try MailSettings(
        host: host, port: port, security: security, username: username, from: from, fromName: fromName ?? from, bounces: bounces,
        messagesPerMinute: rate, connections: connections, certificateAuthority: ca.map { URL(fileURLWithPath: $0).path },
        // Another relay does not end signing.
        smtpUTF8: smtputf8,
        dkim: MailSettings.read(in: url)?.dkim.map { MailSettings.DKIM(domain: domain ?? $0.domain, selector: $0.selector) })
      try settings.write(in: url, passwordFile: passwordFile.map { URL(fileURLWithPath: $0) })
    }
    guard var settings = try MailSettings.read(in: url) else {
      guard dkimSelector == nil, domain == nil else { throw ValidationError("No relay is set. Name it with --host first.") }
      if json { return print("null") }
      return print("No relay is set: notices are written to files. See sealane-custodian mail --help.")
    }
    if dkimSelector != nil || domain != nil {
      guard let selector = dkimSelector ?? settings.dkim?.selector else {
        throw ValidationError("Name the keys: --dkim-selector notices2027.")
      }
      try settings.sign(as: MailSettings.DKIM(domain: domain ?? settings.dkim?.domain ?? settings.domain, selector: selector), in: url)
    }
    if let test {
      try await settings.test(to: test, in: url)
      return print("The relay took a message to \(test).")
    }
    let signer = try settings.signer(in: url)
    if json { return print(try JSONText.of(Shown(settings: settings, records: signer?.records))) }
    print("relay         \(settings.host):\(settings.port), \(settings.security)\(settings.username.map { ", as \($0)" } ?? "")")
    print("from          \(settings.fromName) <\(settings.from)>")
    print("at most       \(settings.messagesPerMinute) a minute, \(settings.connections) at a time")
    guard let signer, let dkim = settings.dkim else { return }
    print("signed as     \(dkim.domain), by DKIM. Publish these, and start the custodian again when they are seen:")
    for record in signer.records { print(record.line) }
  }

  /// The settings, and behind them the records that are to be published.
  private struct Shown: Encodable {
    let settings: MailSettings
    let records: [MailSigner.Record]?

    private enum Keys: String, CodingKey { case records = "dkim_records" }

    func encode(to encoder: any Encoder) throws {
      try settings.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encodeIfPresent(records, forKey: .records)
    }
  }
}
