import ArgumentParser
import Foundation
import Journeys
import Server

extension VendorsCommand {
  struct ThirdParties: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "third-parties",
      abstract: "Hosts that the company's own site calls, as browsers report them, and whose they are.")
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/third-parties\(VendorsCommand.query(project))", options)
        guard !options.json, case .list(let parties)? = answer.members["third_parties"] else { return Terminal.say(answer.text) }
        if parties.isEmpty { Terminal.say("No browser reported any.") }
        for case .object(let party) in parties {
          let words = ["host", "reports", "last_day", "vendor"].map { VendorsCommand.text(party[$0]) }
          let line = "\(words[0])  \(words[1]) reports, last on \(words[2]): "
          if party["declared"] == .boolean(true) { Terminal.say(line + words[3]) } else { Terminal.alarm(line + "nobody declared it") }
        }
      }
    }
  }

  struct Register: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The register of vendors on standard output: as a table, or as a bill of materials of services.")
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
    @Option(help: "csv or cyclonedx.") var format = Format.csv

    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, cyclonedx }

    func run() async throws {
      try await options.run {
        let name = format == .csv ? "register.csv" : "register.cdx.json"
        let path = "/api/v1/vendors/\(name)\(VendorsCommand.query(project))"
        let text = try await ControlSession.run(try options.configuration()) { try await $0.text("GET", path) }
        // A file for programs, byte by byte.
        FileHandle.standardOutput.write(Data((text + (format == .csv ? "\r\n" : "\n")).utf8))
      }
    }
  }

  /// A path with those of the parameters that are given.
  static func path(_ path: String, _ parameters: [String: String?]) -> String {
    let letters = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
    let given = parameters.sorted { $0.key < $1.key }.compactMap { name, value in
      value.map { "\(name)=\($0.addingPercentEncoding(withAllowedCharacters: letters) ?? "")" }
    }
    return given.isEmpty ? path : path + "?" + given.joined(separator: "&")
  }
}
