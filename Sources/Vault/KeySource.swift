internal import Events
package import Foundation

/// Where the keys come from: a directory, or a command of the company's secret manager (`exec:/path/to/command argument …`).
package enum KeySource: Sendable, Hashable {
  case directory(URL)
  case command(KeyCommand)

  private static let prefix = "exec:"

  /// Reads what stands behind `--keys`. The words of a command are divided by spaces; there is no shell and no quoting.
  package init(_ text: String) throws(KeySourceError) {
    guard text.hasPrefix(Self.prefix) else {
      self = .directory(URL(fileURLWithPath: text, isDirectory: true))
      return
    }
    let words = text.dropFirst(Self.prefix.count).split(separator: " ").map(String.init)
    guard let program = words.first, program.hasPrefix("/") else { throw .notAbsolute }
    self = .command(KeyCommand(program: program, arguments: Array(words.dropFirst())))
  }

  /// Reads the directory, or runs the command once and waits for it.
  package func load() throws -> KeyDirectory {
    switch self {
    case .directory(let directory): try KeyDirectory.load(from: directory)
    case .command(let command): try command.run()
    }
  }

  /// Nil where a command gives the keys: then nothing of them is on a disk, and nothing can be written there.
  package var directory: URL? {
    if case .directory(let directory) = self { return directory }
    return nil
  }
}

extension KeySource: Silent {
  /// Without a command's arguments: they may hold a token.
  package var description: String {
    switch self {
    case .directory(let directory): directory.path
    case .command(let command): "exec:\(command.program)"
    }
  }
}

/// Why no keys came. Sentences that name the program and never what it was given or what it said: both may be secret.
package enum KeySourceError: Error, Sendable, Hashable, CustomStringConvertible, LocalizedError {
  case notAbsolute
  case notStarted(program: String, reason: String)
  case failed(program: String, status: Int32)
  case killed(program: String, signal: Int32)
  case tooSlow(program: String, seconds: Double)
  case tooLong(program: String, limit: Int)
  case unreadable(program: String, reason: String)
  case malformed(program: String, what: String)

  package var description: String {
    switch self {
    case .notAbsolute: "--keys exec: needs the command's absolute path, such as exec:/usr/local/bin/sealane-keys production."
    case .notStarted(let program, let reason): "The key command \(program) cannot be started: \(reason)."
    case .failed(let program, let status):
      "The key command \(program) failed with exit code \(status). Run it by hand to see why; what it says is not shown here, since it may be secret."
    case .killed(let program, let signal): "The key command \(program) was ended by signal \(signal). Run it by hand to see why."
    case .tooSlow(let program, let seconds):
      "The key command \(program) did not finish within \(seconds.formatted()) s and was ended. Can it reach the secret manager?"
    case .tooLong(let program, let limit):
      "The key command \(program) printed more than \(limit) bytes. It must print what “sealane keys export” wrote, and nothing else."
    case .unreadable(let program, let reason): "What the key command \(program) prints cannot be read: \(reason)."
    case .malformed(let program, let what):
      "What the key command \(program) printed is not the content of a key directory: \(what). “sealane keys export” writes what it must print."
    }
  }

  package var errorDescription: String? { description }
}
