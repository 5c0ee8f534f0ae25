internal import Foundation
internal import Glibc

/// Reads every blob of the history once, and finds out when a secret came in and where it went.
struct GitHistory {
  let repository: GitRepository
  let largest: Int
  private(set) var blobCount = 0
  private(set) var largeCount = 0
  private(set) var missingCount = 0
  private(set) var notes: [String] = []

  init(_ repository: GitRepository, largest: Int) {
    self.repository = repository
    self.largest = largest
  }

  private static let binaries: Set<String> = [
    "png", "jpg", "jpeg", "gif", "webp", "ico", "bmp", "tiff", "woff", "woff2", "ttf", "otf", "eot", "zip", "gz", "bz2", "xz", "zst", "7z",
    "rar", "jar", "war", "class", "o",
    "a", "so", "dylib", "dll", "exe", "pdf", "mp3", "mp4", "mov", "avi", "webm", "wav", "ogg", "flac", "psd", "wasm", "pyc", "parquet",
    "npy", "npz", "pt", "bin",
  ]

  /// Three programs in a row: which objects there are, which of them are blobs and how long, and what is in those. All stream; what is held
  /// here is one window of one blob.
  mutating func scan(_ found: (Candidate, Bytes, ObjectName, TreePath) -> Void) throws(AuditError) {
    let git = repository.git
    let list = try git.start(["rev-list", "--objects", "--all"])
    let sizes = try git.start(
      ["cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)"], input: list.output)
    list.release()
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw AuditError("A pipe to git could not be made: \(AuditError.reason(errno)).") }
    for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let contents: GitProcess
    do throws(AuditError) {
      contents = try git.start(["cat-file", "--buffer", "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)"], input: ends[0])
    } catch {
      close(ends[0])
      close(ends[1])
      throw error
    }
    close(ends[0])
    let feeder = Feeder(sizes, to: ends[1], largest: largest, isWanted: { !Self.binaries.contains($0) })
    feeder.start()
    defer { feeder.wait() }
    while let header = contents.next(upTo: 0x0A) {
      guard let (name, type, size, path) = Self.header(header) else {
        missingCount += 1
        continue
      }
      guard type == "blob" else {
        guard contents.skip(size + 1) else { break }
        continue
      }
      blobCount += 1
      var left = size
      WindowScanner.scan(
        FileKind(path.text),
        read: { memory in
          guard left > 0 else { return 0 }
          let count = contents.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<min(left, memory.count)]))
          left -= count
          return count
        },
        found: { candidate, bytes, _ in found(candidate, bytes, name, path) })
      guard contents.skip(left + 1) else { break }
    }
    feeder.wait()
    largeCount = feeder.largeCount
    missingCount += feeder.missingCount
    let isListed = list.finish()
    if !isListed || missingCount > 0 {
      notes.append("A part of the history could not be read (the repository is a partial clone, or damaged); run “git fsck” there.")
    }
    if repository.isShallow {
      notes.append("The repository is a shallow clone: older history is not here. Fetch it with “git fetch --unshallow”.")
    }
  }

  static func header(_ line: [UInt8]) -> (ObjectName, type: String, size: Int, TreePath)? {
    let parts = line.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, let name = ObjectName(parts[0]), let size = Int(String(decoding: parts[2], as: UTF8.self)), size >= 0 else {
      return nil
    }
    return (name, String(decoding: parts[1], as: UTF8.self), size, TreePath(parts.count == 4 ? Array(parts[3]) : []))
  }

  // MARK: When and where

  /// Which commits brought in which blobs, of those that are asked for: `git diff-tree` of every commit, in a stream.
  mutating func introductions(of wanted: Set<ObjectName>) throws(AuditError) -> [ObjectName: Introductions] {
    let list = try repository.git.start(["rev-list", "--all"])
    let trees = try repository.git.start(
      [
        "diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv",
        "--pretty=format:%x01%H %at",
      ],
      input: list.output)
    list.release()
    var found: [ObjectName: Introductions] = [:]
    var current: Introduction?
    var entries = 0
    while var token = trees.next(upTo: 0) {
      if token.first == 1 {
        let end = token.firstIndex(of: 0x0A) ?? token.endIndex
        let words = token[1..<end].split(separator: 0x20)
        current = words.first.flatMap { ObjectName($0) }.map {
          Introduction(commit: $0, date: words.count > 1 ? Int64(String(decoding: words[1], as: UTF8.self)) : nil)
        }
        token = end < token.endIndex ? Array(token[(end + 1)...]) : []
      }
      guard token.first == .of(":") else { continue }
      // Its path comes behind, whatever it begins with.
      let path = trees.next(upTo: 0) ?? []
      entries += 1
      guard entries < 20_000_000 else {
        notes.append("The history has more changes than are followed here; some dates are missing.")
        break
      }
      let words = token.split(separator: 0x20)
      guard words.count >= 4, let blob = ObjectName(words[3]), wanted.contains(blob), let current else { continue }
      found[blob, default: Introductions()].add(current, path: TreePath(path))
    }
    return found
  }

  struct Introduction: Hashable {
    var commit: ObjectName
    var date: Int64?
  }

  /// Those of one blob: the first and the last few hundred, and under which names it came.
  struct Introductions {
    private(set) var all: [Introduction] = []
    private(set) var paths: Set<TreePath> = []

    mutating func add(_ one: Introduction, path: TreePath) {
      if paths.count < 20 { paths.insert(path) }
      guard all.count >= 200 else { return all.append(one) }
      if (one.date ?? .max) < (all[199].date ?? .max) { all[199] = one }
    }
  }

  /// Which of these blobs the checked-out commit has.
  func inHead(_ wanted: Set<ObjectName>) throws(AuditError) -> Set<ObjectName> {
    let list = try repository.git.start(["rev-list", "--objects", "--no-walk", "HEAD"])
    var found: Set<ObjectName> = []
    while let line = list.next(upTo: 0x0A) {
      if let name = ObjectName(line.prefix { $0 != 0x20 }), wanted.contains(name) { found.insert(name) }
    }
    return found
  }
}

/// Hands the names of blobs from one git to the next on a thread of its own: both may wait for each other otherwise.
private final class Feeder: @unchecked Sendable {
  // Used by the thread alone until `done` is signalled.
  private let source: GitProcess
  private let target: Int32
  private let largest: Int
  private let isWanted: @Sendable (String) -> Bool
  private(set) var largeCount = 0
  private(set) var missingCount = 0
  private let done = DispatchSemaphore(value: 0)

  init(_ source: GitProcess, to target: Int32, largest: Int, isWanted: @escaping @Sendable (String) -> Bool) {
    self.source = source
    self.target = target
    self.largest = largest
    self.isWanted = isWanted
  }

  func start() {
    let thread = Thread { [self] in
      run()
      close(target)
      done.signal()
    }
    thread.name = "git"
    thread.start()
  }

  func wait() {
    done.wait()
    done.signal()
  }

  private func run() {
    var pending: [UInt8] = []
    while let line = source.next(upTo: 0x0A) {
      guard let (name, type, size, path) = GitHistory.header(line) else {
        missingCount += 1
        continue
      }
      guard type == "blob", size > 0 else { continue }
      guard size <= largest else {
        largeCount += 1
        continue
      }
      let ending = path.name.split(separator: ".").last.map { $0.lowercased() } ?? ""
      guard isWanted(ending) else { continue }
      pending += Array(name.text.utf8) + [0x20] + path.bytes + [0x0A]
      if pending.count > 32_768 {
        guard write(pending) else { return }
        pending.removeAll(keepingCapacity: true)
      }
    }
    _ = write(pending)
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(target, $0.baseAddress.map { $0 + written }, bytes.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }
}
