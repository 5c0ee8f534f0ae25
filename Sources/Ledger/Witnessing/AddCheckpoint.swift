import Foundation

/// `POST …/add-checkpoint` of C2SP tlog-witness: what is sent, and what an answer means.
package enum AddCheckpoint {
  package static let sizeType = "text/x.tlog.size"
  private static let longestProof = 63

  /// `old <size>`, the proof of consistency from there, an empty line, the checkpoint.
  package static func body(old: UInt64, proof: [MerkleHash], note: String) -> [UInt8] {
    Array("old \(old)\n\(proof.map { "\($0)\n" }.joined())\n\(note)".utf8)
  }

  package enum Answer: Sendable, Hashable {
    /// The checkpoint with the witness's cosignature on it.
    case cosigned(String)
    /// The witness has cosigned another size: to be asked again from there.
    case known(size: UInt64)
    /// The witness says no, and asking the same again would not change it.
    case refused(String)
    /// The witness says that this log is not the one that it cosigned before: forked, or set back.
    case contradicted(String)
    /// Not an answer of a witness that works: to be asked again later.
    case failed(String)
  }

  /// - Parameter note: the checkpoint that was sent.
  package static func answer(status: Int, contentType: String?, body: [UInt8], to note: String, from witness: NoteKey) -> Answer {
    switch status {
    case 200:
      guard let lines = String(validating: body, as: UTF8.self), let cosigned = try? SignedNote(Array((note + lines).utf8)),
        let signers = try? cosigned.verify([witness]), signers.contains(witness),
        let signature = cosigned.signatures.last(where: { $0.name == witness.name && $0.keyID == witness.id })
      else { return .refused("It answered with something that is not its cosignature of this checkpoint.") }
      return .cosigned(note + signature.line)
    case 409:
      let text = String(decoding: body.prefix(32), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard contentType?.split(separator: ";").first.map({ $0.trimmingCharacters(in: .whitespaces) }) == sizeType else {
        return .contradicted("It has cosigned another root of this size (409): the log was forked, or the witness was shown another log.")
      }
      guard let size = UInt64(text), String(size) == text else { return .refused("It names a size that is none (409).") }
      return .known(size: size)
    case 404: return .refused("It does not know this log (404): its operator must be given the log's public key.")
    case 403: return .refused("It does not trust the key that signed this checkpoint (403): its operator must be given the newest one.")
    case 422: return .contradicted("The proof of consistency does not hold for it (422): the log was forked, or set back.")
    case 400: return .refused("It does not take the request as it is (400).")
    default: return .failed("It answered \(status).")
    }
  }

  /// Whether a proof can be sent.
  package static func fits(_ proof: [MerkleHash]) -> Bool { proof.count <= longestProof }
}
