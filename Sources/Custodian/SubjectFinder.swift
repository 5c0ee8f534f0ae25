package import Events
package import Foundation
internal import Vault

/// Finds the pseudonyms of somebody whose e-mail address or id one knows: the custodian makes tags and pseudonyms of them with its copies of
/// the look-up keys, and the server says who has them. What was typed does not leave this host.
package struct SubjectFinder: Sendable {
  package struct Found: Sendable, Codable, Equatable {
    package let subject: String
    /// `id`, or the layer of the profile that has the field: `verified`, `unverified`.
    package let match: String
  }

  package struct Answer: Sendable, Codable, Equatable {
    /// The number of the ledger's entry.
    package let entry: UInt64
    package let subjects: [Found]
    /// Whether there are more than the 1,000 that are named.
    package let more: Bool
  }

  private let connection: ServerConnection
  private let pseudonymizer: Pseudonymizer
  private let project: ProjectID

  package init(directory: URL, server: String, certificateAuthority: String? = nil, project: ProjectID) throws {
    let secrets = try CustodianSecrets(directory: directory)
    self.init(
      connection: try ServerConnection(server: server, token: secrets.serverToken, certificateAuthority: certificateAuthority),
      pseudonymizer: try LookUpKeys.read(in: directory, project: project), project: project)
  }

  init(connection: ServerConnection, pseudonymizer: Pseudonymizer, project: ProjectID) {
    self.connection = connection
    self.pseudonymizer = pseudonymizer
    self.project = project
  }

  /// - Parameters:
  ///   - identifiers: as they were sent; each is also looked for in lower case.
  ///   - fields: sealed fields of profiles that may hold it.
  package func find(_ identifiers: [String], fields: [String]) async throws -> Answer {
    let texts = Set(identifiers.flatMap { [$0, $0.lowercased()] }.filter { !$0.isEmpty })
    let tags = fields.flatMap { field in texts.map { (field: field, tag: pseudonymizer.tag(field: field, value: $0)) } }
    return try await connection.subjects(project: project, ids: texts.map { pseudonymizer.subject($0) }, tags: tags)
  }
}
