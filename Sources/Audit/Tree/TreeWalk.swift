internal import Foundation
internal import Glibc

/// Walks a directory without following a symbolic link, without entering `.git`, and without opening anything but regular files.
struct TreeWalk {
  struct File {
    var path: TreePath
    var descriptor: Int32
    var size: Int
    /// Permission bits.
    var mode: UInt32
    var modified: Int64
    /// Whether a `package.json` above says that this is a program for browsers.
    var isBrowserApp: Bool
  }

  /// What was left out, to be said.
  struct Skipped {
    var dependencies: [TreePath] = []
    var dependencyCount = 0
    var large: [TreePath] = []
    var largeCount = 0
    var unreadable = 0
    var links = 0
    var tooDeep = 0
  }

  static let deepest = 200
  /// Directories of others' packages: whole ones, which no person of this project writes into.
  private static let dependencies: Set<String> = [
    "node_modules", "bower_components", "site-packages", ".venv", "__pycache__", ".tox", ".gradle", ".yarn", ".pnpm-store", "Pods",
    "Carthage", ".build", ".terraform",
  ]

  let largest: Int
  let takesDependencies: Bool
  private(set) var skipped = Skipped()

  init(largest: Int, takesDependencies: Bool) {
    self.largest = largest
    self.takesDependencies = takesDependencies
  }

  /// - Parameter visit: gets every file open, at its start; it is closed afterwards.
  mutating func walk(_ root: Int32, visit: (File) throws -> Void) rethrows {
    try walk(root, TreePath(""), depth: 0, isBrowserApp: false, visit: visit)
  }

  private mutating func walk(_ directory: Int32, _ path: TreePath, depth: Int, isBrowserApp: Bool, visit: (File) throws -> Void) rethrows {
    guard depth < Self.deepest else {
      skipped.tooDeep += 1
      return
    }
    guard let names = names(in: directory) else {
      skipped.unreadable += 1
      return
    }
    let isBrowserApp = isBrowserApp || names.contains(Array("package.json".utf8)) && BrowserApp.isOne(directory)
    for name in names {
      let child = path.appending(name)
      var status = stat()
      let isThere = fstatat(directory, name.cString, &status, AT_SYMLINK_NOFOLLOW) == 0
      guard isThere else {
        skipped.unreadable += 1
        continue
      }
      switch status.st_mode & S_IFMT {
      case S_IFLNK: skipped.links += 1
      case S_IFDIR:
        let plain = String(decoding: name, as: UTF8.self)
        if plain == ".git" { continue }
        if !takesDependencies, Self.dependencies.contains(plain) {
          skipped.dependencyCount += 1
          if skipped.dependencies.count < 5 { skipped.dependencies.append(child) }
          continue
        }
        let descriptor = openat(directory, name.cString, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
          skipped.unreadable += 1
          continue
        }
        defer { close(descriptor) }
        try walk(descriptor, child, depth: depth + 1, isBrowserApp: isBrowserApp, visit: visit)
      case S_IFREG:
        guard status.st_size <= largest else {
          skipped.largeCount += 1
          if skipped.large.count < 5 { skipped.large.append(child) }
          continue
        }
        // A file may become a pipe between the two calls: nothing waits for it.
        let descriptor = openat(directory, name.cString, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
          if descriptor >= 0 { close(descriptor) }
          skipped.unreadable += 1
          continue
        }
        defer { close(descriptor) }
        try visit(
          File(
            path: child, descriptor: descriptor, size: Int(status.st_size), mode: status.st_mode & 0o7777,
            modified: Int64(status.st_mtim.tv_sec),
            isBrowserApp: isBrowserApp))
      default: continue
      }
    }
  }

  /// In the order of their bytes, so that reports are the same on every machine.
  private func names(in directory: Int32) -> [[UInt8]]? {
    let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      if copy >= 0 { close(copy) }
      return nil
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      names.append(name)
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }
}

extension [UInt8] {
  var cString: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}

/// Whether a `package.json` names what runs in browsers.
enum BrowserApp {
  private static let words: [StaticString] = [
    "\"react-scripts\"", "\"vite\"", "\"@angular/core\"", "\"vue\"", "\"svelte\"", "\"preact\"", "\"gatsby\"", "\"parcel\"",
    "\"react-dom\"", "\"solid-js\"", "\"ember-source\"",
  ]
  /// These render on a server too: what of it reaches browsers, names alone say.
  private static let servers: [StaticString] = [
    "\"next\"", "\"nuxt\"", "\"express\"", "\"fastify\"", "\"koa\"", "\"@nestjs/core\"", "\"remix\"",
  ]

  static func isOne(_ directory: Int32) -> Bool {
    let descriptor = openat(directory, "package.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &text, text.count)
    guard count > 0 else { return false }
    return text[..<count].withUnsafeBufferPointer { bytes in
      let all = 0..<bytes.count
      return words.contains { bytes.holds($0, in: all) } && !servers.contains { bytes.holds($0, in: all) }
    }
  }
}
