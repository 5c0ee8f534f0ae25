import ArgumentParser
import Custodian
import Events
import Foundation

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Makes a custodian's directory of a backup and two of its three shares.",
    discussion: """
      Overwrites nothing. Everything is opened and looked through before the directory gets its name; after a crash in between, run it again.
      Shares are read from files or from standard input, one a line, and never from the command line, which other users of the machine can read.

      What was erased or changed since the backup is as it was then, for which reason a backup is restored for 30 days only: \
      docs/OPERATIONS.md, "The custodian is lost", says what to do next. Never let the old custodian and the restored one run side by side.

      Examples:
        sealane-custodian restore --backup custodian.backup --data /var/lib/sealane.custodian
        sealane-custodian restore --backup custodian.backup --data NEWDIR --share-file /media/ada/share --share-file /media/cleo/share
      """)

  @Option(help: "The file that sealane-custodian backup wrote.", completion: .file())
  var backup: String

  @OptionGroup var directory: DirectoryOption

  @Option(help: "A file with a share; once for each. What is missing of two is read from standard input.", completion: .file())
  var shareFile: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let target = try directory.url
    let now = CustodianService.wallClock()
    // Before anybody types a hundred characters in vain.
    try CustodianRestore.check(target: target)
    let file = URL(fileURLWithPath: backup)
    let header = try CustodianRestore.header(of: file, now: now)
    let restored = try CustodianRestore.restore(file, shares: try shares(of: header), to: target, now: now)
    if json { return print(try JSONText.of(restored)) }
    let keys = restored.projects.reduce(0) { $0 + $1.recordKeys }
    print(
      """
      Restored backup \(restored.backup) to \(target.path): \(restored.files) files, \(keys) record keys, all of which decrypt.
      It is the custodian as of \(BackupError.text(header.madeAt)), \(Self.age(header, now)). Keys that were erased since are back \
      until its first rounds with the server, whose ledger says which they are.
      Approvers: \(restored.approvers.isEmpty ? "none" : restored.approvers.map { TerminalText($0).description }.joined(separator: ", ")). \
      Daily limit: \(restored.dailyLimit) subjects. Both may have changed since.
      Ended, since nobody knows what became of them: \(restored.endedRequests) open requests, \(restored.endedLinks) unused setup links.
      """)
  }

  private func shares(of header: BackupHeader) throws -> [BackupShare] {
    var found = try shareFile.map { try BackupShare(reading: URL(fileURLWithPath: $0)) }
    let isTyped = isatty(STDIN_FILENO) == 1
    while found.count < SecretSharing.threshold {
      if isTyped { Self.say("Share \(found.count + 1) of backup \(header.name), made \(BackupError.text(header.madeAt)): ") }
      guard let line = readLine() else { throw BackupError.tooFewShares }
      if line.allSatisfy(\.isWhitespace) { continue }
      do {
        found.append(try BackupShare(text: line))
      } catch {
        // A person gets another chance; a program gets the reason.
        guard isTyped else { throw error }
        Self.say("\(error)\n")
      }
    }
    return found
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func age(_ header: BackupHeader, _ now: Timestamp) -> String {
    let hours = max(0, (now.milliseconds - header.madeAt.milliseconds) / 3_600_000)
    return hours < 48 ? "\(hours) hours ago" : "\(hours / 24) days ago"
  }
}
