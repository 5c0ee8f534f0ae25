internal import Glibc

/// Which files of the work tree git has, and which it was told to leave alone.
struct GitTracking {
  let repository: GitRepository

  /// Of these paths (from the root of the work tree) those that are in the index.
  func tracked(of paths: Set<TreePath>) throws(AuditError) -> Set<TreePath> {
    guard !repository.isBare else { return [] }
    let list = try repository.git.start(["ls-files", "-z", "--cached"])
    var found: Set<TreePath> = []
    while let path = list.next(upTo: 0) {
      let path = TreePath(path)
      if paths.contains(path) { found.insert(path) }
    }
    return found
  }

  /// Of these paths those that an ignore file covers. A few at a time, so that a pipe holds them and nobody waits.
  func ignored(of paths: some Collection<TreePath>) throws(AuditError) -> Set<TreePath> {
    guard !repository.isBare else { return [] }
    var found: Set<TreePath> = []
    var batch: [UInt8] = []
    for path in paths {
      batch += path.bytes + [0]
      guard batch.count > 16_384 else { continue }
      try ask(batch, &found)
      batch.removeAll(keepingCapacity: true)
    }
    if !batch.isEmpty { try ask(batch, &found) }
    return found
  }

  private func ask(_ batch: [UInt8], _ found: inout Set<TreePath>) throws(AuditError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw AuditError("A pipe to git could not be made: \(AuditError.reason(errno)).") }
    for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let written = batch.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
    close(ends[1])
    guard written == batch.count else { return }
    let answer = try repository.git.start(["check-ignore", "-z", "--stdin"], input: ends[0])
    while let path = answer.next(upTo: 0) { found.insert(TreePath(path)) }
  }
}
