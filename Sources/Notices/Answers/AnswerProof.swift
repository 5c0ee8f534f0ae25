internal import Foundation
package import Ledger

/// What is attached to an answer: that the company gave exactly this one, and, for each statement that it speaks of, that the address of whoever
/// asked is in it or is not. docs/FORMATS.md, “Answers”.
package struct AnswerProof: Sendable, Hashable {
  package let batch: CommittedText
  package let answer: Answer
  package let checkCode: String
  /// 16 bytes.
  package let salt: [UInt8]
  /// Where the answer stands among all of the batch.
  package let place: TreePlace
  /// Of every statement that the batch names, in that order.
  package let statements: [StatementProof]

  package init(batch: CommittedText, answer: Answer, checkCode: String, salt: [UInt8], place: TreePlace, statements: [StatementProof]) {
    self.batch = batch
    self.answer = answer
    self.checkCode = checkCode
    self.salt = salt
    self.place = place
    self.statements = statements
  }

  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case notABatch
    case answerNotInBatch
    /// One is missing, there is one more, or they are about several people.
    case otherStatements
    /// It says that somebody is affected who is not, or the other way round; or it is about another address.
    case saysOtherwise

    package var description: String {
      switch self {
      case .notABatch: "What is signed are not answers that this version can read."
      case .answerNotInBatch: "The company gave other answers, and not this one."
      case .otherStatements: "The statements that are shown are not the ones that the answer is about."
      case .saysOtherwise: "The answer says something else than the statements that are shown."
      }
    }
  }

  package struct Verified: Sendable, Hashable {
    package let batch: AnswerBatch
    package let answer: Answer
    package let findings: [StatementProof.Verified]
    package let checkpoint: VerifiedCheckpoint
    /// The address that was asked about.
    package let name: StatementName
  }

  /// - Throws: what does not hold.
  package func verify(by anchors: TrustAnchors) throws -> Verified {
    let given = try batch.verify(.answers, by: anchors)
    guard let batch = AnswerBatch(text: given.text) else { throw Failure.notABatch }
    // Subject and body stand in the leaf with an empty line between: a subject has none of its own. The code is what stands in the answer.
    guard !answer.subject.contains(where: \.isNewline), CheckCode.stands(checkCode, in: answer.body) else {
      throw Failure.answerNotInBatch
    }
    guard try place.isIncluded(AnswerBatch.leaf(of: answer, salt: salt), size: batch.leaves, root: batch.root) else {
      throw Failure.answerNotInBatch
    }
    guard let name = statements.first?.name, statements.allSatisfy({ $0.name == name }), statements.count == batch.statements.count else {
      throw Failure.otherStatements
    }
    let findings = try statements.map { try $0.verify(by: anchors) }
    guard findings.map(\.digest) == batch.statements else { throw Failure.otherStatements }
    guard answer.isAbout(name), findings.contains(where: \.isIncluded) == answer.isAffected else { throw Failure.saysOtherwise }
    return Verified(batch: batch, answer: answer, findings: findings, checkpoint: given.checkpoint, name: name)
  }
}
