internal import CProcess
internal import Foundation
internal import Glibc

/// The `git` program, for reading a repository that may be hostile: it runs nothing that the repository names, asks nobody, and reaches no
/// network. Only plumbing is called, which runs no pager, no external diff, no text conversion, no filter and no signature check.
struct GitProgram: Sendable {
  let program: String
  let gitDirectory: String
  let workTree: String?

  /// The first `git` in an absolute directory of the path: never one that lies in the tree by a relative entry.
  static func find(path: String? = ProcessInfo.processInfo.environment["PATH"]) -> String? {
    (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").filter { $0.hasPrefix("/") }.map { $0 + "/git" }
      .first { access($0, X_OK) == 0 }
  }

  /// What the repository's own configuration could start, off. A command's options come last, so that they win.
  private static let guarded: [String] = [
    "--no-pager", "--no-replace-objects", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c",
    "core.hooksPath=/dev/null",
    "-c", "core.pager=cat", "-c", "core.untrackedCache=false", "-c", "core.commitGraph=false", "-c", "core.sshCommand=false", "-c",
    "core.askPass=false",
    "-c", "core.quotePath=false", "-c", "credential.helper=", "-c", "diff.external=", "-c", "gpg.program=false", "-c",
    "log.showSignature=false",
    "-c", "protocol.allow=never", "-c", "safe.directory=*", "-c", "submodule.recurse=false", "-c", "core.attributesFile=/dev/null",
  ]

  /// Nothing of this process's environment but where programs are. `GIT_ALLOW_PROTOCOL` stands above `protocol.<name>.allow` of any file;
  /// its one word is no transport.
  private static let environment: [String] = [
    "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
    "GIT_CONFIG_SYSTEM=/dev/null",
    "GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_PROTOCOL_FROM_USER=0",
    "GIT_TERMINAL_PROMPT=0",
    "GIT_ASKPASS=false", "SSH_ASKPASS=false", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_EDITOR=false", "GIT_SSH_COMMAND=false",
    "GIT_GRAFT_FILE=/dev/null",
    "GIT_FLUSH=0",
  ]

  func start(_ arguments: [String], input: Int32 = -1) throws(AuditError) -> GitProcess {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw AuditError("A pipe to git could not be made: \(AuditError.reason(errno)).") }
    for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var place = ["-C", workTree ?? gitDirectory, "--git-dir=\(gitDirectory)"]
    if let workTree { place.append("--work-tree=\(workTree)") }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + Self.guarded + place + arguments).map { strdup($0) }
    var variables: [UnsafeMutablePointer<CChar>?] = Self.environment.map { strdup($0) }
    defer { for text in words + variables { free(text) } }
    words.append(nil)
    variables.append(nil)
    var process: Int32 = 0
    let failure = sealane_spawn(&process, program, words, variables, input, ends[1])
    close(ends[1])
    guard failure == 0 else {
      close(ends[0])
      throw AuditError("\(program) could not be started: \(AuditError.reason(failure)).")
    }
    return GitProcess(process: process, output: ends[0])
  }
}

/// A git that runs, in a process group of its own. It ends with this value.
final class GitProcess {
  private var process: Int32
  private(set) var output: Int32
  private var buffer: UnsafeMutableRawBufferPointer
  private var first = 0
  private var last = 0
  private(set) var isEnded = false

  fileprivate init(process: Int32, output: Int32) {
    self.process = process
    self.output = output
    buffer = .allocate(byteCount: 256 << 10, alignment: 16)
  }

  deinit {
    release()
    if process > 0 {
      kill(-process, SIGKILL)
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
    buffer.deallocate()
  }

  /// Its output belongs to the next program alone: when that one ends, this one does.
  func release() {
    if output >= 0 { close(output) }
    output = -1
  }

  /// Whether it ended well. Waits; to be asked after the end of its output.
  func finish() -> Bool {
    guard process > 0 else { return false }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    process = 0
    return status == 0
  }

  private func fill() -> Bool {
    guard !isEnded else { return false }
    if first > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[first..<last]))
      last -= first
      first = 0
    }
    guard last < buffer.count else { return false }
    while true {
      let count = Glibc.read(output, buffer.baseAddress.map { $0 + last }, buffer.count - last)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        isEnded = true
        return false
      }
      last += count
      return true
    }
  }

  /// The next bytes up to a separator, which is left out; nil at the end. What is longer than the buffer (256 KiB) comes in pieces.
  func next(upTo separator: UInt8) -> [UInt8]? {
    var searched = first
    while true {
      if let place = buffer[searched..<last].firstIndex(of: separator) {
        let piece = Array(buffer[first..<place])
        first = place + 1
        return piece
      }
      searched = last
      let before = first
      guard fill() else {
        guard first < last else { return nil }
        let piece = Array(buffer[first..<last])
        first = last
        return piece
      }
      searched -= before - first
    }
  }

  /// Up to so many bytes into memory; how many came, 0 at the end.
  func read(into memory: UnsafeMutableRawBufferPointer) -> Int {
    if first == last, !fill() { return 0 }
    let count = min(memory.count, last - first)
    memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[first..<first + count]))
    first += count
    return count
  }

  func skip(_ count: Int) -> Bool {
    var left = count
    while left > 0 {
      if first == last, !fill() { return false }
      let some = min(left, last - first)
      first += some
      left -= some
    }
    return true
  }
}

/// Why the audit could not be made, in a sentence.
package struct AuditError: Error, Sendable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }

  static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
