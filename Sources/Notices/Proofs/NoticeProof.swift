internal import Foundation
package import Ledger

/// What is attached to a notice: that exactly this text was written to somebody by the company, and, to a person who is affected, that they are in the
/// statement. docs/FORMATS.md, “Proof of a notice”.
package struct NoticeProof: Sendable, Hashable {
  package let dispatch: CommittedText
  package let statement: CommittedText
  package let letter: Letter
  package let checkCode: String
  /// 16 bytes.
  package let salt: [UInt8]
  /// Where the letter stands among all of the dispatch.
  package let place: TreePlace
  /// Of whom the letter is about, where that is its reader.
  package let reader: Reader?

  package struct Reader: Sendable, Hashable {
    package let name: StatementName
    package let blind: BlindProof
    package let place: TreePlace

    package init(name: StatementName, blind: BlindProof, place: TreePlace) {
      self.name = name
      self.blind = blind
      self.place = place
    }
  }

  package init(
    dispatch: CommittedText, statement: CommittedText, letter: Letter, checkCode: String, salt: [UInt8], place: TreePlace, reader: Reader?
  ) {
    self.dispatch = dispatch
    self.statement = statement
    self.letter = letter
    self.checkCode = checkCode
    self.salt = salt
    self.place = place
    self.reader = reader
  }

  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case notADispatch
    case otherStatement
    case letterNotInDispatch
    case readerNotInStatement

    package var description: String {
      switch self {
      case .notADispatch: "What is signed is not a dispatch that this version can read."
      case .otherStatement: "The letters were not written to the people of this statement."
      case .letterNotInDispatch: "The company wrote other letters, and not this one."
      case .readerNotInStatement: "The reader’s address is not in the statement."
      }
    }
  }

  package struct Verified: Sendable, Hashable {
    package let dispatch: Dispatch
    package let statement: Statement
    package let letter: Letter
    package let checkpoint: VerifiedCheckpoint
    /// The reader's address, where the letter is about its reader.
    package let name: StatementName?
  }

  /// That the letter in this proof is one that the company wrote; whether the message around it shows that letter is another question.
  ///
  /// - Throws: what does not hold.
  package func verify(by anchors: TrustAnchors) throws -> Verified {
    let sent = try dispatch.verify(.dispatch, by: anchors)
    guard let dispatch = Dispatch(text: sent.text) else { throw Failure.notADispatch }
    let told = try statement.verify(.statement, by: anchors)
    guard let statement = Statement(text: told.text) else { throw StatementProof.Failure.notAStatement }
    guard dispatch.statement == told.digest else { throw Failure.otherStatement }
    // Subject and body stand in the leaf with an empty line between: a subject has none of its own. The code is what stands in the letter.
    guard !letter.subject.contains(where: \.isNewline), CheckCode.stands(checkCode, in: letter.body) else {
      throw Failure.letterNotInDispatch
    }
    let leaf = Dispatch.leaf(of: letter, salt: salt)
    guard try place.isIncluded(leaf, size: dispatch.messages, root: dispatch.root) else { throw Failure.letterNotInDispatch }
    if let reader {
      let proof = StatementProof(statement: self.statement, name: reader.name, blind: reader.blind, place: reader.place)
      guard try proof.verify(by: anchors).isIncluded else { throw Failure.readerNotInStatement }
    }
    return Verified(dispatch: dispatch, statement: statement, letter: letter, checkpoint: sent.checkpoint, name: reader?.name)
  }
}
