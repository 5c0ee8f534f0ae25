import ArgumentParser
import Custodian
import Events
import Foundation

struct AlarmsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms", abstract: "Lists the alarms, and settles one.",
    discussion: """
      An alarm stops sealing at the server until it is settled here: the server takes that word from nobody but this custodian, which signs it.
      Find out first who changed what; docs/OPERATIONS.md, "The custodian raised an alarm", says how.

      Examples:
        sealane-custodian alarms --data /var/lib/sealane.custodian
        sealane-custodian alarms settle 3f9c --data /var/lib/sealane.custodian --reason "custodian.pub came from the wrong backup; restored"
      """,
    subcommands: [ListCommand.self, SettleCommand.self], defaultSubcommand: ListCommand.self)

  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the alarms, the newest first; works beside a running custodian.")

    @OptionGroup var directory: DirectoryOption

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      let alarms = try CustodianSetup.alarms(on: try directory.url)
      if json { return print(try JSONText.of(alarms)) }
      if alarms.isEmpty { return print("There is no alarm on record.") }
      for alarm in alarms {
        let raised = Date(timeIntervalSince1970: Double(alarm.raisedAt) / 1000).formatted(.iso8601)
        print("\(alarm.id)  \(raised)  \(alarm.kind)  \(alarm.state)")
        print("  \(TerminalText(alarm.sentence).description)")
        if let reason = alarm.reason { print("  settled: \(TerminalText(reason).description)") }
        if alarm.setAside > 0 { print("  \(alarm.setAside) wrapped keys set aside: what they sealed stays shut") }
      }
    }
  }

  struct SettleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "settle", abstract: "Settles an alarm, so that the server seals again.",
      discussion: """
        The custodian that runs on this directory, or the next one, tells the server, which then seals under a new epoch to this custodian's \
        own key, and to no other. Wrapped keys that the alarm was about are set aside: what they sealed stays shut for good.

        Example:
          sealane-custodian alarms settle 3f9c --data /var/lib/sealane.custodian --reason "wrong backup restored; put right"
        """)

    @Argument(help: "The alarm's id, or its first digits where they name one alarm.")
    var id: String

    @OptionGroup var directory: DirectoryOption

    @Option(help: "What was found and done, in one line without anybody's name; it stands in the server's ledger.")
    var reason: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      let alarm = try CustodianSetup.settle(alarm: id, reason: reason, on: try directory.url)
      if json { return print(try JSONText.of(alarm)) }
      print("Alarm \(alarm.id) (\(alarm.kind)) is settled here.")
      print("The custodian tells the server in its next round; sealing begins again when no other alarm stands.")
    }
  }
}
