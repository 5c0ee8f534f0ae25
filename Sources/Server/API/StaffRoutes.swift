import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// Who is on the staff, for the server's operating-system user: for the moment when nobody can get into the console, or must not.
struct StaffRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/staff", use: list)
    router.post("/api/v1/staff/:id/cut-off", use: cutOff)
    router.delete("/api/v1/staff/:id", use: remove)
    router.post("/api/v1/staff/:id/brought-in/end", use: endBroughtIn)
  }

  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readStaff, in: nil)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.staff", fields: ["name", "roles", "state", "unusual_use"])
    let members = try await installation.access.staff()
    return DisclosedResponse.json(
      try await installation.ledger.disclose(members, disclosure, to: caller.principal).map { members in
        ["staff": .list(members.map(json)), "next": .null]
      })
  }

  private func cutOff(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await end(request, context, .phished, needs: .cutOff)
  }

  private func remove(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await end(request, context, .removed, needs: .manageStaff)
  }

  /// The last owner may go too: then a setup link makes the next one.
  private func end(
    _ request: Request, _ context: ServerContext, _ suspension: StaffMember.Suspension, needs action: Access.Action
  ) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, action, in: nil)
    let id = StaffMember.ID(rawValue: try context.parameters.require("id"))
    guard try await installation.access.staffMember(id) != nil else { throw APIError.notFound("There is nobody of this id on the staff.") }
    let ended = try await installation.staff.end(id, suspension, force: true, by: caller.principal).sessions
    guard let member = try await installation.access.staffMember(id) else {
      throw APIError.notFound("There is nobody of this id on the staff.")
    }
    guard case .object(var members) = json(member) else { return DisclosedResponse.plain(json(member)) }
    members["ended_sessions"] = .number(Double(ended))
    // What stays, and is ended by a call of its own.
    members["brought_in"] = Self.json(try await installation.access.broughtIn(by: id))
    return DisclosedResponse.plain(.object(members))
  }

  /// Revokes the service accounts that somebody made who is cut off or removed, and cuts off whom that person invited; what is left of them.
  private func endBroughtIn(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .cutOff, in: nil)
    let id = StaffMember.ID(rawValue: try context.parameters.require("id"))
    guard try await installation.access.staffMember(id) != nil else { throw APIError.notFound("There is nobody of this id on the staff.") }
    let ended = try await installation.staff.endBroughtIn(by: id, as: caller.principal)
    return DisclosedResponse.plain(["ended": Self.json(ended)])
  }

  private static func json(_ brought: BroughtIn) -> JSONValue {
    [
      "service_accounts": .list(
        brought.accounts.map { account in
          [
            "username": .string(account.username), "name": .string(account.name), "project_id": .number(Double(account.project.rawValue)),
            "scopes": .list(account.scopes.map(\.rawValue).sorted().map { .string($0) }),
          ]
        }),
      "staff": .list(
        brought.people.map { person in
          ["id": .string(person.id.rawValue), "name": .string(person.name), "roles": .list(person.roles.words.map { .string($0) })]
        }),
    ]
  }

  private func json(_ member: StaffMember) -> JSONValue {
    [
      "id": .string(member.id.rawValue), "name": .string(member.name), "roles": .list(member.roles.words.map { .string($0) }),
      "state": .string(member.suspension?.rawValue ?? (member.enrolledAt == nil ? "invited" : "active")),
      "passkeys": .number(Double(member.passkeys)), "created_at": .string(member.createdAt.text),
      "enrolled_at": member.enrolledAt.map { .string($0.text) } ?? .null, "unusual_use": installation.uses.report(of: member.id).json,
    ]
  }
}
