internal import Events
internal import Foundation
internal import Notices
internal import Vault

/// What the server hands over for statements and notices. None of it is trusted beyond what opens in its place and fits the digests that approvers
/// signed. docs/FORMATS.md, “Custodian and server over HTTP”.
struct ScopedIncident: Sendable, Hashable, Decodable {
  let project: Int64
  let incident: Int64
  let title: String
  let sentence: String
  let version: Int
  let digest: String
  let entry: UInt64
  let madeAt: Int64
  /// Canonical JSON; its SHA-256 is `digest`.
  let scope: String
  let moments: [String: Int64]

  private enum CodingKeys: String, CodingKey {
    case project, incident, title, sentence, version, digest, entry, scope, moments
    case madeAt = "made_at"
  }
}

struct AffectedPage: Sendable, Decodable {
  struct ID: Sendable, Decodable {
    let subject: String
    /// Whether the ledger shows this very id.
    let shown: Bool
    let id: Data?
    let addresses: [Data]
    let language: String?
    let organizations: [String]
  }

  struct Subject: Sendable, Decodable {
    let number: UInt32
    let ids: [ID]
    let fields: [String]
  }

  let entry: UInt64
  let total: Int
  let subjects: [Subject]
  let next: UInt32?
}

struct OrganizationsPage: Sendable, Decodable {
  struct Administrator: Sendable, Decodable {
    let subject: String
    let addresses: [Data]
    let language: String?
    let organizations: [String]
  }

  struct Organization: Sendable, Decodable {
    let organization: String
    /// Which field of its profile the addresses are of.
    let field: String?
    let addresses: [Data]
    let language: String?
    /// In the clear, or sealed as it was found to identify.
    let name: String?
    let sealedName: [Data]
    let id: Data?

    private enum CodingKeys: String, CodingKey {
      case organization, field, addresses, language, name, id
      case sealedName = "sealed_name"
    }
  }

  let entry: UInt64
  let administrators: [Administrator]
  let organizations: [Organization]
}

/// On whose behalf something is asked of the server.
struct ApprovedRequest: Sendable {
  let project: ProjectID
  let digest: String
  let requester: String
  let approvers: [String]

  init(_ stored: StoredRequest, project: ProjectID) {
    self.project = project
    digest = stored.request.digest.hexadecimal
    requester = stored.request.requester
    approvers = stored.approvals.map(\.approver.hexadecimal)
  }

  var members: [String: Any] {
    ["project": project.rawValue, "request": digest, "requester": requester, "approvers": approvers]
  }
}

extension ServerConnection {
  private func ask<Answer: Decodable>(_ path: String, _ members: [String: Any], _ what: String, _: Answer.Type) async throws -> Answer {
    let body = try JSONSerialization.data(withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes])
    let answer = try await exchange(Request(method: "POST", path: path, contentType: "application/json", body: Array(body)))
    guard answer.status == 200, let value = try? JSONDecoder().decode(Answer.self, from: Data(answer.body)) else {
      throw Self.unexpected(what, answer)
    }
    return value
  }

  func scopedIncidents() async throws -> [ScopedIncident] {
    struct Body: Decodable { let incidents: [ScopedIncident] }
    let answer = try await exchange(Request(method: "GET", path: "/custodian/v1/incidents", contentType: nil, body: []))
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)) else {
      throw Self.unexpected("Asking for incidents", answer)
    }
    return body.incidents
  }

  func affected(_ scope: CustodianRequest.ScopeToState, _ request: ApprovedRequest, after: UInt32?) async throws -> AffectedPage {
    var members = request.members
    members["incident"] = scope.incident
    members["version"] = scope.version
    members["digest"] = scope.digest
    members["after"] = after
    return try await ask("/custodian/v1/affected", members, "Asking whom an incident affects", AffectedPage.self)
  }

  func organizations(_ organizations: [String], _ request: ApprovedRequest) async throws -> OrganizationsPage {
    var members = request.members
    members["organizations"] = organizations
    return try await ask("/custodian/v1/organizations", members, "Asking for organizations' administrators", OrganizationsPage.self)
  }

  /// Has a commitment entered; gives the entry's number. The texts of letters go along, for the company's public pages: they name nobody.
  func commit(
    _ kind: String, _ note: String, _ letters: [LetterTemplate], incident: Int64, _ request: ApprovedRequest
  ) async throws -> UInt64 {
    struct Body: Decodable { let entry: UInt64 }
    var members = request.members
    members["kind"] = kind
    members["note"] = note
    members["letters"] = letters.map { ["kind": $0.kind.text, "subject": $0.subject, "body": $0.body] }
    members["incident"] = incident
    return try await ask("/custodian/v1/commitments", members, "Entering a commitment", Body.self).entry
  }

  /// A proof of an entry, as the server shows it; nil while no checkpoint covers it.
  func ledgerProof(of entry: UInt64) async throws -> String? {
    struct Body: Decodable { let proof: String }
    let answer = try await exchange(Request(method: "GET", path: "/custodian/v1/proof?entry=\(entry)", contentType: nil, body: []))
    if answer.status == 409 { return nil }
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)) else {
      throw Self.unexpected("Asking for a proof", answer)
    }
    return body.proof
  }

  /// How far a dispatch is.
  func report(_ progress: DispatchProgress) async throws {
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/notices", contentType: "application/json",
        body: Array(try JSONEncoder().encode(progress))))
    guard answer.status == 204 else { throw Self.unexpected("Reporting notices", answer) }
  }
}

/// How far a dispatch is, as the server is told.
struct DispatchProgress: Sendable, Hashable, Codable {
  let project: Int64
  let incident: Int64
  let statement: String
  let statementVersion: Int
  let dispatch: String
  let mode: String
  let startedAt: Int64
  let finishedAt: Int64?
  let people: Int
  let unreachable: Int
  let messages: Int
  let sent: Int
  let repeated: Int
  let refused: Int
  let bounced: Int

  private enum CodingKeys: String, CodingKey {
    case project, incident, statement, dispatch, mode, people, unreachable, messages, sent, repeated, refused, bounced
    case statementVersion = "statement_version"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
  }
}
