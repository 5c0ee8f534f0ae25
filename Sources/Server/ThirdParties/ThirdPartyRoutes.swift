import Access
import Console
import Events
import Hummingbird
import Journeys
import Ledger

/// Which hosts the company's own site calls, and who of the vendors they belong to.
struct ThirdPartyRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) { router.get("/api/v1/third-parties", use: list) }

  /// Those that nobody declared first.
  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readVendors)
    let found = try await installation.thirdParties(of: project)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.third_parties", fields: ["third_parties"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(found, disclosure, to: caller.principal).map { found in
        let sorted = found.filter { $0.vendor == nil } + found.filter { $0.vendor != nil }
        return [
          "third_parties": .list(sorted.map(Self.json)), "undeclared": .number(Double(found.count { $0.vendor == nil })), "next": .null,
        ]
      })
  }

  private static func json(_ party: NamedThirdParty) -> JSONValue {
    func day(_ number: Int) -> JSONValue { .string(String(Timestamp(milliseconds: Int64(number) * 86_400_000).text.prefix(10))) }
    return [
      "host": .string(party.seen.host), "vendor": party.vendor.map { .string($0.rawValue) } ?? .null,
      "declared": .boolean(party.vendor != nil), "directives": .list(party.seen.directives.map { .string($0) }),
      "first_day": day(party.seen.firstDay), "last_day": day(party.seen.lastDay), "reports": .number(Double(party.seen.count)),
    ]
  }
}
