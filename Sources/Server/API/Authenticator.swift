import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird

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

  /// The caller, or nil if no credential came with the request. Throws 401 if one came and is not good.
  func caller(of request: Request, _ context: ServerContext) async throws -> Authenticated? {
    if door == .control {
      guard let user = await context.peerUser(), user == geteuid() || user == 0 else { throw APIError.unauthorized }
      return .operatingSystemUser(id: user)
    }
    guard let header = request.headers[.authorization] else { return nil }
    guard let (name, secret) = Self.basic(header),
      let who = secret.isEmpty ? access.authenticate(secretAlone: name) : access.authenticate(username: name, secret: secret)
    else { throw APIError.unauthorized }
    return who
  }

  /// The caller, who must have shown a credential.
  func require(_ request: Request, _ context: ServerContext) async throws -> Authenticated {
    guard let caller = try await caller(of: request, context) else { throw APIError.unauthorized }
    return caller
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
