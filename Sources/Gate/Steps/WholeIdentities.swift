/// Recognises texts that *are* e-mail addresses, phone numbers or IP addresses, alone or in a row.
struct WholeIdentities: TextStep {
  func judge(_ question: TextInQuestion, _ bytes: UnsafeBufferPointer<UInt8>, _ scan: TextScan) -> TextVerdict {
    let findings = Identities.find(in: bytes, scan: scan, versionsExpected: question.versionsExpected)
    guard let first = findings.all.first, Identities.fill(bytes, findings) else { return .passes }
    return .identity(first.reason.asWhole)
  }
}
