import Access
import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Passkeys
import Web

/// The questions and answers behind signing in, as JSON (docs/FORMATS.md, "Ceremonies").
extension Console {
  func addSignIn<Context: RequestContext>(to router: some RouterMethods<Context>) {
    router.get("/setup") { request, _ in linkPage(request, isFirst: true) }
    router.get("/join") { request, _ in linkPage(request, isFirst: false) }
    router.get("/sign-in") { request, _ in signInPage(request) }
    router.post("/sign-out") { request, _ in await signOut(request) }
    router.post("/enrol/begin") { request, _ in
      await answer(request) {
        let asked = try await body(request, Link.self)
        return try question(try await services.staff.beginEnrolment(link: asked.secret, name: FormFields.trimmed(asked.name ?? "")))
      }
    }
    router.post("/enrol/finish") { request, _ in
      await answer(request) {
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        return signedIn(
          try await services.staff.finishEnrolment(
            challenge: try PasskeyCeremony.bytes(sent.ceremony), with: try sent.credential.registration(), key: try Self.key(sent.key),
            client: Self.client(request)))
      }
    }
    router.post("/enrol/demo") { request, _ in
      await answer(request) {
        let asked = try await body(request, Link.self)
        return signedIn(
          try await services.staff.enterDemo(link: asked.secret, key: try Self.key(asked.key), client: Self.client(request)))
      }
    }
    router.post("/sign-in/begin") { request, _ in
      await answer(request) {
        _ = try await body(request, Nothing.self)
        return try question(try services.staff.beginSignIn())
      }
    }
    router.post("/sign-in/finish") { request, _ in
      await answer(request) {
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        return signedIn(
          try await services.staff.finishSignIn(
            challenge: try PasskeyCeremony.bytes(sent.ceremony), with: try sent.credential.assertion(), key: try Self.key(sent.key),
            client: Self.client(request)))
      }
    }
    router.post("/session/renew") { request, _ in await renew(request) }
    addConfirmations(to: router)
  }

  /// What a signed-in person's passkey is asked once more.
  private func addConfirmations<Context: RequestContext>(to router: some RouterMethods<Context>) {
    router.post("/confirm/begin") { request, _ in
      await answer(request) {
        let session = try await proven(request)
        let asked = try await body(request, Act.self)
        return try question(try await services.staff.beginConfirmation(of: try asked.value, by: session))
      }
    }
    router.post("/confirm/finish") { request, _ in
      await answer(request) {
        let session = try await proven(request)
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        let ticket = try await services.staff.finishConfirmation(
          challenge: try PasskeyCeremony.bytes(sent.ceremony), with: try sent.credential.assertion(), by: session)
        return Self.json(["ticket": Base64URL.encode(ticket)])
      }
    }
    router.post("/passkeys/begin") { request, _ in
      await answer(request) {
        let session = try await proven(request)
        let asked = try await body(request, Ticket.self)
        return try question(
          try await services.staff.beginFurtherPasskey(by: session, ticket: Base64URL.decode(asked.ticket ?? "") ?? []))
      }
    }
    router.post("/passkeys/finish") { request, _ in
      await answer(request) {
        let session = try await proven(request)
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        try await services.staff.finishFurtherPasskey(
          challenge: try PasskeyCeremony.bytes(sent.ceremony), with: try sent.credential.registration(), by: session)
        return Self.json(["next": "/account"])
      }
    }
  }

  /// The next cookie, for the key that signed the request. What is not a session any more gets 401 and no cookie.
  private func renew(_ request: Request) async -> Response {
    var response: Response
    do {
      guard let renewed = try await services.staff.renew(Self.header("DPoP", of: request), path: "/session/renew") else {
        return RefusalMark.step.put(on: nonced(Response(status: .unauthorized, headers: SecurityHeaders.forData)))
      }
      response = Response(status: .noContent, headers: SecurityHeaders.forData).settingCookie(Self.cookie(renewed))
    } catch let refusal as ProofBook.Refusal {
      response = Response(status: .unauthorized, headers: SecurityHeaders.forData)
      // RFC 9449, section 8: with the nonce of now it may pass.
      if refusal == .stale, let name = HTTPField.Name("X-Try-Again") {
        response.headers[name] = "yes"
        response = RefusalMark.step.put(on: response)
      }
    } catch {
      return await guarded(request) { throw error }
    }
    return nonced(response)
  }

  private func nonced(_ response: Response) -> Response {
    var response = response
    if let name = HTTPField.Name("DPoP-Nonce") { response.headers[name] = services.staff.nonce }
    return response
  }

  // MARK: Who asks

  static func header(_ name: String, of request: Request) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }

  /// The session of the cookie, with word on whether this request was signed by its browser's key.
  func session(_ request: Request, isUse: Bool = true) async throws -> ActiveSession? {
    guard let cookie = Cookies.value(of: Cookies.session, in: request.headers[.cookie]),
      let session = try await services.control.session(cookie: cookie, isUse: isUse)
    else { return nil }
    let proof = Self.header("DPoP", of: request) ?? Cookies.value(of: Cookies.proof, in: request.headers[.cookie])
    let method = request.method == .head ? "GET" : request.method.rawValue
    return services.staff.proven(session, by: proof, method: method, path: request.uri.path)
  }

  private func proven(_ request: Request) async throws -> ActiveSession {
    guard let session = try await session(request), session.isProven else {
      throw HTTPError(.unauthorized, message: "This needs a session and a proof of its browser's key. Reload the page.")
    }
    return session
  }

  private static func key(_ sent: PasskeyCeremony.Answer.Key?) throws -> SessionKey {
    guard let sent, let key = SessionKey(x: sent.x, y: sent.y) else {
      throw PasskeyCeremony.Malformed(sentence: "“key” must be the browser's public key for the session: x and y of a point of P-256.")
    }
    return key
  }

  /// Family and system, nothing finer: enough to tell one's own sessions apart.
  static func client(_ request: Request) -> String { ClientFamily.browser(request.headers[.userAgent] ?? "") }

  // MARK: Bodies

  private struct Nothing: Decodable {}

  private struct Link: Decodable {
    let link: String
    let name: String?
    let key: PasskeyCeremony.Answer.Key?
    var secret: String { FormFields.trimmed(link.split(separator: "#").last.map(String.init) ?? "") }
  }

  private struct Ticket: Decodable { let ticket: String? }

  private struct Act: Decodable {
    let act: String
    let about: String?
    var value: StaffDesk.Act {
      get throws {
        switch (act, about.flatMap { Int64($0) }) {
        case ("add_passkey", _): return .addPasskey
        case ("agree_to_recovery", let number?): return .agreeToRecovery(number)
        case ("approve_export", let number?): return .approveExport(number)
        case ("approve_account", let number?): return .approveAccount(number)
        case ("approve_vendor", _):
          let parts = (about ?? "").split(separator: "/").map(String.init)
          guard parts.count == 2, let vendor = Vendor.ID(rawValue: parts[0]), let version = Int(parts[1]) else {
            throw PasskeyCeremony.Malformed(sentence: "“about” must be a vendor and a version: tallymark/1.")
          }
          return .approveVendor(vendor, version: version)
        default: throw PasskeyCeremony.Malformed(sentence: "“act” is none that a passkey is asked to confirm.")
        }
      }
    }
  }

  /// The JSON body of a request that this origin's own page made: browsers say so in `Origin`, whatever a page wants.
  private func body<Body: Decodable>(_ request: Request, _: Body.Type) async throws -> Body {
    guard request.headers[.origin] == services.staff.origin else {
      throw PasskeyCeremony.Malformed(sentence: "This is for the console's own pages, at \(services.staff.origin).")
    }
    guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
      throw PasskeyCeremony.Malformed(sentence: "The body must be JSON.")
    }
    let bytes = try await request.body.collect(upTo: PasskeyCeremony.bodyLimit)
    guard let body = try? JSONDecoder().decode(Body.self, from: Data(Array(buffer: bytes))) else {
      throw PasskeyCeremony.Malformed(sentence: "The body is not what docs/FORMATS.md, “Ceremonies”, says.")
    }
    return body
  }

  private func question(_ asked: StaffDesk.Question) throws -> Response {
    guard let party = services.staff.relyingParty else {
      throw PasskeyCeremony.Malformed(sentence: "There are no passkeys at this address.")
    }
    return switch asked.kind {
    case .create(let handle, let name, let known):
      Self.json(
        PasskeyCeremony.creation(asked.challenge, for: party, named: "Sealane", handle: handle, name: name, known: known))
    case .get(let allowed): Self.json(PasskeyCeremony.assertion(asked.challenge, for: party, allowed: allowed))
    }
  }

  private func signedIn(_ new: NewSession) -> Response { Self.json(["next": "/"]).settingCookie(Self.cookie(new)) }

  private static func cookie(_ new: NewSession) -> String {
    Cookies.header(Cookies.session, new.cookie.text, isStrict: false, seconds: Int(Session.cookieLifetime.components.seconds))
  }

  private static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    var headers = SecurityHeaders.forData
    headers[.contentType] = "application/json; charset=utf-8"
    let bytes = (try? JSONEncoder().encode(value)) ?? Data("{}".utf8)
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func answer(_ request: Request, _ body: () async throws -> Response) async -> Response {
    struct Refused: Encodable {
      let error: String
      let code: String
    }
    func refused(_ status: HTTPResponse.Status, _ sentence: String, _ code: String) -> Response {
      Self.json(Refused(error: sentence, code: code), status: status)
    }
    guard Self.isSameSite(request) else { return refused(.forbidden, "This is for the console's own pages.", "cross_site") }
    do {
      return try await body()
    } catch let error as PasskeyError {
      await services.refusedPasskey(error.code)
      return RefusalMark.reason(error.code).put(on: refused(.forbidden, error.description, error.code))
    } catch let error as PasskeyCeremony.Malformed {
      return refused(.badRequest, error.sentence, "invalid")
    } catch let error as AccessError where error.code != .unavailable {
      let status: HTTPResponse.Status =
        switch error.code {
        case .linkNotValid: .gone
        case .inUse: .conflict
        case .notFound, .suspended: .forbidden
        case .invalid, .unavailable: .badRequest
        }
      let answer = refused(status, error.message, error.code.rawValue)
      return [.linkNotValid, .suspended].contains(error.code) ? RefusalMark.reason(error.code.rawValue).put(on: answer) : answer
    } catch let error as HTTPError {
      return refused(error.status, error.body ?? "It is too large or not well-formed.", "refused")
    } catch let error as LedgerError {
      services.note(error, "sign-in")
      return refused(
        .serviceUnavailable, "The ledger cannot be written, so nobody can sign in. Run `sealane doctor` on the server.", "ledger")
    } catch {
      services.note(error, "sign-in")
      return refused(.internalServerError, "Something went wrong on the server. Try again.", "failed")
    }
  }
}
