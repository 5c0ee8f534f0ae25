internal import CProcess
internal import Events
internal import Foundation
internal import Glibc

/// A command that prints the keys: run without a shell, in a process group of its own, with a deadline and a bound on what it prints.
///
/// It gets this process's environment and nothing to read. Its standard error goes nowhere: what a secret manager says may be secret. What it
/// prints is read into `SecretMemory` and parsed there.
package struct KeyCommand: Sendable, Hashable {
  package static let defaultDeadline: Duration = .seconds(30)

  package let program: String
  package let arguments: [String]

  package init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }

  package func run(deadline: Duration = Self.defaultDeadline) throws(KeySourceError) -> KeyDirectory {
    let end = ContinuousClock.now + deadline
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .notStarted(program: program, reason: Self.reason(errno)) }
    let (output, input) = (ends[0], ends[1])
    defer { close(output) }
    for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let process: Int32
    do throws(KeySourceError) {
      process = try start(output: input)
      close(input)
    } catch {
      close(input)
      throw error
    }
    var isRunning = true
    // Whatever it started ends with it.
    defer { if isRunning { stop(process) } }
    let printed = SecretMemory(byteCount: KeyBundle.longest + 1)
    let count = try read(output, into: printed, deadline: deadline, until: end)
    let status = try status(of: process, deadline: deadline, until: end)
    isRunning = false
    // As WIFEXITED, WEXITSTATUS and WTERMSIG of <sys/wait.h>, which are macros.
    guard status & 0x7F == 0 else { throw .killed(program: program, signal: status & 0x7F) }
    guard status >> 8 & 0xFF == 0 else { throw .failed(program: program, status: status >> 8 & 0xFF) }
    do throws(KeyBundleError) {
      return try KeyBundle.read(UnsafeRawBufferPointer(rebasing: printed.bytes[..<count]))
    } catch {
      throw .malformed(program: program, what: error.what)
    }
  }

  private func start(output: Int32) throws(KeySourceError) -> Int32 {
    let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
    var words = ([program] + arguments).map { strdup($0) }
    var variables = environment.map { strdup($0) }
    defer { for text in words + variables { free(text) } }
    words.append(nil)
    variables.append(nil)
    var process: Int32 = 0
    let failure = sealane_spawn(&process, program, words, variables, -1, output)
    guard failure == 0 else { throw .notStarted(program: program, reason: Self.reason(failure)) }
    return process
  }

  /// Reads to the end; one byte more than is allowed is an error.
  private func read(
    _ output: Int32, into memory: SecretMemory, deadline: Duration, until end: ContinuousClock.Instant
  ) throws(KeySourceError) -> Int {
    var filled = 0
    while filled < memory.bytes.count {
      let left = end - .now
      guard left > .zero else { throw tooSlow(deadline) }
      var state = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let ready = poll(&state, 1, Int32(min(left / .milliseconds(1), 1000).rounded(.up)))
      if ready == 0 || ready < 0 && errno == EINTR { continue }
      guard ready > 0 else { throw .unreadable(program: program, reason: Self.reason(errno)) }
      let free = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[filled...])
      let count = Glibc.read(output, free.baseAddress, free.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(program: program, reason: Self.reason(errno)) }
      if count == 0 { return filled }
      filled += count
    }
    throw .tooLong(program: program, limit: KeyBundle.longest)
  }

  private func status(of process: Int32, deadline: Duration, until end: ContinuousClock.Instant) throws(KeySourceError) -> Int32 {
    var status: Int32 = 0
    while true {
      let found = waitpid(process, &status, WNOHANG)
      if found == process { return status }
      if found < 0 && errno != EINTR { throw .unreadable(program: program, reason: Self.reason(errno)) }
      guard end > .now else { throw tooSlow(deadline) }
      usleep(2_000)
    }
  }

  private func tooSlow(_ deadline: Duration) -> KeySourceError { .tooSlow(program: program, seconds: deadline / .seconds(1)) }

  private func stop(_ process: Int32) {
    kill(-process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}

extension KeyCommand: Silent {
  /// Its arguments may hold a token.
  package var description: String { "<key command \(program)>" }
}
