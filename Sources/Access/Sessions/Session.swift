import Events
import Ledger

/// A signed-in browser, as it is listed.
package struct Session: Sendable, Hashable {
  /// One that was not used for so long is over.
  package static let idleLimit: Duration = .seconds(3600)
  /// One that is so old is over, used or not.
  package static let absoluteLimit: Duration = .seconds(12 * 3600)
  /// For so long a cookie opens anything. The session goes on under the next one, which only the browser's key can ask for.
  package static let cookieLifetime: Duration = .seconds(300)
  /// For so long the cookie before the newest one is taken still: requests under way carry it.
  package static let overlap: Duration = .seconds(15)

  /// Public: `ses_` and 16 hexadecimal digits. Says nothing about the cookie.
  package let id: String
  package let staff: StaffMember.ID
  /// The browser's family, such as `Chromium on Linux`; nothing finer.
  package let client: String
  package let createdAt: Timestamp
  package let lastSeenAt: Timestamp

  /// When it ends if it is not used again.
  package var expiresAt: Timestamp { min(lastSeenAt + Self.idleLimit, createdAt + Self.absoluteLimit) }
}

/// A session whose cookie came with the request.
package struct ActiveSession: Sendable, Hashable {
  package let session: Session
  package let who: Authenticated
  /// What every form of this session carries; no cookie is derived from it, nor it from a cookie.
  package let formToken: String
  package let key: SessionKey
  package let name: String
  package let roles: StaffRoles
  /// Whether this very request came with a fresh proof of the browser's key. Set by whoever has checked it.
  package var isProven = false

  init(session: Session, name: String, roles: StaffRoles, formToken: String, key: SessionKey) {
    self.session = session
    self.name = name
    self.roles = roles
    self.formToken = formToken
    self.key = key
    who = Authenticated(
      principal: .init(kind: .staff, id: session.staff.rawValue, credential: session.id), rights: .staff(session.staff, roles))
  }

  package func isValid(formToken token: String) -> Bool { ConstantTime.equal(formToken, token) }
}

/// A session at a moment when its cookie is known: when it begins, and when the cookie changes.
package struct NewSession: Sendable {
  package let session: ActiveSession
  /// The value of the cookie; only its hash is kept.
  package let cookie: Secret
}

extension Timestamp {
  static func + (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(milliseconds: left.milliseconds + right.components.seconds * 1000 + right.components.attoseconds / 1_000_000_000_000_000)
  }
}
