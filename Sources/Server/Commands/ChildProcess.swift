import Dispatch
import Foundation
import Synchronization

/// A program that runs beside this one and ends with it.
final class ChildProcess: Sendable {
  // Foundation's Process is not Sendable; all use goes through the lock.
  private let process: Mutex<Process>

  /// Its errors go where this program's go; what it says otherwise, nobody needs.
  init(_ program: URL, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    do { try process.run() } catch {
      throw CommandError("\(program.path) could not be started. Build it with: make build")
    }
    self.process = Mutex(process)
  }

  var isRunning: Bool { process.withLock { $0.isRunning } }

  /// SIGTERM, then up to twenty seconds to finish.
  func stop() {
    process.withLock { process in
      guard process.isRunning else { return }
      process.terminate()
      let end = Date().addingTimeInterval(20)
      while process.isRunning, Date() < end { usleep(50_000) }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
  }
}

/// Notices SIGINT and SIGTERM instead of dying of them, from its making on.
final class SignalWait: Sendable {
  private let arrived = Mutex(false)
  // Made in `init` and only kept from then on.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init() {
    sources = [SIGINT, SIGTERM].map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_IGN) }
    for source in sources {
      source.setEventHandler { [weak self] in self?.arrived.withLock { $0 = true } }
      source.resume()
    }
  }

  var hasArrived: Bool { arrived.withLock { $0 } }
}
