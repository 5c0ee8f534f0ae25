import Events
import Foundation
import Journeys

/// `sealane subject export`: everything that is stored about one subject, for a request under GDPR Art. 15 and 20. Page by page, each in
/// the ledger before it leaves; identities stay sealed.
package struct SubjectExporter: Sendable {
  package enum Form: String, Sendable, CaseIterable {
    /// One JSON document.
    case json
    /// For people: a line an event.
    case text
  }

  package struct Outcome: Sendable, Hashable {
    package var events = 0
    package var bytes = 0
  }

  private static let pageRows = 1000

  private let subject: String
  private let project: Int64?
  private let form: Form

  package init(_ subject: String, project: Int64?, form: Form) {
    self.subject = subject
    self.project = project
    self.form = form
  }

  /// - Parameter file: complete or, with an error, not there; nil: standard output.
  package func run(_ client: ControlClient, to file: URL?) async throws -> Outcome {
    guard let file else { return try await write(client, to: .standardOutput, isTerminal: isatty(1) == 1) }
    let draft = file.appendingPathExtension("partial")
    guard FileManager.default.createFile(atPath: draft.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
      throw CommandError("Cannot write \(draft.path). Choose another place with --output.")
    }
    do {
      let handle = try FileHandle(forWritingTo: draft)
      let outcome = try await write(client, to: handle, isTerminal: false)
      try handle.synchronize()
      try handle.close()
      guard rename(draft.path, file.path) == 0 else {
        throw CommandError("Cannot put \(file.path) in place: \(String(cString: strerror(errno)).lowercased()).")
      }
      return outcome
    } catch {
      try? FileManager.default.removeItem(at: draft)
      throw error
    }
  }

  private func write(_ client: ControlClient, to handle: FileHandle, isTerminal: Bool) async throws -> Outcome {
    var outcome = Outcome()
    func put(_ text: String) throws {
      outcome.bytes += text.utf8.count
      // What came from outside must not steer a terminal.
      let shown = isTerminal ? TerminalText(text, keepsLines: true).description : text
      try handle.write(contentsOf: Data(shown.utf8))
    }
    let chosen = project.map { "project_id=\($0)" } ?? ""
    guard let name = subject.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["_"])) else {
      throw CommandError("\(subject) is no pseudonym.")
    }
    let path = "/api/v1/subjects/\(name)"
    let profile = try object(await client.text("GET", path + (chosen.isEmpty ? "" : "?" + chosen)))
    try put(beginning(profile))
    var cursor: String?
    repeat {
      let query = [chosen, "limit=\(Self.pageRows)", cursor.map { "cursor=\($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: "&")
      let page = try object(await client.text("GET", "\(path)/timeline?\(query)"))
      guard case .list(let events)? = page["events"] else { throw CommandError("The server's answer is not a timeline.") }
      for event in events {
        try put((form == .json && outcome.events > 0 ? ",\n" : "") + line(event))
        outcome.events += 1
      }
      if case .string(let next)? = page["next"] {
        cursor = next.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
      } else {
        cursor = nil
      }
    } while cursor != nil
    try put(form == .json ? "\n]}\n" : "\n\(outcome.events) events.\n")
    return outcome
  }

  private func object(_ text: String) throws -> [String: JSONValue] {
    guard case .object(let members) = try JSONValue(parsing: Array(text.utf8), limit: 256 << 20) else {
      throw CommandError("The server's answer is not an object.")
    }
    return members
  }

  private func beginning(_ profile: [String: JSONValue]) -> String {
    guard form == .text else {
      let document = JSONValue.object(["profile": .object(profile), "subject": profile["subject"] ?? .string(subject)]).text
      return document.dropLast() + ",\"events\":[\n"
    }
    var text = "Everything that is stored about \(subject)\n\n"
    text += "Names, addresses and ids are sealed: the custodian alone can open them.\n\nProfile\n"
    for (title, layer) in [("written by the company", "verified"), ("written by an application", "unverified")] {
      guard case .object(let members)? = profile[layer], !members.isEmpty else { continue }
      for (name, value) in members.sorted(by: { $0.key < $1.key }) { text += "  \(name): \(value.text)   (\(title))\n" }
    }
    return text + "\nEvents, the newest first\n"
  }

  private func line(_ event: JSONValue) -> String {
    guard form == .text, case .object(let members) = event else { return event.text }
    func text(_ name: String) -> String { if case .string(let text)? = members[name] { text } else { members[name]?.text ?? "" } }
    var line = "  \(text("time"))  \(text("event"))"
    if case .object(let properties)? = members["properties"] {
      for (name, value) in properties.sorted(by: { $0.key < $1.key }) { line += "\n      \(name): \(value.text)" }
    }
    return line + "\n"
  }
}
