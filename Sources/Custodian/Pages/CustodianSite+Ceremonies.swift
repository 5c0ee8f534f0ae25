internal import Access
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Passkeys
internal import Vault
internal import Web

/// Questions to passkeys and their answers, as JSON. docs/FORMATS.md, "Ceremonies".
extension CustodianSite {
  func addCeremonies(to router: Router<BasicRequestContext>) {
    router.post("/enrol/begin") { request, _ in
      await answer {
        let asked = try await body(request, BeginEnrolment.self)
        let begun = try approvals.beginEnrolment(link: asked.link.split(separator: "#").last.map(String.init) ?? "", name: asked.name ?? "")
        return Self.json(creation(begun.challenge, user: begun.approver.id, name: begun.name, known: try approvals.store.passkeys()))
      }
    }
    router.post("/enrol/finish") { request, _ in
      await answer {
        let sent = try await body(request, Finish.self)
        let approver = try approvals.finishEnrolment(challenge: try Self.bytes(sent.ceremony), with: try sent.credential.registration())
        return signedIn(approvals.sessions.begin(approver.id, at: approvals.clock()))
      }
    }
    router.post("/sign-in/begin") { request, _ in
      await answer {
        _ = try await body(request, Nothing.self)
        return Self.json(assertion(approvals.beginSignIn(), passkeys: []))
      }
    }
    router.post("/sign-in/finish") { request, _ in
      await answer {
        let sent = try await body(request, Finish.self)
        return signedIn(
          try approvals.finishSignIn(challenge: try Self.bytes(sent.ceremony), with: try sent.credential.assertion()).cookie)
      }
    }
    router.post("/requests/:request/sign/begin") { request, context in
      await answer {
        _ = try await body(request, Nothing.self)
        let begun = try approvals.beginSignature(try requestDigest(context), by: try required(request).approver)
        return Self.json(assertion(begun.challenge, passkeys: begun.passkeys))
      }
    }
    router.post("/requests/:request/sign/finish") { request, context in
      await answer {
        let sent = try await body(request, Finish.self)
        let digest = try requestDigest(context)
        let signed = try approvals.sign(digest, by: try required(request).approver, with: try sent.credential.assertion())
        // Where there is a ticket, the page sends it on in a form of its own.
        if let ticket = signed.ticket { return Self.json(["ticket": Base64URL.encode(ticket)]) }
        return Self.json(["next": "/requests/\(digest.hexadecimal)"])
      }
    }
  }

  private func answer(_ body: () async throws -> Response) async -> Response {
    do { return try await body() } catch {
      let (status, sentence) = explain(error)
      struct Refused: Encodable {
        let error: String
        let code: String
      }
      return Self.json(Refused(error: sentence, code: (error as? ApprovalError)?.code ?? "failed"), status: status)
    }
  }

  private func signedIn(_ secret: Secret) -> Response {
    Self.json(["next": "/"]).settingCookie(Cookies.header(Cookies.session, secret.text, isStrict: true))
  }

  /// The JSON body of a request that this origin's own page made: browsers say so in `Origin`, whatever a page wants.
  private func body<Body: Decodable>(_ request: Request, _: Body.Type) async throws -> Body {
    guard let origin = request.headers[.origin], approvals.relyingParty.origins.contains(origin) else {
      throw ApprovalError.badInput(
        "This is for the custodian's own pages, at \(approvals.relyingParty.origins.sorted().joined(separator: ", ")).")
    }
    guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
      throw ApprovalError.badInput("The body must be JSON.")
    }
    let bytes = try await request.body.collect(upTo: Self.bodyLimit)
    guard let body = try? JSONDecoder().decode(Body.self, from: Data(Array(buffer: bytes))) else {
      throw ApprovalError.badInput("The body is not what docs/FORMATS.md, “Ceremonies”, says.")
    }
    return body
  }

  private static func bytes(_ text: String?) throws -> [UInt8] {
    guard let text, let bytes = Base64URL.decode(text) else { throw ApprovalError.badInput("A member is not base64url.") }
    return bytes
  }

  // MARK: Bodies

  private struct Nothing: Decodable {}

  private struct BeginEnrolment: Decodable {
    let link: String
    let name: String?
  }

  private struct Finish: Decodable {
    let ceremony: String?
    let credential: Credential
  }

  private struct Credential: Decodable {
    let id: String
    let clientDataJSON: String
    let attestationObject: String?
    let authenticatorData: String?
    let signature: String?
    let userHandle: String?

    func registration() throws -> RegistrationResponse {
      RegistrationResponse(
        credentialID: try CustodianSite.bytes(id), clientDataJSON: try CustodianSite.bytes(clientDataJSON),
        attestationObject: try CustodianSite.bytes(attestationObject))
    }

    func assertion() throws -> AssertionResponse {
      AssertionResponse(
        credentialID: try CustodianSite.bytes(id), clientDataJSON: try CustodianSite.bytes(clientDataJSON),
        authenticatorData: try CustodianSite.bytes(authenticatorData), signature: try CustodianSite.bytes(signature),
        userHandle: try userHandle.map { try CustodianSite.bytes($0) })
    }
  }

  private struct Descriptor: Encodable {
    let type = "public-key"
    let id: String
  }

  /// WebAuthn Level 3, section 5.4, with bytes as base64url.
  private struct Creation: Encodable {
    struct Party: Encodable {
      let id: String
      let name = "Sealane custodian"
    }
    struct User: Encodable {
      let id: String
      let name: String
      let displayName: String
    }
    struct Parameter: Encodable {
      let type = "public-key"
      let alg: Int64
    }
    struct Selection: Encodable {
      let residentKey = "required"
      let requireResidentKey = true
      let userVerification = "required"
    }
    let rp: Party
    let user: User
    let challenge: String
    let pubKeyCredParams = [CredentialPublicKey.Algorithm.edDSA, .es256].map { Parameter(alg: $0.rawValue) }
    let timeout = Ceremonies.lifetime
    let excludeCredentials: [Descriptor]
    let authenticatorSelection = Selection()
    let attestation = "none"
  }

  /// Section 5.5.
  private struct Assertion: Encodable {
    let challenge: String
    let rpId: String
    let allowCredentials: [Descriptor]
    let timeout = Ceremonies.lifetime
    let userVerification = "required"
  }

  private struct Begun: Encodable {
    let ceremony: String
    var create: Creation?
    var get: Assertion?
  }

  private func creation(_ challenge: [UInt8], user: [UInt8], name: String, known: [[UInt8]]) -> some Encodable {
    let text = Base64URL.encode(challenge)
    return Begun(
      ceremony: text,
      create: Creation(
        rp: .init(id: approvals.relyingParty.id), user: .init(id: Base64URL.encode(user), name: name, displayName: name), challenge: text,
        excludeCredentials: known.map { Descriptor(id: Base64URL.encode($0)) }))
  }

  private func assertion(_ challenge: [UInt8], passkeys: [[UInt8]]) -> some Encodable {
    let text = Base64URL.encode(challenge)
    return Begun(
      ceremony: text,
      get: Assertion(
        challenge: text, rpId: approvals.relyingParty.id, allowCredentials: passkeys.map { Descriptor(id: Base64URL.encode($0)) }))
  }
}
