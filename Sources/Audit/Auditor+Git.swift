extension Auditor {
  mutating func follow(_ repository: GitRepository) throws(AuditError) {
    func whole(_ path: TreePath) -> TreePath { TreePath(repository.prefix + path.bytes) }
    var all = Set(files.map { whole($0.path) })
    for paths in treePaths.values { all.formUnion(paths.map { whole($0) }) }
    let tracking = GitTracking(repository: repository)
    let tracked = try tracking.tracked(of: all)
    let ignored = try tracking.ignored(of: all.subtracting(tracked))
    func state(_ path: TreePath) -> Finding.Place.Tracking {
      let path = whole(path)
      if repository.isBare { return .unknown }
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

  mutating func scanHistory(_ repository: GitRepository) throws(AuditError) {
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
      let references = try GitReferences(repository, commits: Set(introductions.values.flatMap { $0.all.map(\.commit) }))
      if !references.isComplete { notes.append("Branches and tags were counted among the first \(GitReferences.most).") }
      for identity in book.order {
        guard let entry = book.entries[identity], !entry.blobs.isEmpty else { continue }
        let known = entry.blobs.compactMap { introductions[$0] }
        let all = known.flatMap(\.all)
        var named: Set<TreePath> = []
        for one in known where named.count < 20 { named.formUnion(one.paths) }
        let paths = entry.historyPaths.union(named.prefix(20).map(\.shown))
        let first = all.filter { $0.date != nil }.min { ($0.date ?? 0, $0.commit.text) < ($1.date ?? 0, $1.commit.text) } ?? all.first
        let counts = references.counts(of: all.map(\.commit))
        let age = first?.date.map { max(0, Int((order.now - max(0, min($0, order.now))) / 86_400)) }
        self.book.update(identity) { finding in
          finding.history = Finding.History(
            firstCommit: first?.commit.text, firstSeen: first?.date, ageDays: age, inHead: entry.blobs.contains { head.contains($0) },
            branches: counts.branches, tags: counts.tags, remoteBranches: counts.remotes, isPushed: counts.remotes > 0 || repository.isBare,
            paths: Array(paths.sorted().prefix(20)), blobs: entry.blobs.count)
        }
      }
    }
    notes += history.notes
  }
}
