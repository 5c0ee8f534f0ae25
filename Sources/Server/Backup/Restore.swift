import Access
import Foundation
import Journeys
import SegmentStore

/// `sealane restore` and `sealane backup --verify`: work on files alone.
package struct Restore: Sendable {
  package struct Outcome: Sendable, Hashable {
    package var name: String
    package var files: Int
    package var bytes: Int

    init(_ name: String, _ list: BackupList) {
      self.name = String(name.dropLast(".list".count))
      files = list.files.count
      bytes = list.files.reduce(0) { $0 + $1.length }
    }

    package var json: JSONValue { ["backup": .string(name), "files": .number(Double(files)), "bytes": .number(Double(bytes))] }
  }

  /// What the restored installation writes its ledger into. The backup has none: a ledger is never rolled back.
  package enum LedgerChoice: Sendable {
    /// A copy of this directory.
    case copy(URL)
    /// A new one, since none is left. Whoever kept a checkpoint of the old one sees that it does not go on.
    case begin
    /// None yet; the server does not start until somebody puts one there.
    case later
  }

  private let source: BackupDirectory

  package init(_ source: URL) { self.source = BackupDirectory(source) }

  /// Reads every byte of every backup in the directory and compares it with what was written; what several share, once.
  package func verify() throws -> [Outcome] {
    try source.check()
    // None at all is no sound backup either.
    _ = try source.list()
    var seen: Set<String> = []
    return try source.names().map { name in
      let list = try source.list(name).list
      for file in list.files where seen.insert(file.digest).inserted {
        _ = try BackupDirectory.copy(source.object(file.digest), expecting: file, to: nil)
      }
      return Outcome(name, list)
    }
  }

  /// Makes a new data directory of a backup and checks it. What is there already is never touched.
  package func restore(to data: URL, name: String? = nil, ledger: LedgerChoice) throws -> Outcome {
    try source.check()
    let target = data.standardizedFileURL
    let files = FileManager.default
    if files.fileExists(atPath: target.path) {
      throw CommandError("\(target.path) is there already, and a restore overwrites nothing. Name another directory, or move it away.")
    }
    let (name, list) = try source.list(name)
    if case .copy(let ledger) = ledger, !files.fileExists(atPath: ledger.appendingPathComponent("checkpoint").path) {
      throw CommandError("\(ledger.path) is not a ledger's directory.")
    }
    // Until everything is there and checked it has another name; what a crash leaves under that is made anew.
    let making = target.deletingLastPathComponent().appendingPathComponent(".\(target.lastPathComponent).restoring", isDirectory: true)
    if files.fileExists(atPath: making.path) { try files.removeItem(at: making) }
    let made = DataDirectory(making)
    try files.createDirectory(at: making, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var places: Set<URL> = [making]
    for file in list.files {
      let place = making.appendingPathComponent(file.path)
      let parent = place.deletingLastPathComponent()
      if places.insert(parent).inserted {
        try files.createDirectory(at: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      }
      _ = try BackupDirectory.copy(source.object(file.digest), expecting: file, to: place)
    }
    switch ledger {
    case .copy(let ledger): try files.copyItem(at: ledger, to: made.ledger)
    case .begin: try files.createDirectory(at: made.ledger, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    case .later: break
    }
    let projects = places.filter { $0.deletingLastPathComponent().lastPathComponent == "projects" }
    guard try ControlExamination(of: made.controlDatabase).isSound else {
      throw CommandError("What was restored is damaged: SQLite finds control.sqlite not in order. Use another backup (--snapshot).")
    }
    for project in projects {
      if let finding = try SegmentStore.check(directory: project).first {
        throw CommandError("What was restored is damaged: \(finding.file): \(finding.problem) Use another backup (--snapshot).")
      }
    }
    try BackupDirectory.write(Data(DataDirectory.formatText.utf8), to: made.format)
    for place in places { try BackupDirectory.synchronize(place) }
    try BackupDirectory.rename(making, to: target)
    return Outcome(name, list)
  }
}
