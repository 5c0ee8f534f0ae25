import ArgumentParser
import Custodian
import Events
import Foundation

struct TagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Makes the tag by which filters find a sealed value.",
    discussion: """
      Reads values from standard input, one a line, exactly as they were sent: not as arguments, which other users of the machine could see. Prints
      the tag of each, for the value of a filter with “equals”. Nothing leaves this host, and nothing is read of the server's data.

      Example:
        sealane-custodian tag --data DIR.custodian --field '$email' < addresses.txt
      """)

  @OptionGroup var directory: DirectoryOption
  @Option(help: "The sealed field of profiles, by its name as sent, such as $email.")
  var field: String
  @Option(name: [.customLong("project"), .customLong("project-id")], help: "The project.")
  var project: Int64 = 1

  static let limit = 1_000

  func run() throws {
    guard !field.isEmpty else { throw ValidationError("Name the field: --field '$email'.") }
    if isatty(0) == 1 { FileHandle.standardError.write(Data("Values, one a line, then Ctrl-D:\n".utf8)) }
    var values: [String] = []
    while values.count <= Self.limit, let line = readLine() {
      if !line.isEmpty { values.append(line) }
    }
    guard (1...Self.limit).contains(values.count) else {
      throw ValidationError("Give 1 to \(Self.limit) values on standard input, one a line.")
    }
    let tags = try SealedValueTags(directory: try directory.url, project: ProjectID(project))
    for value in values { print(tags.tag(field: field, value: value)) }
  }
}
