import ArgumentParser
import Events
import Foundation
import Server

/// Lines for people and programs. Whatever comes from outside is escaped before it reaches a terminal.
enum Terminal {
  /// To standard output, at once: a pipe would keep the lines until the program ends. What is JSON stays JSON.
  static func say(_ text: String) {
    print(text.hasPrefix("{") ? TerminalJSON(text).description : TerminalText(text, keepsLines: true).description)
    fflush(nil)
  }

  /// The same in red, where somebody looks: files and pipes get the words alone.
  static func alarm(_ text: String) {
    guard isatty(STDOUT_FILENO) == 1, ProcessInfo.processInfo.environment["NO_COLOR"] == nil else { return say(text) }
    print("\u{1B}[31m\(TerminalText(text, keepsLines: true).description)\u{1B}[0m")
    fflush(nil)
  }

  /// To standard error.
  static func note(_ text: String) { FileHandle.standardError.write(Data((TerminalText(text, keepsLines: true).description + "\n").utf8)) }

  /// Runs a command; a failure becomes one line (or one JSON object) on standard error and exit code 1.
  static func run(json: Bool, _ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as ExitCode { throw error } catch {
      let error = CommandError(error)
      note(json ? error.json : "sealane: \(error)")
      throw ExitCode.failure
    }
  }
}
