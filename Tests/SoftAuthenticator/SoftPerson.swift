package import Access

/// A member of staff with a passkey and a browser.
package struct SoftPerson {
  package struct Surprise: Error {}

  package var passkey = SoftAuthenticator()
  package var browser = SoftBrowser()

  package init(origin: String = "http://localhost:8000") {
    passkey.relyingParty = "localhost"
    passkey.origin = origin
  }

  package var key: SessionKey {
    get throws {
      guard let key = SessionKey(point: browser.point) else { throw Surprise() }
      return key
    }
  }

  @discardableResult
  package mutating func enrol(_ link: StaffLink, at desk: StaffDesk, name: String = "Ada") async throws -> NewSession {
    try await enrol(link: link.token.text, at: desk, name: name)
  }

  package mutating func enrol(link: String, at desk: StaffDesk, name: String = "Ada") async throws -> NewSession {
    let asked = try await desk.beginEnrolment(link: link, name: name)
    guard case .create(let handle, _, _) = asked.kind else { throw Surprise() }
    passkey.userHandle = handle
    return try await desk.finishEnrolment(
      challenge: asked.challenge, with: passkey.register(asked.challenge), key: try key, client: "Firefox on Linux")
  }

  package mutating func signIn(at desk: StaffDesk) async throws -> NewSession {
    let challenge = try desk.beginSignIn().challenge
    return try await desk.finishSignIn(
      challenge: challenge, with: try passkey.assert(challenge), key: try key, client: "Firefox on Linux")
  }

  package mutating func ticket(for act: StaffDesk.Act, _ session: ActiveSession, at desk: StaffDesk) async throws -> [UInt8] {
    let asked = try await desk.beginConfirmation(of: act, by: session)
    return try await desk.finishConfirmation(challenge: asked.challenge, with: try passkey.assert(asked.challenge), by: session)
  }
}
