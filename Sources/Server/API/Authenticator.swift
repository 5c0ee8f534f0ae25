import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys

/// How callers prove who they are, by the door that they come through.
package struct Authenticator: Sendable {
  package enum Door: Sendable {
    /// TCP: service accounts by Basic authentication.
    case network
    /// The control socket: the operating-system user at its other end. The socket's mode keeps all others away.
    case control
  }

  let door: Door
  let access: ControlDatabase
  let addresses: ClientAddress
  /// Told of every secret that is somebody's and of no use any more.
  let refused: @Sendable (ServiceAccount, Presented.Refusal) async -> Void
  /// Told of every credential that is accepted, from where it came and what its client calls itself.
  let accepted: @Sendable (Authenticated, _ address: String?, _ agent: String?) async -> Void

  package init(
    door: Door, access: ControlDatabase, addresses: ClientAddress = ClientAddress(trustedProxies: []),
    refused: @escaping @Sendable (ServiceAccount, Presented.Refusal) async -> Void = { _, _ in },
    accepted: @escaping @Sendable (Authenticated, _ address: String?, _ agent: String?) async -> Void = { _, _, _ in }
  ) {
    self.door = door
    self.access = access
    self.addresses = addresses
    self.refused = refused
    self.accepted = accepted
  }

  /// The caller, or nil if no credential came with the request. Throws 401 if one came and is not good.
  func caller(of request: Request, _ context: ServerContext) async throws -> Authenticated? {
    if door == .control {
      guard let user = await context.peerUser(), user == geteuid() || user == 0 else { throw APIError.unauthorized }
      return .operatingSystemUser(id: user)
    }
    guard let header = request.headers[.authorization] else { return nil }
    guard let (name, secret) = Self.basic(header) else {
      await look(at: Self.bearer(header) ?? header)
      throw APIError.unauthorized
    }
    let address = addresses.of(request, context)
    let presented =
      secret.isEmpty
      ? access.present(secretAlone: name, from: address) : access.present(username: name, secret: secret, from: address)
    switch presented {
    case .accepted(let who):
      await accepted(who, address, request.headers[.userAgent])
      return who
    case .unknown:
      await look(at: secret.isEmpty ? name : secret)
      throw APIError.unauthorized
    case .refused(let account, let refusal):
      await refused(account, refusal)
      throw Self.answer(to: refusal)
    }
  }

  /// Looks at what came where it opens nothing: the secret of a revoked account, or of a trap, raises its alert all the same.
  func look(at text: String) async {
    if let (account, refusal) = access.stray(text) { await refused(account, refusal) }
  }

  /// The token of a bearer's header.
  static func bearer(_ header: String) -> String? {
    guard header.lowercased().hasPrefix("bearer ") else { return nil }
    return String(header.dropFirst("bearer ".count).trimmingPrefix { $0 == " " })
  }

  /// Whoever has the secret may know why it does not help, but not that it is a trap.
  private static func answer(to refusal: Presented.Refusal) -> APIError {
    switch refusal {
    case .revoked, .canary: .unauthorized
    case .expired:
      APIError(
        .unauthorized, "expired", "This service account has expired. An admin rotates its secret or makes another one, under Settings.",
        headers: APIError.unauthorized.headers)
    case .replaced:
      APIError(
        .unauthorized, "replaced", "This secret was replaced by a newer one, and its overlap is over.",
        headers: APIError.unauthorized.headers)
    case .network: APIError(.forbidden, "network", "This service account may not be used from this address.")
    }
  }

  /// The caller, who must have shown a credential.
  func require(_ request: Request, _ context: ServerContext) async throws -> Authenticated {
    guard let caller = try await caller(of: request, context) else { throw APIError.unauthorized }
    return caller
  }

  /// The whole body of a request of somebody who was let in. A body may come slowly: whose secret was revoked, replaced or ended meanwhile is
  /// refused before anything is done.
  func body(of request: Request, by caller: Authenticated, limit: Int) async throws -> [UInt8] {
    guard case .whole(let bytes) = try await BodyReader.bytes(of: request, limit: limit) else { throw APIError.tooLarge(limit) }
    guard access.isStillGood(caller) else { throw APIError.unauthorized }
    return bytes
  }

  /// A body that is one JSON object, at most 64 KiB, of known fields.
  func object(_ request: Request, _ caller: Authenticated, known: Set<String>) async throws -> [String: JSONValue] {
    let bytes = try await body(of: request, by: caller, limit: 65_536)
    guard case .object(let members) = try JSONValue(parsing: bytes) else { throw APIError.badRequest("The body must be a JSON object.") }
    if let unknown = members.keys.first(where: { !known.contains($0) }) {
      throw APIError.badRequest(
        "There is no such field. Known are: \(known.sorted().joined(separator: ", ")).", field: String(unknown.prefix(100)))
    }
    return members
  }

  /// User name and password of a Basic authentication; nil for any other scheme or for nonsense.
  static func basic(_ header: String) -> (name: String, password: String)? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic",
      let data = Data(base64Encoded: String(parts[1]).trimmingCharacters(in: .whitespaces)),
      let text = String(data: data, encoding: .utf8), let colon = text.firstIndex(of: ":")
    else { return nil }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }
}
