import Access
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// The server's own keys: what there is, by names that say nothing about them, and their rotation.
struct KeyRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  private static let bodyLimit = 4096

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/keys", use: list)
    router.post("/api/v1/keys/rotations", use: rotate)
  }

  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readSettings, in: nil)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.keys", fields: ["keys"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(try await installation.keyList(), disclosure, to: caller.principal).map { keys in
        ["keys": .list(keys), "next": .null]
      })
  }

  /// By the control socket only: it writes to the key directory, with the rights of the user whose server it is.
  private func rotate(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .rotateKeys, in: nil)
    let bytes = try await authenticator.body(of: request, by: caller, limit: Self.bodyLimit)
    guard case .object(let members) = try JSONValue(parsing: bytes), Set(members.keys) == ["keys"],
      case .list(let names)? = members["keys"], !names.isEmpty
    else { throw APIError.badRequest("The body must be an object with “keys”, a list.", field: "keys") }
    let wanted = try names.map { name in
      guard case .string(let text) = name, let key = RotatableKey(rawValue: text) else {
        throw APIError.badRequest("“keys” may hold \(RotatableKey.allCases.map(\.rawValue).joined(separator: ", ")).", field: "keys")
      }
      return key
    }
    do {
      let rotated = try await installation.rotate(Set(wanted), by: caller.principal)
      return DisclosedResponse.plain(["rotated": .list(rotated)])
    } catch let error where !(error is APIError || error is LedgerError) {
      throw APIError(.conflict, "rotation_failed", CommandError(error).description)
    }
  }
}
