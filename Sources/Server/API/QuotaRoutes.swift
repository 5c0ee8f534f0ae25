import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// What people may take out in a day, and the credentials that got no more: for the server's operating-system user.
struct QuotaRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/quotas/staff", use: staffQuota)
    router.put("/api/v1/quotas/staff", use: setStaffQuota)
    router.get("/api/v1/freezes", use: freezes)
    router.delete("/api/v1/freezes/:id", use: liftFreeze)
  }

  private func staffQuota(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageOwners, in: nil)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.quotas.staff", fields: ["staff_quota"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(installation.access.staffQuota, disclosure, to: caller.principal).map(Self.json))
  }

  /// `{"rows_per_day": 100000, "subjects_per_day": 10000, "bytes_per_day": 209715200}`; what is left out stays.
  private func setStaffQuota(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageOwners, in: nil)
    let members = try await authenticator.object(request, caller, known: Set(Quota.Measure.allCases.map(\.field)))
    let quota = try members.quota(changing: installation.access.staffQuota)
    _ = try await installation.staff.setQuota(quota, as: caller.principal)
    return DisclosedResponse.plain(Self.json(quota))
  }

  private static func json(_ quota: Quota) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: Quota.Measure.allCases.map { ($0.field, .number(Double(quota[$0]))) }))
  }

  private func freezes(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageServiceAccounts, in: nil)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.freezes", fields: ["freezes"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(installation.quotas.freezes, disclosure, to: caller.principal).map { freezes in
        [
          "freezes": .list(
            freezes.map { freeze in
              [
                "id": .string(freeze.holder.id), "kind": .string(freeze.holder.isStaff ? "staff" : "service_account"),
                "quota": freeze.measure.map { .string($0.rawValue) } ?? .null, "frozen_at": .string(freeze.frozenAt.text),
              ]
            }), "next": .null,
        ]
      })
  }

  private func liftFreeze(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .manageServiceAccounts, in: nil)
    let id = try context.parameters.require("id")
    guard let freeze = installation.quotas.freezes.first(where: { $0.holder.id == id }) else {
      throw APIError.notFound("Nothing of this id is frozen.")
    }
    _ = try await installation.staff.accounts.lift(freeze, in: installation.quotas, by: caller.principal)
    return DisclosedResponse.plain(["id": .string(id), "frozen": .boolean(false)])
  }
}

extension Quota.Measure {
  var field: String { "\(rawValue)_per_day" }
}

extension [String: JSONValue] {
  /// The member as a whole number; nil where it is left out.
  func number(_ field: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value = self[field] else { return nil }
    guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
      throw APIError.badRequest("“\(field)” must be a whole number, \(range.lowerBound) to \(range.upperBound).", field: field)
    }
    return whole
  }

  /// `rows_per_day`, `subjects_per_day`, and `bytes_per_day`; the others as they are.
  func quota(changing quota: Quota) throws -> Quota {
    var quota = quota
    for measure in Quota.Measure.allCases {
      if let most = try number(measure.field, 0...Quota.largest * measure.unit) { quota[measure] = most }
    }
    return quota
  }
}
