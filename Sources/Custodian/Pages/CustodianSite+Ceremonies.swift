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
  func addCeremonies<Context: RequestContext>(to router: Router<Context>) {
    router.post("/enrol/begin") { request, _ in
      await answer {
        let asked = try await body(request, BeginEnrolment.self)
        let begun = try approvals.beginEnrolment(link: asked.link.split(separator: "#").last.map(String.init) ?? "", name: asked.name ?? "")
        return Self.json(creation(begun.challenge, user: begun.approver.id, name: begun.name, known: try approvals.store.passkeys()))
      }
    }
    router.post("/enrol/finish") { request, _ in
      await answer {
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        let approver = try approvals.finishEnrolment(
          challenge: try PasskeyCeremony.bytes(sent.ceremony), with: try sent.credential.registration())
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
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        return signedIn(
          try approvals.finishSignIn(challenge: try PasskeyCeremony.bytes(sent.ceremony), with: try sent.credential.assertion()).cookie)
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
        let sent = try await body(request, PasskeyCeremony.Answer.self)
        let digest = try requestDigest(context)
        let signed = try approvals.sign(digest, by: try required(request).approver, with: try sent.credential.assertion())
        // Where there is a ticket, the page sends it on in a form of its own.
        if let ticket = signed.ticket { return Self.json(["ticket": Base64URL.encode(ticket)]) }
        return Self.json(["next": "/requests/\(digest.hexadecimal)"])
      }
    }
  }

  private func answer(_ body: () async throws -> Response) async -> Response {
    do { return try await body() } catch let thrown {
      let error: any Error = (thrown as? PasskeyCeremony.Malformed).map { ApprovalError.badInput($0.sentence) } ?? thrown
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

  // MARK: Bodies

  private struct Nothing: Decodable {}

  private struct BeginEnrolment: Decodable {
    let link: String
    let name: String?
  }

  private func creation(_ challenge: [UInt8], user: [UInt8], name: String, known: [[UInt8]]) -> some Encodable {
    PasskeyCeremony.creation(
      challenge, for: approvals.relyingParty, named: "Sealane custodian", handle: user, name: name, known: known)
  }

  private func assertion(_ challenge: [UInt8], passkeys: [[UInt8]]) -> some Encodable {
    PasskeyCeremony.assertion(challenge, for: approvals.relyingParty, allowed: passkeys)
  }
}
