import SegmentStore
import Synchronization
import TestSupport

/// A file system in memory that loses what a power loss may lose, seeded.
///
/// Fault model: content that was appended and not synchronized may be there in part, cut anywhere, its last part zeros or noise; names that
/// were created, renamed or removed since the directory was synchronized may be there or not, in their order. One chosen operation can fail:
/// as a crash (nothing works from then on), as a full disk (half of the bytes are written), or as a failing sync (the content stays unsynced).
final class SimulatedDisk: Disk, Sendable {
  enum Fault: Sendable { case crash, full, failingSync }

  final class Inode: Sendable {
    struct Content: Sendable {
      var bytes: [UInt8] = []
      var durable = 0
    }
    let content: Mutex<Content>
    init(_ bytes: [UInt8] = []) { content = Mutex(Content(bytes: bytes, durable: bytes.count)) }
  }

  private struct State: Sendable {
    var names: [String: Inode] = [:]
    var durableNames: [String: Inode] = [:]
    /// Changes of names since the last synchronization; nil removes.
    var pending: [(String, Inode?)] = []
    var operations = 0
    var faultAt: Int?
    var fault = Fault.crash
    var isDead = false
    var locked = false
  }

  private let state: Mutex<State>

  init(files: [String: [UInt8]] = [:]) {
    var state = State()
    for (name, bytes) in files { state.names[name] = Inode(bytes) }
    state.durableNames = state.names
    self.state = Mutex(state)
  }

  var operations: Int { state.withLock { $0.operations } }

  var files: [String: [UInt8]] { state.withLock { $0.names }.mapValues { $0.content.withLock { $0.bytes } } }

  func fail(after operations: Int, as fault: Fault) {
    state.withLock {
      $0.faultAt = $0.operations + operations
      $0.fault = fault
    }
  }

  /// What the next process finds: after a power loss, or (the machine stayed up) everything that was written.
  func restarted(powerLoss: Bool, using generator: inout SeededGenerator) -> SimulatedDisk {
    let state = state.withLock { $0 }
    guard powerLoss else { return SimulatedDisk(files: files) }
    var names = state.durableNames
    for (name, inode) in state.pending.prefix(Int.random(in: 0...state.pending.count, using: &generator)) { names[name] = inode }
    return SimulatedDisk(
      files: names.mapValues { inode in
        let content = inode.content.withLock { $0 }
        let unsynced = content.bytes.count - content.durable
        var bytes = Array(content.bytes.prefix(content.durable + (unsynced > 0 ? Int.random(in: 0...unsynced, using: &generator) : 0)))
        if bytes.count > content.durable, Bool.random(using: &generator) {
          // The length reached the disk, the last part of the content did not.
          for index in Int.random(in: content.durable..<bytes.count, using: &generator)..<bytes.count { bytes[index] = 0 }
        }
        return bytes
      })
  }

  private func step(_ operation: String, _ path: String, isSync: Bool = false) throws(DiskError) -> Fault? {
    let (isDead, fault) = state.withLock { state -> (Bool, Fault?) in
      if state.isDead { return (true, nil) }
      state.operations += 1
      guard let faultAt = state.faultAt, state.operations >= faultAt else { return (false, nil) }
      if state.fault == .failingSync, !isSync { return (false, nil) }
      if state.fault == .crash { state.isDead = true }
      state.faultAt = nil
      return (false, state.fault)
    }
    if isDead || fault == .crash { throw DiskError(operation: operation, file: path, reason: "the machine lost power") }
    return fault
  }

  func createDirectory(_ path: String) throws(DiskError) { _ = try step("create directory", path) }

  func list(_ directory: String) throws(DiskError) -> [String] {
    state.withLock { $0.names.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.count + 1)) } }
  }

  func exists(_ path: String) throws(DiskError) -> Bool { state.withLock { $0.names[path] != nil } }

  func create(_ path: String) throws(DiskError) -> any WritableFile {
    if try step("create", path) != nil { throw DiskError(operation: "create", file: path, reason: "No space left on device") }
    let inode = Inode()
    state.withLock { state in
      state.names[path] = inode
      state.pending.append((path, inode))
    }
    return File(disk: self, inode: inode, path: path)
  }

  func open(_ path: String) throws(DiskError) -> any ReadableFile {
    guard let inode = state.withLock({ $0.names[path] }) else { throw DiskError(operation: "open", file: path, reason: "No such file") }
    return File(disk: self, inode: inode, path: path)
  }

  func rename(_ path: String, to target: String) throws(DiskError) {
    if try step("rename", path) != nil { throw DiskError(operation: "rename", file: path, reason: "No space left on device") }
    state.withLock { state in
      guard let inode = state.names[path] else { return }
      state.names[path] = nil
      state.names[target] = inode
      // One step: both changes or neither, so the removal is not pending by itself.
      state.pending.append((target, inode))
    }
  }

  func remove(_ path: String) throws(DiskError) {
    _ = try step("remove", path)
    state.withLock { state in
      state.names[path] = nil
      state.pending.append((path, nil))
    }
  }

  func truncate(_ path: String, to length: UInt64) throws(DiskError) {
    _ = try step("truncate", path)
    state.withLock { $0.names[path] }?.content.withLock { content in
      content.bytes.removeLast(content.bytes.count - Int(length))
      content.durable = content.bytes.count
    }
  }

  func synchronizeDirectory(_ path: String) throws(DiskError) {
    if try step("synchronize directory", path, isSync: true) != nil {
      throw DiskError(operation: "synchronize directory", file: path, reason: "Input/output error")
    }
    state.withLock { state in
      state.durableNames = state.names
      state.pending = []
    }
  }

  func lock(_ path: String) throws(DiskError) -> any AnyObject & Sendable { Inode() }

  private final class File: WritableFile, ReadableFile {
    let disk: SimulatedDisk
    let inode: Inode
    let path: String

    init(disk: SimulatedDisk, inode: Inode, path: String) {
      self.disk = disk
      self.inode = inode
      self.path = path
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(DiskError) {
      let fault: Fault?
      do throws(DiskError) {
        fault = try disk.step("write", path)
      } catch {
        // A crash in the middle of a write: any part of it may have arrived.
        inode.content.withLock { $0.bytes += bytes.prefix(bytes.count / 2) }
        throw error
      }
      guard fault == nil else {
        inode.content.withLock { $0.bytes += bytes.prefix(bytes.count / 2) }
        throw DiskError(operation: "write", file: path, reason: "No space left on device")
      }
      inode.content.withLock { $0.bytes += bytes }
    }

    func synchronize() throws(DiskError) {
      if try disk.step("synchronize", path, isSync: true) != nil {
        throw DiskError(operation: "synchronize", file: path, reason: "Input/output error")
      }
      inode.content.withLock { $0.durable = $0.bytes.count }
    }

    func close() {}

    var length: UInt64 { UInt64(inode.content.withLock { $0.bytes.count }) }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DiskError) {
      let isWhole = inode.content.withLock { content in
        guard Int(offset) + buffer.count <= content.bytes.count else { return false }
        buffer.copyBytes(from: content.bytes[Int(offset)..<Int(offset) + buffer.count])
        return true
      }
      guard isWhole else { throw DiskError(operation: "read", file: path, reason: "the file ends too early") }
    }
  }
}
