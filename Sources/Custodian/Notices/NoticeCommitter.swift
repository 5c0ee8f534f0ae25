internal import Events
internal import Foundation
internal import Ledger
internal import Notices

/// Gets what the custodian signed into the server's ledger, and a proof of it that everybody can check: nobody is told anything before.
struct NoticeCommitter: Sendable {
  let store: CustodianStore
  let connection: ServerConnection
  let witness: Witness

  private static let attempts = 20

  /// The number of the entry, and its tlog-proof under a checkpoint that this custodian cosigned.
  ///
  /// A crash leaves an entry that no proof here is of; the same is entered again.
  func commit(
    _ commitment: AdministrativeEntry.NoticeCommitment, note: String, digest: String, letters: [LetterTemplate] = [], incident: Int64,
    _ request: ApprovedRequest
  ) async throws -> (entry: UInt64, proof: String) {
    let index = try await connection.commit(commitment.rawValue, note, letters, incident: incident, request)
    try await witness.confirm(at: index) { entry in
      entry.kind == AdministrativeEntry.kind(of: commitment) && entry.project == request.project && entry.facts["digest"] == digest
        && entry.facts["request"] == request.digest
    }
    return (index, try await proof(of: index, digest))
  }

  /// The same for answers, which are about several incidents, and which nobody has to approve: they say what was approved.
  func commit(answers digest: String) async throws -> (entry: UInt64, proof: String) {
    let index = try await connection.enter(answers: digest)
    try await witness.confirm(at: index) { $0.kind == AdministrativeEntry.answersKind && $0.facts["digest"] == digest }
    return (index, try await proof(of: index, digest))
  }

  private func proof(of index: UInt64, _ digest: String) async throws -> String {
    for _ in 0..<Self.attempts {
      if let text = try await connection.ledgerProof(of: index), try isWitnessed(text, index, digest) { return text }
      try await Task.sleep(for: .milliseconds(250))
    }
    throw Witness.Failure.notThere("the server shows no proof of entry \(index) that this custodian cosigned.")
  }

  private func isWitnessed(_ text: String, _ index: UInt64, _ digest: String) throws -> Bool {
    guard let log = try store.witnessed()?.logKey, let proof = try? LedgerProof(text: text), proof.index == index,
      let policy = try? WitnessPolicy(Array(store.secrets.witnessPolicy(log: log).utf8))
    else { return false }
    return (try? proof.verify(logs: [log], policy: policy))?.entry.facts["digest"] == digest
  }
}
