import ArgumentParser
import Events
import Foundation
import Notices
import Server

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Says whether a message of a company is genuine, was altered, or is not theirs; works offline.",
    discussion: """
      Takes a message as your mail program saves it (.eml), or a proof that came with one, and the file of keys that the company published and that you
      kept (--trust). Nobody is asked, unless --dns is given: then DNS says with which key the message's transport was signed (DKIM). Ends with 0 if the
      message is genuine, 1 if not, 2 if it could not be looked at.

      Examples:
        sealane verify message.eml --trust orrery.trust.json
        sealane verify message.eml --trust orrery.trust.json --reader ada@brightfen.example --json
        sealane verify sealane-proof.json --trust orrery.trust.json
      """)

  @Argument(help: "The message or the proof; - for standard input.")
  var file: String

  @Option(help: "The company's trust anchors, as it published them. Environment: SEALANE_TRUST.")
  var trust: String?

  @Option(help: "Your address, as the company knows it: then a message to somebody else is told.")
  var reader: String?

  @Flag(help: "Ask DNS for the keys of the message's transport (DKIM).")
  var dns = false

  @Option(help: ArgumentHelp("Ask this name server, ADDRESS:PORT, instead of the system's.", visibility: .hidden))
  var nameServer: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    do {
      let check = MessageCheck(
        file: file, trust: trust ?? ProcessInfo.processInfo.environment["SEALANE_TRUST"], reader: reader, asksDNS: dns,
        nameServer: nameServer)
      let outcome = try await check.run()
      Terminal.say(json ? outcome.json : outcome.text)
      if !outcome.isGenuine { throw ExitCode(1) }
    } catch let error as MessageCheck.Failure {
      FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
      throw ExitCode(2)
    }
  }
}
