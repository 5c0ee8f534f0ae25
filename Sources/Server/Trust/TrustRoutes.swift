import Access
import Crypto
import Events
import Hummingbird
import Journeys
import Ledger
import Notices
import Trust

/// What the company's trust pages are made of, and the pages: for the server's operating-system user.
struct TrustRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  private static let largest = 2 << 20

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/trust", use: show)
    router.put("/api/v1/trust", use: set)
    router.get("/api/v1/trust/pages", use: pages)
  }

  private func show(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readIncidents, in: nil)
    let settings = try await installation.access.trustSettings()
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.trust", fields: ["trust"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(settings, disclosure, to: caller.principal).map { settings in
        func json(_ text: String?) -> JSONValue {
          text.flatMap { try? JSONValue(parsing: Array($0.utf8), limit: TrustPublication.largestSite) } ?? .null
        }
        return [
          "anchors": json(settings?.anchors), "site": json(settings?.site), "set_at": settings.map { .string($0.setAt.text) } ?? .null,
          "ledger_index": settings.map { .number(Double($0.entry)) } ?? .null,
        ]
      })
  }

  /// `{"anchors": {…}, "site": {…}}`: the trust anchors as the custodian wrote them, and what the company says of itself.
  private func set(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageIncidents, in: nil)
    let bytes = try await authenticator.body(of: request, by: caller, limit: Self.largest)
    guard case .object(let members) = try JSONValue(parsing: bytes, limit: Self.largest), Set(members.keys) == ["anchors", "site"],
      case .object? = members["anchors"], case .object(let site)? = members["site"], let given = members["anchors"]
    else { throw APIError.badRequest("The body is an object of two objects, “anchors” and “site”.") }
    let anchors: TrustAnchors
    do { anchors = try TrustAnchors(json: Array(given.text.utf8)) } catch {
      throw APIError.badRequest("\(error)", field: "anchors")
    }
    do {
      let document = try TrustSiteDocument(site)
      let expires = try document.securityText(at: installation.now()).expires
      guard expires > installation.now() else {
        throw TrustSiteDocument.Malformed(
          reason: "“expires” of “security” is over; leave it out, and each publication is good for 180 days.")
      }
    } catch { throw APIError.badRequest("\(error)", field: "site") }
    let (anchorText, siteText) = (anchors.json, JSONValue.object(site).text)
    let receipt = try await installation.access.turns.take {
      let receipt = try await installation.ledger.record(
        .trustSet(anchors: Self.digest(anchorText), site: Self.digest(siteText)), by: caller.principal)
      // A crash here leaves an entry of settings that are not in force: their digests say so, and they are set again.
      try await installation.access.put(
        TrustSettings(anchors: anchorText, site: siteText, setAt: installation.now(), entry: receipt.index))
      return receipt
    }
    return DisclosedResponse.plain([
      "organization": .string(anchors.organization), "domains": .list(anchors.domains.map { .string($0) }),
      "holds_this_ledger": .boolean(anchors.ledgerKeys.contains(installation.ledger.publicKey)),
      "ledger_index": .number(Double(receipt.index)),
    ])
  }

  private static func digest(_ text: String) -> String {
    SHA256.hash(data: Array(text.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private func pages(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readIncidents, in: nil)
    let files = try await installation.trustFiles()
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.trust.pages", fields: ["commitments", "warnings"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(files, disclosure, to: caller.principal).map { files in
        [
          "files": .list(
            files.sorted { $0.key < $1.key }.map {
              [
                "path": .string($0.key), "content_type": .string(TrustSite.contentType(of: $0.key)),
                "text": .string(String(decoding: $0.value, as: UTF8.self)),
              ]
            })
        ]
      })
  }
}
