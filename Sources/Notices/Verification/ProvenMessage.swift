package import Events
package import Ledger

/// What a proof in a message proves that the company wrote: a letter or an answer.
package struct ProvenMessage: Sendable, Hashable {
  package let subject: String
  package let body: String
  /// As people write it; of an answer, one after the other.
  package let caseNumber: String
  package let checkCode: String
  package let writtenAt: Timestamp
  package let checkpoint: VerifiedCheckpoint
  /// Whom it is about, where that is its reader.
  package let name: StatementName?

  init(_ verified: NoticeProof.Verified, _ proof: NoticeProof) {
    (subject, body, name) = (verified.letter.subject, verified.letter.body, verified.name)
    (caseNumber, checkCode) = (verified.statement.caseNumber, proof.checkCode)
    (writtenAt, checkpoint) = (verified.dispatch.madeAt, verified.checkpoint)
  }

  init(_ verified: AnswerProof.Verified, _ proof: AnswerProof) {
    (subject, body, name) = (verified.answer.subject, verified.answer.body, verified.name)
    caseNumber = verified.findings.map(\.statement.caseNumber).joined(separator: ", ")
    checkCode = proof.checkCode
    (writtenAt, checkpoint) = (verified.batch.madeAt, verified.checkpoint)
  }
}

extension ProofFile {
  /// Nil of what is about no message.
  ///
  /// - Throws: what does not hold.
  package func message(by anchors: TrustAnchors) throws -> ProvenMessage? {
    switch self {
    case .notice(let proof): ProvenMessage(try proof.verify(by: anchors), proof)
    case .answer(let proof): ProvenMessage(try proof.verify(by: anchors), proof)
    case .statement: nil
    }
  }
}
