package import Access
internal import Crypto
package import Events
internal import Foundation
internal import Synchronization

/// Who is signed in at the custodian. In memory: a custodian that starts again asks for the passkey again.
///
/// The limits are those of NIST SP 800-63B-4 for the highest level: 15 minutes without use, 12 hours in all.
package final class ApproverSessions: Sendable {
  package struct Session: Sendable, Hashable {
    package let approver: [UInt8]
    /// Stands in every form of the session's pages.
    package let formToken: String
    let beganAt: Timestamp
    var usedAt: Timestamp
  }

  package static let idleLimit: Int64 = 15 * 60_000
  package static let absoluteLimit: Int64 = 12 * 3_600_000
  private static let most = 256
  /// By the digest of the cookie's secret.
  private let sessions = Mutex<[[UInt8]: Session]>([:])

  package init() {}

  /// Begins a session; the secret is for the cookie.
  package func begin(_ approver: [UInt8], at time: Timestamp) -> Secret {
    let secret = Secret.random(.session)
    let token = Array(SHA256.hash(data: Array("sealane custodian form v1\n\(secret.text)".utf8))).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    let session = Session(approver: approver, formToken: token, beganAt: time, usedAt: time)
    sessions.withLock { sessions in
      sessions = sessions.filter { Self.isRunning($0.value, at: time) }
      if sessions.count >= Self.most, let oldest = sessions.min(by: { $0.value.usedAt < $1.value.usedAt }) { sessions[oldest.key] = nil }
      sessions[secret.digest.bytes] = session
    }
    return secret
  }

  /// The session of a cookie, which counts as used now.
  package func session(cookie: String?, at time: Timestamp) -> Session? {
    guard let cookie, let secret = Secret(cookie, kind: .session) else { return nil }
    return sessions.withLock { sessions in
      guard var session = sessions[secret.digest.bytes] else { return nil }
      guard Self.isRunning(session, at: time) else {
        sessions[secret.digest.bytes] = nil
        return nil
      }
      session.usedAt = max(session.usedAt, time)
      sessions[secret.digest.bytes] = session
      return session
    }
  }

  package func end(cookie: String?) {
    guard let cookie, let secret = Secret(cookie, kind: .session) else { return }
    sessions.withLock { $0[secret.digest.bytes] = nil }
  }

  /// Ends every session of an approver.
  package func end(of approver: [UInt8]) { sessions.withLock { $0 = $0.filter { $0.value.approver != approver } } }

  private static func isRunning(_ session: Session, at time: Timestamp) -> Bool {
    time.milliseconds - session.usedAt.milliseconds < idleLimit && time.milliseconds - session.beganAt.milliseconds < absoluteLimit
  }
}
