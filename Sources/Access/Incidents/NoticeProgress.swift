import Events
import Ledger

/// How far the custodian is with telling the people of an incident, as it says.
package struct NoticeProgress: Sendable, Hashable {
  package enum Mode: String, Sendable, Hashable, CaseIterable {
    case smtp
    /// Files are written and nobody is sent anything.
    case files
  }

  package let project: ProjectID
  package let incident: Int64
  /// SHA-256 of the statement and of the dispatch, hexadecimal.
  package let statement: String
  package let statementVersion: Int
  package let dispatch: String
  package let mode: Mode
  package let startedAt: Timestamp
  /// Nil while messages wait.
  package let finishedAt: Timestamp?
  /// People who are affected; of these, who has no address here and must be told otherwise.
  package let people: Int
  package let unreachable: Int
  package let messages: Int
  package let sent: Int
  /// Sent a second time, because the answer to the first was lost.
  package let repeated: Int
  package let refused: Int
  package let bounced: Int

  package init(
    project: ProjectID, incident: Int64, statement: String, statementVersion: Int, dispatch: String, mode: Mode, startedAt: Timestamp,
    finishedAt: Timestamp?, people: Int, unreachable: Int, messages: Int, sent: Int, repeated: Int, refused: Int, bounced: Int
  ) {
    self.project = project
    self.incident = incident
    self.statement = statement
    self.statementVersion = statementVersion
    self.dispatch = dispatch
    self.mode = mode
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.people = people
    self.unreachable = unreachable
    self.messages = messages
    self.sent = sent
    self.repeated = repeated
    self.refused = refused
    self.bounced = bounced
  }

  package var waiting: Int { max(0, messages - sent - refused - bounced) }
}
