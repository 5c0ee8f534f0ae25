internal import Events
package import Foundation
internal import Notices
internal import Vault

/// Statements and their letters, in counts.
package struct NoticeReport: Sendable, Encodable {
  package struct Letters: Sendable, Encodable {
    package let request: String
    package let state: String
    package let mode: String
    package let dispatch: String?
    package let messages: Int
    package let sent: Int
    package let waiting: Int
    package let refused: Int
    package let bounced: Int
    package let repeated: Int
    package let failure: String?
  }

  package struct Statement: Sendable, Encodable {
    package let request: String
    package let caseNumber: String
    package let version: Int
    package let state: String
    package let digest: String?
    package let entry: UInt64?
    package let people: Int
    package let names: UInt64
    package let unreachable: Int
    package let failure: String?
    package let letters: Letters?

    private enum CodingKeys: String, CodingKey {
      case request, version, state, digest, entry, people, names, unreachable, failure, letters
      case caseNumber = "case"
    }
  }

  /// The newest first.
  package let statements: [Statement]

  package static func of(_ directory: URL) throws -> NoticeReport {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    let dispatches = try store.dispatches()
    return NoticeReport(
      statements: try store.statements().map { stored in
        let made = stored.statement
        let dispatch = dispatches.first { $0.statement == stored.request }
        return Statement(
          request: stored.request.hexadecimal, caseNumber: "\(stored.scope.project.rawValue)-\(stored.scope.incident)",
          version: stored.version, state: stored.state.rawValue, digest: stored.digest, entry: stored.entry,
          people: made.map { $0.people + $0.nameless } ?? stored.scope.affected, names: made?.names ?? 0, unreachable: stored.unreachable,
          failure: stored.failure, letters: try dispatch.map { try letters($0, store) })
      })
  }

  private static func letters(_ dispatch: StoredDispatch, _ store: CustodianStore) throws -> Letters {
    let counts = try store.messageCounts(of: dispatch.request)
    func count(_ state: StoredMessage.State) -> Int { counts.states[state, default: 0] }
    return Letters(
      request: dispatch.request.hexadecimal, state: dispatch.state.rawValue, mode: dispatch.order.mode.rawValue, dispatch: dispatch.digest,
      messages: dispatch.order.count, sent: count(.sent), waiting: count(.waiting) + count(.sending), refused: count(.refused),
      bounced: count(.bounced), repeated: counts.repeated, failure: dispatch.failure)
  }
}
