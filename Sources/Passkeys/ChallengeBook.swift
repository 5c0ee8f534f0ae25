internal import Crypto
package import Events
internal import Synchronization

/// Questions that were put to passkeys and not answered yet, with what each was for: every one is answered once, within five minutes. In
/// memory, since whoever starts again may ask again.
package final class ChallengeBook<Purpose: Sendable>: Sendable {
  private struct Question: Sendable {
    let purpose: Purpose
    let expires: Timestamp
  }

  /// Milliseconds.
  package static var lifetime: Int64 { 300_000 }
  /// Whoever asks for more makes the oldest ones end: memory stays bounded without anybody being signed in.
  private let most: Int
  private let questions = Mutex<[[UInt8]: Question]>([:])

  package init(most: Int = 1_024) { self.most = max(1, most) }

  /// A fresh challenge of 32 random bytes.
  package func begin(_ purpose: Purpose, at time: Timestamp) -> [UInt8] {
    let challenge = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    questions.withLock { questions in
      questions = questions.filter { $0.value.expires > time }
      if questions.count >= most, let oldest = questions.min(by: { $0.value.expires < $1.value.expires }) {
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
