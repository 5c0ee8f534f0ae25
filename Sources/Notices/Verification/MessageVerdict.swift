package import Events

/// What a message is, to whoever has it.
package struct MessageVerdict: Sendable, Hashable {
  package enum Word: String, Sendable, Hashable, CaseIterable {
    /// The company wrote exactly this.
    case genuine
    /// The company wrote a part of it; something was changed or added that matters.
    case altered
    /// Nothing proves that the company wrote any of it.
    case notOurs = "not_ours"
  }

  package enum Weight: String, Sendable, Hashable {
    case good, note, bad
  }

  /// Why. Codes are from a closed set, the same as on the trust pages.
  package struct Reason: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
      case proofHolds = "proof_holds"
      case noProof = "no_proof"
      case proofFails = "proof_fails"
      case textWhole = "text_whole"
      case textWrapped = "text_wrapped"
      case textAltered = "text_altered"
      case textAbsent = "text_absent"
      case subjectDiffers = "subject_differs"
      case addedLink = "added_link"
      case addedLure = "added_lure"
      case addedFile = "added_file"
      case hiddenText = "hidden_text"
      case activeContent = "active_content"
      case writtenTo = "written_to"
      case otherReader = "other_reader"
      case senderOwn = "sender_own"
      case senderOther = "sender_other"
      case senderLookAlike = "sender_look_alike"
      case linkLookAlike = "link_look_alike"
      case dkimPasses = "dkim_passes"
      case dkimFails = "dkim_fails"
      case dkimUnknown = "dkim_unknown"
      case asksForSecret = "asks_for_secret"
      case lureWording = "lure_wording"
      case link
      case form
    }

    package let code: Code
    package let weight: Weight
    package let sentence: String

    package init(_ code: Code, _ weight: Weight, _ sentence: String) {
      self.code = code
      self.weight = weight
      self.sentence = sentence
    }
  }

  package let word: Word
  package let reasons: [Reason]
  /// Of what the proof is about.
  package let caseNumber: String?
  package let checkCode: String?
  package let writtenAt: Timestamp?

  package init(_ word: Word, _ reasons: [Reason], caseNumber: String? = nil, checkCode: String? = nil, writtenAt: Timestamp? = nil) {
    self.word = word
    self.reasons = reasons
    self.caseNumber = caseNumber
    self.checkCode = checkCode
    self.writtenAt = writtenAt
  }
}
