internal import Crypto
package import Events
internal import Synchronization

/// Questions that were put to passkeys and not answered yet: each is answered once, within five minutes. In memory, since a custodian that
/// starts again may ask again.
package final class Ceremonies: Sendable {
  package enum Purpose: Sendable, Hashable {
    /// Of whoever was invited under this id, by the name given.
    case enrolment(approver: [UInt8], name: String)
    /// Of an approver who was granted another passkey, by the digest of the link.
    case furtherPasskey(approver: [UInt8], link: [UInt8])
    case signIn
    /// The passkey has answered, and the requester may carry out this request: the challenge is the ticket for it.
    case completion(request: [UInt8], approver: [UInt8])
  }

  private struct Question {
    let purpose: Purpose
    let expires: Timestamp
  }

  package static let lifetime: Int64 = 300_000
  /// Whoever asks for more makes the oldest ones end: memory stays bounded without anybody being signed in.
  private static let most = 1_024
  private let questions = Mutex<[[UInt8]: Question]>([:])

  package init() {}

  /// A fresh challenge of 32 random bytes.
  package func begin(_ purpose: Purpose, at time: Timestamp) -> [UInt8] {
    let challenge = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    questions.withLock { questions in
      questions = questions.filter { $0.value.expires > time }
      if questions.count >= Self.most, let oldest = questions.min(by: { $0.value.expires < $1.value.expires }) {
        questions[oldest.key] = nil
      }
      questions[challenge] = Question(purpose: purpose, expires: Timestamp(milliseconds: time.milliseconds + Self.lifetime))
    }
    return challenge
  }

  /// What a challenge was for, if it stands: it is gone after this, whatever becomes of the answer.
  package func end(_ challenge: [UInt8], at time: Timestamp) -> Purpose? {
    questions.withLock { questions in
      guard let question = questions.removeValue(forKey: challenge), question.expires > time else { return nil }
      return question.purpose
    }
  }
}
