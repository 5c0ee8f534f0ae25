import Access
import Events
import Foundation
import Ledger
import Passkeys
import SoftAuthenticator

extension Surroundings {
  static let origin = "http://localhost:8000"

  /// A desk with a ledger of its own.
  func desk(isDemo: Bool = false, origin: String = Surroundings.origin) throws -> StaffDesk {
    let place = directory.appendingPathComponent("ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    let ledger = try Ledger.open(directory: place, keys: keys, clock: { [clock] in clock.now })
    return StaffDesk(control: control, ledger: ledger, origin: origin, isDemo: isDemo, clock: { [clock] in clock.now })
  }

  /// A session of somebody with these roles; an owner is there besides, as in life.
  func session(_ roles: StaffRoles) async throws -> ActiveSession {
    let desk = try desk()
    if try await !control.hasOwner() {
      var owner = SoftPerson()
      try await owner.enrol(try await control.createSetupLink(), at: desk, name: "The owner")
    }
    let member = try await control.inviteStaff(.random(), name: "Somebody \(UUID().uuidString.prefix(8))", roles: roles)
    var person = SoftPerson()
    return try await person.enrol(try await control.createInvitationLink(for: member.id, by: nil), at: desk).session
  }

  static func authenticator() -> SoftAuthenticator {
    var passkey = SoftAuthenticator()
    passkey.relyingParty = "localhost"
    passkey.origin = origin
    return passkey
  }
}

/// A person with a passkey and a browser.
struct SoftPerson {
  var passkey = Surroundings.authenticator()
  var browser = SoftBrowser()
  var key: SessionKey { get throws { try required(SessionKey(point: browser.point)) } }

  @discardableResult
  mutating func enrol(_ link: StaffLink, at desk: StaffDesk, name: String = "Ada") async throws -> NewSession {
    let asked = try await desk.beginEnrolment(link: link.token.text, name: name)
    guard case .create(let handle, _, _) = asked.kind else { throw Missing() }
    passkey.userHandle = handle
    return try await desk.finishEnrolment(
      challenge: asked.challenge, with: passkey.register(asked.challenge), key: try key, client: "Firefox on Linux")
  }

  mutating func signIn(at desk: StaffDesk) async throws -> NewSession {
    let challenge = try desk.beginSignIn().challenge
    return try await desk.finishSignIn(
      challenge: challenge, with: try passkey.assert(challenge), key: try key, client: "Firefox on Linux")
  }

  mutating func ticket(for act: StaffDesk.Act, _ session: ActiveSession, at desk: StaffDesk) async throws -> [UInt8] {
    let asked = try await desk.beginConfirmation(of: act, by: session)
    return try await desk.finishConfirmation(challenge: asked.challenge, with: try passkey.assert(asked.challenge), by: session)
  }
}

struct Missing: Error {}
func required<Value>(_ value: Value?) throws -> Value {
  guard let value else { throw Missing() }
  return value
}
