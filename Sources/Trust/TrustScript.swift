internal import Notices

/// The one script of the trust pages: checks messages and asks questions. Plain JavaScript, with the tables of `JudgeTables` in front.
enum TrustScript {
  static let text: String =
    [
      "'use strict';", "const TABLES = \(JudgeTables.json);", MailScript.text, MessageScript.text, PageScript.text, WordsScript.text,
      LookAlikeScript.text, LureScript.text, CurveScript.text, ProofScript.text, JudgeScript.text, SentencesScript.text,
      CheckPageScript.text, AskScript.text,
    ].joined(separator: "\n\n") + "\n"
}
