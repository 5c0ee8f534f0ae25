import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore
import SegmentStore

/// Projects and their settings, service accounts, setup links, and the ledger. Changes need the owner; each is in the ledger before it
/// takes effect.
struct AdministrationRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/projects", use: projects)
    router.post("/api/v1/projects", use: createProject)
    router.get("/api/v1/settings", use: settings)
    router.patch("/api/v1/settings", use: changeSettings)
    router.get("/api/v1/service-accounts", use: accounts)
    router.post("/api/v1/service-accounts", use: createAccount)
    router.post("/api/v1/service-accounts/:username/rotation", use: rotateAccount)
    router.delete("/api/v1/service-accounts/:username", use: revokeAccount)
    router.post("/api/v1/setup-links", use: createSetupLink)
    router.delete("/api/v1/subjects/:subject", use: deleteSubject)
    router.post("/api/v1/deletions", use: deleteSubjects)
    router.get("/api/v1/erasures", use: erasures)
    router.post("/api/v1/backups", use: backUp)
    router.post("/api/v1/ledger/backups", use: backUpLedger)
    router.get("/api/v1/ledger/checkpoint", use: checkpoint)
    router.get("/api/v1/ledger/entries", use: entries)
  }

  // MARK: Projects

  private func projects(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readSettings, in: nil)
    let shown = installation.projects.all.map(\.settings)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.projects", fields: ["projects"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(shown, disclosure, to: caller.principal).map { shown in
        ["projects": .list(shown.map(Self.json)), "next": .null]
      })
  }

  /// `{"name": "Staging", "zone": "Europe/Berlin", "week_start": "monday", "group_keys": ["org_id"]}`; all but the name may be left out.
  private func createProject(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .createProjects, in: nil)
    let members = try await authenticator.object(request, caller, known: ["name", "zone", "week_start", "group_keys"])
    guard let name = members["name"] else { throw APIError.badRequest("“name” is needed.", field: "name") }
    let made = try await installation.createProject(
      name: try Self.string(name, "name"), zone: try members["zone"].map { try Self.string($0, "zone") } ?? "UTC",
      weekStart: try members["week_start"].map(Self.weekStart) ?? .monday,
      groupKeys: try members["group_keys"].map { try Self.strings($0, "group_keys") } ?? Project.defaultGroupKeys, by: caller.principal)
    return DisclosedResponse.plain(Self.json(made.project), status: .created)
  }

  private static func weekStart(_ value: JSONValue) throws -> Project.WeekStart {
    guard let start = Project.WeekStart(rawValue: try string(value, "week_start")) else {
      throw APIError.badRequest("“week_start” must be monday or sunday.", field: "week_start")
    }
    return start
  }

  private func settings(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readSettings)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.settings", fields: ["settings"])
    let hasCanaries = try await installation.canaries.isOn(in: project.id)
    return DisclosedResponse.json(
      try await installation.ledger.disclose(project.settings, disclosure, to: caller.principal).map {
        Self.json($0, canaries: hasCanaries)
      })
  }

  private func changeSettings(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageProjects)
    let members = try await authenticator.object(
      request, caller, known: ["name", "zone", "week_start", "group_keys", "retention_days", "smallest_group", "canaries"])
    var canaries: Bool?
    switch members["canaries"] {
    case nil: break
    case .boolean(let isOn)?: canaries = isOn
    default: throw APIError.badRequest("“canaries” must be true or false.", field: "canaries")
    }
    var settings = project.settings
    if let value = members["name"] { settings.name = try Self.string(value, "name") }
    if let value = members["zone"] { settings.zone = try Self.string(value, "zone") }
    if let value = members["week_start"] { settings.weekStart = try Self.weekStart(value) }
    if let value = members["group_keys"] { settings.groupKeys = try Self.strings(value, "group_keys") }
    switch members["retention_days"] {
    case nil: break
    case .null?: settings.retentionDays = nil
    case .number(let days)? where days == days.rounded() && abs(days) <= Double(Project.maximumRetentionDays):
      settings.retentionDays = Int(days)
    default: throw APIError.badRequest("“retention_days” must be a whole number of days, or null: for ever.", field: "retention_days")
    }
    switch members["smallest_group"] {
    case nil: break
    case .number(let size)? where size == size.rounded() && abs(size) <= Double(Project.maximumSmallestGroup):
      settings.smallestGroup = Int(size)
    default:
      throw APIError.badRequest(
        "“smallest_group” must be 1 to \(Project.maximumSmallestGroup); 1 shows every group.", field: "smallest_group")
    }
    let names = members.keys.filter { $0 != "canaries" }.sorted().map { $0 == "smallest_group" ? settings.smallestGroupEntry : $0 }
    if !names.isEmpty || canaries == nil { try await installation.change(project, to: settings, names: names, by: caller.principal) }
    if let canaries { try await installation.canaries.turn(canaries, in: project.id, by: caller.principal) }
    return DisclosedResponse.plain(Self.json(settings, canaries: try await installation.canaries.isOn(in: project.id)))
  }

  private static func json(_ project: Project, canaries: Bool) -> JSONValue {
    guard case .object(var members) = json(project) else { return .null }
    members["canaries"] = .boolean(canaries)
    return .object(members)
  }

  private static func json(_ project: Project) -> JSONValue {
    [
      "id": .number(Double(project.id.rawValue)), "name": .string(project.name), "token": .string(project.token),
      "zone": .string(project.zone),
      "week_start": .string(project.weekStart.rawValue), "group_keys": .list(project.groupKeys.map { .string($0) }),
      "retention_days": project.retentionDays.map { .number(Double($0)) } ?? .null,
      "smallest_group": .number(Double(project.smallestGroup)),
    ]
  }

  // MARK: Service accounts

  private func accounts(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id"])
    try Access.authorize(caller, .manageServiceAccounts, in: nil)
    let accounts = installation.access.serviceAccounts(of: try parameters.project())
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.service_accounts", fields: ["service_accounts"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(accounts, disclosure, to: caller.principal).map { accounts in
        ["service_accounts": .list(accounts.map(json)), "next": .null]
      })
  }

  private func createAccount(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(
      try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageServiceAccounts)
    let members = try await authenticator.object(
      request, caller,
      known: ["name", "scopes", "expires_in_days", "networks", "rows_per_day", "subjects_per_day", "bytes_per_day", "canary"])
    guard let name = members["name"], let wanted = members["scopes"] else { throw APIError.badRequest("“name” and “scopes” are needed.") }
    let scopes = try Self.strings(wanted, "scopes").map { text in
      guard let scope = ServiceAccount.Scope(rawValue: text) else {
        throw APIError.badRequest("“scopes” may hold intake, query, export and admin.", field: "scopes")
      }
      return scope
    }
    guard !scopes.isEmpty else { throw APIError.badRequest("An account without a scope is of no use.", field: "scopes") }
    var draft = ServiceAccountDraft(name: try Self.string(name, "name"), scopes: Set(scopes))
    if let days = try members.number("expires_in_days", 1...366) { draft.lifetime = .seconds(days * 86_400) }
    if let networks = members["networks"] { draft.networks = try Self.networks(networks) }
    draft.quota = try members.quota(changing: draft.quota)
    switch members["canary"] {
    case nil, .boolean(false)?: break
    case .boolean(true)?: draft.isCanary = true
    default: throw APIError.badRequest("“canary” must be true or false.", field: "canary")
    }
    let (made, _) = try await installation.staff.accounts.make(draft, in: project.id, by: caller.principal)
    return DisclosedResponse.plain(shown(made), status: .created)
  }

  private func shown(_ made: NewServiceAccount) -> JSONValue {
    guard case .object(var members) = json(made.account) else { return json(made.account) }
    members["secret"] = .string(made.secret.text)
    return .object(members)
  }

  private static func networks(_ value: JSONValue) throws -> [NetworkPrefix] {
    try strings(value, "networks").map { text in
      guard let network = NetworkPrefix(text) else {
        throw APIError.badRequest("“networks” holds addresses and networks such as 10.0.0.0/8 or 2001:db8::/32.", field: "networks")
      }
      return network
    }
  }

  /// Another secret for an account that stays; the one before is good for the overlap, 24 hours if nothing is said.
  private func rotateAccount(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .manageServiceAccounts, in: nil)
    let members = try await authenticator.object(request, caller, known: ["overlap_hours", "expires_in_days"])
    let overlap = try members.number("overlap_hours", 0...168) ?? 24
    let days = try members.number("expires_in_days", 1...366) ?? 90
    let (made, _) = try await installation.staff.accounts.rotate(
      try context.parameters.require("username"), overlap: .seconds(overlap * 3600), lifetime: .seconds(days * 86_400), by: caller.principal
    )
    return DisclosedResponse.plain(shown(made), status: .created)
  }

  private func revokeAccount(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let username = try context.parameters.require("username")
    try Access.authorize(caller, .manageServiceAccounts, in: nil)
    return DisclosedResponse.plain(json(try await installation.staff.accounts.revoke(username, by: caller.principal).0))
  }

  private func json(_ account: ServiceAccount) -> JSONValue {
    let use = QuotaHolder(Principal(kind: .serviceAccount, id: account.username, credential: account.username))
      .map { installation.quotas.use(of: $0) }
    return [
      "username": .string(account.username), "name": .string(account.name), "project_id": .number(Double(account.project.rawValue)),
      "scopes": .list(account.scopes.map(\.rawValue).sorted().map { .string($0) }), "created_at": .string(account.createdAt.text),
      "expires_at": .string(account.expiresAt.text), "networks": .list(account.networks.map { .string($0.description) }),
      "rows_per_day": .number(Double(account.quota.rows)), "subjects_per_day": .number(Double(account.quota.subjects)),
      "bytes_per_day": .number(Double(account.quota.bytes)), "rows_today": .number(Double(use?.rows ?? 0)),
      "subjects_today": .number(Double(use?.subjects ?? 0)), "canary": .boolean(account.isCanary),
      "rotated_at": account.rotatedAt.map { .string($0.text) } ?? .null,
      "overlap_until": account.overlapUntil.map { .string($0.text) } ?? .null,
      "last_used_at": account.lastUsedAt.map { .string($0.text) } ?? .null,
      "revoked_at": account.revokedAt.map { .string($0.text) } ?? .null,
      "unusual_use": installation.uses.report(ofAccount: account.username).json,
    ]
  }

  /// For an owner who lost the session: whoever may run commands on the server's machine makes another link.
  private func createSetupLink(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .createSetupLinks, in: nil)
    let link = try await installation.createSetupLink(by: caller.principal)
    return DisclosedResponse.plain(["setup_url": .string(link)], status: .created)
  }

  // MARK: Deletion and backup

  private func deleteSubject(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await delete([try context.parameters.require("subject")], request, context)
  }

  /// Many at once: each call makes a file of its own.
  private func deleteSubjects(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await delete(nil, request, context)
  }

  private func delete(_ named: [String]?, _ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .deleteSubjects)
    var texts = named ?? []
    var compact = false
    if named == nil {
      let members = try await authenticator.object(request, caller, known: ["subjects", "compact"])
      if let value = members["compact"] {
        guard case .boolean(let chosen) = value else { throw APIError.badRequest("“compact” must be true or false.", field: "compact") }
        compact = chosen
      }
      guard let value = members["subjects"] else { throw APIError.badRequest("“subjects” is needed.") }
      texts = try Self.strings(value, "subjects")
    }
    guard (1...Self.deletionLimit).contains(texts.count) else {
      throw APIError.badRequest("Name 1 to \(Self.deletionLimit) subjects.", field: "subjects")
    }
    let pseudonyms = try texts.map { text in
      guard text.hasPrefix("s_"), let pseudonym = Pseudonym(text) else {
        throw APIError.badRequest("A subject is written as s_ and 32 hexadecimal digits.", field: "subjects")
      }
      return pseudonym
    }
    await installation.canaries.recognise(pseudonyms, in: project.id, by: caller.principal)
    let ids = try await installation.erasures.erase(pseudonyms, of: project, by: caller.principal)
    if compact { try await project.store.compact() }
    return DisclosedResponse.plain(["subjects": .number(Double(Set(pseudonyms).count)), "ids": .number(Double(ids))])
  }

  private static let deletionLimit = 1_000

  /// What became of erasures: a page, oldest first, or those of one subject, whose pseudonym whoever asks knows already. Nobody is named.
  private func erasures(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["after", "subject"])
    try Access.authorize(caller, .deleteSubjects, in: nil)
    var after: UInt64?
    if let text = parameters["after"] {
      guard let entry = UInt64(text) else { throw APIError.badRequest("“after” is the number of an entry.", field: "after") }
      after = entry
    }
    var subject: Pseudonym?
    if let text = parameters["subject"] {
      guard text.hasPrefix("s_"), let pseudonym = Pseudonym(text) else {
        throw APIError.badRequest("A subject is written as s_ and 32 hexadecimal digits.", field: "subject")
      }
      subject = pseudonym
    }
    if let subject {
      await installation.canaries.tell(await installation.canaries.hits([.id(subject)]), .lookup, by: caller.principal)
    }
    let found = try await installation.erasures.erasures(after: after, of: subject)
    var members: [String: JSONValue] = ["erasures": .list(found.map { installation.erasures.status($0) }), "next": .null]
    if found.count == ControlDatabase.erasurePage, let last = found.last { members["next"] = .number(Double(last.entry)) }
    return DisclosedResponse.plain(.object(members))
  }

  /// Writes a backup to a directory of the server's machine, with the rights of the user whose server it is: by the control socket only.
  private func backUp(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (caller, path, keep) = try await backupOrder(request, context)
    let target = BackupDirectory(path)
    return try await answeringFailures {
      try await BackupWriter(installation: installation, target: target, keep: keep).write(by: caller.principal).json
    }
  }

  private func backUpLedger(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (caller, path, keep) = try await backupOrder(request, context)
    return try await answeringFailures {
      try await LedgerBackupWriter(installation: installation, target: path, keep: keep).write(by: caller.principal).json
    }
  }

  private func backupOrder(_ request: Request, _ context: ServerContext) async throws -> (Authenticated, URL, keep: Int?) {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .writeBackups, in: nil)
    let members = try await authenticator.object(request, caller, known: ["target", "keep"])
    guard case .string(let path)? = members["target"], path.hasPrefix("/"), !path.unicodeScalars.contains("\0") else {
      throw APIError.badRequest("“target” must be an absolute path.", field: "target")
    }
    var keep: Int?
    if let value = members["keep"] {
      guard case .number(let number) = value, let count = Int(exactly: number), count > 0 else {
        throw APIError.badRequest("“keep” must be a whole number from 1 on.", field: "keep")
      }
      keep = count
    }
    return (caller, URL(fileURLWithPath: path, isDirectory: true), keep)
  }

  /// A target that cannot be written is no fault of the server.
  private func answeringFailures(_ work: () async throws -> JSONValue) async throws -> Response {
    do {
      return DisclosedResponse.plain(try await work())
    } catch let error as LedgerError where [.poisoned, .closed].contains(error.code) {
      throw error
    } catch {
      throw APIError(.conflict, "backup_failed", CommandError(error).description)
    }
  }

  // MARK: Ledger

  /// The newest signed checkpoint: public by nature, so that anybody may keep it.
  private func checkpoint(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try await authenticator.require(request, context)
    let note = try await installation.ledger.publish().note
    return Response(status: .ok, headers: [.contentType: "text/plain; charset=utf-8"], body: .init(byteBuffer: ByteBuffer(string: note)))
  }

  /// Entries with their details, oldest first. Reading them is itself a disclosure.
  private func entries(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    try Access.authorize(caller, .readLedger, in: nil)
    let parameters = try QueryParameters(request, known: ["from", "limit"])
    let limit = try parameters.count("limit", default: 100, atMost: 1000)
    guard let first = UInt64(parameters["from"] ?? "0") else {
      throw APIError.badRequest("“from” must be an entry's number.", field: "from")
    }
    let entries = try await installation.ledger.records(from: first, limit: limit)
    let disclosure = Disclosure(
      .ledger(first: first, count: entries.count, set: entries.flatMap(\.shownSubjects)), project: nil, purpose: "api.ledger",
      fields: ["entries"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(entries, disclosure, to: caller.principal).map { entries in
        ["entries": .list(entries.map(\.json)), "next": entries.count == limit ? .string(String(first + UInt64(limit))) : .null]
      })
  }

  // MARK: Bodies

  private static func string(_ value: JSONValue, _ field: String) throws -> String {
    guard case .string(let text) = value else { throw APIError.badRequest("“\(field)” must be a string.", field: field) }
    return text
  }

  private static func strings(_ value: JSONValue, _ field: String) throws -> [String] {
    guard case .list(let elements) = value else { throw APIError.badRequest("“\(field)” must be a list of strings.", field: field) }
    return try elements.map { try string($0, field) }
  }
}
