/// Replaces credentials and card numbers by `[redacted: kind]`.
struct SecretsInside: TextStep {
  func judge(_ question: TextInQuestion, _ bytes: UnsafeBufferPointer<UInt8>, _ scan: TextScan) -> TextVerdict {
    guard scan.mayHoldSecret else { return .passes }
    var findings = Findings()
    SecretDetector.find(in: bytes, scan: scan, into: &findings)
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: bytes), findings.all.map(\.reason))
  }
}
