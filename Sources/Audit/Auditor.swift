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
  private let order: AuditOrder
  private var book: FindingBook
  private var counts = AuditReport.Counts()
  private var notes: [String] = []
  private var weak: [WeakPlace] = []
  /// Files whose place in git decides whether they are weak places.
  private var files: [(path: TreePath, role: WeakFiles.Role, mode: UInt32)] = []
  private var treePaths: [SecretIdentity: [TreePath]] = [:]

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
    let repository = program.flatMap { GitRepository.find(at: path, program: $0) }
    if !(repository?.isBare ?? false) { try scanTree(path) }
    if let repository {
      try follow(repository)
      if order.takesHistory { try scanHistory(repository) }
    } else if program == nil {
      notes.append("There is no git on this machine: the history was not looked at.")
    } else {
      notes.append("No git repository here: there is no history to look at, and ages are not known.")
    }
    judgeFiles(repository != nil)
    return report(path, hasRepository: repository != nil)
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

  // MARK: Git

  private mutating func follow(_ repository: GitRepository) throws(AuditError) {
    func whole(_ path: TreePath) -> TreePath { TreePath(repository.prefix + path.bytes) }
    var all = Set(files.map { whole($0.path) })
    for paths in treePaths.values { all.formUnion(paths.map { whole($0) }) }
    let tracking = GitTracking(repository: repository)
    let tracked = try tracking.tracked(of: all)
    let ignored = try tracking.ignored(of: all.subtracting(tracked))
    func state(_ path: TreePath) -> Finding.Place.Tracking {
      let path = whole(path)
      return tracked.contains(path) ? .tracked : ignored.contains(path) ? .ignored : .untracked
    }
    for (identity, paths) in treePaths {
      book.update(identity) { finding in
        for index in finding.places.indices where index < paths.count { finding.places[index].tracking = state(paths[index]) }
      }
    }
    for file in files { states[file.path] = state(file.path) }
    for name in ["config", "config.worktree"] {
      guard let text = SmallFile.read(repository.commonDirectory + "/" + name, limit: 1 << 20) else { continue }
      for (remote, line) in RemotePasswords.findings(in: text) {
        weak.append(
          WeakPlace(
            .remotePassword, path: ".git/" + name, line: line,
            "The address of the remote “\(remote)” holds a password or a token, in clear on this disk: use a credential helper."))
      }
    }
  }

  private var states: [TreePath: Finding.Place.Tracking] = [:]

  private mutating func scanHistory(_ repository: GitRepository) throws(AuditError) {
    var history = GitHistory(repository, largest: order.largest)
    var book = self.book
    try history.scan { candidate, bytes, blob, path in book.add(candidate, in: bytes, blob: blob, file: path) }
    self.book = book
    counts.blobs = history.blobCount
    if history.largeCount > 0 { notes.append("Not read: \(history.largeCount) blobs of the history above \(order.largest >> 20) MiB.") }
    var wanted: Set<ObjectName> = []
    for entry in book.entries.values { wanted.formUnion(entry.blobs) }
    if !wanted.isEmpty {
      let introductions = try history.introductions(of: wanted)
      let head = try history.inHead(wanted)
      var known: [[ObjectName]: (branches: Int, tags: Int, remotes: Int)] = [:]
      var asked = 0
      for identity in book.order {
        guard let entry = book.entries[identity], !entry.blobs.isEmpty else { continue }
        let all = entry.blobs.flatMap { introductions[$0] ?? [] }
        let first = all.filter { $0.date != nil }.min { ($0.date ?? 0, $0.commit.text) < ($1.date ?? 0, $1.commit.text) } ?? all.first
        var commits: [ObjectName] = first.map { [$0.commit] } ?? []
        for one in all where !commits.contains(one.commit) && commits.count < 20 { commits.append(one.commit) }
        var references = (branches: 0, tags: 0, remotes: 0)
        if let seen = known[commits] {
          references = seen
        } else if asked < 500, !commits.isEmpty {
          references = try history.references(with: commits)
          known[commits] = references
          asked += 1
        }
        let age = first?.date.map { max(0, Int((order.now - $0) / 86_400)) }
        self.book.update(identity) { finding in
          finding.history = Finding.History(
            firstCommit: first?.commit.text, firstSeen: first?.date, ageDays: age, inHead: entry.blobs.contains { head.contains($0) },
            branches: references.branches, tags: references.tags, remoteBranches: references.remotes,
            isPushed: references.remotes > 0 || repository.isBare, paths: entry.historyPaths.sorted(),
            blobs: entry.blobs.count)
        }
      }
      if asked >= 500 { notes.append("Branches and tags were counted for the first 500 commits that brought in secrets.") }
    }
    notes += history.notes
  }

  // MARK: Weak places

  private mutating func judgeFiles(_ hasRepository: Bool) {
    var seen: Set<TreePath> = []
    for file in files where seen.insert(file.path).inserted {
      let state = states[file.path] ?? .unknown
      let shown = file.path.shown
      switch file.role {
      case .environment:
        if state == .tracked {
          weak.append(
            WeakPlace(
              .environmentTracked, path: shown,
              "Git has this file: everybody who clones gets its values. Take it out with “git rm --cached”, and ignore it."))
        } else if state == .untracked {
          weak.append(WeakPlace(.environmentNotIgnored, path: shown, "No .gitignore covers this file: the next “git add .” takes it in."))
        }
      case .key:
        if state == .tracked {
          weak.append(WeakPlace(.keyFileTracked, path: shown, "Git has this private key: make a new one, and keep it elsewhere."))
        }
      case .credentials:
        // An .npmrc without a token is a setting like any other.
        if state == .tracked, book.entries.values.contains(where: { $0.finding.places.contains { $0.path == shown } }) {
          weak.append(
            WeakPlace(
              .credentialsTracked, path: shown,
              "Git has this file of credentials: take it out, and let programs read them from their environment."))
        }
      }
      if file.mode & 0o044 != 0, file.role == .key, state != .tracked {
        weak.append(WeakPlace(.keyFileReadable, path: shown, "Other users of this machine can read this private key: chmod 600."))
      }
    }
  }

  // MARK: The report

  private func report(_ path: String, hasRepository: Bool) -> AuditReport {
    var notes = notes
    if book.overflow > 0 {
      notes.append("There are more than \(FindingBook.mostFindings) secrets; \(book.overflow) places are not in the report.")
    }
    if counts.binaries > 0 { notes.append("Not looked into: \(counts.binaries) binary files.") }
    var findings: [Finding] = []
    var matched: [String: String] = [:]
    var suppressed = 0
    for identity in book.order {
      guard let entry = book.entries[identity] else { continue }
      guard !book.allowed.contains(identity) else { continue }
      var finding = entry.finding
      finding.judgeUrgency()
      if let published = entry.published, let key = order.platform?.key(published: published) {
        finding.platformKey = key.shownID
        finding.kind = .providerKey
        finding.confidence = Confidence.certain.word
        finding.judgeUrgency()
        matched[key.id] = finding.fingerprint
      }
      if let baseline = order.baseline, baseline.holds(finding.fingerprint) {
        suppressed += 1
        continue
      }
      findings.append(finding)
    }
    findings.sort { left, right in
      if left.urgency != right.urgency { return left.urgency < right.urgency }
      if left.strength != right.strength { return left.strength > right.strength }
      return (left.places.first?.path ?? left.history?.paths.first ?? "", left.fingerprint) < (
        right.places.first?.path ?? right.history?.paths.first ?? "", right.fingerprint
      )
    }
    var weak = weak.sorted { ($0.kind.rank, $0.path, $0.line ?? 0) < ($1.kind.rank, $1.path, $1.line ?? 0) }
    if let baseline = order.baseline { weak.removeAll { baseline.holds($0.fingerprint) } }
    return AuditReport(
      path: Redactor.clean(path), now: order.now, hasHistory: hasRepository && order.takesHistory, counts: counts, findings: findings,
      weakPlaces: weak, platform: order.platform.map { PlatformFindings($0, matched: matched, now: order.now) }, notes: notes,
      allowed: book.allowed.count, suppressed: suppressed)
  }
}
