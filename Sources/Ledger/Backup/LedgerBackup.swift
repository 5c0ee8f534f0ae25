import Crypto
import Events
import Foundation

/// A directory with backups of one ledger, encrypted under keys that are derived from its set-encryption key in force (docs/FORMATS.md, "Ledger backup"):
///
/// | `FORMAT` | `sealane ledger backup 1` |
/// | `objects/<64 hexadecimal digits>` | a file, sealed; named by a keyed digest of its path and content, so that it is copied once |
/// | `snapshots/<time>.list` | what a backup consists of, sealed; written last |
/// | `lock` | held while a backup is written |
///
/// A backup is there once its list is, and nothing that an older list names is changed. A crash in between leaves objects that no list names:
/// the next backup takes them over or, with `keep`, deletes them.
package struct LedgerBackup: Sendable {
  package struct Outcome: Sendable, Hashable {
    package var name: String
    /// Entries under its checkpoint.
    package var entries: UInt64
    package var files = 0
    package var bytes = 0
    /// Of the files, those that an earlier backup had brought.
    package var reused = 0
  }

  private static let format = "sealane ledger backup 1\n"
  private static let domain = "sealane/ledger/backup/v1"

  /// What one set-encryption key makes.
  private struct Keys {
    let sealing: SymmetricKey
    let naming: SymmetricKey

    init(_ sets: SymmetricKey) {
      sealing = HKDF<SHA256>.deriveKey(inputKeyMaterial: sets, info: Data("\(domain)/seal".utf8), outputByteCount: 32)
      naming = HKDF<SHA256>.deriveKey(inputKeyMaterial: sets, info: Data("\(domain)/name".utf8), outputByteCount: 32)
    }
  }

  private let root: URL
  /// The one in force, which writes, first; the others read what was written before they were replaced.
  private let keys: [Keys]

  package init(_ root: URL, keys: LedgerKeys) {
    self.root = root.standardizedFileURL
    self.keys = keys.sets.map { Keys($0) }
  }

  // MARK: Writing

  /// - Parameters:
  ///   - name: sorts by time.
  ///   - keep: how many of the newest backups stay; nil: all.
  package func write(_ image: LedgerImage, name: String, keep: Int? = nil) throws(LedgerError) -> Outcome {
    try write(image, name: name, keep: keep, to: DiskFiles(locking: root))
  }

  package func write(_ image: LedgerImage, name: String, keep: Int? = nil, to target: any LedgerFiles) throws(LedgerError) -> Outcome {
    if let format = try target.read("FORMAT") {
      try check(format)
    } else {
      guard try target.names(in: "").allSatisfy({ ["lock", "objects", "snapshots"].contains($0) || $0.hasSuffix(".new") }) else {
        throw LedgerError(.refused, "\(root.path) holds other files. Name an empty directory, or one with backups of this ledger.")
      }
      try target.makeDirectory("objects")
      try target.makeDirectory("snapshots")
      try target.replace("FORMAT", with: Array(Self.format.utf8))
    }
    let names = try self.names(target)
    guard !names.contains(where: { $0 >= name + ".list" }) else {
      throw LedgerError(.refused, "\(root.path) holds a backup of this moment or a later one. Is the clock right?")
    }
    // Of another ledger, or under another key: a restore could not tell them apart.
    if let last = names.last { _ = try list(last, in: target) }
    let there = Set(try target.names(in: "objects"))
    var outcome = Outcome(name: name, entries: image.size)
    var list = Self.format + "entries \(image.size)\n"
    func take(_ path: String, _ bytes: [UInt8]) throws(LedgerError) {
      let object = self.object(path, bytes, keys[0])
      outcome.files += 1
      outcome.bytes += bytes.count
      if there.contains(object) { outcome.reused += 1 } else { try target.replace("objects/" + object, with: seal(bytes, as: object)) }
      list += "\(object) \(bytes.count) \(path)\n"
    }
    for path in image.lasting { try take(path, image.bytes(of: path)) }
    for (path, bytes) in image.taken { try take(path, bytes) }
    // A crash before this leaves the backups that there were.
    try target.replace("snapshots/\(name).list", with: seal(Array(list.utf8), as: name + ".list"))
    if let keep { try prune(to: keep, in: target) }
    return outcome
  }

  private func prune(to keep: Int, in target: any LedgerFiles) throws(LedgerError) {
    let names = try self.names(target)
    var named: Set<String> = []
    for name in names.suffix(keep) { named.formUnion(try list(name, in: target).files.map(\.object)) }
    for name in names.dropLast(keep) { try target.remove("snapshots/" + name) }
    try target.synchronizeDirectory("snapshots")
    // A crash here leaves objects that no list names.
    for name in try target.names(in: "objects") where !named.contains(name) { try target.remove("objects/" + name) }
  }

  // MARK: Reading

  /// Opens every object of every backup and compares it with what was written; what several share, once.
  package func verify() throws(LedgerError) -> [Outcome] { try verify(DiskFiles(reading: root)) }

  package func verify(_ source: any LedgerFiles) throws(LedgerError) -> [Outcome] {
    try check(source.read("FORMAT") ?? [])
    let names = try self.names(source)
    guard !names.isEmpty else { throw LedgerError(.refused, "\(root.path) holds no finished backup of a ledger.") }
    var seen: Set<String> = []
    var outcomes: [Outcome] = []
    for name in names {
      let list = try list(name, in: source)
      var outcome = Outcome(name: String(name.dropLast(".list".count)), entries: list.entries)
      for file in list.files {
        outcome.files += 1
        outcome.bytes += file.length
        if seen.insert(file.object).inserted { _ = try content(of: file, in: source, list.keys) }
      }
      outcomes.append(outcome)
    }
    return outcomes
  }

  /// Writes a ledger's directory anew; the caller gives it its place once it is verified.
  ///
  /// - Parameter name: of the backup; nil: the newest.
  package func restore(_ name: String? = nil, to directory: URL) throws(LedgerError) -> Outcome {
    let source = DiskFiles(reading: root)
    try check(source.read("FORMAT") ?? [])
    let names = try self.names(source)
    guard let wanted = name.map({ $0.hasSuffix(".list") ? $0 : $0 + ".list" }) ?? names.last, names.contains(wanted) else {
      throw LedgerError(.refused, "There is no such backup. There are: \(names.joined(separator: ", ")).")
    }
    let list = try list(wanted, in: source)
    let target = try DiskFiles(locking: directory)
    var outcome = Outcome(name: String(wanted.dropLast(".list".count)), entries: list.entries)
    var directories: Set<String> = [""]
    for file in list.files {
      let bytes = try content(of: file, in: source, list.keys)
      try target.makeDirectory(DirectoryName.of(file.path))
      directories.insert(DirectoryName.of(file.path))
      try target.write(bytes, to: file.path)
      try target.synchronize(file.path)
      outcome.files += 1
      outcome.bytes += bytes.count
    }
    try target.write([], to: JournalRecord.path)
    try target.synchronize(JournalRecord.path)
    for directory in directories { try target.synchronizeDirectory(directory) }
    return outcome
  }

  private func check(_ format: [UInt8]) throws(LedgerError) {
    guard format == Array(Self.format.utf8) else { throw LedgerError(.refused, "\(root.path) holds no backup of a ledger.") }
  }

  private func names(_ files: any LedgerFiles) throws(LedgerError) -> [String] {
    try files.names(in: "snapshots").filter { $0.hasSuffix(".list") }.sorted()
  }

  private struct List {
    let keys: Keys
    var entries: UInt64 = 0
    var files: [(object: String, length: Int, path: String)] = []
  }

  private func list(_ name: String, in source: any LedgerFiles) throws(LedgerError) -> List {
    let damaged = LedgerError(
      .damaged, "The ledger's backup \(name) is damaged, or was written under another key than the one in the key directory.")
    guard let sealed = try source.read("snapshots/" + name),
      let (plain, keys) = keys.lazy.compactMap({ keys in open(sealed, as: name, keys).map { ($0, keys) } }).first,
      let text = String(validating: plain, as: UTF8.self), text.hasPrefix(Self.format)
    else { throw damaged }
    var list = List(keys: keys)
    for (number, line) in text.split(separator: "\n").dropFirst().enumerated() {
      let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
      if number == 0 {
        guard parts.count == 2, parts[0] == "entries", let entries = UInt64(parts[1]) else { throw damaged }
        list.entries = entries
        continue
      }
      guard parts.count == 3, parts[0].utf8.count == 64, let length = Int(parts[1]), length >= 0, Self.isInside(parts[2]) else {
        throw damaged
      }
      list.files.append((parts[0], length, parts[2]))
    }
    return list
  }

  /// A path that leads nowhere else.
  private static func isInside(_ path: String) -> Bool {
    !path.hasPrefix("/") && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
  }

  private func content(
    of file: (object: String, length: Int, path: String), in source: any LedgerFiles, _ keys: Keys
  ) throws(LedgerError) -> [UInt8] {
    guard let sealed = try source.read("objects/" + file.object), let bytes = open(sealed, as: file.object, keys),
      bytes.count == file.length, object(file.path, bytes, keys) == file.object
    else {
      throw LedgerError(
        .damaged, "The backup's copy of the ledger's \(file.path) is damaged or missing (objects/\(file.object)). Use another backup.")
    }
    return bytes
  }

  // MARK: Sealing

  private func object(_ path: String, _ bytes: [UInt8], _ keys: Keys) -> String {
    var code = HMAC<SHA256>(key: keys.naming)
    code.update(data: Data(path.utf8) + [0])
    code.update(data: bytes)
    return Hexadecimal.text(code.finalize())
  }

  private func seal(_ bytes: [UInt8], as name: String) throws(LedgerError) -> [UInt8] {
    do {
      return [UInt8](try ChaChaPoly.seal(bytes, using: keys[0].sealing, authenticating: Data("\(Self.domain)/\(name)".utf8)).combined)
    } catch {
      throw LedgerError(.unwritable, "A file of the ledger's backup could not be encrypted.")
    }
  }

  private func open(_ sealed: [UInt8], as name: String, _ keys: Keys) -> [UInt8]? {
    guard let box = try? ChaChaPoly.SealedBox(combined: sealed) else { return nil }
    return (try? ChaChaPoly.open(box, using: keys.sealing, authenticating: Data("\(Self.domain)/\(name)".utf8))).map { [UInt8]($0) }
  }
}

extension LedgerBackup: Silent {
  package var description: String { "<backup of a ledger in \(root.path)>" }
}
