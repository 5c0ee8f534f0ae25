import Access
import Events
import Foundation
import Hummingbird
import Journeys
import Ledger
import Notices
import Response
import SegmentStore
import Vault

/// What the custodian asks and says about notices: which incidents are scoped, whom one affects, what it committed to, how far it is.
/// docs/FORMATS.md, “Custodian and server over HTTP”.
extension CustodianRoutes {
  private static let mostIncidents = 100
  private static let mostOrganizations = 500

  /// Incidents that are scoped and not closed, the newest first.
  func incidents(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    var list: [JSONValue] = []
    for project in installation.projects.all {
      for incident in try await installation.access.incidents(of: project.id, open: true) where list.count < Self.mostIncidents {
        guard let scope = try await installation.access.scopes(of: incident.id).first else { continue }
        list.append([
          "project": .number(Double(project.id.rawValue)), "incident": .number(Double(incident.id)), "title": .string(incident.title),
          "sentence": .string(IncidentDesk.sentence(incident)), "version": .number(Double(scope.version)), "digest": .string(scope.digest),
          "entry": .number(Double(scope.entry)), "made_at": .number(Double(scope.madeAt.milliseconds)), "scope": .string(scope.canonical),
          "moments": .object(
            Dictionary(uniqueKeysWithValues: incident.moments.map { ($0.key.rawValue, .number(Double($0.value.milliseconds))) })),
        ])
      }
    }
    return DisclosedResponse.plain(["incidents": .list(list)])
  }

  /// Who asked and who approved, of which the custodian is the judge; the ledger has its word.
  private struct Approved {
    let project: OpenProject
    let digest: String
    let requester: String
    let approvers: [String]
  }

  private func approved(_ members: [String: JSONValue]) throws -> Approved {
    guard case .number(let project)? = members["project"], let project = Int64(exactly: project),
      case .string(let digest)? = members["request"],
      Self.isHexadecimal(digest, 64), case .string(let requester)? = members["requester"], Self.isHexadecimal(requester, 32),
      let approvers = Self.texts(members["approvers"], atMost: 16), approvers.allSatisfy({ Self.isHexadecimal($0, 32) })
    else { throw Self.malformed }
    guard let open = installation.projects[ProjectID(project)] else { throw APIError.notFound("There is no such project here.") }
    return Approved(project: open, digest: digest, requester: requester, approvers: approvers)
  }

  private func incident(_ members: [String: JSONValue], in project: ProjectID) async throws -> Incident {
    guard case .number(let id)? = members["incident"], let id = Int64(exactly: id),
      let incident = try await installation.access.incident(id), incident.project == project
    else { throw APIError.notFound("There is no such incident in this project.") }
    return incident
  }

  /// Sealed addresses and ids of whom a version affects, a page at a time, each entered before it leaves.
  func affected(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .number(let version)? = members["version"],
      let version = Int(exactly: version), case .string(let digest)? = members["digest"], Self.isHexadecimal(digest, 64)
    else { throw Self.malformed }
    let approved = try approved(members)
    let incident = try await incident(members, in: approved.project.id)
    var after: UInt32?
    if case .number(let number)? = members["after"] {
      guard let number = UInt32(exactly: number) else { throw Self.malformed }
      after = number
    }
    let page = try await affectedPages.page(of: incident, version: version, digest: digest, after: after)
    let receipt = try await enter(page.numbers, [affectedPages.sources.address, Sealing.idField], approved)
    return DisclosedResponse.plain([
      "entry": .number(Double(receipt.index)), "total": .number(Double(page.total)), "subjects": .list(page.json),
      "next": page.next.map { .number(Double($0)) } ?? .null,
    ])
  }

  /// Administrators and contacts of organizations, sealed as above.
  func organizations(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request, limit: 1 << 20),
      let texts = Self.texts(members["organizations"], atMost: Self.mostOrganizations)
    else { throw Self.malformed }
    let asked = texts.compactMap { $0.hasPrefix("g_") ? Pseudonym($0) : nil }
    guard asked.count == texts.count else { throw Self.malformed }
    let approved = try approved(members)
    let (answer, numbers) = try await affectedPages.organizations(asked, in: approved.project)
    let receipt = try await enter(numbers, [affectedPages.sources.address, Sealing.idField] + affectedPages.sources.contacts, approved)
    guard case .object(var all) = answer else { throw Self.malformed }
    all["entry"] = .number(Double(receipt.index))
    return DisclosedResponse.plain(.object(all))
  }

  private func enter(_ numbers: [SubjectNumber], _ fields: [String], _ approved: Approved) async throws -> LedgerReceipt {
    try await installation.ledger.record(
      .identitiesOpened(
        approved.project.id, subjects: numbers, fields: Set(fields).sorted(), request: approved.digest, approvers: approved.approvers),
      by: Principal(kind: .custodian, id: approved.requester, credential: "notices"))
  }

  /// Enters what the custodian committed to. The same again is entered again: it asks until it has the number of an entry that it can prove.
  func commitments(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request, limit: 1 << 20), case .string(let kind)? = members["kind"],
      let commitment = AdministrativeEntry.NoticeCommitment(rawValue: kind), case .string(let note)? = members["note"],
      let signed = try? SignedNote(Array(note.utf8)), let letters = PublishedLetter.list(members["letters"])
    else { throw Self.malformed }
    let digest = CommittedText.digest(of: signed.text)
    let approved = try approved(members)
    let incident = try await incident(members, in: approved.project.id)
    let receipt = try await installation.ledger.record(
      .noticeCommitted(
        approved.project.id, incident: incident.id, commitment, digest: digest, request: approved.digest, approvers: approved.approvers),
      by: Principal(kind: .custodian, id: approved.requester, credential: "notices"))
    // A crash here leaves an entry that no public page shows: the custodian asks again, and the newest counts.
    try await installation.access.put(
      PublishedCommitment(
        digest: digest, project: approved.project.id, incident: incident.id, kind: commitment, note: note, letters: letters,
        entry: receipt.index, madeAt: installation.now()))
    return DisclosedResponse.plain(["entry": .number(Double(receipt.index))])
  }

  /// That an entry stands in the ledger, as a file of its own. 409 while nothing covers it.
  func proof(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard let text = try QueryParameters(request, known: ["entry"])["entry"], let entry = UInt64(text) else { throw Self.malformed }
    do {
      let proof = try Ledger.proof(of: entry, directory: installation.directory.ledger)
      return DisclosedResponse.plain(["proof": .string(proof.text)])
    } catch  where error.code == .refused {
      throw APIError(.conflict, "not_covered", "No checkpoint covers this entry yet. Ask again in a second.")
    }
  }

  /// How far a dispatch is, for the incident's page.
  func notices(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), let progress = NoticeProgress(members) else { throw Self.malformed }
    guard let incident = try await installation.access.incident(progress.incident), incident.project == progress.project else {
      throw APIError.notFound("There is no such incident in this project.")
    }
    try await installation.incidents.note(progress, by: Principal(kind: .custodian, id: "custodian", credential: "server-token"))
    return Response(status: .noContent)
  }
}
