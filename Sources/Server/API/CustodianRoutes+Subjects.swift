import Access
import Events
import Hummingbird
import Journeys
import Ledger
import SegmentStore

/// What the custodian asks about people: who has an identifier that somebody typed there, and whose keys are to be destroyed.
extension CustodianRoutes {
  /// Who has an id or a sealed value that the custodian knows, by pseudonyms and tags; entered as a search before it is answered.
  func subjects(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request, limit: 1 << 20), case .number(let project)? = members["project"],
      let project = Int64(exactly: project), case .list(let ids)? = members["ids"], ids.count <= Self.searchLimit,
      case .list(let tags)? = members["tags"], tags.count <= Self.searchLimit
    else { throw Self.malformed }
    guard let open = installation.projects[ProjectID(project)] else { throw APIError.notFound("There is no such project here.") }
    let pseudonyms = ids.compactMap { id in if case .string(let text) = id { Pseudonym(text) } else { nil } }
    let fieldTags = tags.compactMap { tag -> FieldTag? in
      guard case .object(let tag) = tag, case .string(let field)? = tag["field"], case .string(let text)? = tag["tag"] else { return nil }
      return Pseudonym(text).map { FieldTag(field: field, tag: $0) }
    }
    guard pseudonyms.count == ids.count, fieldTags.count == tags.count else { throw Self.malformed }
    await installation.canaries.look(
      at: pseudonyms, in: open.id, by: Principal(kind: .custodian, id: "custodian", credential: "server-token"))
    let (found, hasMore) = try await open.store.search(ids: pseudonyms, tags: Set(fieldTags), limit: 1_000)
    let disclosure = Disclosure(
      .subjectSearch(set: found.map(\.subject.number), rows: found.count), project: open.id, purpose: "custodian.find", fields: ["subject"])
    let disclosed = try await installation.ledger.disclose(
      found, disclosure, to: Principal(kind: .custodian, id: "custodian", credential: "server-token"))
    return DisclosedResponse.json(
      disclosed.map { found in
        [
          "entry": .number(Double(disclosed.receipt.index)),
          "subjects": .list(found.map { ["subject": .string($0.subject.text), "match": .string($0.match.rawValue)] }),
          "more": .boolean(hasMore),
        ]
      })
  }

  /// Ids, and tags: 100 identifiers as they were sent and in lower case, and ten fields of each.
  private static let searchLimit = 2_000

  func erasures(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    var after: UInt64?
    if let text = try QueryParameters(request, known: ["after"])["after"] {
      guard let entry = UInt64(text) else { throw Self.malformed }
      after = entry
    }
    let orders = try await installation.erasures.ordersToCarryOut(after: after).map { erasure in
      JSONValue.object([
        "entry": .number(Double(erasure.entry)), "commitment": .string(erasure.commitment),
        "project": .number(Double(erasure.project.rawValue)),
        "subjects": .list(erasure.subjects.map { .string("s_\($0)") }),
      ])
    }
    return DisclosedResponse.plain(["erasures": .list(orders)])
  }

  func takeReceipt(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .string(let receipt)? = members["receipt"] else { throw Self.malformed }
    try await installation.erasures.take(receipt, pinned: try await installation.custodian.pinnedIdentity())
    return Response(status: .noContent)
  }
}
