import ArgumentParser
import Custodian
import Foundation

struct NoticesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notices", abstract: "Says which statements there are and how far their letters are; works beside a running custodian.",
    discussion: """
      Example:
        sealane-custodian notices --data DIR.custodian --json
      """)

  @OptionGroup var directory: DirectoryOption

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let report = try NoticeReport.of(directory.url)
    if json { return print(try JSONText.of(report)) }
    if report.statements.isEmpty { return print("There is no statement yet.") }
    for statement in report.statements {
      print(
        "case \(statement.caseNumber), version \(statement.version): \(statement.state), \(statement.people) people, \(statement.unreachable) without an address"
      )
      if let failure = statement.failure { print("  \(failure)") }
      guard let letters = statement.letters else { continue }
      print(
        "  letters \(letters.state): \(letters.sent) of \(letters.messages) sent, \(letters.waiting) waiting, \(letters.refused) refused, \(letters.bounced) came back, \(letters.repeated) sent twice"
      )
      if let failure = letters.failure { print("  \(failure)") }
    }
  }
}
