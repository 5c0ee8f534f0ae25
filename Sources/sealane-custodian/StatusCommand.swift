import ArgumentParser
import Custodian
import Foundation

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Says what the custodian holds, in counts; works beside a running one.",
    discussion: """
      Example:
        sealane-custodian status --data DIR.custodian --json
      """)

  @OptionGroup var directory: DirectoryOption

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let report = try CustodianSetup.report(on: try directory.url)
    if json { return print(try JSONText.of(report)) }
    print("key in force  \(report.fingerprint ?? "none")")
    print("identity      \(report.identity)")
    for project in report.projects {
      print("project \(project.project)     \(project.recordKeys) record keys of \(project.subjects) subjects, \(project.erased) erased")
    }
    print("ledger        \(report.cosigned.map { "cosigned up to \($0) entries" } ?? "nothing cosigned yet")")
    if let alarm = report.lastAlarm { print("alarms        \(report.alarms) standing; the last: \(alarm)") }
    if report.setAside > 0 { print("set aside     \(report.setAside) wrapped keys, which stay shut") }
  }
}
