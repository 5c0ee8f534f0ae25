/// Replaces e-mail addresses, phone numbers and IP addresses inside of longer texts by `[email]`, `[phone]`, `[ip]`.
struct IdentitiesInside: TextStep {
  func judge(_ question: TextInQuestion, _ bytes: UnsafeBufferPointer<UInt8>, _ scan: TextScan) -> TextVerdict {
    let findings = Identities.find(in: bytes, scan: scan, versionsExpected: question.versionsExpected)
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: bytes), findings.all.map(\.reason))
  }
}
