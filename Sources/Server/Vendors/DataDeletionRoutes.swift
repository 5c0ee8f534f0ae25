import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import SegmentStore

/// Mixpanel's deletion requests (`/api/app/data-deletions/v3.0`), for senders that know ids and no pseudonyms: a Sealane whose vendor this one is, for instance.
///
/// An id is erased as by `POST /api/v1/deletions`; one that never came, or is gone, counts as done. The work is done when the answer comes.
struct DataDeletionRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  static let mostIDs = 2_000
  private static let prefix = "erasures-"

  func add(to router: Router<ServerContext>) {
    router.post("/api/app/data-deletions/v3.0", use: delete)
    router.get("/api/app/data-deletions/v3.0/:id", use: state)
  }

  private func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .deleteSubjects)
    let bytes = try await authenticator.body(of: request, by: caller, limit: 1 << 20)
    guard case .object(let members) = try JSONValue(parsing: bytes, limit: 1 << 20), case .list(let texts)? = members["distinct_ids"],
      (1...Self.mostIDs).contains(texts.count)
    else { throw APIError.badRequest("“distinct_ids” must be a list of 1 to \(Self.mostIDs) ids.", field: "distinct_ids") }
    let ids = try texts.map { value in
      guard case .string(let id) = value, !id.isEmpty else {
        throw APIError.badRequest("“distinct_ids” holds ids as they were sent.", field: "distinct_ids")
      }
      return id
    }
    let known = Set(ids.map { project.pseudonym(ofID: $0) }).filter { !project.store.ids(of: $0).isEmpty }
    if !known.isEmpty { _ = try await installation.erasures.erase(known.sorted(), of: project, by: caller.principal) }
    return DisclosedResponse.plain(Self.answer(ids.count), status: .created)
  }

  /// Whatever was asked for was done before its number was given out.
  private func state(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .deleteSubjects)
    guard let count = Int(try context.parameters.require("id").dropFirst(Self.prefix.count)) else {
      throw APIError.notFound("There is no such deletion.")
    }
    return DisclosedResponse.plain(Self.answer(count))
  }

  private static func answer(_ count: Int) -> JSONValue {
    [
      "status": "ok",
      "results": ["task_id": .string("\(prefix)\(count)"), "status": "SUCCESS", "distinct_id_count": .number(Double(count))],
    ]
  }
}
