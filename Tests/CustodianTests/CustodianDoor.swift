import Access
import Custodian
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Passkeys
import SoftAuthenticator
import Synchronization
import Vault
import Web

/// The custodian's own pages as browsers and others ask them, with people of every standing before them.
///
/// Ada, Bea and Dora are approvers; Cleo was one and was removed; Emil was admitted and may act in 72 hours.
final class CustodianDoor {
  struct Source: RequestContextSource { let logger: Logger }
  struct Context: RequestContext {
    typealias Source = CustodianDoor.Source
    var coreContext: CoreRequestContextStorage
    init(source: Source) { coreContext = CoreRequestContextStorage(source: source) }
  }

  /// A session, with the token of its forms.
  struct Seat: Sendable {
    let cookie: String
    let token: String
  }

  struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String
  }

  enum Body {
    case none
    /// The token of the session that asks is added.
    case form([Address.Parameter])
    case json(String)
  }

  /// What a row of the table asks: where, and with what.
  struct Asked {
    let address: String
    var body = Body.none
  }

  let it: ApprovalBench
  let log = CapturedLog()
  /// As `GET /path`.
  let routes: Set<String>
  private let source: Source
  private let responder: RouterResponder<Context>
  private(set) var seats: [String: Seat] = [:]
  /// A link by which nobody has come yet.
  private(set) var link = ""

  init() throws {
    let logger = log.logger
    it = try ApprovalBench(logger: logger)
    source = Source(logger: logger)
    let status = CustodianStatus(store: it.store, server: "https://sealane.example.org", clock: it.clock.read)
    let router = CustodianSite(status: status, approvals: it.approvals).router(context: Context.self)
    routes = Set(router.routes.map { "\($0.method.rawValue) \($0.path)" })
    responder = router.buildResponder()
    try admit("Dora")
    it.clock.advance(Approver.admissionDelay)
    seats["idle"] = try signIn("Bea")
    it.clock.advance(ApproverSessions.idleLimit)
    for name in ["Ada", "Bea", "Cleo"] { seats[name] = try signIn(name) }
    let removal = try it.ask(.remove(approver: it.approver("Cleo").text, name: "Cleo"), purpose: "Cleo left the company in March")
    for name in ["Bea", "Dora"] { try it.sign(removal, as: name) }
    let ended = try signIn("Dora")
    it.approvals.sessions.end(cookie: ended.cookie)
    seats["ended"] = ended
    try admit("Emil")
    seats["Emil"] = try signIn("Emil")
    link = try it.link(expires: 1_000_000)
  }

  private func admit(_ name: String) throws {
    let others = try it.store.approvers().filter { $0.isActive(at: it.clock.read()) && $0.name != "Ada" }
    let request = try it.ask(.admit(name: name), purpose: "The fourth of us, as agreed in March")
    for other in others.prefix(2) { try it.sign(request, as: other.name) }
    try it.enrol(name, link: it.approvals.invite(request.digest, by: it.approver("Ada"), ticket: it.ticket(request)).text)
  }

  func signIn(_ name: String) throws -> Seat {
    let challenge = it.approvals.beginSignIn()
    let cookie = try it.approvals.finishSignIn(challenge: challenge, with: it.assertion(name, challenge)).cookie.text
    return Seat(cookie: cookie, token: try it.approvals.visitor(cookie: cookie)?.session.formToken ?? "")
  }

  // MARK: Asking

  /// As a page of the custodian asks, unless `headers` (which take the place of what it would send) or `token` say otherwise.
  func ask(
    _ route: String, _ asked: Asked, cookie: String? = nil, token: String? = nil, headers: [String: String?] = [:]
  ) async throws -> Answer {
    guard let method = HTTPRequest.Method(rawValue: String(route.prefix { $0 != " " })) else { throw CancellationError() }
    var head = HTTPRequest(method: method, scheme: "https", authority: "custodian.example.org", path: asked.address)
    var fields: [String: String?] = ["Accept": "text/html", "Cookie": cookie.map { "\(Cookies.session)=\($0)" }]
    var body = ""
    switch asked.body {
    case .none: break
    case .form(let parameters):
      fields["Content-Type"] = "application/x-www-form-urlencoded"
      body = String(Address("", parameters + (token.map { [.init("form-token", $0)] } ?? [])).text.dropFirst())
    case .json(let text):
      fields["Content-Type"] = "application/json"
      fields["Origin"] = ApprovalBench.origin
      body = text
    }
    for (name, value) in fields.merging(headers, uniquingKeysWith: { $1 }) {
      if let value, let name = HTTPField.Name(name) { head.headerFields[name] = value }
    }
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
    let response: Response
    do { response = try await responder.respond(to: request, context: Context(source: source)) } catch let error as any HTTPResponseError {
      return Answer(status: error.status.code, headers: [:], text: "")
    }
    let collected = Collected()
    try await response.body.write(Writer(collected: collected))
    return Answer(status: response.status.code, headers: response.headers, text: String(decoding: collected.bytes, as: UTF8.self))
  }

  private final class Collected: @unchecked Sendable {
    // Used by one test's one task at a time.
    var bytes: [UInt8] = []
  }
  private struct Writer: ResponseBodyWriter {
    let collected: Collected
    mutating func write(_ buffer: ByteBuffer) async throws { collected.bytes.append(contentsOf: buffer.readableBytesView) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }

  // MARK: What passkeys answer

  static func json(_ assertion: AssertionResponse, ceremony: [UInt8]? = nil) -> String {
    func text(_ bytes: [UInt8]?) -> String { bytes.map { "\"\(Base64URL.encode($0))\"" } ?? "null" }
    return """
      {"ceremony":\(text(ceremony)),"credential":{"id":\(text(assertion.credentialID)),"clientDataJSON":\(text(assertion.clientDataJSON)),\
      "authenticatorData":\(text(assertion.authenticatorData)),"signature":\(text(assertion.signature)),"userHandle":\(text(assertion.userHandle))}}
      """
  }

  static func json(_ registration: RegistrationResponse, ceremony: [UInt8]) -> String {
    """
    {"ceremony":"\(Base64URL.encode(ceremony))","credential":{"id":"\(Base64URL.encode(registration.credentialID))",\
    "clientDataJSON":"\(Base64URL.encode(registration.clientDataJSON))",\
    "attestationObject":"\(Base64URL.encode(registration.attestationObject))"}}
    """
  }
}

/// Everything that was logged, at every level.
final class CapturedLog: Sendable {
  private let lines = Mutex<[String]>([])
  var text: String { lines.withLock { $0.joined(separator: "\n") } }
  var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: CapturedLog
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      log.lines.withLock { $0.append("\(event.message) \(metadata) \(event.metadata ?? [:])") }
    }
  }
}
