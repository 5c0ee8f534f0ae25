import ArgumentParser
import Foundation
import Journeys
import Server

/// Messages that people reported: judged, grouped, and warned of.
extension IncidentCommand {
  struct Inbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Judge messages that people reported, and show the campaigns in them.",
      discussion: """
        Takes mailboxes (mbox), Maildirs, folders and single messages (.eml), and judges each as “sealane verify” does, by the trust anchors that \
        “sealane trust set” stored. A message that was forwarded as a file is judged, and not what is around it. The same message counts once. Nothing \
        is kept of whom it went to, of who reported it and of what it says: only domains, kinds of signs, and a masked subject. Without a mailbox it \
        shows what was found before. An abuse mailbox, or a service for inbound mail, may send to POST /api/v1/incidents/NUMBER/reports itself.

        Examples:
          sealane incident inbox 1 abuse.mbox --data DIR
          sealane incident inbox 1 --data DIR --json
        """)
    @OptionGroup var options: DataOptions
    @Argument(help: "The incident's number.") var incident: Int64
    @Argument(help: "Mailboxes, Maildirs, folders or messages.", completion: .file()) var mailboxes: [String] = []

    func run() async throws {
      try await options.run {
        let (mailboxes, incident) = (mailboxes, incident)
        if !mailboxes.isEmpty {
          let outcome = try await ControlSession.run(try options.configuration()) {
            try await ReportedMail(mailboxes, incident: incident).send($0)
          }
          if options.json { return Terminal.say(outcome.json.text) }
          for line in outcome.text.split(separator: "\n") { Terminal.say(String(line)) }
        }
        let answer = try await ControlAnswer.ask("GET", "/api/v1/incidents/\(incident)/campaigns", options)
        if options.json { return Terminal.say(answer.text) }
        for line in IncidentCommand.campaigns(answer.members) { Terminal.say(line) }
      }
    }
  }

  struct Warn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have the trust pages warn customers of a lure, or take a warning back; publish them afterwards.",
      discussion: """
        Examples:
          sealane incident warn 1 --domain orrery-billing.example --data DIR
          sealane incident warn 1 --subject "Your API keys were exposed" --data DIR
          sealane incident warn 1 --withdraw 3 --data DIR
        """)
    @OptionGroup var options: DataOptions
    @Argument(help: "The incident's number.") var incident: Int64
    @Option(help: "A domain, such as orrery-billing.example.") var domain: String?
    @Option(help: "The subject of messages.") var subject: String?
    @Option(help: "The number of a warning that is taken back.") var withdraw: Int64?

    func run() async throws {
      try await options.run {
        let given = [domain.map { ("domain", $0) }, subject.map { ("subject", $0) }].compactMap(\.self)
        guard given.count + (withdraw == nil ? 0 : 1) == 1 else { throw CommandError("Say one of --domain, --subject and --withdraw.") }
        let path = "/api/v1/incidents/\(incident)/warnings"
        if let withdraw {
          let answer = try await ControlAnswer.ask("DELETE", "\(path)/\(withdraw)", options)
          return Terminal.say(
            options.json ? answer.text : "Withdrawn: a listener of this server loses it in seconds, files when they are published next.")
        }
        let body = JSONValue.object(Dictionary(uniqueKeysWithValues: given.map { ($0.0, .string($0.1)) }))
        let answer = try await ControlAnswer.ask("POST", path, options, body: Array(body.text.utf8))
        Terminal.say(
          options.json
            ? answer.text
            : "Warning \(IncidentCommand.text(answer.members["warning"])) of \(IncidentCommand.text(answer.members["text"])): a listener of this server has it in seconds, files when they are published next."
        )
      }
    }
  }

  static func campaigns(_ answer: [String: JSONValue]) -> [String] {
    func list(_ value: JSONValue?) -> [[String: JSONValue]] {
      guard case .list(let elements)? = value else { return [] }
      return elements.compactMap { if case .object(let members) = $0 { members } else { nil } }
    }
    guard answer["reports"].word != "0" else {
      return [
        answer["can_judge"] == .boolean(true)
          ? "Nothing was reported yet."
          : "Nothing was reported yet. Before anything can be judged: sealane trust set --trust FILE --site FILE"
      ]
    }
    var lines = [
      "\(text(answer["reports"])) messages: \(text(answer["not_ours"])) not yours, \(text(answer["altered"])) altered, \(text(answer["genuine"])) genuine\(answer["genuine"].word == "0" ? "." : ": people reported your own.")"
    ]
    if answer["ungrouped"].word != "0" {
      lines.append("\(text(answer["ungrouped"])) more are of no campaign below: too many different ones came.")
    }
    if answer["uncounted"].word != "0" { lines.append("\(text(answer["uncounted"])) came beyond what is counted of an incident.") }
    for campaign in list(answer["campaigns"]) {
      let (count, first, last) = (text(campaign["reports"]), text(campaign["first"]), text(campaign["last"]))
      let seen = first == last ? first : "\(first) to \(last)"
      lines.append("")
      lines.append(
        "\(count) report\(count == "1" ? "" : "s"), \(seen): \(campaign["subject"].word ?? "no subject is kept")"
      )
      for domain in list(campaign["look_alikes"]) {
        lines.append(
          "  \(text(domain["domain"])) looks like \(text(domain["of"])) (\(text(domain["reason"]).replacing("-", with: " "))), in \(text(domain["reports"])) of them"
        )
      }
      let hosts = list(campaign["hosts"]).prefix(10).map { text($0["host"]) }
      if !hosts.isEmpty { lines.append("  leads to \(hosts.joined(separator: ", "))") }
      let signs = list(campaign["signs"]).map { text($0["sign"]).replacing("-", with: " ") }
      if !signs.isEmpty { lines.append("  signs: \(signs.joined(separator: ", "))") }
    }
    let warnings = list(answer["warnings"])
    if !warnings.isEmpty { lines += ["", "Customers are warned of:"] }
    lines += warnings.map { "  \(text($0["warning"]))  \(text($0["kind"])) \(text($0["text"]))" }
    return lines
  }
}
