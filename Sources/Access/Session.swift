import Crypto
import Events
import Foundation
import Ledger

/// A signed-in browser, as it is listed.
package struct Session: Sendable, Hashable {
  /// One that was not used for so long is over.
  package static let idleLimit: Duration = .seconds(3600)
  /// One that is so old is over, used or not.
  package static let absoluteLimit: Duration = .seconds(12 * 3600)

  /// Public: `ses_` and 16 hexadecimal digits. Says nothing about the cookie.
  package let id: String
  package let createdAt: Timestamp
  package let lastSeenAt: Timestamp

  /// When it ends if it is not used again.
  package var expiresAt: Timestamp { min(lastSeenAt + Self.idleLimit, createdAt + Self.absoluteLimit) }
}

/// A session whose cookie came with the request.
package struct ActiveSession: Sendable, Hashable {
  package let session: Session
  package let who: Authenticated
  /// What every form of this session carries: derived from the cookie, so that nobody who lacks the cookie can make it.
  package let csrfToken: String

  init(session: Session, cookie: Secret) {
    self.session = session
    who = Authenticated(principal: .init(kind: .owner, id: "owner", credential: session.id), rights: .owner)
    let key = SymmetricKey(data: Array(cookie.text.utf8))
    csrfToken = Base32.text(HMAC<SHA256>.authenticationCode(for: Array("sealane/csrf/v1".utf8), using: key))
  }

  package func isValid(csrfToken token: String) -> Bool { ConstantTime.equal(csrfToken, token) }
}

/// A session at the one moment when its cookie is known.
package struct NewSession: Sendable {
  package let session: ActiveSession
  /// The value of the cookie; only its hash is kept.
  package let cookie: Secret
}

/// A link that makes its bearer the owner, once, within the hour. The token goes behind `#`, which no server or log sees.
package struct SetupLink: Sendable {
  package static let lifetime: Duration = .seconds(3600)
  package let token: Secret
  package let expiresAt: Timestamp
}

extension Timestamp {
  static func + (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(milliseconds: left.milliseconds + right.components.seconds * 1000 + right.components.attoseconds / 1_000_000_000_000_000)
  }
}
