internal import Foundation
internal import Outbound

/// Asks a platform for `GET /v1/organization/security`, with a key that only reads.
package enum PlatformClient {
  package enum Answer: Sendable {
    case security(PlatformSecurity)
    /// It has no such page.
    case notOffered
  }

  /// - Parameters:
  ///   - url: `https://…`, or `http://` on this machine.
  ///   - authority: a PEM file to trust instead of the system's certificates.
  /// - Throws: `AuditError`; it names the host, never the key.
  package static func ask(_ url: String, key: String, authority: String? = nil) async throws(AuditError) -> Answer {
    guard let parts = URLComponents(string: url), let host = parts.host, parts.user == nil, parts.password == nil, parts.query == nil,
      parts.scheme == "https" || (parts.scheme == "http" && ["localhost", "127.0.0.1", "[::1]", "::1"].contains(host))
    else { throw AuditError("--platform is an https address (http on this machine only), without user, password and query.") }
    guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw AuditError("The platform's key is empty or holds blanks.")
    }
    let base = url.hasSuffix("/") ? String(url.dropLast()) : url
    let request = OutboundRequest(
      url: base + "/v1/organization/security", headers: [("Authorization", "Bearer \(key)"), ("Accept", "application/json")],
      responseLimit: 32 << 20, certificateAuthority: authority)
    let response: OutboundResponse
    do { response = try await HTTPClient(connections: 1).send(request) } catch {
      throw AuditError("The platform did not answer. \(error.description)")
    }
    switch response.status {
    case 200: return .security(try PlatformSecurity(parsing: response.body))
    case 404, 405, 501: return .notOffered
    case 401, 403:
      throw AuditError("The platform refused the key (\(response.status)): it has to be valid, and to read the organization's security.")
    default: throw AuditError("The platform answered with \(response.status).")
    }
  }
}
