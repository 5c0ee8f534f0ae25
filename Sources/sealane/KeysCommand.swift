import ArgumentParser
import Foundation
import Journeys
import Server
import Vault

struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "List and rotate the server's keys, and carry them to a secret manager.",
    subcommands: [List.self, Rotate.self, Export.self, Unpack.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What each key is for, what it is called, and how old it is. Never a key.",
      discussion: """
        Example:
          sealane keys list --data DIR
        """)

    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        let answer = try await ControlSession.run(try options.configuration()) { try await $0.text("GET", "/api/v1/keys") }
        guard !options.json, case .object(let members) = try JSONValue(parsing: Array(answer.utf8)), case .list(let keys)? = members["keys"]
        else { return Terminal.say(answer) }
        for case .object(let key) in keys { Terminal.say(Self.line(key)) }
      }
    }

    private static func line(_ key: [String: JSONValue]) -> String {
      func text(_ name: String) -> String? {
        switch key[name] {
        case .string(let text)?: text
        case .number(let number)?: number == number.rounded() ? String(Int(number)) : String(number)
        default: nil
        }
      }
      var name = text("key") ?? "?"
      if let number = text("number") { name += " \(number)" }
      if let project = text("project_id") { name += " of project \(project)" }
      var line = name.padding(toLength: 28, withPad: " ", startingAt: 0)
      line += (text("id") ?? "-").padding(toLength: 18, withPad: " ", startingAt: 0)
      if let age = text("age_days") { line += "\(age) days" } else { line += "-" }
      if let count = text("count") { line += ", \(count) in memory" }
      if case .boolean(false)? = key["in_force"] { line += ", kept to read with" }
      if case .boolean(false)? = key["rotates"] { line += ", does not rotate (docs/decisions)" }
      return line
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put new keys in the place of old ones; each rotation stands in the ledger.",
      discussion: """
        Without a choice all three. The pseudonym and tag keys do not rotate: every id would be new (docs/OPERATIONS.md, “The keys were stolen”).
        Afterwards make backups of the keys and of the ledger, and give the new public key to whoever verifies with it.

        Examples:
          sealane keys rotate --data DIR
          sealane keys rotate --data DIR --epoch        # the record keys in memory, at once
        """)

    @OptionGroup var options: DataOptions
    @Flag(help: "The ledger's signing key: the old one signs who follows it, and is destroyed.")
    var ledgerSigning = false
    @Flag(help: "The key that encrypts the ledger's details: new ones under a new key, old ones stay readable.")
    var ledgerSets = false
    @Flag(help: "The record keys of sealed values: the running epoch ends, its keys are wiped.")
    var epoch = false

    func run() async throws {
      try await options.run {
        let named: [(RotatableKey, Bool)] = [(.recordKeys, epoch), (.ledgerSets, ledgerSets), (.ledgerSigning, ledgerSigning)]
        let chosen = named.contains { $0.1 } ? named.filter(\.1) : named
        let body = Array(JSONValue.object(["keys": .list(chosen.map { .string($0.0.rawValue) })]).text.utf8)
        let answer = try await ControlSession.run(try options.configuration()) { client in
          try await client.text("POST", "/api/v1/keys/rotations", body: body)
        }
        guard !options.json, case .object(let members) = try JSONValue(parsing: Array(answer.utf8)),
          case .list(let rotated)? = members["rotated"]
        else { return Terminal.say(answer) }
        for case .object(let key) in rotated { Terminal.say(Self.line(key)) }
        guard chosen.contains(where: { $0.0 != .recordKeys }) else { return }
        Terminal.say("Now back up the key directory and the ledger: older backups of the ledger need the keys of their time.")
      }
    }

    private static func line(_ key: [String: JSONValue]) -> String {
      guard case .string(let name)? = key["key"] else { return "?" }
      if case .string(let publicKey)? = key["public_key"] { return "\(name): checkpoints are signed by\n  \(publicKey)" }
      if case .number(let wiped)? = key["wiped"] { return "\(name): \(Int(wiped)) wiped; the next sealed value begins another epoch." }
      if case .string(let id)? = key["id"], case .number(let number)? = key["number"] {
        return "\(name): details are encrypted under number \(Int(number)) (\(id))."
      }
      return name
    }
  }

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the content of the key directory, for a secret manager. It is all secrets.",
      discussion: """
        What is printed is what the command of --keys exec:… must print. It goes to a pipe or a file, never to a terminal.

        Example:
          sealane keys export --keys DIR.keys | secret-manager put sealane/keys -
        """)

    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        guard isatty(STDOUT_FILENO) == 0 else {
          throw CommandError("Keys are not shown on a terminal. Send them on: sealane keys export … | secret-manager put …")
        }
        let source = try options.keys.map { try KeySource($0) } ?? options.configuration().keys
        let (memory, count) = KeyBundle.text(try source.load())
        var written = 0
        while written < count {
          let done = write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: memory.bytes[written..<count]).baseAddress, count - written)
          if done < 0 && errno == EINTR { continue }
          guard done > 0 else { throw CommandError("The keys could not be written: \(String(cString: strerror(errno)).lowercased()).") }
          written += done
        }
      }
    }
  }

  struct Unpack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key directory of what a secret manager holds, read from standard input.",
      discussion: """
        For a rotation where the keys come from a command; let the directory be in memory (/run, /dev/shm), and remove it afterwards.

        Example:
          secret-manager get sealane/keys | sealane keys unpack /run/sealane.keys
        """)

    @Argument(help: "A directory to make.", completion: .directory)
    var directory: String
    @Flag(help: "Errors in JSON.")
    var json = false

    func run() async throws {
      try await Terminal.run(json: json) {
        let memory = SecretMemory(byteCount: KeyBundle.longest + 1)
        var count = 0
        while count < memory.bytes.count {
          let free = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[count...])
          let got = read(STDIN_FILENO, free.baseAddress, free.count)
          if got < 0 && errno == EINTR { continue }
          guard got >= 0 else { throw CommandError("Standard input cannot be read: \(String(cString: strerror(errno)).lowercased()).") }
          if got == 0 { break }
          count += got
        }
        guard count <= KeyBundle.longest else { throw CommandError("Standard input is longer than any key directory.") }
        let keys = try KeyBundle.read(UnsafeRawBufferPointer(rebasing: memory.bytes[..<count]))
        try keys.write(to: URL(fileURLWithPath: directory, isDirectory: true))
      }
    }
  }
}
