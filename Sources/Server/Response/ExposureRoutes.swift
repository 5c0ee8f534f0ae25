import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Response

/// If something were stolen now: what was computed last, at once. For the server's operating-system user.
struct ExposureRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) { router.get("/api/v1/exposure", use: exposure) }

  private func exposure(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readExposure)
    func may(_ action: Access.Action) -> Bool { (try? Access.authorize(caller, action, in: project.id)) != nil }
    let newest = installation.blastRadii.newest(of: project.id)?.shown(vendors: may(.readVendors), names: may(.readStaff))
    let days = try await installation.access.exposureDays(of: project.id, from: QuotaBook.day(of: installation.now()) - 90)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.exposure", fields: ["exposure"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(newest, disclosure, to: caller.principal).map { newest in
        guard case .object(var members) = newest?.json ?? BlastRadius.nothingYet(project.id) else { return .null }
        members["trend"] = .list(days.map(\.json))
        return .object(members)
      })
  }
}

extension ExposureDay {
  fileprivate var json: JSONValue {
    [
      "day": .string("\(CalendarDate(dayNumber: day))"), "credential_people": .number(Double(credentialPeople)),
      "vendor_people": vendorPeople.map { .number(Double($0)) } ?? .null, "row_holders": .number(Double(rowHolders)),
      "fields": .number(Double(fields)),
    ]
  }
}
