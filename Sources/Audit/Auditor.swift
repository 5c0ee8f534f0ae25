internal import Foundation
internal import Glibc

/// What is to be looked at.
package struct AuditOrder: Sendable {
  package var path: String
  package var takesHistory = true
  package var takesDependencies = false
  package var baseline: Baseline?
  /// Bytes that make fingerprints those of one company.
  package var fingerprintKey: [UInt8]?
  package var platform: PlatformSecurity?
  /// Bytes of the largest file and blob that is read.
  package var largest = 64 << 20
  /// Seconds since 1970: what ages count to.
  package var now: Int64
  /// Where `git` is; nil: it is looked for.
  package var git: String?

  package init(path: String, now: Int64) {
    self.path = path
    self.now = now
  }
}

/// Makes the audit: the tree, then the history, then what is known about each secret.
package struct Auditor {
  let order: AuditOrder
  var book: FindingBook
  var counts = AuditReport.Counts()
  var notes: [String] = []
  var weak: [WeakPlace] = []
  /// Files whose place in git decides whether they are weak places.
  var files: [(path: TreePath, role: WeakFiles.Role, mode: UInt32)] = []
  var treePaths: [SecretIdentity: [TreePath]] = [:]
  var states: [TreePath: Finding.Place.Tracking] = [:]

  package init(_ order: AuditOrder) {
    self.order = order
    book = FindingBook(Fingerprinter(key: order.fingerprintKey))
  }

  package static func report(_ order: AuditOrder) throws(AuditError) -> AuditReport {
    var auditor = Auditor(order)
    return try auditor.run()
  }

  private mutating func run() throws(AuditError) -> AuditReport {
    // A git that ended early must not end this program.
    signal(SIGPIPE, SIG_IGN)
    guard let resolved = realpath(order.path, nil) else { throw AuditError("\(Redactor.clean(order.path)): \(AuditError.reason(errno)).") }
    let path = String(cString: resolved)
    free(resolved)
    let program = order.git ?? GitProgram.find()
    // Of a single file its own state in git is asked for; the history is that of a directory.
    let isFile = Self.isFile(path)
    let directory = isFile ? URL(fileURLWithPath: path).deletingLastPathComponent().path : path
    let repository = program.flatMap { GitRepository.find(at: directory, program: $0) }
    // A tree that only looks like a bare repository is looked at all the same.
    try scanTree(path)
    if repository?.isBare ?? false { counts.binaries = 0 }
    if let repository {
      try follow(repository)
      if order.takesHistory, !isFile { try scanHistory(repository) }
    } else if program == nil {
      notes.append("There is no git on this machine: the history was not looked at.")
    } else {
      notes.append("No git repository here: there is no history to look at, and ages are not known.")
    }
    judgeFiles(repository != nil)
    return report(path, hasHistory: repository != nil && order.takesHistory && !isFile)
  }

  private static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  // MARK: The tree

  private mutating func scanTree(_ path: String) throws(AuditError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw AuditError("\(Redactor.clean(path)): \(AuditError.reason(errno)).") }
    if status.st_mode & S_IFMT == S_IFREG {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw AuditError("\(Redactor.clean(path)): \(AuditError.reason(errno)).") }
      defer { close(descriptor) }
      let name = URL(fileURLWithPath: path).lastPathComponent
      visit(
        TreeWalk.File(
          path: TreePath(name), descriptor: descriptor, size: Int(status.st_size), mode: status.st_mode & 0o7777,
          modified: Int64(status.st_mtim.tv_sec), isBrowserApp: false))
      return
    }
    let root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { throw AuditError("\(Redactor.clean(path)): \(AuditError.reason(errno)).") }
    defer { close(root) }
    var walk = TreeWalk(largest: order.largest, takesDependencies: order.takesDependencies)
    walk.walk(root) { visit($0) }
    describe(walk.skipped)
  }

  private mutating func visit(_ file: TreeWalk.File) {
    let kind = FileKind(file.path.text, isBrowserApp: file.isBrowserApp)
    if let role = WeakFiles.role(of: file.path, kind: kind), files.count < 100_000 { files.append((file.path, role, file.mode)) }
    counts.files += 1
    counts.bytes += file.size
    var pipeline: [UInt8] = []
    var hasPrivateKey = false
    let isText = WindowScanner.scan(
      kind,
      read: { memory in
        while true {
          let count = Glibc.read(file.descriptor, memory.baseAddress, memory.count)
          if count < 0 && errno == EINTR { continue }
          if count > 0, kind.traits.contains(.pipeline), pipeline.count < 1 << 20 { pipeline += memory[..<count] }
          return max(0, count)
        }
      },
      found: { candidate, bytes, line in
        book.add(candidate, in: bytes, line: line, file: file.path, kind: kind, changed: file.modified)
        remember(candidate, in: bytes, file.path)
        if candidate.kind == .privateKey, candidate.remark.isEmpty { hasPrivateKey = true }
      })
    if !isText { counts.binaries += 1 }
    if hasPrivateKey, !kind.traits.contains(.test), !kind.traits.contains(.documentation), !kind.traits.contains(.environment) {
      files.append((file.path, .key, file.mode))
    }
    if kind.traits.contains(.pipeline) {
      for line in PipelineEcho.findings(in: pipeline) where weak.count < 1000 {
        weak.append(
          WeakPlace(
            .pipelineEcho, path: file.path.shown, line: line,
            "The pipeline prints a secret or the whole environment: whoever reads its log has it."))
      }
    }
  }

  private mutating func remember(_ candidate: Candidate, in bytes: Bytes, _ path: TreePath) {
    let identity = book.fingerprinter.identity(Fingerprinter.value(of: candidate, in: bytes))
    if (treePaths[identity]?.count ?? 0) < FindingBook.mostPlaces, book.entries[identity] != nil,
      !Allowance.covers(candidate.range.lowerBound, in: bytes)
    {
      treePaths[identity, default: []].append(path)
    }
  }

  private mutating func describe(_ skipped: TreeWalk.Skipped) {
    if skipped.dependencyCount > 0 {
      let some = skipped.dependencies.map(\.shown).joined(separator: ", ")
      notes.append(
        "Not looked into: \(skipped.dependencyCount) directories of others' packages (\(some)\(skipped.dependencyCount > 5 ? ", …" : "")). --all does."
      )
    }
    if skipped.largeCount > 0 {
      notes.append(
        "Not read: \(skipped.largeCount) files above \(order.largest >> 20) MiB (\(skipped.large.map(\.shown).joined(separator: ", "))\(skipped.largeCount > 5 ? ", …" : ""))."
      )
    }
    if skipped.unreadable > 0 { notes.append("Not readable: \(skipped.unreadable) files or directories.") }
    if skipped.tooDeep > 0 { notes.append("Not entered: \(skipped.tooDeep) directories more than \(TreeWalk.deepest) deep.") }
    if skipped.links > 0 { notes.append("Not followed: \(skipped.links) symbolic links.") }
  }
}
