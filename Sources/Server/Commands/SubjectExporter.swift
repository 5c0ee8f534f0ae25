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
    /// The ids that count as the subject, as pseudonyms: whom to name in a request to the custodian.
    package var subjects: [String] = []
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
      let shown = !isTerminal ? text : form == .json ? TerminalJSON(text).description : TerminalText(text, keepsLines: true).description
      try handle.write(contentsOf: Data(shown.utf8))
    }
    guard let name = subject.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["_"])) else {
      throw CommandError("\(subject) is no pseudonym.")
    }
    let path = "/api/v1/subjects/\(name)"
    let head = try await head(client, path)
    outcome.subjects = head.ids.compactMap { Self.text($0["subject"]) }
    try put(form == .json ? head.json(at: Date()) : beginning(head))
    try await pages(client, "\(path)/timeline", of: "events", "held=true") { event in
      try put((form == .json && outcome.events > 0 ? ",\n" : "") + line(.object(event)))
      outcome.events += 1
    }
    try put(form == .json ? "\n]}\n" : "\n\(outcome.events) events.\n")
    return outcome
  }

  /// Who it is: every id that counts as the subject, with the profile that was written under it.
  private struct Head {
    var project: JSONValue = .null
    var subject: JSONValue = .null
    var ids: [[String: JSONValue]] = []

    /// docs/FORMATS.md, "Export of a subject": the first line.
    func json(at time: Date) -> String {
      let members: [String: JSONValue] = [
        "format": .string("sealane subject export"), "version": .number(2), "exported_at": .string(time.formatted(.iso8601)),
        "project": project, "subject": subject, "ids": .list(ids.map { .object($0) }),
      ]
      return JSONValue.object(members).text.dropLast() + ",\"events\":[\n"
    }
  }

  private func head(_ client: ControlClient, _ path: String) async throws -> Head {
    var head = Head()
    let last = try await pages(client, "\(path)/ids", of: "ids") { head.ids.append($0) }
    head.project = last["project"] ?? .null
    head.subject = last["subject"] ?? .string(subject)
    return head
  }

  /// Everything behind an address, page by page; gives the last page's other members.
  @discardableResult
  private func pages(
    _ client: ControlClient, _ path: String, of list: String, _ more: String? = nil, _ body: ([String: JSONValue]) throws -> Void
  ) async throws -> [String: JSONValue] {
    var cursor: String?
    while true {
      let query = [project.map { "project_id=\($0)" }, "limit=\(Self.pageRows)", more, cursor.map { "cursor=\($0)" }].compactMap(\.self)
      let page = try object(await client.text("GET", "\(path)?\(query.joined(separator: "&"))"))
      guard case .list(let rows)? = page[list] else { throw CommandError("The server's answer has no \(list).") }
      for case .object(let row) in rows { try body(row) }
      guard let next = Self.text(page["next"]) else { return page }
      cursor = next.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["_"]))
    }
  }

  private static func text(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }

  private func object(_ text: String) throws -> [String: JSONValue] {
    guard case .object(let members) = try JSONValue(parsing: Array(text.utf8), limit: 256 << 20) else {
      throw CommandError("The server's answer is not an object.")
    }
    return members
  }

  private func beginning(_ head: Head) -> String {
    var text = "Everything that is stored about \(Self.text(head.subject) ?? subject)\n\n"
    text += "Names, addresses and ids are sealed: the custodian alone can open them.\n\nIds\n"
    for id in head.ids {
      text += "  \(Self.text(id["subject"]) ?? "")\n"
      for (title, layer) in [("written by the company", "verified"), ("written by an application", "unverified")] {
        guard case .object(let members)? = id[layer], !members.isEmpty else { continue }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
          text += "      \(TerminalText(name)): \(Self.shown(value))   (\(title))\n"
        }
      }
    }
    return text + "\nEvents, the newest first\n"
  }

  /// For people: the digest of what is sealed is for programs.
  private static func shown(_ value: JSONValue) -> String {
    isSealed(value) ? "sealed" : TerminalJSON(withoutDigests(value).text).description
  }

  private static func withoutDigests(_ value: JSONValue) -> JSONValue {
    switch value {
    case .list(let elements): .list(elements.map(withoutDigests))
    case .object(let members): isSealed(value) ? ["sealed": true] : .object(members.mapValues(withoutDigests))
    case .null, .boolean, .number, .string: value
    }
  }

  private static func isSealed(_ value: JSONValue) -> Bool {
    if case .object(let members) = value { members["sealed"] == .boolean(true) } else { false }
  }

  private func line(_ event: JSONValue) -> String {
    guard form == .text, case .object(let members) = event else { return event.text }
    // A name keeps to its line, or it could look like another one.
    var line = "  \(Self.text(members["time"]) ?? "")  \(TerminalText(Self.text(members["event"]) ?? ""))"
    if case .object(let properties)? = members["properties"] {
      for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
        line += "\n      \(TerminalText(name)): \(TerminalJSON(value.text))"
      }
    }
    return line + "\n"
  }
}
