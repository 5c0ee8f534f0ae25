internal import Access
internal import Events
internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import Ledger
internal import Logging
internal import NIOCore
internal import Passkeys
internal import Vault
internal import Web

/// The custodian's own pages, on its own origin: what is held, and for approvers what was asked, by whom, and with whose consent.
///
/// What is opened is shown here and nowhere else. The pages hold no script of anybody else and are framed by nobody.
package struct CustodianSite: Sendable {
  let status: CustodianStatus
  let approvals: Approvals

  /// Nil where letters are only written to files.
  let mail: MailSettings?

  package init(status: CustodianStatus, approvals: Approvals, mail: MailSettings? = nil) {
    self.status = status
    self.approvals = approvals
    self.mail = mail
  }

  static let bodyLimit = 131_072

  package func router<Context: RequestContext>(context: Context.Type) -> Router<Context> {
    let router = Router(context: context)
    for asset in Asset.all {
      router.get(RouterPath(asset.path)) { request, _ in asset.response(to: request) }
    }
    for asset in [JoinScript.asset, JoinWorker.asset] {
      router.get(RouterPath(asset.path)) { request, _ in asset.response(to: request).disconnected() }
    }
    router.get("/") { request, _ in await page { try home(request) } }
    router.get("/status") { request, _ in
      await page { .html(frame("Status", statusContent(try status.report()), visitor: try visitor(request))) }
    }
    router.get("/status.json") { _, _ in Self.json(try status.report()) }
    router.get("/healthz") { _, _ in health() }
    router.get("/enrol") { _, _ in Response.html(enrolmentPage()) }
    router.get("/approvers") { request, _ in await page { try approversPage(request) } }
    router.get("/record") { request, _ in await page { try recordPage(request) } }
    router.get("/requests/new") { request, _ in await page { try newRequestPage(request) } }
    router.get("/requests/:request") { request, context in await page { try requestPage(request, try requestDigest(context)) } }
    addForms(to: router)
    addNotices(to: router)
    addCeremonies(to: router)
    return router
  }

  private func addForms<Context: RequestContext>(to router: Router<Context>) {
    router.post("/sign-out") { request, _ in
      await page {
        _ = try await form(request)
        approvals.sessions.end(cookie: Self.cookie(of: request))
        return Response.seeOther(Address("/")).settingCookie(Cookies.header(Cookies.session, "", isStrict: true, seconds: 0))
      }
    }
    router.post("/requests") { request, _ in await page { try await write(request) } }
    router.post("/requests/:request/refuse") { request, context in
      await page {
        let (visitor, _) = try await form(request)
        let digest = try requestDigest(context)
        try approvals.refuse(digest, by: visitor.approver)
        return .seeOther(Address("/requests/\(digest.hexadecimal)"))
      }
    }
    router.post("/requests/:request/open") { request, context in
      await page {
        let (visitor, fields) = try await form(request)
        let opening = try await approvals.open(try requestDigest(context), by: visitor.approver, ticket: Self.ticket(fields))
        return Response.html(openingPage(opening, visitor)).disconnected()
      }
    }
    router.post("/requests/:request/link") { request, context in
      await page {
        let (visitor, fields) = try await form(request)
        return .html(linkPage(try approvals.invite(try requestDigest(context), by: visitor.approver, ticket: Self.ticket(fields)), visitor))
      }
    }
  }

  private static func ticket(_ fields: FormFields) -> [UInt8] { Base64URL.decode(fields.text("ticket")) ?? [] }

  // MARK: Who asks

  struct Visitor {
    let approver: Approver
    let session: ApproverSessions.Session
    var formToken: HTML { "<input type=\"hidden\" name=\"form-token\" value=\"\(value: session.formToken)\">" }
  }

  static func cookie(of request: Request) -> String? { Cookies.value(of: Cookies.session, in: request.headers[.cookie]) }

  func visitor(_ request: Request) throws -> Visitor? {
    try approvals.visitor(cookie: Self.cookie(of: request)).map { Visitor(approver: $0.approver, session: $0.session) }
  }

  func required(_ request: Request) throws -> Visitor {
    guard let visitor = try visitor(request) else { throw ApprovalError.notSignedIn }
    return visitor
  }

  /// The fields of a form that a page of this session sent.
  func form(_ request: Request) async throws -> (Visitor, FormFields) {
    let visitor = try required(request)
    guard request.headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true else {
      throw ApprovalError.badInput("A form is sent as application/x-www-form-urlencoded.")
    }
    let fields = FormFields(encoded: String(buffer: try await request.body.collect(upTo: Self.bodyLimit)))
    guard ConstantTime.equal(fields["form-token"] ?? "", visitor.session.formToken) else {
      throw ApprovalError.badInput("This form was not sent from a page of this session. Go back, reload the page and send it again.")
    }
    return (visitor, fields)
  }

  func requestDigest(_ context: some RequestContext) throws -> [UInt8] {
    guard let digest = [UInt8](hexadecimal: try context.parameters.require("request")), digest.count == 32 else {
      throw ApprovalError.noSuchRequest
    }
    return digest
  }

  // MARK: Answers

  /// An answer, or a page that says why not.
  func page(_ body: () async throws -> Response) async -> Response {
    do { return try await body() } catch {
      let (status, sentence) = explain(error)
      let again: HTML =
        error as? ApprovalError == .notSignedIn ? signInForm : "<p><a class=\"button\" href=\"/\">Go to the requests</a></p>"
      return .html(
        frame("This was refused", "<h1>This was refused</h1><div class=\"notice danger\"><p>\(sentence)</p></div>\(again)", visitor: nil),
        status: status)
    }
  }

  func explain(_ error: any Error) -> (HTTPResponse.Status, String) {
    if let error = error as? ApprovalError { return (Self.status(of: error), error.description) }
    if let error = error as? HTTPError { return (error.status, "This request was refused: it is too large or not well-formed.") }
    approvals.logger.error("a page failed", metadata: ["error": "\(type(of: error))"])
    return (.internalServerError, "Something went wrong at the custodian. Nothing was shown. Look at its log.")
  }

  private static func status(of error: ApprovalError) -> HTTPResponse.Status {
    switch error {
    case .notSignedIn: .unauthorized
    case .badInput: .badRequest
    case .noSuchRequest: .notFound
    case .linkNotValid: .gone
    case .ceremonyOver, .draftOver, .expired, .decided, .notApproved: .conflict
    case .overDailyLimit: .tooManyRequests
    case .serverFailed: .badGateway
    case .tooFewApprovers: .conflict
    case .concernsYou, .removed: .forbidden
    case .passkey, .notYetActive, .selfApproval, .samePersonTwice, .notTheRequester, .changedBytes: .forbidden
    }
  }

  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(value) else { return Response(status: .internalServerError) }
    var headers = SecurityHeaders.forData
    headers[.contentType] = "application/json"
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
  }

  private func health() -> Response {
    // Alive means: the store answers. That the server is away is the server's trouble, and said so.
    guard let report = try? status.report() else {
      return Self.json(
        ["error": "The custodian's store does not answer; run sealane-custodian doctor."], status: .serviceUnavailable)
    }
    struct Health: Encodable {
      let status = "ok"
      let isReached: Bool
      let alarms: Int
      enum CodingKeys: String, CodingKey {
        case status, alarms
        case isReached = "server_reached"
      }
    }
    return Self.json(Health(isReached: report.isReached, alarms: report.alarms))
  }

  func frame(_ title: String, _ content: HTML, visitor: Visitor?, scripts: [Asset] = [.passkeys]) -> HTML {
    let links: HTML? = visitor.map { _ in
      let links = Self.links.map { name, path -> HTML in
        "<a href=\"\(path)\"\(name == title ? " aria-current=\"page\"" as HTML : "")>\(name)</a>"
      }
      return "<nav class=\"links\" aria-label=\"Pages\">\(links)</nav>"
    }
    let who: HTML? = visitor.map { visitor in
      """
      <span>\(visitor.approver.name)</span><form method="post" action="/sign-out">\(visitor.formToken)<button class="link">Sign out</button></form>
      """
    }
    return Page(title: title, product: "Sealane custodian", top: who ?? "", content: "\(links)\(content)", scripts: scripts).document()
  }

  private static let links = [
    ("Requests", "/"), ("New request", "/requests/new"), ("Notices", "/notices"), ("Approvers", "/approvers"), ("Record", "/record"),
    ("Status", "/status"),
  ]

  static let time = LocalTime(zone: "UTC")
  static func moment(_ time: Timestamp) -> HTML { "\(Self.time.minute(time)) UTC" }
}
