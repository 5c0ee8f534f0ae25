import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Logging
import NIOCore
import SegmentStore
import Vault

/// What the custodian calls: parcels of wrapped keys, acknowledgements, alarms, its key of the day.
/// docs/FORMATS.md, "Custodian and server over HTTP".
struct CustodianRoutes: Sendable {
  let installation: Installation
  let affectedPages: AffectedPages

  init(installation: Installation) {
    self.installation = installation
    affectedPages = AffectedPages(installation: installation)
  }

  static let bodyLimit = 65_536
  private static let alarms = CustodianDesk.ledgerAlarms.union([
    "unknown_recipient", "retired_recipient", "unopenable", "contradiction", "malformed", "swapped_key",
  ])

  private static let acts: Set<String> = ["admit", "daily_limit", "passkey", "remove", "accept_ledger"]

  func add(to router: Router<ServerContext>) {
    router.get("/custodian/v1/parcels", use: parcels)
    router.post("/custodian/v1/parcels/ack", use: acknowledge)
    router.post("/custodian/v1/alarm", use: alarm)
    router.post("/custodian/v1/settlement", use: settlement)
    router.get("/custodian/v1/key", use: key)
    router.post("/custodian/v1/key", use: announce)
    router.post("/custodian/v1/openings", use: openings)
    router.post("/custodian/v1/changes", use: changes)
    router.post("/custodian/v1/subjects", use: subjects)
    router.get("/custodian/v1/erasures", use: erasures)
    router.post("/custodian/v1/erasures", use: takeReceipt)
    router.get("/custodian/v1/checkpoint", use: checkpoint)
    router.post("/custodian/v1/cosignature", use: cosignature)
    router.post("/custodian/v1/witness", use: witness)
    router.get("/custodian/v1/incidents", use: incidents)
    router.post("/custodian/v1/affected", use: affected)
    router.post("/custodian/v1/organizations", use: organizations)
    router.post("/custodian/v1/commitments", use: commitments)
    router.get("/custodian/v1/proof", use: proof)
    router.post("/custodian/v1/notices", use: notices)
    router.get("/custodian/v1/questions", use: questions)
    router.post("/custodian/v1/questions", use: takeQuestions)
    router.post("/custodian/v1/known", use: known)
    router.post("/custodian/v1/answers", use: answers)
  }

  func authenticate(_ request: Request) async throws {
    let parts = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      try await installation.access.authenticateCustodian(token: String(parts[1])) != nil
    else {
      throw APIError(
        .unauthorized, "unauthorized", "Only the custodian of this server may call this, with the token in its server.token.",
        headers: [.wwwAuthenticate: "Bearer"])
    }
  }

  private func parcels(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    var left = try QueryParameters(request, known: ["limit"]).count("limit", default: 4096, atMost: 16_384)
    var parcels: [Parcel] = []
    for project in installation.projects.all where left > 0 {
      let keys = try project.store.undeliveredKeys(after: 0, limit: left)
      left -= keys.count
      parcels += Parcel.grouping(keys.map { (cursor: $0.0, key: $0.1) }, project: project.id)
    }
    return Response(
      status: .ok, headers: [.contentType: "application/octet-stream", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(bytes: ParcelCodec.encode(bundle: parcels))))
  }

  private func acknowledge(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .list(let entries)? = members["acknowledged"] else {
      throw Self.malformed
    }
    var through: [(OpenProject, UInt64)] = []
    for entry in entries {
      guard case .object(let entry) = entry, case .number(let id)? = entry["project"], case .number(let cursor)? = entry["through"],
        let id = Int64(exactly: id), let cursor = UInt64(exactly: cursor)
      else { throw Self.malformed }
      guard let project = installation.projects[ProjectID(id)] else { throw APIError.notFound("There is no project \(id) here.") }
      through.append((project, cursor))
    }
    for (project, cursor) in through { try await project.store.deleteKeys(through: cursor) }
    return Response(status: .noContent)
  }

  private func alarm(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .string(let id)? = members["id"], Self.isAlarmID(id),
      case .string(let kind)? = members["kind"], Self.alarms.contains(kind)
    else { throw Self.malformed }
    guard CustodianDesk.ledgerAlarms.contains(kind) else {
      installation.logger.critical("The custodian raised an alarm: sealing has stopped", metadata: ["kind": "\(kind)"])
      try await installation.custodian.raise(id: id, kind: kind)
      return Response(status: .noContent)
    }
    guard case .string(let sentence)? = members["sentence"], let shown = Self.line(sentence) else { throw Self.malformed }
    installation.logger.critical(
      "The custodian does not cosign the ledger any more: nothing about subjects is shown",
      metadata: ["kind": "\(kind)", "sentence": "\(shown)"])
    try await installation.custodian.raise(id: id, kind: kind, sentence: shown)
    return Response(status: .noContent)
  }

  private func settlement(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .string(let settlement)? = members["settlement"],
      case .string(let announcement)? = members["announcement"]
    else { throw Self.malformed }
    try await installation.custodian.settle(settlement, announcement: announcement)
    installation.logger.notice(
      "The custodian settled an alarm", metadata: ["sealing": .string(installation.custodian.isSealing ? "yes" : "stopped")])
    return Response(status: .noContent)
  }

  private func key(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    return DisclosedResponse.plain([
      "announcement": .string(installation.custodian.announcement.text), "sealing": .boolean(installation.custodian.isSealing),
    ])
  }

  private func announce(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .whole(let bytes) = try await BodyReader.bytes(of: request, limit: Self.bodyLimit),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw Self.malformed }
    let adopted = try await installation.custodian.adopt(text)
    let id = String(installation.custodian.key.id, radix: 16)
    return DisclosedResponse.plain([
      "key": .string(String(repeating: "0", count: 16 - id.count) + id), "adopted_at": .number(Double(adopted.milliseconds)),
    ])
  }

  /// Hands over sealed values, of named fields of named subjects, after the opening stands in the ledger. They are of no use to whoever has
  /// not the record keys; who asked and who approved is the custodian's to verify, and its word here.
  private func openings(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .number(let project)? = members["project"],
      let project = Int64(exactly: project), case .string(let digest)? = members["request"], Self.isHexadecimal(digest, 64),
      case .string(let requester)? = members["requester"], Self.isHexadecimal(requester, 32),
      let approvers = Self.texts(members["approvers"], atMost: 16), approvers.allSatisfy({ Self.isHexadecimal($0, 32) }),
      let subjects = Self.texts(members["subjects"], atMost: 100), let fields = Self.texts(members["fields"], atMost: 100)
    else { throw Self.malformed }
    guard let open = installation.projects[ProjectID(project)] else { throw APIError.notFound("There is no such project here.") }
    let opening = SealedOpening(project: open, subjects: subjects, fields: Set(fields))
    let answer = try await opening.values()
    let receipt = try await installation.ledger.record(
      .identitiesOpened(open.id, subjects: answer.numbers, fields: fields, request: digest, approvers: approvers),
      by: Principal(kind: .custodian, id: requester, credential: "opening"))
    return DisclosedResponse.plain(["entry": .number(Double(receipt.index)), "values": .list(answer.values)])
  }

  /// Enters what approvers changed among themselves, after the custodian did it: the server has no say in it.
  private func changes(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    guard case .object(let members) = try await json(request), case .string(let act)? = members["act"], Self.acts.contains(act),
      case .string(let digest)? = members["request"], Self.isHexadecimal(digest, 64), case .string(let requester)? = members["requester"],
      Self.isHexadecimal(requester, 32), let approvers = Self.texts(members["approvers"], atMost: 16),
      approvers.allSatisfy({ Self.isHexadecimal($0, 32) })
    else { throw Self.malformed }
    let receipt = try await installation.ledger.record(
      .approversChanged(act: act, request: digest, approvers: approvers),
      by: Principal(kind: .custodian, id: requester, credential: "change"))
    return DisclosedResponse.plain(["entry": .number(Double(receipt.index))])
  }

  static func texts(_ value: JSONValue?, atMost limit: Int) -> [String]? {
    guard case .list(let elements)? = value, (1...limit).contains(elements.count) else { return nil }
    let texts = elements.compactMap { element -> String? in if case .string(let text) = element { text } else { nil } }
    return texts.count == elements.count ? texts : nil
  }

  /// One line of printable text, cut short.
  private static func line(_ text: String) -> String? {
    guard text.utf8.count <= 1000 else { return nil }
    return String(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }.map(Character.init))
  }

  private static func isAlarmID(_ id: String) -> Bool { isHexadecimal(id, 32) }

  static func isHexadecimal(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  static let malformed = APIError.badRequest("The body is not what docs/FORMATS.md, “Custodian and server over HTTP”, says.")

  func json(_ request: Request, limit: Int = Self.bodyLimit) async throws -> JSONValue {
    guard case .whole(let bytes) = try await BodyReader.bytes(of: request, limit: limit) else {
      throw APIError.tooLarge(limit)
    }
    guard let value = try? JSONValue(parsing: bytes) else { throw Self.malformed }
    return value
  }
}
