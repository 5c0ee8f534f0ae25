import Ledger

extension Doctor {
  /// Who cosigns the ledger, and what is missing.
  func checkWitnesses(_ verification: LedgerVerification) -> [Finding] {
    let subject = "witnesses"
    var findings: [Finding] = []
    if verification.witnesses.isEmpty {
      findings.append(
        Finding(
          severity: .warning, subject: subject,
          sentence:
            "No witness has cosigned the ledger: whoever has its signing key could rewrite it unseen. Start the custodian, which is the first one."
        ))
    } else {
      let names = verification.witnesses.sorted().joined(separator: ", ")
      findings.append(Finding(severity: .ok, subject: subject, sentence: "\(verification.witnessed) entries are cosigned by \(names)."))
      if witnessPatience == nil {
        findings.append(
          Finding(
            severity: .warning, subject: subject,
            sentence: "witness_patience is 0: subjects are shown however long no witness has cosigned the ledger."))
      }
    }
    if witnessPolicy?.witnesses.contains(where: { $0.url != nil }) != true {
      findings.append(
        Finding(
          severity: .warning, subject: subject,
          sentence:
            "No outside witness is named: custodian and server together could still rewrite the ledger. Find one (C2SP tlog-witness), give its operator the ledger's public key, and name it in a file for the setting witness_policy."
        ))
    }
    return findings
  }
}
