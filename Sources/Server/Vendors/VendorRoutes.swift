import Access
import Delivery
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Relay

/// Vendors: what each is for, what it may get, how far its events are, and the kill switch. For the server's operating-system user; people have the console.
struct VendorRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/vendors", use: list)
    router.post("/api/v1/vendors", use: declare)
    router.get("/api/v1/vendors/:id", use: show)
    router.get("/api/v1/vendors/:id/simulation", use: simulate)
    router.post("/api/v1/vendors/:id/versions/:version/approval") { try await decide($0, $1, isApproved: true) }
    router.post("/api/v1/vendors/:id/versions/:version/refusal") { try await decide($0, $1, isApproved: false) }
    router.post("/api/v1/vendors/:id/pause") { try await change($0, $1) { try await installation.vendors.pause($0, by: $1) } }
    router.post("/api/v1/vendors/:id/resumption") { try await change($0, $1) { try await installation.vendors.resume($0, by: $1) } }
    router.post("/api/v1/vendors/:id/kill") { try await change($0, $1, .killVendors) { try await installation.vendors.kill($0, by: $1) } }
    router.get("/api/v1/vendors/:id/dead-letters", use: deadLetters)
    router.get("/api/v1/vendors/:id/deletions", use: deletions)
    router.post("/api/v1/vendors/:id/deletions/:deletion/confirmation", use: confirm)
    router.get("/api/v1/vendors/:id/deletion-request", use: deletionRequest)
  }

  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readVendors)
    let vendors = try await installation.access.vendors(of: project.id)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.vendors", fields: ["vendors"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(vendors, disclosure, to: caller.principal).map { vendors in
        ["vendors": .list(vendors.map(Self.json)), "next": .null]
      })
  }

  /// The body is the declaration, YAML.
  private func declare(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageVendors)
    let bytes = try await authenticator.body(of: request, by: caller, limit: VendorDeclaration.mostBytes)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw APIError.badRequest("The declaration is not UTF-8.") }
    do {
      let (vendor, version, receipt) = try await installation.vendors.declare(text, in: project.id, by: caller.principal)
      return DisclosedResponse.plain(
        [
          "vendor": .string(vendor.id.rawValue), "version": .number(Double(version.version)), "digest": .string(version.digest),
          "state": .string("waiting"), "ledger_index": .number(Double(receipt.index)),
        ], status: .created)
    } catch let error as ChannelError {
      throw APIError.badRequest(error.description)
    }
  }

  private func show(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .readVendors)
    let versions = try await installation.access.versions(of: vendor.id)
    let disclosure = Disclosure(.settings, project: vendor.project, purpose: "api.vendor", fields: ["vendor"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(versions, disclosure, to: caller.principal).map { versions in
        guard case .object(var members) = Self.json(vendor) else { return .null }
        members["versions"] = .list(versions.map { Self.json($0, newest: versions.first?.version ?? 0) })
        return .object(members)
      })
  }

  private func simulate(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .readVendors, known: ["version"])
    let wanted = try QueryParameters(request, known: ["version"])["version"].map { Int($0) ?? 0 }
    let versions = try await installation.access.versions(of: vendor.id)
    guard let version = versions.first(where: { wanted == nil || $0.version == wanted }) else {
      throw APIError.notFound("There is no such version.")
    }
    let answer = try await installation.simulate(version, in: vendor.project, for: caller.principal)
    return DisclosedResponse.json(answer.map(\.json))
  }

  private func decide(_ request: Request, _ context: ServerContext, isApproved: Bool) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .manageVendors)
    guard let version = Int(try context.parameters.require("version")) else { throw APIError.notFound("There is no such version.") }
    let receipt = try await installation.vendors.decide(version, of: vendor, isApproved: isApproved, by: caller.principal)
    return DisclosedResponse.plain(
      [
        "vendor": .string(vendor.id.rawValue), "version": .number(Double(version)), "approved": .boolean(isApproved),
        "ledger_index": .number(Double(receipt.index)),
      ])
  }

  private func change(
    _ request: Request, _ context: ServerContext, _ action: Access.Action = .manageVendors,
    _ act: (Vendor, Principal) async throws -> LedgerReceipt
  ) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: action)
    let receipt = try await act(vendor, caller.principal)
    let now = try await installation.access.vendor(vendor.id) ?? vendor
    return DisclosedResponse.plain(
      [
        "vendor": .string(vendor.id.rawValue), "state": .string(now.state.rawValue), "ledger_index": .number(Double(receipt.index)),
      ])
  }

  private func deadLetters(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .readVendors, known: ["limit"])
    let limit = try QueryParameters(request, known: ["limit"]).count("limit", default: 100, atMost: 1_000)
    let letters = try await installation.access.deadLetters(of: vendor.id, limit: limit)
    let disclosure = Disclosure(.settings, project: vendor.project, purpose: "api.vendor.dead_letters", fields: ["dead_letters"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(letters, disclosure, to: caller.principal).map { letters in
        [
          "dead_letters": .list(
            letters.map { letter in
              [
                "commit": .number(Double(letter.commit)), "row": .number(Double(letter.row)), "event": .string(letter.event),
                "reason": .string(letter.reason), "at": .string(letter.at.text),
              ]
            }), "next": .null,
        ]
      })
  }

  /// Erasures that the vendor is told of, the newest first.
  private func deletions(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .readVendors, known: ["limit"])
    let limit = try QueryParameters(request, known: ["limit"]).count("limit", default: 100, atMost: 500)
    let found = try await installation.access.vendorDeletions(of: vendor.id, limit: limit)
    let disclosure = Disclosure(.settings, project: vendor.project, purpose: "api.vendor.deletions", fields: ["deletions"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(found, disclosure, to: caller.principal).map { found in
        ["deletions": .list(found.map(Self.json)), "next": .null]
      })
  }

  /// The letter that asks for everything back: a draft, which a person sends.
  private func deletionRequest(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .readVendors, known: ["by"])
    let by = try QueryParameters(request, known: ["by"])["by"].map { text in
      guard let day = CalendarDate(text) else { throw APIError.badRequest("“by” is a day such as 2027-01-31.", field: "by") }
      return day
    }
    let letter = try await installation.deletionRequest(of: vendor, by: by)
    let disclosure = Disclosure(.settings, project: vendor.project, purpose: "api.vendor.deletion_request", fields: ["deletion_request"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(letter, disclosure, to: caller.principal).map { letter in
        let holding = letter.holding
        func time(_ at: Timestamp?) -> JSONValue { at.map { .string($0.text) } ?? .null }
        return [
          "vendor": .string(letter.vendor.id.rawValue), "is_draft": .boolean(true), "by": .string(letter.by), "text": .string(letter.text),
          "people": .number(Double(holding.people)), "events": .number(Double(holding.events)),
          "fields": .list(holding.fields.map { .string($0) }), "first_at": time(holding.first), "last_at": time(holding.last),
          "is_complete": .boolean(holding.isComplete), "unconfirmed_deletions": .number(Double(letter.unconfirmed)),
          "asked_entry": letter.entry.map { .number(Double($0)) } ?? .null,
        ]
      })
  }

  /// Somebody says that the vendor has done what it was asked for.
  private func confirm(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (vendor, caller) = try await vendor(request, context, to: .manageVendors)
    if try context.parameters.require("deletion") == "all" {
      let receipt = try await installation.vendors.deletions.confirmAll(of: vendor, by: caller.principal)
      return DisclosedResponse.plain(["deletion": "all", "state": "confirmed", "ledger_index": .number(Double(receipt.index))])
    }
    guard let id = Int64(try context.parameters.require("deletion")) else { throw APIError.notFound("There is no such deletion.") }
    let receipt = try await installation.vendors.deletions.confirm(id, of: vendor, by: caller.principal)
    return DisclosedResponse.plain(["deletion": .number(Double(id)), "state": "confirmed", "ledger_index": .number(Double(receipt.index))])
  }

  static func json(_ deletion: VendorDeletion) -> JSONValue {
    func time(_ at: Timestamp?) -> JSONValue { at.map { .string($0.text) } ?? .null }
    return [
      "deletion": .number(Double(deletion.id)), "ledger_index": .number(Double(deletion.entry)), "state": .string(deletion.state.rawValue),
      "ids": .number(Double(deletion.subjects.count)), "ordered_at": .string(deletion.orderedAt.text), "sent_at": time(deletion.sentAt),
      "confirmed_at": time(deletion.confirmedAt), "attempts": .number(Double(deletion.attempts)),
      "last_error": deletion.lastError.map { .string($0) } ?? .null,
    ]
  }

  private func vendor(
    _ request: Request, _ context: ServerContext, to action: Access.Action, known: Set<String> = []
  ) async throws -> (Vendor, Authenticated) {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: known)
    let found: Vendor?
    if let id = Vendor.ID(rawValue: try context.parameters.require("id")) {
      found = try await installation.access.vendor(id)
    } else {
      found = nil
    }
    // Whether there is one is told to those only who may ask.
    try Access.authorize(caller, action, in: found?.project ?? caller.project ?? installation.projects.all.first?.id)
    guard let found else { throw APIError.notFound("There is no such vendor.") }
    return (found, caller)
  }

  static func json(_ vendor: Vendor) -> JSONValue {
    func time(_ at: Timestamp?) -> JSONValue { at.map { .string($0.text) } ?? .null }
    return [
      "vendor": .string(vendor.id.rawValue), "project_id": .number(Double(vendor.project.rawValue)),
      "state": .string(vendor.state.rawValue),
      "in_force": vendor.inForce.map { .number(Double($0)) } ?? .null, "created_at": .string(vendor.createdAt.text),
      "killed_at": time(vendor.killedAt), "events": .number(Double(vendor.progress.events)),
      "batches": .number(Double(vendor.progress.batches)), "dead_letters": .number(Double(vendor.progress.deadLetters)),
      "missed_commits": .number(Double(vendor.progress.missedCommits)), "last_success_at": time(vendor.progress.lastSuccessAt),
      "last_failure_at": time(vendor.progress.lastFailureAt),
      "last_error": vendor.progress.lastError.map { .string($0) } ?? .null,
    ]
  }

  static func json(_ version: VendorVersion, newest: Int) -> JSONValue {
    func who(_ principal: Principal?) -> JSONValue {
      principal.map { ["kind": .string($0.kind.rawValue), "id": .string($0.id)] } ?? .null
    }
    return [
      "version": .number(Double(version.version)), "state": .string(version.state(newest: newest).rawValue),
      "declaration": .string(version.source), "digest": .string(version.digest), "asked_by": who(version.askedBy),
      "asked_at": .string(version.askedAt.text), "decided_by": who(version.decidedBy),
      "decided_at": version.decidedAt.map { .string($0.text) } ?? .null, "ledger_index": .number(Double(version.askedEntry)),
    ]
  }
}
