import ArgumentParser
import Custodian
import Events
import Foundation

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Writes everything that opens what is sealed to one encrypted file; works beside a running custodian.",
    discussion: """
      The file is encrypted under a fresh key. That key is split into three shares, any two of which restore it, while one says nothing. They are \
      printed once, or written to three files, and kept nowhere: give each to another person, and none to whoever keeps the file. After 30 days \
      the backup is not restored any more, since keys that were erased stand in it still: make the next one before, and destroy what is over.

      Examples:
        sealane-custodian backup --data DIR.custodian --to /mnt/backup/custodian.backup
        sealane-custodian backup --data DIR.custodian --to custodian.backup --share-to /media/ada/share /media/bea/share /media/cleo/share
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The file to write; it must not be there.", completion: .file())
  var to: String

  @Option(
    parsing: .upToNextOption, help: "Three files to write, one for each share (mode 0600), instead of printing the shares.",
    completion: .file())
  var shareTo: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    guard shareTo.isEmpty || shareTo.count == 3 else { throw ValidationError("--share-to takes three files, one for each share.") }
    let made = try CustodianBackup.make(
      of: try directory.url, to: URL(fileURLWithPath: to), shareFiles: shareTo.isEmpty ? nil : shareTo.map { URL(fileURLWithPath: $0) },
      now: CustodianService.wallClock())
    if json { return print(try JSONText.of(Printed(made, file: to, shareFiles: shareTo))) }
    let recordKeys = made.projects.reduce(0) { $0 + $1.recordKeys }
    print(
      """
      Backup \(made.header.name) is in \(to): \(made.bytes) bytes, read back and found sound.
      It holds \(recordKeys) record keys, \(made.hpkeKeys) HPKE keys and \(made.approvers) approvers as of \(BackupError.text(made.header.madeAt)),
      and can be restored until \(BackupError.text(made.header.expiresAt)).

      """)
    guard shareTo.isEmpty else {
      return print("The three shares are in \(shareTo.joined(separator: ", ")). Any two of them open it: keep each with another person.")
    }
    print("Any two of these shares open it. They are shown once: give each to another person, and none to whoever keeps the file.\n")
    for share in made.shares { print("share \(share.index)  \(share.text)") }
  }

  private struct Printed: Encodable {
    let backup: String
    let file: String
    let bytes: UInt64
    let madeAt: Int64
    let expiresAt: Int64
    let recordKeys: Int
    let approvers: Int
    var shares: [String]?
    var shareFiles: [String]?

    enum CodingKeys: String, CodingKey {
      case backup, file, bytes, approvers, shares
      case madeAt = "made_at"
      case expiresAt = "expires_at"
      case recordKeys = "record_keys"
      case shareFiles = "share_files"
    }

    init(_ made: CustodianBackup.Made, file: String, shareFiles: [String]) {
      backup = made.header.name
      self.file = file
      bytes = made.bytes
      madeAt = made.header.madeAt.milliseconds
      expiresAt = made.header.expiresAt.milliseconds
      recordKeys = made.projects.reduce(0) { $0 + $1.recordKeys }
      approvers = made.approvers
      if shareFiles.isEmpty { shares = made.shares.map(\.text) } else { self.shareFiles = shareFiles }
    }
  }
}
