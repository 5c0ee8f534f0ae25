import Access
import Console
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// The inventory of ways in that vendors were given. For the server's operating-system user; people have the console.
struct GrantRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  private static let fields: Set<String> = [
    "vendor", "client_id", "name", "kind", "scopes", "granted_by", "created_at", "last_used_at", "expires_at", "note",
  ]

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/vendor-grants", use: list)
    router.post("/api/v1/vendor-grants", use: record)
    router.post("/api/v1/vendor-grants/import", use: take)
    router.post("/api/v1/vendor-grants/:id/retirement") { try await change($0, $1, .retired) }
    router.post("/api/v1/vendor-grants/:id/revocation") { try await change($0, $1, .revoked) }
  }

  /// The red ones first.
  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "vendor", "finding"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readVendors)
    let finding = try parameters["finding"].map { text in
      guard let finding = VendorGrant.Finding(rawValue: text) else {
        throw APIError.badRequest(
          "“finding” is one of \(VendorGrant.Finding.allCases.map(\.rawValue).joined(separator: ", ")).", field: "finding")
      }
      return finding
    }
    let vendor = parameters["vendor"]
    let inventory = try await installation.grants.inventory(of: project.id)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.vendor_grants", fields: ["vendor_grants"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(inventory, disclosure, to: caller.principal).map { inventory in
        let shown = inventory.sorted.filter { grant in
          (vendor.map { $0 == grant.draft.vendor?.rawValue ?? "" } ?? true)
            && (finding.map { inventory.findings(grant).contains($0) } ?? true)
        }
        return [
          "grants": .list(shown.map { Self.json($0, inventory.findings($0), at: inventory.at) }),
          "red": .number(Double(inventory.redCount)), "next": .null,
        ]
      })
  }

  private func record(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageVendors)
    let members = try await authenticator.object(request, caller, known: Self.fields)
    for (name, value) in members {
      switch value {
      case .string, .null: break
      case .list(let elements) where name == "scopes" && elements.allSatisfy({ if case .string = $0 { true } else { false } }): break
      default: throw APIError.badRequest("“\(name)” must be a text.", field: name)
      }
    }
    let draft = try installation.grants.draft(GrantList.texts(members))
    let (id, receipt) = try await installation.grants.record(draft, in: project.id, by: caller.principal)
    return DisclosedResponse.plain(
      ["grant": .number(Double(id)), "ledger_index": .number(Double(receipt.index))], status: .created)
  }

  /// The body is the list as it was exported; `format` says which it is where that cannot be told from its beginning.
  private func take(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "format"])
    let project = try installation.project(try parameters.project(), for: caller, to: .manageVendors)
    let bytes = try await authenticator.body(of: request, by: caller, limit: GrantList.mostBytes)
    let format: GrantList.Format
    if let text = parameters["format"] {
      guard let known = GrantList.Format(rawValue: text) else { throw APIError.badRequest("“format” is csv or json.", field: "format") }
      format = known
    } else {
      format = .init(of: bytes)
    }
    let list = try GrantList(bytes, format: format, at: installation.now())
    let (done, receipt) = try await installation.grants.take(list, in: project.id, by: caller.principal)
    return DisclosedResponse.plain([
      "rows": .number(Double(list.rows)), "new": .number(Double(done.new)), "changed": .number(Double(done.changed)),
      "unchanged": .number(Double(done.unchanged)), "refused": .number(Double(list.refusedCount)),
      "refusals": .list(list.refused.map { ["line": .number(Double($0.line)), "reason": .string($0.reason)] }),
      "ledger_index": .number(Double(receipt.index)),
    ])
  }

  private func change(_ request: Request, _ context: ServerContext, _ act: AdministrativeEntry.GrantAct) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    let found: VendorGrant?
    if let id = Int64(try context.parameters.require("id")) { found = try await installation.access.vendorGrant(id) } else { found = nil }
    // Whether there is one is told to those only who may ask.
    try Access.authorize(caller, .manageVendors, in: found?.project ?? caller.project ?? installation.projects.all.first?.id)
    guard let found else { throw APIError.notFound("There is no such grant.") }
    let receipt = try await installation.grants.change(found, act, by: caller.principal)
    return DisclosedResponse.plain([
      "grant": .number(Double(found.id)), "state": .string(act.rawValue), "ledger_index": .number(Double(receipt.index)),
    ])
  }

  static func json(_ grant: VendorGrant, _ findings: [VendorGrant.Finding], at now: Timestamp) -> JSONValue {
    func time(_ at: Timestamp?) -> JSONValue { at.map { .string($0.text) } ?? .null }
    func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    let draft = grant.draft
    return [
      "grant": .number(Double(grant.id)), "vendor": text(draft.vendor?.rawValue), "client_id": text(draft.client),
      "name": .string(draft.name), "kind": .string(draft.kind.rawValue), "scopes": .list(draft.scopes.map { .string($0) }),
      "granted_by": text(draft.grantedBy), "created_at": time(draft.createdAt), "last_used_at": time(draft.lastUsedAt),
      "expires_at": time(draft.expiresAt), "retired_at": time(draft.retiredAt), "revoked_at": time(draft.revokedAt),
      "live": .boolean(grant.isLive(at: now)), "source": .string(grant.source.rawValue), "note": .string(draft.note),
      "recorded_at": time(grant.recordedAt), "updated_at": time(grant.updatedAt),
      "findings": .list(findings.map { .string($0.rawValue) }), "red": .boolean(findings.contains(where: \.isRed)),
    ]
  }
}
