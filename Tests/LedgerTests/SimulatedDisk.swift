import Ledger
import Synchronization
import TestSupport

/// `LedgerFiles` in memory with the faults of a disk.
///
/// Fault model: what was not synchronized may be there after a power cut in part, whole, zeroed or not at all, each file for itself;
/// names that were made, renamed or removed without synchronizing their directory may be the old or the new ones, each for itself.
/// What was synchronized stays. An operation may fail without effect, or have its effect and be reported as failed.
final class SimulatedDisk: LedgerFiles {
  enum Fault: String, Sendable, CaseIterable {
    /// The power goes before the operation.
    case cutBefore
    /// The power goes after the operation, before the program hears of it.
    case cutAfter
    case failsWithoutEffect
    case failsAfterEffect
  }

  fileprivate struct File: Sendable {
    var bytes: [UInt8] = []
    var durable: [UInt8] = []
  }

  fileprivate struct State: Sendable {
    var files: [Int: File] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var next = 0
    var operations = 0
    var fault: (operation: Int, kind: Fault)?
    var isOff = false
    var isFailing = false
  }

  private let state: Mutex<State>

  init() { state = Mutex(State()) }

  private init(_ state: consuming State) { self.state = Mutex(state) }

  /// How many writing operations there were.
  var operations: Int { state.withLock { $0.operations } }

  /// The same disk with nothing in flight.
  func copy() -> SimulatedDisk {
    SimulatedDisk(
      state.withLock { old in
        var new = old
        new.operations = 0
        return new
      })
  }

  func fail(at operation: Int, _ kind: Fault) { state.withLock { $0.fault = (operation, kind) } }

  /// Every write fails from now on, as on a full disk.
  func fill() { state.withLock { $0.isFailing = true } }

  func contents(_ path: String) -> [UInt8]? { state.withLock { state in state.names[path].flatMap { state.files[$0]?.bytes } } }

  func replaceContents(_ path: String, _ bytes: [UInt8]?) {
    state.withLock { state in
      guard let file = state.names[path] else { return }
      if let bytes {
        state.files[file] = File(bytes: bytes, durable: bytes)
      } else {
        state.names[path] = nil
        state.durableNames[path] = nil
      }
    }
  }

  var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  /// What the next start finds.
  func afterPowerCut(seed: UInt64) -> SimulatedDisk {
    var generator = SeededGenerator(seed: seed)
    return SimulatedDisk(
      state.withLock { old in
        var new = State()
        new.next = old.next
        for path in Set(old.names.keys).union(old.durableNames.keys).sorted() {
          // A name that was given to another file is the old one's or the new one's, never nobody's.
          new.names[path] = Bool.random(using: &generator) ? old.names[path] : old.durableNames[path]
        }
        new.durableNames = new.names
        for (number, file) in old.files.sorted(by: { $0.key < $1.key }) {
          let bytes = Self.remains(of: file, &generator)
          new.files[number] = File(bytes: bytes, durable: bytes)
        }
        return new
      })
  }

  private static func remains(of file: File, _ generator: inout SeededGenerator) -> [UInt8] {
    if file.bytes == file.durable { return file.durable }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return file.durable
    case 1: return file.bytes
    case 2:
      // Sizes before data: the new length with zeros where data did not arrive.
      let kept = Int.random(in: 0...file.bytes.count, using: &generator)
      let common = zip(file.bytes, file.durable).prefix { $0 == $1 }.count
      return file.bytes[..<max(kept, common)] + [UInt8](repeating: 0, count: file.bytes.count - max(kept, common))
    default:
      let common = zip(file.bytes, file.durable).prefix { $0 == $1 }.count
      let end = max(common, Int.random(in: 0...file.bytes.count, using: &generator))
      return Array(file.bytes[..<end])
    }
  }

  private func change(_ work: (inout State) throws(LedgerError) -> Void) throws(LedgerError) {
    let result: Result<Void, LedgerError> = state.withLock { state in
      if state.isOff { return .failure(LedgerError(.unwritable, "The simulated disk is off.")) }
      if state.isFailing { return .failure(LedgerError(.unwritable, "The simulated disk is full.")) }
      state.operations += 1
      let fault = state.fault?.operation == state.operations ? state.fault?.kind : nil
      if fault == .cutBefore || fault == .failsWithoutEffect {
        state.isOff = fault == .cutBefore
        return .failure(LedgerError(.unwritable, "A simulated fault."))
      }
      do throws(LedgerError) {
        try work(&state)
      } catch {
        return .failure(error)
      }
      if fault != nil {
        state.isOff = fault == .cutAfter
        return .failure(LedgerError(.unwritable, "A simulated fault."))
      }
      return .success(())
    }
    try result.get()
  }

  func read(_ path: String) throws(LedgerError) -> [UInt8]? { contents(path) }

  /// Whoever writes a file anew empties it first: the power may go in between.
  func write(_ bytes: [UInt8], to path: String) throws(LedgerError) {
    try change { state in
      let file = state.number(of: path)
      state.files[file, default: File()].bytes = []
    }
    try change { state in
      let file = state.number(of: path)
      state.files[file, default: File()].bytes = bytes
    }
  }

  func append(_ bytes: [UInt8], to path: String) throws(LedgerError) {
    try change { state in
      let file = state.number(of: path)
      state.files[file, default: File()].bytes += bytes
    }
  }

  func truncate(_ path: String, to length: Int) throws(LedgerError) {
    try change { state in
      let file = state.number(of: path)
      let bytes = state.files[file, default: File()].bytes
      state.files[file, default: File()].bytes = Array(bytes.prefix(length))
    }
  }

  func synchronize(_ path: String) throws(LedgerError) {
    try change { state in
      let file = state.number(of: path)
      let bytes = state.files[file, default: File()].bytes
      state.files[file, default: File()].durable = bytes
    }
  }

  func synchronizeDirectory(_ path: String) throws(LedgerError) {
    try change { state in
      func isInside(_ name: String) -> Bool { name.lastIndex(of: "/").map { String(name[..<$0]) } ?? "" == path }
      for (name, _) in state.durableNames where isInside(name) { state.durableNames[name] = nil }
      for (name, file) in state.names where isInside(name) { state.durableNames[name] = file }
    }
  }

  func rename(_ path: String, to target: String) throws(LedgerError) {
    try change { state in
      state.names[target] = state.names[path]
      state.names[path] = nil
    }
  }

  func remove(_ path: String) throws(LedgerError) { try change { state in state.names[path] = nil } }

  func makeDirectory(_ path: String) throws(LedgerError) {}

  func names(in directory: String) throws(LedgerError) -> [String] {
    let prefix = directory.isEmpty ? "" : directory + "/"
    return state.withLock { state in
      Set(
        state.names.keys.filter { $0.hasPrefix(prefix) }.compactMap {
          $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init)
        }
      )
      .sorted()
    }
  }
}

extension SimulatedDisk.State {
  fileprivate mutating func number(of path: String) -> Int {
    if let file = names[path] { return file }
    next += 1
    names[path] = next
    return next
  }
}
