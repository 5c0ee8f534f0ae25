import Crypto
import Events
import Passkeys
import Synchronization

/// Which proofs are fresh, and which were seen: a proof counts once, for the request that it was made for.
///
/// Fresh is what carries a nonce that this server gave out within the last three minutes (RFC 9449, section 8), so that neither the
/// browser's clock nor proofs made in advance count. In memory: after a restart browsers ask for a nonce again.
package final class ProofBook: Sendable {
  package enum Refusal: Error, Sendable, Hashable {
    /// No proof, or none that can be read.
    case missing
    /// For another method or address.
    case forAnother
    /// The nonce is unknown or too old; with one that is not, it may pass.
    case stale
    /// Seen before.
    case replayed
    /// So many proofs came that no more can be remembered.
    case full
  }

  private struct Period {
    let nonce: String
    let beganAt: Timestamp
    var seen: Set<[UInt8]> = []
  }

  /// A nonce is given out for so long, and taken for two more such times.
  static let period: Int64 = 60_000
  static let mostOfAPeriod = 100_000
  private let periods = Mutex<[Period]>([])

  package init() {}

  /// The one to be used now.
  package func nonce(at time: Timestamp) -> String { periods.withLock { Self.current(&$0, time).nonce } }

  /// Takes a proof, once.
  package func take(_ text: String?, method: String, address: String, at time: Timestamp) throws(Refusal) -> SessionProof {
    guard let text, let proof = SessionProof(reading: text) else { throw .missing }
    return try take(proof, method: method, address: address, at: time)
  }

  /// For whoever has made sure that the key is a session's: what strangers sign must not fill the memory.
  package func take(_ proof: SessionProof, method: String, address: String, at time: Timestamp) throws(Refusal) -> SessionProof {
    guard proof.method == method, proof.address == address else { throw .forAnother }
    let mark = Array(SHA256.hash(data: proof.key.point + Array(proof.id.utf8)))
    let refusal = periods.withLock { periods -> Refusal? in
      _ = Self.current(&periods, time)
      guard let index = periods.firstIndex(where: { $0.nonce == proof.nonce }) else { return .stale }
      guard periods[index].seen.count < Self.mostOfAPeriod else { return .full }
      return periods[index].seen.insert(mark).inserted ? nil : .replayed
    }
    if let refusal { throw refusal }
    return proof
  }

  private static func current(_ periods: inout [Period], _ time: Timestamp) -> Period {
    periods.removeAll { time.milliseconds - $0.beganAt.milliseconds >= 3 * period }
    if let last = periods.last, time.milliseconds - last.beganAt.milliseconds < period { return last }
    let nonce = SymmetricKey(size: .bits128).withUnsafeBytes { Base64URL.encode($0) }
    let new = Period(nonce: nonce, beganAt: time)
    periods.append(new)
    return new
  }
}
