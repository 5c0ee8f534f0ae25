import ArgumentParser
import Custodian
import Foundation

struct BouncesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bounces", abstract: "Reads what came back to the sender of notices, and marks whom they did not reach.",
    discussion: """
      Takes a mailbox (mbox), a Maildir folder, or single messages: reports of mail servers (RFC 3464). Works beside a running custodian, again and again.

      Example:
        sealane-custodian bounces --data DIR.custodian /var/mail/notices
      """)

  @OptionGroup var directory: DirectoryOption

  @Argument(help: "Mailboxes, folders or messages.")
  var files: [String]

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let count = try ReturnedMail.take(files, directory: directory.url)
    if json { return print(try JSONText.of(count)) }
    print("\(count.messages) messages, \(count.failures) of them reports of failure; \(count.marked) notices came back")
  }
}
