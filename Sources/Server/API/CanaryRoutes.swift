import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// Canaries that turned up: told by programs that saw one used, or asked about by whoever has a file to look at.
struct CanaryRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  private static let bodyLimit = 1 << 20
  private static let most = 10_000

  func add(to router: Router<ServerContext>) {
    router.post("/api/v1/canaries/hits", use: hits)
    router.post("/api/v1/canaries/check", use: check)
  }

  /// From whoever answers for the canaries' domain: a host was called, or an id turned up. The answer does not say whether it was a canary's, so that
  /// nobody finds out which are.
  private func hits(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .sendEvents, in: caller.project)
    let clues = try await clues(request, by: caller)
    let found = await installation.canaries.hits(clues).filter { caller.project == nil || $0.project == caller.project }
    await installation.canaries.tell(found, .hit, by: caller.principal)
    return DisclosedResponse.plain(["taken": .number(Double(clues.count))], status: .accepted)
  }

  /// What of a file's ids and hosts are canaries, and of which export: for the owner alone.
  private func check(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageAlerts, in: nil)
    let found = await installation.canaries.hits(try await clues(request, by: caller))
    await installation.canaries.tell(found, .file, by: caller.principal)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.canaries", fields: ["canaries"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(found, disclosure, to: caller.principal).map { found in
        ["canaries": .list(found.map(\.json))]
      })
  }

  /// What of a body's “ids” and “hosts” has the form of an id or of a canary's host.
  static func clues(in members: [String: JSONValue], atMost most: Int) throws -> (ids: Set<Pseudonym>, labels: Set<String>) {
    func texts(_ name: String) throws -> [String] {
      guard let value = members[name] else { return [] }
      guard case .list(let elements) = value, elements.count <= most else {
        throw APIError.badRequest("“\(name)” must be a list of at most \(most) texts.", field: name)
      }
      return try elements.map { element in
        guard case .string(let text) = element, text.utf8.count <= 300 else {
          throw APIError.badRequest("“\(name)” must hold texts of at most 300 bytes.", field: name)
        }
        return text
      }
    }
    return (
      Set(try texts("ids").flatMap { CanaryScan.ids(in: $0) }), Set(try texts("hosts").flatMap { CanaryScan.labels(in: $0 + ".") })
    )
  }

  /// `{"ids": ["s_…"], "hosts": ["….example.net"]}`; of hosts the first label counts.
  private func clues(_ request: Request, by caller: Authenticated) async throws -> [CanaryDesk.Clue] {
    let bytes = try await authenticator.body(of: request, by: caller, limit: Self.bodyLimit)
    guard case .object(let members) = try JSONValue(parsing: bytes, limit: Self.bodyLimit), !members.isEmpty,
      Set(members.keys).isSubset(of: ["ids", "hosts"])
    else { throw APIError.badRequest("The body must be an object with “ids”, “hosts” or both.") }
    let (ids, labels) = try Self.clues(in: members, atMost: Self.most)
    return ids.map { .id($0) } + labels.map { .label($0) }
  }
}

extension CanaryDesk.Hit {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "canary": .string(what), "project_id": .number(Double(project.rawValue)), "export": .null,
      "vendor": vendor.map { .string($0.rawValue) } ?? .null,
    ]
    if let export {
      members["export"] = [
        "ledger_index": .number(Double(export.entry)), "at": .string(export.madeAt.text),
        "by": ["kind": .string(export.by.kind), "id": .string(export.by.id), "credential": .string(export.by.credential)],
      ]
    }
    return .object(members)
  }
}
