import Access
import Events
import Foundation
import Hummingbird
import Journeys
import Ledger
import SegmentStore
import Vault

/// Questions of the trust pages, on their way to the custodian and back. docs/FORMATS.md, “Custodian and server over HTTP”.
extension CustodianRoutes {
  private static let mostTags = 500

  /// Sealed questions, the oldest first.
  func questions(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    let limit = try QueryParameters(request, known: ["limit"]).count("limit", default: 64, atMost: 500)
    let questions = try await installation.access.questions(limit: limit)
    return DisclosedResponse.plain([
      "questions": .list(
        questions.map { ["id": .number(Double($0.id)), "question": .string(Data($0.sealed).base64EncodedString())] })
    ])
  }

  /// The custodian has them.
  func takeQuestions(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .number(let through)? = members["through"],
      let id = Int64(exactly: through)
    else { throw Self.malformed }
    try await installation.access.deleteQuestions(through: id)
    return Response(status: .noContent)
  }

  /// Which of these tags a verified profile has; entered as a search before it is answered. What the public token wrote does not count.
  func known(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .number(let project)? = members["project"],
      let project = Int64(exactly: project), case .string(let field)? = members["field"],
      let texts = Self.texts(members["tags"], atMost: Self.mostTags)
    else { throw Self.malformed }
    let tags = texts.compactMap { Pseudonym($0) }
    guard tags.count == texts.count else { throw Self.malformed }
    guard let open = installation.projects[ProjectID(project)] else { throw APIError.notFound("There is no such project here.") }
    let holders = try await open.store.verifiedHolders(of: Set(tags.map { FieldTag(field: field, tag: $0) }))
    let numbers = Set(holders.values).sorted()
    let disclosure = Disclosure(
      .subjectSearch(set: numbers, rows: numbers.count), project: open.id, purpose: "custodian.known", fields: ["subject"])
    let disclosed = try await installation.ledger.disclose(
      holders, disclosure, to: Principal(kind: .custodian, id: "custodian", credential: "server-token"))
    return DisclosedResponse.json(
      disclosed.map { holders in
        [
          "entry": .number(Double(disclosed.receipt.index)),
          "known": .list(tags.map { .boolean(holders[FieldTag(field: field, tag: $0)] != nil) }),
        ]
      })
  }

  /// Enters what the custodian fixed as its answers: a digest, which says of nobody that they asked.
  func answers(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .string(let digest)? = members["digest"],
      Self.isHexadecimal(digest, 64)
    else { throw Self.malformed }
    let receipt = try await installation.ledger.record(
      .answersCommitted(digest: digest), by: Principal(kind: .custodian, id: "custodian", credential: "server-token"))
    return DisclosedResponse.plain(["entry": .number(Double(receipt.index))])
  }
}
