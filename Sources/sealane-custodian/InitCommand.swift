import ArgumentParser
import Custodian
import Foundation

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Makes a custodian's directory on a host of its own.",
    discussion: """
      Prints what the server must be told: the announcement of the custodian's key (public) and the token (secret).

      Example:
        sealane-custodian init --data /var/lib/sealane.custodian --keys /media/DIR.keys --token-file -
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The server's key directory, of which the look-up keys are copied; or exec:/path/to/command that prints its content.")
  var keys: String?

  @Option(help: "A file with the token that the server issued for this custodian; - for standard input.")
  var tokenFile: String?

  @Option(help: "The custodian's public origin, for the setup links.")
  var origin = CustodianSetup.defaultOrigin

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let token = try tokenFile.map { path in
      let text = path == "-" ? readLine() ?? "" : try String(contentsOfFile: path, encoding: .utf8)
      let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !token.isEmpty, token.utf8.count <= 256 else { throw ValidationError("--token-file names a file with the token in one line.") }
      return token
    }
    let made = try CustodianSetup.create(at: try directory.url, keys: keys, token: token, origin: origin)
    if json {
      print(try JSONText.of(made))
    } else {
      print(
        """
        Custodian made in \(try directory.url.path).

        Write this to custodian.pub in the server's data directory and compare the fingerprint by another way:
        \(made.announcement)
        fingerprint \(made.fingerprint)

        The token with which it comes to the server; show it to nobody else:
        \(made.serverToken)

        Setup links: each makes its bearer an approver, once, within a week. Give them to three people:
        \(made.setupURLs.joined(separator: "\n"))
        """)
    }
  }
}

enum JSONText {
  static func of(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
