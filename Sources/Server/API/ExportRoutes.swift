import Access
import Console
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore

/// Mixpanel's raw export (mixpanel-api, 3.5): JSON lines, deduplicated, under pseudonyms.
///
/// It leaves in pages of at most 10,000 rows; each is entered in the ledger before its first byte is sent. If the ledger fails midway,
/// the connection is cut without the closing chunk, so that no client takes the part for the whole.
struct ExportRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  static let pageRows = 10_000
  static let shortestPacked = 1_400
  /// Lines of a page that may show canaries.
  static let canaryLines = 60
  private static let known: Set<String> = ["project_id", "from_date", "to_date", "event", "where", "limit", "time_in_ms"]

  func add(to router: Router<ServerContext>) {
    router.get("/api/2.0/export", use: export)
  }

  private struct Plan: Sendable {
    let project: OpenProject
    let caller: Authenticated
    let range: DateRange
    let events: [String]?
    let filter: WhereFilter?
    let limit: Int
    let milliseconds: Bool
    /// Nil where the owner switched them off.
    let canaries: CanaryDesk.Export?
    /// The wish of a person that this answers; nil for programs.
    let request: Int64?
  }

  func export(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: Self.known)
    let project = try installation.project(try parameters.project(), for: caller, to: .exportSubjects)
    let range = DateRange(from: try parameters.date("from_date"), to: try parameters.date("to_date"))
    guard range.from <= range.to else { throw APIError.badRequest("“from_date” lies after “to_date”.", field: "from_date") }
    let plan = Plan(
      project: project, caller: caller, range: range, events: try parameters.events(),
      filter: try filter(parameters["where"], project), limit: try parameters.count("limit", default: Int.max, atMost: Int.max),
      milliseconds: ["true", "1"].contains(parameters["time_in_ms"]), canaries: try await installation.canaries.export(of: project.id),
      request: nil)
    if let condition = parameters["where"] { await installation.canaries.look(at: condition, in: project.id, by: caller.principal) }
    // As the vendor has it: what is shorter is not worth packing.
    return try await answer(
      plan, mayPack: AcceptEncoding.takesGzip(request.headers[values: .acceptEncoding].joined(separator: ",")))
  }

  /// For a person of the staff, whose wish another one agreed to.
  ///
  /// - Parameter entered: called when the first page is entered, before any byte leaves.
  func answer(
    _ project: OpenProject, _ order: ExportOrder, to caller: Authenticated, entered: @Sendable () async throws -> Void
  ) async throws -> Response {
    try Access.authorize(caller, .exportSubjects, in: project.id)
    return try await answer(
      Plan(
        project: project, caller: caller, range: order.range, events: order.events, filter: nil, limit: Int.max, milliseconds: false,
        canaries: try await installation.canaries.export(of: project.id), request: order.request),
      mayPack: false, entered: entered)
  }

  private func answer(_ plan: Plan, mayPack: Bool, entered: () async throws -> Void = {}) async throws -> Response {
    // The first page is entered before the head of the answer is written: a refusal still has its own status then.
    let first = try await page(plan, 0, after: nil, sent: 0)
    try await entered()
    var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store", .vary: "Accept-Encoding"]
    let isPacked =
      mayPack && (first.map { $0.next != nil || $0.lines.value.readableBytes > Self.shortestPacked } ?? false)
    if isPacked { headers[.contentEncoding] = "gzip" }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        if isPacked {
          var deflater = try Deflater()
          try await send(plan, first) { lines in try await writer.write(deflater.pack(lines, isLast: false)) }
          try await writer.write(deflater.pack(ByteBuffer(), isLast: true))
        } else {
          try await send(plan, first) { lines in try await writer.write(lines) }
        }
        try await writer.finish(nil)
      })
  }

  private func send(_ plan: Plan, _ first: Page?, _ write: (ByteBuffer) async throws -> Void) async throws {
    var page = first
    var sent = 0
    var number = 0
    while let current = page {
      try await write(current.lines.value)
      sent += current.rows
      number += 1
      page = current.next == nil ? nil : try await self.page(plan, number, after: current.next, sent: sent)
    }
  }

  private struct Page: Sendable {
    let lines: Disclosed<ByteBuffer>
    /// Those of canaries too.
    let rows: Int
    let next: EventCursor?
  }

  /// Nil where nothing is left.
  private func page(_ plan: Plan, _ number: Int, after cursor: EventCursor?, sent: Int) async throws -> Page? {
    // A key that is revoked in the middle ends what it has begun.
    guard try await installation.access.isStillGood(plan.caller, for: .exportSubjects, in: plan.project.id) else {
      throw APIError.unauthorized
    }
    let left = plan.limit - sent
    guard left > 0 else { return nil }
    let size = plan.filter == nil ? min(Self.pageRows, left) : Self.pageRows
    var cursor = cursor
    var events: [JourneyEvent] = []
    repeat {
      try Task.checkCancellation()
      let read = try await plan.project.engine.export(
        plan.range, events: plan.events, calendar: plan.project.calendar, after: cursor, limit: size)
      cursor = read.count == Self.pageRows ? read.last?.cursor : nil
      events = plan.filter.map { filter in Array(read.filter { filter.holds(of: $0) }.prefix(left)) } ?? read
    } while events.isEmpty && cursor != nil
    // That nobody meets a condition is an answer about somebody too: it is entered, without rows.
    guard !events.isEmpty || (plan.filter != nil && sent == 0) else { return nil }
    var part = events
    while true {
      do {
        return try await disclosed(part, plan, number, left: left, next: part.count == events.count ? cursor : part.last?.cursor)
      } catch let error as LedgerError where error.code == .overQuota && error.rowsLeft > 0 {
        // Exactly the quota leaves; the page after it is refused, and freezes the credential.
        part = Array(part.prefix(error.rowsLeft))
      }
    }
  }

  /// A page as lines, entered: rows, and canaries between them.
  private func disclosed(_ found: [JourneyEvent], _ plan: Plan, _ number: Int, left: Int, next: EventCursor?) async throws -> Page {
    var events = found
    // Canaries take their lines from what was asked for, never the first.
    let room = min(Self.canaryLines, left - 1, max(3, events.count / 10))
    let canaries = plan.canaries.map { $0.canaries(onPage: number, rows: events.count) } ?? []
    if !canaries.isEmpty, left < events.count + room { events = Array(events.prefix(left - room)) }
    var rows = CanaryRows(events, domain: installation.canaries.domain)
    let mixed = rows.mixed(canaries, room: room) { plan.filter?.holds(of: $0) ?? true }
    var lines = ByteBuffer()
    for event in mixed.rows { lines.writeString(event.exportLine(milliseconds: plan.milliseconds, groupKeys: plan.project.groupKeys)) }
    // Of real rows and real subjects: canaries are neither.
    let disclosure = Disclosure(
      .subjects(set: events.flatMap(\.shownSubjects), rows: events.count), project: plan.project.id, purpose: "api.export",
      fields: events.shownFields, subjectsInValues: plan.project.subjects(inValuesOf: events), bytes: lines.readableBytes, takesPart: true,
      canaries: plan.canaries?.mark(mixed.shown, lines: mixed.lines),
      request: plan.request)
    let disclosed = try await installation.ledger.disclose(lines, disclosure, to: plan.caller.principal)
    if let export = plan.canaries, number == 0 {
      try await installation.canaries.note(export, entry: disclosed.receipt, by: plan.caller.principal)
    }
    return Page(lines: disclosed, rows: mixed.rows.count, next: next)
  }

  private func filter(_ text: String?, _ project: OpenProject) throws -> WhereFilter? {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return nil }
    return WhereFilter(
      try WhereExpression(parsing: text), zone: try project.calendar.timeZone(), now: installation.now(), groupKeys: project.groupKeys)
  }

  /// A JSON array of names, or one bare name.
}
