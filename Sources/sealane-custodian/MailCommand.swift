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
  @Option(help: "Sends a short message to this address by the relay that is set.")
  var test: String?
  @Flag(help: "Removes the relay: notices are written to files from then on.")
  var remove = false
  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let url = try directory.url
    if remove {
      try MailSettings.remove(in: url)
      return print("Notices are written to files from the next start on.")
    }
    if let host {
      guard let from else { throw ValidationError("Name the address that notices are from: --from security@orrery.example.") }
      let settings = try MailSettings(
        host: host, port: port, security: security, username: username, from: from, fromName: fromName ?? from, bounces: bounces,
        messagesPerMinute: rate, connections: connections, certificateAuthority: ca.map { URL(fileURLWithPath: $0).path })
      try settings.write(in: url, passwordFile: passwordFile.map { URL(fileURLWithPath: $0) })
    }
    guard let settings = try MailSettings.read(in: url) else {
      if json { return print("null") }
      return print("No relay is set: notices are written to files. See sealane-custodian mail --help.")
    }
    if let test {
      try await settings.test(to: test, in: url)
      return print("The relay took a message to \(test).")
    }
    if json { return print(try JSONText.of(settings)) }
    print("relay         \(settings.host):\(settings.port), \(settings.security)\(settings.username.map { ", as \($0)" } ?? "")")
    print("from          \(settings.fromName) <\(settings.from)>")
    print("at most       \(settings.messagesPerMinute) a minute, \(settings.connections) at a time")
  }
}
