import ArgumentParser
import Custodian
import Events
import Foundation

struct AnswersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "answers", abstract: "Turns answers to “was I affected” on or off; without options, says how many were given.",
    discussion: """
      Customers ask on the trust pages. A question is sealed in the browser for this custodian; the answer goes by mail to the address itself, at most
      one a day, and nobody else learns anything. Takes effect when the custodian is started again. Write the trust anchors anew afterwards
      (sealane-custodian trust): they have the key that questions are sealed to.

      Examples:
        sealane-custodian answers --data DIR.custodian --organization "Orrery Labs" --contact security@orrery.example
        sealane-custodian answers --data DIR.custodian --off
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The company's name, as it stands in answers.")
  var organization: String?
  @Option(help: "Whom to ask further.")
  var contact: String?
  @Flag(help: "Takes no questions from the next start on.")
  var off = false
  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    let settings: AnswerSettings?
    let lastDay: CustodianStore.AnswerCounts

    enum CodingKeys: String, CodingKey {
      case settings
      case lastDay = "last_day"
    }
  }

  func run() async throws {
    let url = try directory.url
    if off {
      try AnswerSettings.remove(in: url)
    } else if organization != nil || contact != nil {
      guard let organization, let contact else { throw ValidationError("Say both: --organization and --contact.") }
      try AnswerSettings(organization: organization, contact: contact).write(in: url)
    }
    let settings = try AnswerSettings.read(in: url)
    let counts = try CustodianStore(secrets: CustodianSecrets(directory: url)).answerCounts(
      since: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) - 86_400_000))
    if json { return print(try JSONText.of(Report(settings: settings, lastDay: counts))) }
    guard let settings else { return print("No questions are taken. See sealane-custodian answers --help.") }
    print("Answers are signed \(settings.organization); further questions go to \(settings.contact).")
    print("last 24 hours  \(counts.answered) answered, \(counts.givenUp) could not be delivered; \(counts.waiting) questions wait")
  }
}
