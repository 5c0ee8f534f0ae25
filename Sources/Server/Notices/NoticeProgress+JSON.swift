import Access
import Events
import Journeys

extension NoticeProgress {
  /// As the custodian says it. Nil for anything else.
  init?(_ members: [String: JSONValue]) {
    func number(_ name: String) -> Int? {
      guard case .number(let value)? = members[name], let number = Int(exactly: value), number >= 0 else { return nil }
      return number
    }
    func digest(_ name: String) -> String? {
      guard case .string(let text)? = members[name], text.utf8.count == 64,
        text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
      else { return nil }
      return text
    }
    guard let project = number("project"), let incident = number("incident"), let statement = digest("statement"),
      let version = number("statement_version"), let dispatch = digest("dispatch"), case .string(let mode)? = members["mode"],
      let mode = Mode(rawValue: mode), let started = number("started_at"), let people = number("people"),
      let unreachable = number("unreachable"), let messages = number("messages"), let sent = number("sent"),
      let repeated = number("repeated"), let refused = number("refused"), let bounced = number("bounced")
    else { return nil }
    self.init(
      project: ProjectID(Int64(project)), incident: Int64(incident), statement: statement, statementVersion: version, dispatch: dispatch,
      mode: mode, startedAt: Timestamp(milliseconds: Int64(started)),
      finishedAt: number("finished_at").map { Timestamp(milliseconds: Int64($0)) }, people: people, unreachable: unreachable,
      messages: messages, sent: sent, repeated: repeated, refused: refused, bounced: bounced)
  }

  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    return [
      "statement": .string(statement), "statement_version": number(statementVersion), "dispatch": .string(dispatch),
      "mode": .string(mode.rawValue), "started_at": .string(startedAt.text), "finished_at": finishedAt.map { .string($0.text) } ?? .null,
      "people": number(people), "unreachable": number(unreachable), "messages": number(messages), "sent": number(sent),
      "waiting": number(waiting), "repeated": number(repeated), "refused": number(refused), "bounced": number(bounced),
    ]
  }
}
