internal import Foundation
internal import Glibc

/// Finds the repository that a path lies in. Git itself is told where it is, so that no configuration says otherwise.
struct GitRepository: Sendable {
  let git: GitProgram
  /// Where the audited path lies in the work tree, with a slash at its end; empty at its root.
  let prefix: [UInt8]
  let gitDirectory: String
  /// Where the configuration is: of a linked work tree the main repository's directory.
  let commonDirectory: String
  let isShallow: Bool
  let isBare: Bool

  /// - Parameter path: absolute, without links.
  /// - Returns: nil where there is none.
  static func find(at path: String, program: String) -> GitRepository? {
    if isRepository(path) { return GitRepository(program: program, gitDirectory: path, workTree: nil, prefix: []) }
    var directory = path
    var inside: [String] = []
    while true {
      let entry = directory == "/" ? "/.git" : directory + "/.git"
      if let found = resolve(entry) {
        let prefix = inside.reversed().map { $0 + "/" }.joined()
        return GitRepository(program: program, gitDirectory: found, workTree: directory, prefix: Array(prefix.utf8))
      }
      guard directory != "/" else { return nil }
      let url = URL(fileURLWithPath: directory)
      inside.append(url.lastPathComponent)
      directory = url.deletingLastPathComponent().path
    }
  }

  private init(program: String, gitDirectory: String, workTree: String?, prefix: [UInt8]) {
    git = GitProgram(program: program, gitDirectory: gitDirectory, workTree: workTree)
    self.prefix = prefix
    self.gitDirectory = gitDirectory
    var common = gitDirectory
    if let link = Self.firstLine(gitDirectory + "/commondir") { common = link.hasPrefix("/") ? link : gitDirectory + "/" + link }
    commonDirectory = common
    isShallow = access(common + "/shallow", F_OK) == 0
    isBare = workTree == nil
  }

  /// `.git` is a directory, or a file that says where it is (linked work trees, submodules).
  private static func resolve(_ entry: String) -> String? {
    if isRepository(entry) { return entry }
    guard let line = firstLine(entry), line.hasPrefix("gitdir: ") else { return nil }
    let target = String(line.dropFirst(8))
    let path = target.hasPrefix("/") ? target : URL(fileURLWithPath: entry).deletingLastPathComponent().path + "/" + target
    return access(path + "/HEAD", F_OK) == 0 ? path : nil
  }

  private static func isRepository(_ path: String) -> Bool {
    access(path + "/HEAD", F_OK) == 0 && access(path + "/objects", F_OK) == 0 && access(path + "/refs", F_OK) == 0
  }

  private static func firstLine(_ path: String) -> String? {
    guard let bytes = SmallFile.read(path, limit: 4096) else { return nil }
    return String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
  }
}

enum SmallFile {
  /// A regular file's first bytes; nil where there is none. Nothing waits for a pipe.
  static func read(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var bytes = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, limit - filled) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      filled += count
    }
    return Array(bytes.prefix(filled))
  }
}
