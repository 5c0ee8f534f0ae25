import ArgumentParser
import Custodian
import Events
import Foundation

struct FindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Finds the pseudonym of somebody whose e-mail address or id one knows.",
    discussion: """
      Reads identifiers from standard input, one a line: not as arguments, which other users of the machine could see. They do not leave this host:
      the server is asked by pseudonyms and tags, and enters in its ledger who was found.

      Example:
        sealane-custodian find --data DIR.custodian --server http://localhost:8000 < addresses.txt
        sealane-custodian find --data DIR.custodian --server http://localhost:8000 --field '$email' --field '$phone'
      """)

  @OptionGroup var directory: DirectoryOption
  @Option(help: "The server's origin, such as https://sealane.example. Environment: SEALANE_SERVER_URL.")
  var server: String?
  @Option(help: "A PEM file with the certificate authority of the server, instead of the system's.")
  var ca: String?
  @Option(help: "The project.")
  var projectID: Int64 = 1
  @Option(help: "A sealed field of profiles to look in; may be given several times (default $email).")
  var field: [String] = []
  @Flag(help: "Print JSON.")
  var json = false

  static let limit = 100

  func run() async throws {
    guard let server = server ?? ProcessInfo.processInfo.environment["SEALANE_SERVER_URL"] else {
      throw ValidationError("Name the server: --server http://127.0.0.1:8000, or SEALANE_SERVER_URL.")
    }
    var identifiers: [String] = []
    if isatty(0) == 1 { FileHandle.standardError.write(Data("Identifiers, one a line, then Ctrl-D:\n".utf8)) }
    while let line = readLine() {
      let text = line.trimmingCharacters(in: .whitespaces)
      if !text.isEmpty { identifiers.append(text) }
    }
    guard (1...Self.limit).contains(identifiers.count) else {
      throw ValidationError("Give 1 to \(Self.limit) identifiers on standard input, one a line.")
    }
    let finder = try SubjectFinder(
      directory: try directory.url, server: server, certificateAuthority: ca, project: ProjectID(projectID))
    let answer = try await finder.find(identifiers, fields: field.isEmpty ? ["$email"] : field)
    if json { return print(try JSONText.of(answer)) }
    for found in answer.subjects { print("\(found.subject)  \(found.match == "id" ? "by its id" : "by its \(found.match) profile")") }
    if answer.more { print("There are more; only 1,000 are named.") }
    if answer.subjects.isEmpty { print("Nobody was found.") }
    print("Ledger entry \(answer.entry).")
  }
}
