import Access
import Events
import Foundation
import Synchronization

/// A clock that stands until it is moved.
final class MockClock: Sendable {
  private let milliseconds = Mutex<Int64>(1_763_400_000_000)
  var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
  func advance(by duration: Duration) { milliseconds.withLock { $0 += duration.components.seconds * 1000 } }
}

/// A control database in a directory of its own, removed with it.
final class Surroundings: Sendable {
  let directory: URL
  let clock = MockClock()
  let control: ControlDatabase

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-access-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"), clock: { [clock] in clock.now })
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// As after a restart.
  func reopened() throws -> ControlDatabase {
    try control.close()
    return try opened()
  }

  /// Where no other has it open.
  func opened() throws -> ControlDatabase {
    try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"), clock: { [clock] in clock.now })
  }

  var files: [URL] { (try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)) ?? [] }
}

extension ControlDatabase {
  /// Nil unless it is accepted, from an address that nobody knows.
  func authenticate(username: String, secret: String) -> Authenticated? {
    if case .accepted(let who) = present(username: username, secret: secret, from: nil) { who } else { nil }
  }

  func authenticate(secretAlone text: String) -> Authenticated? {
    if case .accepted(let who) = present(secretAlone: text, from: nil) { who } else { nil }
  }
}
