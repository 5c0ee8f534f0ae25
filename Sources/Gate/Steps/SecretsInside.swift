/// Replaces credentials and card numbers by `[redacted: kind]`.
struct SecretsInside: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    guard look.scan.mayHoldSecret else { return .passes }
    var findings = Findings()
    SecretDetector.find(in: look.bytes, scan: look.scan, into: &findings)
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: look.bytes), findings.all.map(\.reason))
  }
}
