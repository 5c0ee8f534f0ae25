import ArgumentParser
import Foundation
import Journeys
import Server

/// What both backups are told, of the data and of the ledger.
struct BackupOrder: ParsableArguments {
  @Argument(help: "A directory for backups; made if it is not there.", completion: .directory)
  var target: String
  @Flag(help: "Write nothing; read every byte of every backup in TARGET and say whether it is sound.")
  var verify = false
  @Option(help: "Afterwards delete all but so many of the newest backups in TARGET.")
  var keep: Int?

  var directory: URL { URL(fileURLWithPath: target, isDirectory: true).standardizedFileURL }

  /// Says that backups are sound, to a program or line by line.
  func saySound(_ found: [(json: JSONValue, sentence: String)], json: Bool) {
    if json { return Terminal.say(JSONValue.object(["sound": .boolean(true), "backups": .list(found.map(\.json))]).text) }
    for backup in found { Terminal.say(backup.sentence) }
  }

  /// Has the server write one.
  ///
  /// - Parameter sentence: of the answer's name and numbers, for people.
  func write(_ path: String, _ options: DataOptions, sentence: (_ name: String, _ number: (String) -> Int) -> String) async throws {
    var members: [String: JSONValue] = ["target": .string(directory.path)]
    if let keep { members["keep"] = .number(Double(keep)) }
    let body = Array(JSONValue.object(members).text.utf8)
    let answer = try await ControlSession.run(try options.configuration()) { client in
      try await client.text("POST", path, body: body, deadline: .seconds(86_400))
    }
    guard !options.json, case .object(let found) = try JSONValue(parsing: Array(answer.utf8)), case .string(let name)? = found["backup"]
    else { return Terminal.say(answer) }
    Terminal.say(
      sentence(name) { if case .number(let number)? = found[$0] { Int(exactly: number) ?? 0 } else { 0 } })
  }
}
